/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Converts a trace to a scenario that does the same again: `plexwg trace`.
 *
 * The scenario is anonymized (replacements.h). It consists of units, an engine call each with
 * everything that belongs to it:
 *
 *     advance    the time since the last unit
 *     fail       operations that failed
 *     reconcile, deliver, teardown or restart. The fetch of a reconcile has the events and repairs
 *                that came then, and `world` steps: what other programs changed
 *     expect     the operations, in the order of the engine's lists
 *
 * Each step is run when it is written, on the engine of `replay`. So the converter knows what the
 * replay's device has, and `world` steps change it as far as the traced decisions need: where the
 * engine had nothing to do, the peer becomes as the document desires it.
 *
 * What a scenario cannot express:
 * - that no peer is removed, because a cached state is in force at boot or the guard withholds
 *   removals: the scenario has such peers as unusable entries, which retain them;
 * - the index and the events of an earlier process: steps before the first cycle make the replay's
 *   process know them too;
 * - handshakes: a peer whose endpoint is set again because it was silent was only sent bytes;
 * - routes, marks, logs: left out. A wrong mark is a wrong port, which makes the engine do the
 * same;
 * - another mesh address after a reload, a device that changes between two reads of one cycle: the
 *   scenario ends there, and the result says why.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct diag;

/* The text of a segment, oldest first. */
struct convert_segment {
	const char *name; /* for errors */
	const char *text;
	size_t length;
};

struct converted {
	char *text; /* the scenario; owned */
	size_t length;
	char *reason; /* why it ends early, with the place in the trace; NULL: it does not; owned */
	size_t unit_count;
};

/* Which part of the trace to convert: it begins with a snapshot, at that time or before it. */
struct convert_range {
	int64_t since_ns; /* 0: from the first snapshot on */
	int64_t last_ns;  /* not 0: the time from there to the last line, instead */
};

/*
 * Convert the segments, from the last snapshot that has all of the range, or from the first. The
 * end of a segment's text that is no whole line is ignored. Returns 0, -ENOMEM, or -EINVAL with
 * name and line of what is damaged. The caller has called sodium_init.
 */
int convert_trace(const struct convert_segment *segments, size_t count, struct convert_range range,
	struct converted *ret, struct diag *diag);
void converted_clear(struct converted *converted);
