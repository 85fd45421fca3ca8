/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stand-in for a userspace WireGuard backend: a thread that listens on the socket, behaves well
 * or badly, and records its requests.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#define FAKE_PAUSE_MS 150

enum fake_manner {
	FAKE_REPLIES,
	FAKE_REPLIES_EARLY, /* after the first line, and reads no further */
	FAKE_REPLIES_IN_BITS,
	FAKE_REPLIES_SLOWLY, /* in parts, FAKE_PAUSE_MS apart */
	FAKE_DRIPS,          /* the same, but the reply never ends */
	FAKE_HANGS_UP,       /* without a reply */
	FAKE_STAYS_SILENT,
};

struct fake_uapi {
	char path[108];
	int listen_fd;
	enum fake_manner manner;
	const char *get_reply; /* borrowed */
	const char *set_reply;
	char requests[65536]; /* all requests, one after the other, NUL-terminated; cut if long */
	size_t request_length;
	unsigned connection_count;
	pthread_t thread;
};

/* Start it; failure fails the running test. The socket's directory must exist. */
void fake_uapi_start(struct fake_uapi *fake, const char *directory, const char *interface,
	enum fake_manner manner, const char *get_reply, const char *set_reply);
/* End the thread and remove the socket; `leave_dead` leaves a socket that nobody listens on. */
void fake_uapi_stop(struct fake_uapi *fake, bool leave_dead);
