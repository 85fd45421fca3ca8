/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a scenario: the engine as the daemon puts it together, over the simulated controller and a
 * virtual clock, with everything it does kept for the expectations.
 */
#pragma once

#include "events.h"
#include "log_sink.h"
#include "peer_wire.h"
#include "scenario.h"
#include "text_list.h"
#include "trace.h"

/* What a new process starts with, and loses when it dies; but what the verifier keeps on disk. */
struct process {
	struct manager manager;
	struct verifier verifier;
	struct reconciler reconciler;
	struct event_dispatcher dispatcher;
};

/* What happened, and from where on an expectation looks at it. */
struct run_record {
	struct text_list ops; /* operation strings, but for read_device */
	size_t ops_from;
	struct text_list logs; /* lines without their line feeds */
	size_t logs_from;
	size_t log_count_from;
	bool has_drift;           /* the last cycle made a report */
	struct correction *drift; /* owned; sorted, as the expected one */
	size_t drift_count;
};

struct scenario_run {
	const struct scenario *scenario;
	struct trace trace;
	int64_t now_ns;
	const char *step; /* number of the one that is being taken */
	struct sim_controller sim;
	struct log_sink sink;
	struct peer_wire_options options;
	struct process process;
	struct run_record record;
	const char *failed_step; /* the number of the innermost that does not hold */
	bool out_of_memory;      /* a callback could not keep what it was given */
};

enum run_outcome {
	RUN_HOLDS,
	RUN_FAILS, /* the text says step, member, what was expected and what was found */
	RUN_OUT_OF_MEMORY,
};

/* The whole scenario. `trace_out` may be NULL. */
enum run_outcome scenario_run(const struct scenario *scenario, FILE *trace_out, struct diag *diag);

/* Parts of a run, for the files that take its steps. */
/* Takes steps until one does not hold. */
enum run_outcome run_steps(struct scenario_run *run, const struct scenario_step *steps,
	size_t count, struct diag *diag);
/* The process dies where it stands, and a new one starts. Returns 0 or -ENOMEM. */
int run_restart(struct scenario_run *run);
void run_record_forget_drift(struct run_record *record);
