/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the service manager is told, and when: that the daemon lives, for as long as its loop turns;
 * that it is ready, once; how it is doing. What the manager depends on is sent again until its
 * socket takes it.
 */
#pragma once

#include "loop.h"
#include "service_notify.h"

struct service {
	struct service_notify notify;
	struct loop *loop;
	/* The rest is its own. */
	struct loop_timer alive_timer;
	struct loop_timer starting_timer;
	struct loop_timer retry_timer;
	bool is_ready; /* said once: then every status goes without it */
	bool owes_reloading;
	bool owes_ready;
	char status[80]; /* what was said last */
};

/* Returns 0, or a negative errno for an address that cannot be used; calls then do nothing. */
int service_open(struct service *service, struct loop *loop,
	const struct service_environment *environment, struct diag *diag);
/* The first one makes the service ready. */
void service_status(struct service *service, const char *status);
/* Files are read again, and were. */
void service_reloading(struct service *service);
void service_reloaded(struct service *service);
void service_stopping(struct service *service);
/* The zero state is fine. */
void service_close(struct service *service);
