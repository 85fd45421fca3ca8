/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the converter share.
 */
#pragma once

#include "convert.h"
#include "diag.h"
#include "replacements.h"
#include "scenario_run.h"

/* A text that grows. */
struct convert_text {
	char *text; /* NUL-terminated; NULL: empty */
	size_t length, capacity;
};

/* What the traced process had in force. */
struct convert_model {
	bool has_document, is_provisional;
	struct pending_events entries; /* one for each id */
	struct pending_events pending;
	/* The trace begins in a fetch, whose events the replay has before it. */
	bool has_events_of_fetch;
	struct convert_text nameless; /* with a comma after each */
	struct convert_text withheld; /* likewise: unusable entries, which retain their peers */
};

/* The lines of the current unit. */
struct convert_group {
	struct trace_read *reads;
	size_t count, capacity;
	bool is_open; /* `begin` was the first, and the cycle has not ended */
};

struct converter {
	struct replacements replacements;
	struct interface_config config; /* of the trace; the name is the default */
	struct convert_model model;
	struct scenario scenario; /* without steps */
	struct scenario_run run;  /* the replay so far */
	bool has_begun;
	struct controller_ops ops; /* of the replay, with a read_device that changes the world */
	const struct controller_ops *sim_ops;
	struct moment base; /* the time in the trace that is the start of the boot clock */
	struct convert_group group;
	/* The decisions that the next read of the device must lead to; NULL: none. */
	const struct trace_line *cause;
	/* The last line with retained and withheld peers. */
	const struct trace_line *retained;
	struct trace_read retained_read;
	struct convert_text written; /* the entries that the replay fetched last */
	bool has_written_events;     /* pending events are among them */
	struct convert_text out;     /* whole units */
	struct convert_text unit;    /* steps of the current unit */
	struct convert_text during;  /* those of its fetch */
	bool is_fetching;            /* steps belong to the fetch */
	size_t step_count;
	struct convert_text expected; /* operations, with a comma after each */
	size_t unit_count;
	int error; /* the first: -ENOMEM, or -EPROTO: the trace cannot be expressed from here on */
	struct diag diag;
};

/* A line that has none. */
extern const struct trace_line nothing_retained;

void convert_put(struct convert_text *text, struct converter *converter, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void convert_text_clear(struct convert_text *text);
/* A peer in wire form. The caller frees it; NULL when out of memory. */
char *convert_peer_text(const struct peer_config *peer);

/* Stop: the trace cannot be expressed. */
void convert_fail(struct converter *converter, const char *reason);
void convert_fail_memory(struct converter *converter);
/* Run a step, and write it into the unit or its fetch. */
void convert_step(struct converter *converter, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Move the clocks of the replay to a time in the trace. During a fetch only the wall clock moves.
 */
void convert_time(struct converter *converter, struct moment at);
/* Make the calls and operations of the line that failed fail in the replay, and expect them all. */
void convert_faults(struct converter *converter, const struct trace_line *line);
/* End a unit: check the operations. */
void convert_unit_end(struct converter *converter);

void convert_signing_keys(
	struct convert_text *text, struct converter *converter, const struct signing_keys *keys);

/* Apply the entries of a line; a snapshot has all. */
void convert_model_apply(struct converter *converter, const struct trace_line *line);
/* The same, and the pending events of the snapshot. */
void convert_model_begin(struct converter *converter, const struct trace_line *line);
/* An event was handled. */
void convert_model_event(struct converter *converter, const struct trace_line *line);
/* Write the state in force: its entries, with a comma after each. */
void convert_model_write(struct converter *converter, bool with_events, struct convert_text *ret);
void convert_model_clear(struct convert_model *model);

/* Change the replay's device so that the decisions of `line` follow. */
void convert_device(struct converter *converter, const struct trace_line *line);
/* Write an event as a step. */
void convert_event(struct converter *converter, const struct trace_line *line);
/* Write the lines of the group. */
void convert_cycle(struct converter *converter);
/* Write a `reconcile` that puts the state in force, in the process of a snapshot. */
void convert_first_cycle(struct converter *converter, struct moment at);
