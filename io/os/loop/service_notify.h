/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Send systemd's notification protocol to the service manager: datagrams to the socket that
 * NOTIFY_SOCKET names. Without such a socket every call does nothing.
 */
#pragma once

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct diag;

/* The environment variables of the process; NULL: not set. */
struct service_environment {
	const char *notify_socket;
	const char *watchdog_usec;
	const char *watchdog_pid;
};

struct service_notify {
	int fd; /* -1: there is no socket */
	struct sockaddr_un address;
	socklen_t address_size;
	/* How often to send SERVICE_ALIVE: half the time after which the manager considers the
	 * daemon dead. 0: there is no watchdog. */
	int64_t alive_interval_ms;
};

enum service_message {
	SERVICE_STATUS_ONLY,
	SERVICE_READY, /* also after SERVICE_RELOADING */
	SERVICE_RELOADING,
	SERVICE_STOPPING,
	SERVICE_ALIVE,
};

/* Returns 0, or a negative errno for an unusable address; all calls then do nothing. */
int service_notify_open(struct service_notify *notify,
	const struct service_environment *environment, struct diag *diag);
/*
 * Send the message and, unless `status` is NULL, a line of text that the manager displays. Never
 * waits. Returns 0, or a negative errno if the message was not delivered and may be sent again;
 * -EAGAIN if the manager's socket is full.
 */
int service_notify_send(
	const struct service_notify *notify, enum service_message message, const char *status);
/* Ask for more time for the start or stop under way. Returns as service_notify_send. */
int service_notify_extend(const struct service_notify *notify, int64_t more_ms);
void service_notify_close(struct service_notify *notify);
