/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a trace: segments of mode 0600 in the identity directory, numbered on over restarts.
 * Together they never exceed the size of the ring, because the oldest are deleted in time. Each
 * begins with a snapshot, so that it can be read without those before it.
 *
 * A line is appended by one write and never synced: a crash of the process cuts the last line at
 * most. Functions return 0 or a negative errno with the path in the text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct diag;

/* The name of a segment, and what its number is read from. */
#define TRACE_SEGMENT_FORMAT "trace-%08" PRIu32 ".jsonl"
/* Part of the ring: a segment ends at this size, or later if its snapshot is larger; a line that is
 * larger than TRACE_LINE_PART is an error. */
#define TRACE_SEGMENT_PART 8
#define TRACE_LINE_PART    4
#define TRACE_SEGMENTS_MAX 256

struct trace_segment {
	uint32_t number;
	size_t bytes;
};

struct trace_ring {
	const char *directory; /* borrowed */
	size_t bytes_max;
	/* The rest is private. */
	struct trace_segment segments[TRACE_SEGMENTS_MAX + 1]; /* oldest first */
	size_t count;
	uint32_t next_number;
	size_t bytes; /* of all segments */
	int fd;       /* of the last one; -1: none was begun */
	size_t snapshot_bytes;
};

/* Find the segments of earlier processes. */
int trace_ring_open(
	struct trace_ring *ring, const char *directory, size_t bytes_max, struct diag *diag);
void trace_ring_close(struct trace_ring *ring);
/* Begin a segment with that line. */
int trace_ring_begin(struct trace_ring *ring, const char *line, size_t length, struct diag *diag);
int trace_ring_append(struct trace_ring *ring, const char *line, size_t length, struct diag *diag);
/* Whether it is time for the next segment. */
bool trace_ring_is_due(const struct trace_ring *ring);
