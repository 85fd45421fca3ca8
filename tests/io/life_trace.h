/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the trace of a world, as the daemon does.
 */
#pragma once

#include "trace_document.h"
#include "world.h"

#define LIFE_SEGMENTS_MAX 64

struct life_trace {
	struct world *world;
	char *text[LIFE_SEGMENTS_MAX];
	size_t length[LIFE_SEGMENTS_MAX];
	size_t segment_count;
	struct trace_secret secret;
	struct trace_document known;
	struct trace_difference difference;
	bool has_difference;
	struct trace_line line; /* the current unit */
	struct trace_call calls[32];
	struct trace_op ops[64];
	size_t op_count;
	struct device drifted;
	bool has_read, is_fetching;
};

struct observer life_trace_observer(struct life_trace *trace);
/* Begin a segment. */
void life_trace_snapshot(struct life_trace *trace, bool is_start);
void life_trace_clear(struct life_trace *trace);
