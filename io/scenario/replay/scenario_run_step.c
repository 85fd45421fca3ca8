/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_run_step.h"

#include "scenario_run_event.h"
#include "scenario_world.h"
#include "state_wire.h"

#include <errno.h>

typedef int manager_method(struct manager *, const struct peer_entry *, struct diag *);

static int put_peer(
	struct scenario_run *run, struct json_span span, manager_method *method, struct diag *diag)
{
	struct arena arena = {0};
	struct peer_wire wire = {.options = run->options, .arena = &arena};
	struct peer_entry entry = {0};
	int error = peer_wire_read(&wire, span, PEER_WIRE_ALONE, &entry);
	if (error)
		diag_fail_errno(diag, error);
	else
		error = method(&run->process.manager, &entry, diag);
	key_secret_wipe(&entry.config.psk);
	arena_clear(&arena);
	return error;
}

static bool is_tried_enough(void *impl, size_t tried_count)
{
	return tried_count >= *(const uint64_t *)impl;
}

static int configure_peers(
	struct scenario_run *run, const struct scenario_step *step, struct diag *diag)
{
	uint64_t cancel_after = step->configure.cancel_after;
	struct cancellation cancellation = {.is_requested = is_tried_enough, .impl = &cancel_after};
	struct state_document document = {0};
	int error = state_wire_read_peers(step->configure.peers.text, step->configure.peers.length,
		&run->options, &document, diag);
	if (error)
		return error;
	error = manager_configure_peers(&run->process.manager, document.entries,
		document.entry_count, step->configure.cancels ? &cancellation : NULL, diag);
	state_document_clear(&document);
	return error;
}

/* Make the answer to the fetch, as the daemon does: a rejected document is a failed fetch. */
static void make_answer(struct scenario_run *run, const struct scenario_step *step,
	struct state_document *document, struct fetch_answer *ret, struct diag *rejection)
{
	struct json_span state = step->reconcile.state;
	*ret = (struct fetch_answer){.outcome = FETCH_FAILED, .document = document};
	if (step->reconcile.fetch_error) {
		ret->error = step->reconcile.fetch_error;
		return;
	}
	if (!state.text) {
		ret->outcome = FETCH_NOT_MODIFIED;
		return;
	}
	if (state_wire_read(state.text, state.length, &run->options, document, rejection) == 0)
		ret->outcome = FETCH_DOCUMENT;
	else
		ret->error = diag_text(rejection);
}

static int finish_cycle(
	struct scenario_run *run, const struct scenario_step *step, struct diag *diag)
{
	struct state_document document = {0};
	struct fetch_answer answer;
	struct diag rejection = {0};
	int error;
	make_answer(run, step, &document, &answer, &rejection);
	error = reconciler_finish(&run->process.reconciler, &answer, diag);
	state_document_clear(&document);
	diag_clear(&rejection);
	return error;
}

static enum run_outcome step_reconcile(struct scenario_run *run, const struct scenario_step *step,
	struct step_return *ret, struct diag *diag)
{
	enum run_outcome outcome = RUN_HOLDS;
	run_record_forget_drift(&run->record);
	ret->error = reconciler_begin(&run->process.reconciler, &ret->diag);
	if (!ret->error) {
		outcome = run_steps(run, step->reconcile.during_fetch,
			step->reconcile.during_fetch_count, diag);
		if (outcome != RUN_HOLDS)
			return outcome;
		ret->error = finish_cycle(run, step, &ret->diag);
	}
	trace_line(&run->trace, run->now.wall_ns, run->step, "cycle", "result",
		ret->error ? "error" : "ok", "error", ret->error ? diag_text(&ret->diag) : NULL,
		NULL);
	return RUN_HOLDS;
}

/* Take a step that calls the engine, other than a cycle. */
static int call_product(
	struct scenario_run *run, const struct scenario_step *step, struct diag *diag)
{
	struct manager *manager = &run->process.manager;
	switch (step->kind) {
	case STEP_SETUP:
		return manager_setup(manager, diag);
	case STEP_TEARDOWN:
		return manager_teardown(manager, diag);
	case STEP_ADD_PEER:
		return put_peer(run, step->peer, manager_add_peer, diag);
	case STEP_UPDATE_PEER:
		return put_peer(run, step->peer, manager_update_peer, diag);
	case STEP_REMOVE_PEER:
		return manager_remove_peer(manager, &step->public_key, diag);
	case STEP_REMOVE_PEER_BY_ID:
		return manager_remove_peer_by_id(manager, step->peer_id, diag);
	case STEP_CONFIGURE_PEERS:
		return configure_peers(run, step, diag);
	case STEP_REPAIR:
		return reconciler_repair(&run->process.reconciler, diag);
	case STEP_EVENT:
		return scenario_event(run, step->event.type, step->event.payload, diag);
	case STEP_DELIVER:
		return scenario_deliver(run, step->data, diag);
	case STEP_STREAM:
		return scenario_stream(run, step->stream.chunks, step->stream.count, diag);
	case STEP_RECONCILE:
	case STEP_RESTART:
	case STEP_ADVANCE:
	case STEP_WORLD:
	case STEP_FAIL:
	case STEP_EXPECT:
	case STEP_KIND_COUNT:
		break;
	}
	return 0;
}

static enum run_outcome outcome_of(int error)
{
	return error ? RUN_OUT_OF_MEMORY : RUN_HOLDS;
}

static enum run_outcome change_world(struct scenario_run *run, const struct world_step *step)
{
	const char *interface = run->scenario->config.interface_name;
	if (step->change != WORLD_SET_CLOCK)
		return outcome_of(world_change(&run->sim, interface, step, run->now.wall_ns));
	run->now.wall_ns = step->wall_ns;
	return RUN_HOLDS;
}

enum run_outcome scenario_step_take(struct scenario_run *run, const struct scenario_step *step,
	struct step_return *ret, struct diag *diag)
{
	if (step->kind == STEP_RECONCILE)
		return step_reconcile(run, step, ret, diag);
	if (step->kind == STEP_RESTART)
		return outcome_of(run_restart(run));
	if (step->kind == STEP_WORLD)
		return change_world(run, &step->world);
	if (step->kind == STEP_FAIL)
		return outcome_of(sim_controller_fail(&run->sim, &step->fault));
	if (step->kind != STEP_ADVANCE) {
		ret->error = call_product(run, step, &ret->diag);
		return RUN_HOLDS;
	}
	run->now.wall_ns += step->advance_ns;
	run->now.boot_ns += step->advance_ns;
	return RUN_HOLDS;
}
