/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A world in which a daemon lives through hours in little time. Link it with the FAST_WORLD wraps
 * of meson.build, which replace
 *
 * - the clock: time passes only when the loop would sleep, and goes straight to the next thing that
 *   is due;
 * - the control plane's API: instead of HTTP, the test plays the control plane. Answers take
 *   FAST_WORLD_DELAY_MS, and streams are read by the real parser.
 *
 * The rest is the real daemon. It really waits for its descriptors; fsync does nothing. One such
 * world per process.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct identity;

#define FAST_WORLD_DELAY_MS 40

/* The part that the test plays. */
struct fast_plane {
	/* The current state document. */
	const char *(*state)(void *impl);
	/* When the control plane wants to act next; INT64_MAX: never. */
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
	size_t nonces; /* stored ones, as of the last cycle */
};

/* Make the identity of a registered node in the directory, for a control plane with a new signing
 * key. The caller clears the identity. */
void fast_world_identity(
	const char *directory, uint8_t ret_signing_secret[static 64], struct identity *ret);

/* `plane` still belongs to the test, which may change `next_ns` whenever it acts. */
void fast_world_begin(const struct fast_plane *plane, int64_t start_ns);
/* Nanoseconds since 1970. */
int64_t fast_world_now_ns(void);
/* Set the node's clock ahead of the control plane's, or behind. */
void fast_world_set_clock(int64_t ahead_ns);
/* Bytes for the daemon; lost if it has no stream open, which returns false. */
bool fast_world_stream(const char *bytes, size_t length);
/* The connection breaks. */
void fast_world_cut_stream(void);
struct fast_counts fast_world_counts(void);
