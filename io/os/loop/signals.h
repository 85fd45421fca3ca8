/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Receive the daemon's signals through a descriptor: SIGTERM and SIGINT ask it to end, SIGHUP to
 * read its files again.
 *
 * signals_open blocks them for good, so that a second SIGTERM does not interrupt the ending; call
 * it before any thread is started. Programs that the daemon starts do not inherit the blocked
 * signals (io/userspace/detached_process.h).
 */
#pragma once

#include <stdbool.h>

struct diag;

struct signals {
	int fd; /* readable when there are signals to take; -1: closed */
};

struct signals_taken {
	int end; /* the signal that asked to end; 0: none */
	bool reload;
};

int signals_open(struct signals *signals, struct diag *diag);
/* Take the pending signals, without waiting. Returns 0 or a negative errno. */
int signals_take(struct signals *signals, struct signals_taken *ret, struct diag *diag);
void signals_close(struct signals *signals);
