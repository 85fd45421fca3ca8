/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A world in which hours pass as fast as a daemon can live through them. To be linked with the
 * FAST_WORLD wraps of meson.build, which stand between the daemon and
 *
 * - the clock: time passes when the loop would sleep, straight to the next thing that is due, and
 *   not otherwise;
 * - the control plane's API: instead of HTTP there is a plane that the test plays. Answers take
 *   FAST_WORLD_DELAY_MS, and whoever reads the stream reads it through the real parser.
 *
 * Everything else is the daemon's own. Its descriptors are really waited for, and disks need not
 * be: fsync does nothing. One such world to a process.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAST_WORLD_DELAY_MS 40

/* What the test plays. */
struct fast_plane {
	/* The state document as it is now. */
	const char *(*state)(void *impl);
	/* When the plane wants to act next; INT64_MAX: never. */
	int64_t next_ns;
	void (*act)(void *impl);
	void *impl;
};

/* What the daemon did. */
struct fast_counts {
	unsigned fetches;
	unsigned heartbeats;
	unsigned reports;
	unsigned streams;
	size_t nonces; /* that it remembers, as of the last cycle */
};

/* `plane` stays the test's, which may change `next_ns` whenever it acts. */
void fast_world_begin(const struct fast_plane *plane, int64_t start_ns);
/* Nanoseconds since 1970. */
int64_t fast_world_now_ns(void);
/* Somebody sets the node's clock, so that it is ahead of the plane's, or behind. */
void fast_world_set_clock(int64_t ahead_ns);
/* Bytes for the daemon; lost if it has no stream open, which returns false. */
bool fast_world_stream(const char *bytes, size_t length);
/* The connection breaks. */
void fast_world_cut_stream(void);
struct fast_counts fast_world_counts(void);
