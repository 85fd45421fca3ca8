/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a scenario: the engine as the daemon assembles it, over the simulated controller and a
 * virtual clock, with a record of everything it does for the expectations.
 */
#pragma once

#include "events.h"
#include "log_sink.h"
#include "peer_wire.h"
#include "scenario.h"
#include "text_list.h"
#include "trace.h"

/*
 * What a new process starts with, and loses when it dies, except for what the verifier has on disk.
 */
struct process {
	struct manager manager;
	struct verifier verifier;
	struct reconciler reconciler;
	struct event_dispatcher dispatcher;
};

/* What happened, and from which index on the next expectation checks it. */
struct run_record {
	struct text_list ops; /* operations as text, without read_device */
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
	struct moment now; /* the two clocks start at the same time */
	const char *step;  /* the number of the current step */
	struct sim_controller sim;
	struct log_sink sink;
	struct peer_wire_options options;
	struct process process;
	struct run_record record;
	const char *failed_step; /* the number of the innermost step that does not hold */
	bool out_of_memory;      /* a callback could not store its data */
};

enum run_outcome {
	RUN_HOLDS,
	RUN_FAILS, /* the text names step, member, the expected value and the actual one */
	RUN_OUT_OF_MEMORY,
};

/* Run the whole scenario. `trace_out` may be NULL. */
enum run_outcome scenario_run(const struct scenario *scenario, FILE *trace_out, struct diag *diag);

/* For the files that take the steps, and for the one that writes them (../convert). */
/* Start the process in the world of the scenario. Returns 0 or -ENOMEM. */
int scenario_run_begin(struct scenario_run *run, const struct scenario *scenario, FILE *trace_out);
void scenario_run_end(struct scenario_run *run);
/* Take steps until one does not hold. */
enum run_outcome run_steps(struct scenario_run *run, const struct scenario_step *steps,
	size_t count, struct diag *diag);
/* End the process at once, and start a new one. Returns 0 or -ENOMEM. */
int run_restart(struct scenario_run *run);
void run_record_forget_drift(struct run_record *record);
