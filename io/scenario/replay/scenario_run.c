/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_run.h"

#include "diag.h"
#include "payload_wire.h"
#include "scenario_expect.h"
#include "scenario_run_step.h"
#include "scenario_world.h"
#include "signature.h"
#include "sim_router.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void text_keep(
	struct scenario_run *run, struct text_list *list, const char *text, size_t length)
{
	if (text_list_add(list, text, length) != 0)
		run->out_of_memory = true;
}

static void record_operation(void *impl, enum sim_op op, const char *text)
{
	struct scenario_run *run = impl;
	trace_line(&run->trace, run->now.wall_ns, run->step, "operation", "operation", text, NULL);
	if (op < SIM_OP_READ_DEVICE)
		text_keep(run, &run->record.ops, text, strlen(text));
}

static void record_log_line(void *impl, const char *line, size_t length)
{
	struct scenario_run *run = impl;
	text_keep(run, &run->record.logs, line, length - 1);
	if (!run->out_of_memory)
		trace_line(&run->trace, run->now.wall_ns, run->step, "log", "line",
			run->record.logs.texts[run->record.logs.count - 1], NULL);
}

static int64_t virtual_wall_ns(void *impl)
{
	return ((const struct scenario_run *)impl)->now.wall_ns;
}

static int64_t virtual_boot_ns(void *impl)
{
	return ((const struct scenario_run *)impl)->now.boot_ns;
}

void run_record_forget_drift(struct run_record *record)
{
	for (size_t i = 0; i < record->drift_count; i++)
		free(record->drift[i].detail);
	free(record->drift);
	record->drift = NULL;
	record->drift_count = 0;
	record->has_drift = false;
}

static int record_drift(
	void *impl, const struct correction *corrections, size_t count, struct diag *diag)
{
	struct scenario_run *run = impl;
	struct run_record *record = &run->record;
	run_record_forget_drift(record);
	record->has_drift = true;
	record->drift = calloc(count + 1, sizeof *record->drift);
	for (size_t i = 0; record->drift && i < count; i++) {
		char *detail = strdup(corrections[i].detail);
		if (!detail)
			break;
		record->drift[record->drift_count++] = (struct correction){
			.type = corrections[i].type,
			.detail = detail,
		};
	}
	if (record->drift_count < count)
		run->out_of_memory = true;
	if (record->drift)
		qsort(record->drift, record->drift_count, sizeof *record->drift,
			correction_compare);
	return 0;
}

static int process_start(struct scenario_run *run)
{
	const struct scenario *scenario = run->scenario;
	struct process *process = &run->process;
	const struct reconciler_config reconciler = {
		.manager = &process->manager,
		.verifier = &process->verifier,
		.clock = {.now_ns = virtual_wall_ns, .boot_ns = virtual_boot_ns, .impl = run},
		.reporter = {.report = record_drift, .impl = run},
	};
	const struct manager_config manager = {
		.controller = sim_controller(&run->sim),
		.interface = scenario->config,
		.identity = &scenario->identity,
		.logger = log_sink_logger(&run->sink),
		.router = scenario->has_routes ? sim_router(&run->sim) : (struct router){0},
		.route_policy = {.mtu = scenario->config.mtu},
	};
	int error = manager_init(&process->manager, &manager);
	if (error)
		return error;
	reconciler_init(&process->reconciler, &reconciler);
	process->dispatcher = (struct event_dispatcher){
		.manager = &process->manager,
		.verifier = &process->verifier,
		.reader = payload_wire_reader(&run->options),
	};
	return 0;
}

static void process_end(struct scenario_run *run)
{
	reconciler_deinit(&run->process.reconciler);
	manager_deinit(&run->process.manager);
}

static void trust_restore_record(void *impl, const struct trust_record *record)
{
	struct scenario_run *run = impl;
	if (verifier_restore(&run->process.verifier, record) != 0)
		run->out_of_memory = true;
}

/* The next process knows what the daemon's verifier stores on disk. */
int run_restart(struct scenario_run *run)
{
	struct verifier old = run->process.verifier;
	process_end(run);
	verifier_init(&run->process.verifier, &(struct verifier_config){.check = old.check});
	verifier_write_all(&old, (struct trust_store){.write = trust_restore_record, .impl = run});
	verifier_deinit(&old);
	return process_start(run);
}

