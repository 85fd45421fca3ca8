/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process of our own that starts programs for one that may not do so any more: forked while that
 * one still knows no secret and may start processes, it waits for orders, and ends with it. An
 * order names an interface, and nothing else.
 */
#pragma once

#include "backend.h"

#include <sys/types.h>

struct spawn_helper {
	int fd; /* to the helper */
	pid_t pid;
	int timeout_ms;
};

/* `program` and `uapi` are what it will start and how. Only before there are threads. */
int spawn_helper_start(struct spawn_helper *helper, const struct backend *program,
	const struct uapi_socket *uapi, struct diag *diag);
/* As backend_start. -EPIPE if the helper is gone. */
int spawn_helper_ask(struct spawn_helper *helper, const char *interface, struct diag *diag);
void spawn_helper_stop(struct spawn_helper *helper);
