/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signals that a daemon is spoken to with, as a descriptor: SIGTERM and SIGINT ask it to end,
 * SIGHUP to read its files again.
 *
 * They are blocked from signals_open on, to be opened before any thread is started, and stay
 * blocked for good: a second SIGTERM does not cut the ending short. Programs that are started do
 * not inherit that: io/userspace/detached_process.h.
 */
#pragma once

#include <stdbool.h>

struct diag;

struct signals {
	int fd; /* readable when there is something to take; -1: closed */
};

struct signals_taken {
	int end; /* the signal that asked to end; 0: none */
	bool reload;
};

int signals_open(struct signals *signals, struct diag *diag);
/* Takes what has come, without waiting. Returns 0 or what the system said. */
int signals_take(struct signals *signals, struct signals_taken *ret, struct diag *diag);
void signals_close(struct signals *signals);
