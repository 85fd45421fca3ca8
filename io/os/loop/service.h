/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Report to the service manager: that the daemon is alive, as long as its loop turns; that it is
 * ready, once; and its status. Reports that the manager depends on are sent again until its socket
 * accepts them.
 */
#pragma once

#include "loop.h"
#include "service_notify.h"

struct service {
	struct service_notify notify;
	struct loop *loop;
	/* The rest is private. */
	struct loop_timer alive_timer;
	struct loop_timer starting_timer;
	struct loop_timer retry_timer;
	bool is_ready; /* reported: later statuses go without it */
	bool is_reloading_due;
	bool is_ready_due;
	char status[80]; /* as reported last */
};

/* Returns 0, or a negative errno for an unusable address; all calls then do nothing. */
int service_open(struct service *service, struct loop *loop,
	const struct service_environment *environment, struct diag *diag);
/* Report a status. The first one also reports that the service is ready. */
void service_status(struct service *service, const char *status);
/* Report the beginning and the end of a reload. */
void service_reloading(struct service *service);
void service_reloaded(struct service *service);
void service_stopping(struct service *service);
/* No effect on the zero state. */
void service_close(struct service *service);
