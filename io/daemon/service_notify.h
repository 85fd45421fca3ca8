/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells the service manager how the daemon is doing: systemd's notification protocol, a datagram to
 * the socket that NOTIFY_SOCKET names. Without such a socket every call does nothing.
 */
#pragma once

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct diag;

/* The variables as the process was given them; NULL: not set. */
struct service_environment {
	const char *notify_socket;
	const char *watchdog_usec;
	const char *watchdog_pid;
};

struct service_notify {
	int fd; /* -1: nobody listens */
	struct sockaddr_un address;
	socklen_t address_size;
	/* How often SERVICE_ALIVE is to be said: twice in the time after which the manager takes
	 * the daemon for dead. 0: it does not watch. */
	int64_t alive_interval_ms;
};

enum service_message {
	SERVICE_STATUS_ONLY,
	SERVICE_READY, /* also after SERVICE_RELOADING */
	SERVICE_RELOADING,
	SERVICE_STOPPING,
	SERVICE_ALIVE,
};

/* Returns 0, or a negative errno for an address that cannot be used; calls then do nothing. */
int service_notify_open(struct service_notify *notify,
	const struct service_environment *environment, struct diag *diag);
/*
 * Sends the message and, unless it is NULL, one line of text that the manager shows. Never waits:
 * -EAGAIN if the manager is behind with its reading, and other negative errnos, say that it did not
 * get there and may be sent again.
 */
int service_notify_send(
	const struct service_notify *notify, enum service_message message, const char *status);
/* The start or the stop that goes on may take that much longer. Returns the same. */
int service_notify_extend(const struct service_notify *notify, int64_t more_ms);
void service_notify_close(struct service_notify *notify);
