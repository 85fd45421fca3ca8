/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stand-in for a userspace WireGuard program: a thread that listens on its socket and behaves
 * well or badly, and remembers what it was asked.
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
	FAKE_REPLIES_SLOWLY, /* in bits, FAKE_PAUSE_MS apart */
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
	char requests[65536]; /* all of them, one after the other, NUL-terminated; cut if long */
	size_t request_length;
	unsigned connection_count;
	pthread_t thread;
};

/* Fails the running test if it cannot. The socket's directory must exist. */
void fake_uapi_start(struct fake_uapi *fake, const char *directory, const char *interface,
	enum fake_manner manner, const char *get_reply, const char *set_reply);
/* Ends the thread and removes the socket; `leave_dead` leaves it, with nobody listening. */
void fake_uapi_stop(struct fake_uapi *fake, bool leave_dead);
