/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the trace of a daemon: an observer of the engine that appends a line (trace_line.h) to the
 * ring for each cycle, repair and event. It rejects nothing and delays nothing: what it cannot
 * write turns it off, with one line in the log.
 *
 * Of the rejected events of a verdict it writes ten a minute and counts the others.
 */
#pragma once

#include "observer.h"
#include "trace_document.h"
#include "trace_ring.h"

/* All borrowed. */
struct trace_writer_config {
	const struct reconciler *reconciler;
	struct payload_reader reader;
	const char *directory;
	size_t bytes_max;
};

struct trace_rejections {
	int64_t begun_ns; /* when the minute began, on the boot clock */
	unsigned line_count;
	size_t counted; /* those without a line */
};

struct trace_writer {
	struct trace_writer_config config;
	bool is_on;
	/* The rest is private. */
	struct trace_ring ring;
	struct trace_document known; /* what the trace has of the document in force */
	bool has_names;              /* that document has endpoints that are host names */
	struct key_public own_key;   /* this and the address as in the last snapshot */
	struct ip mesh_ip;
	bool is_fetching;
	uint64_t retained_digest; /* of what the last line with a plan had */
	bool has_retained;        /* there is such a line in this segment */
	struct trace_rejections rejections[VERDICT_FAULT + 1];
	char *text; /* of the last line */
	size_t text_capacity;

	/* What was observed since the last line. */
	bool has_taken_document;
	bool has_read;
	int read_error, reread_error;
	struct device *drifted; /* without peers; NULL: the first read found no drift */
	struct trace_call *calls;
	size_t call_count;
	struct trace_op *ops;
	size_t op_count;
};

/* The writer is off until trace_writer_start. */
void trace_writer_init(struct trace_writer *writer, const struct trace_writer_config *config);
void trace_writer_deinit(struct trace_writer *writer);
/* The observer for the manager, also before trace_writer_init. Borrows `writer`. */
struct observer trace_writer_observer(struct trace_writer *writer);
/* Begin the trace of this process, before the first call of the engine. The state of an earlier
 * process may be in force. */
void trace_writer_start(struct trace_writer *writer);
/* Begin a segment if the node's key or address were replaced since the last one. */
void trace_writer_follow_identity(struct trace_writer *writer);
