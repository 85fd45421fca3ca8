/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A helper process that starts backends for the daemon, whose sandbox forbids it. The daemon forks
 * the helper before it enters the sandbox and before it reads secrets. The helper waits for orders,
 * and ends with the daemon. An order names an interface and nothing else.
 */
#pragma once

#include "backend.h"

#include <sys/types.h>

struct spawn_helper {
	int fd; /* to the helper */
	pid_t pid;
	int timeout_ms;
};

/* The helper will start `backend` as backend_start does. Call this before starting threads. */
int spawn_helper_start(struct spawn_helper *helper, const struct backend *program,
	const struct uapi_socket *uapi, struct diag *diag);
/* Let the helper call backend_start. Returns as that, or -EPIPE if the helper has ended. */
int spawn_helper_ask(struct spawn_helper *helper, const char *interface, struct diag *diag);
void spawn_helper_stop(struct spawn_helper *helper);