static void run_clear(struct scenario_run *run)
{
	verifier_deinit(&run->process.verifier);
	sim_controller_deinit(&run->sim);
	run_record_forget_drift(&run->record);
	text_list_clear(&run->record.ops);
	text_list_clear(&run->record.logs);
}

int scenario_run_begin(struct scenario_run *run, const struct scenario *scenario, FILE *trace_out)
{
	const struct verifier_config verifier = {
		.check = signature_check_ed25519(), .keys = scenario->signing_keys};
	*run = (struct scenario_run){
		.scenario = scenario,
		.trace = {.out = trace_out, .scenario = scenario->title},
		.now = {scenario->start_ns, scenario->start_ns},
		.step = "0",
		.options.default_keepalive_s = (uint16_t)scenario->config.persistent_keepalive_s,
	};
	run->sink = (struct log_sink){
		.format = LOG_FORMAT_LOGFMT,
		.minimum = LOG_LEVEL_DEBUG,
		.clock = {.now_ns = virtual_wall_ns, .impl = run},
		.interface = scenario->config.interface_name,
		.write_line = record_log_line,
		.impl = run,
	};
	verifier_init(&run->process.verifier, &verifier);
	sim_controller_init(
		&run->sim, (struct sim_recorder){.record = record_operation, .impl = run});
	int error = world_start(&run->sim, scenario);
	if (!error)
		error = process_start(run);
	if (error)
		run_clear(run);
	return error;
}

void scenario_run_end(struct scenario_run *run)
{
	process_end(run);
	run_clear(run);
}

/* Check what the step returned. */
static enum run_outcome check_return(
	const struct scenario_step *step, int error, const struct diag *returned, struct diag *diag)
{
	const char *expected = step->expected_error;
	const char *text = diag_text(returned);
	if (!step->checks_return || (!expected && !error))
		return RUN_HOLDS;
	if (!expected)
		diag_fail(diag, -EBADMSG, "returns: expected ok, found error: %s", text);
	else if (!error)
		diag_fail(diag, -EBADMSG, "returns: expected error: %s, found ok", expected);
	else if (!strstr(text, expected))
		diag_fail(diag, -EBADMSG, "returns: expected error: %s, found error: %s", expected,
			text);
	else
		return RUN_HOLDS;
	return RUN_FAILS;
}

static enum run_outcome take_step(
	struct scenario_run *run, const struct scenario_step *step, struct diag *diag)
{
	struct step_return returned = {0};
	enum run_outcome outcome;
	if (step->kind == STEP_EXPECT)
		return scenario_expect(run, step->expectation, diag);
	outcome = scenario_step_take(run, step, &returned, diag);
	if (outcome == RUN_HOLDS)
		outcome = check_return(step, returned.error, &returned.diag, diag);
	diag_clear(&returned.diag);
	return outcome;
}

enum run_outcome run_steps(struct scenario_run *run, const struct scenario_step *steps,
	size_t count, struct diag *diag)
{
	enum run_outcome outcome = RUN_HOLDS;
	const char *outer = run->step;
	for (size_t i = 0; outcome == RUN_HOLDS && i < count; i++) {
		run->step = steps[i].number;
		outcome = take_step(run, &steps[i], diag);
		if (run->out_of_memory)
			outcome = RUN_OUT_OF_MEMORY;
		if (outcome == RUN_FAILS && !run->failed_step)
			run->failed_step = steps[i].number;
	}
	run->step = outer;
	return outcome;
}

enum run_outcome scenario_run(const struct scenario *scenario, FILE *trace_out, struct diag *diag)
{
	struct scenario_run run;
	if (scenario_run_begin(&run, scenario, trace_out) != 0) {
		diag_fail_errno(diag, -ENOMEM);
		return RUN_OUT_OF_MEMORY;
	}
	enum run_outcome outcome = run_steps(&run, scenario->steps, scenario->step_count, diag);
	if (outcome == RUN_FAILS)
		diag_wrap(diag, -EBADMSG, "step %s", run.failed_step);
	if (outcome == RUN_OUT_OF_MEMORY)
		diag_fail_errno(diag, -ENOMEM);
	scenario_run_end(&run);
	return outcome;
}
