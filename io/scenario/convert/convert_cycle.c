/* SPDX-License-Identifier: Apache-2.0 */
#include "convert_parts.h"

#include "diag.h"
#include "errno_name.h"
#include "state_wire.h"
#include "timestamp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Begin a `reconcile` at that time. The begin line, if it belongs to this one, has its calls. */
static void cycle_open(
	struct converter *converter, const struct trace_line *begin, struct moment at)
{
	struct diag diag = {0};
	convert_time(converter, at);
	if (begin)
		convert_faults(converter, begin);
	int error = converter->error ? converter->error
				     : reconciler_begin(&converter->run.process.reconciler, &diag);
	if (error && !converter->error)
		convert_fail(converter, diag_text(&diag));
	diag_clear(&diag);
	converter->is_fetching = true;
}

/* The retained and withheld peers in force. */
static void retained_note(struct converter *converter, const struct trace_line *line)
{
	struct convert_text *withheld = &converter->model.withheld;
	if (!line->cycle.has_retained)
		return;
	converter->retained = line;
	convert_text_clear(withheld);
	for (size_t i = 0; i < line->cycle.withheld_count; i++)
		convert_put(withheld, converter,
			"{\"public_key\":\"%s\",\"allowed_ips\":[\"unusable\"]},\n",
			key_public_format(&line->cycle.withheld[i]->public_key).text);
}

/* What the replay's fetch returns. */
enum replayed_answer {
	ANSWER_STATE,
	ANSWER_NOT_MODIFIED,
	ANSWER_FAILED,
};

/*
 * An answer that does not change the state needs no state in the scenario, unless the one in the
 * replay differs: a name resolves to another address, the withheld removals are others, or none was
 * written yet. Unless the answer confirms the document, the state includes the pending events: a
 * state that the replay fetches supersedes its own.
 */
static enum replayed_answer answer_choose(
	struct converter *converter, enum fetch_outcome outcome, struct convert_text *ret_state)
{
	struct convert_model *model = &converter->model;
	bool is_good = outcome == FETCH_DOCUMENT ||
		       (outcome == FETCH_NOT_MODIFIED && !model->is_provisional);
	enum replayed_answer answer = outcome == FETCH_FAILED ? ANSWER_FAILED : ANSWER_NOT_MODIFIED;
	if (!model->has_document)
		return answer;
	if (is_good)
		pending_events_fetch_done(&model->pending, model->pending.fetch_order);
	bool has_events = (!is_good || model->has_events_of_fetch) && model->pending.count > 0;
	model->has_events_of_fetch = false;
	convert_model_write(converter, has_events, ret_state);
	if (converter->error)
		return answer;
	bool is_written =
		converter->written.text && strcmp(converter->written.text, ret_state->text) == 0;
	if (outcome != FETCH_DOCUMENT && is_written && !(is_good && converter->has_written_events))
		return is_good ? ANSWER_NOT_MODIFIED : ANSWER_FAILED;
	convert_text_clear(&converter->written);
	convert_put(&converter->written, converter, "%s", ret_state->text);
	converter->has_written_events = has_events;
	return ANSWER_STATE;
}

/* The state document of the entries, with the signing keys of the line. */
static void document_put(
	struct converter *converter, const struct trace_line *line, struct convert_text *state)
{
	const struct trace_cycle *cycle = &line->cycle;
	struct convert_text document = {0};
	int length = state->length > 2 ? (int)state->length - 2 : 0;
	convert_put(&document, converter, "{\"peers\":[\n%.*s]", length,
		state->text ? state->text : "");
	if (cycle->has_signing_keys_error)
		convert_put(&document, converter, ",\"signing_keys\":{\"current\":\"unusable\"}");
	if (cycle->has_signing_keys) {
		convert_put(&document, converter, ",\"signing_keys\":");
		convert_signing_keys(&document, converter, &cycle->signing_keys);
	}
	convert_put(&document, converter, "}");
	convert_text_clear(state);
	*state = document;
}

/* End the cycle of the replay; its read of the device changes the world first. Returns whether the
 * cycle succeeded. */
static bool cycle_run(struct converter *converter, const struct trace_line *line,
	enum replayed_answer answer, const struct convert_text *state)
{
	struct scenario_run *run = &converter->run;
	struct state_document document = {0};
	struct fetch_answer fetched = {
		.outcome = FETCH_FAILED, .document = &document, .error = "the fetch failed"};
	struct diag diag = {0};
	if (answer == ANSWER_STATE && state_wire_read(state->text, state->length, &run->options,
					      &document, &converter->diag) != 0) {
		converter->error = converter->error ? converter->error : -EPROTO;
		return false;
	}
	if (answer != ANSWER_FAILED)
		fetched.outcome = answer == ANSWER_STATE ? FETCH_DOCUMENT : FETCH_NOT_MODIFIED;
	converter->cause = line;
	int error = reconciler_finish(&run->process.reconciler, &fetched, &diag);
	converter->cause = NULL;
	run_record_forget_drift(&run->record);
	state_document_clear(&document);
	diag_clear(&diag);
	return error == 0;
}

/* End the `reconcile` with what the line has. */
static void cycle_close(
	struct converter *converter, const struct trace_line *line, enum fetch_outcome outcome)
{
	struct convert_text state = {0};
	convert_time(converter, line->at);
	retained_note(converter, line);
	enum replayed_answer answer = answer_choose(converter, outcome, &state);
	document_put(converter, line, &state);
	convert_faults(converter, line);
	bool is_good = !converter->error && cycle_run(converter, line, answer, &state);
	converter->is_fetching = false;
	struct convert_text *unit = &converter->unit, *during = &converter->during;
	convert_put(unit, converter, "{\"do\":\"reconcile\"");
	if (answer == ANSWER_STATE)
		convert_put(unit, converter, ",\"state\":%s", state.text);
	else if (answer == ANSWER_FAILED)
		convert_put(unit, converter, ",\"fetch_error\":\"the fetch failed\"");
	if (during->length)
		convert_put(unit, converter, ",\"during_fetch\":[\n%.*s]", (int)during->length - 2,
			during->text);
	convert_put(unit, converter, "%s},\n",
		is_good && !line->error && !converter->model.withheld.length ? ",\"returns\":\"ok\""
									     : "");
	convert_text_clear(during);
	convert_text_clear(&state);
	convert_unit_end(converter);
}

void convert_first_cycle(struct converter *converter, struct moment at)
{
	struct trace_line line = {
		.kind = TRACE_FINISH, .at = at, .cycle = {.has_plan = true, .has_retained = true}};
	bool has_events_of_fetch = converter->model.has_events_of_fetch;
	cycle_open(converter, NULL, at);
	cycle_close(converter, &line, FETCH_FAILED);
	converter->model.has_events_of_fetch = has_events_of_fetch;
	converter->retained = &nothing_retained;
}

/* Whether the replay has the state in force that the traced process repaired the device with. */
static bool state_matches(struct converter *converter)
{
	struct convert_text state = {0};
	convert_model_write(converter, converter->has_written_events, &state);
	bool is_same = state.text && converter->written.text &&
		       strcmp(state.text, converter->written.text) == 0;
	convert_text_clear(&state);
	return is_same;
}

/* A repair: a step, or a cycle of its own if it needs a state. */
static void convert_repair(
	struct converter *converter, const struct trace_line *line, bool is_fetching)
{
	convert_model_apply(converter, line);
	if (!converter->model.has_document)
		return;
	retained_note(converter, line);
	if (!state_matches(converter)) {
		if (!converter->is_fetching)
			cycle_open(converter, NULL, line->at);
		cycle_close(converter, line, FETCH_FAILED);
		if (is_fetching)
			cycle_open(converter, NULL, line->at);
		return;
	}
	convert_time(converter, line->at);
	convert_faults(converter, line);
	converter->cause = line;
	convert_step(converter, "{\"do\":\"repair\"}");
	converter->cause = NULL;
	if (!is_fetching)
		convert_unit_end(converter);
}

static void convert_finish(struct converter *converter, const struct trace_line *line)
{
	struct convert_model *model = &converter->model;
	convert_model_apply(converter, line);
	if (line->cycle.outcome == FETCH_DOCUMENT) {
		model->has_document = true;
		model->is_provisional = false;
	}
	cycle_close(converter, line, line->cycle.outcome);
}

/* A cycle whose interface could not be brought up. */
static void convert_failed_begin(struct converter *converter, const struct trace_line *line)
{
	convert_time(converter, line->at);
	convert_faults(converter, line);
	convert_step(converter, "{\"do\":\"reconcile\",\"returns\":\"error: wireguard: setup: \"}");
	convert_unit_end(converter);
}

/* A line of a group. `is_fetching`: the cycle ends in this group. */
static void convert_line(struct converter *converter, const struct trace_line *line,
	bool is_fetching, struct moment end)
{
	switch (line->kind) {
	case TRACE_BEGIN:
		if (line->error) {
			convert_failed_begin(converter, line);
			break;
		}
		pending_events_fetch_begin(&converter->model.pending);
		if (is_fetching) {
			cycle_open(converter, line, end);
			break;
		}
		/* The fetch was abandoned. */
		convert_time(converter, line->at);
		convert_faults(converter, line);
		convert_step(converter, "{\"do\":\"setup\"}");
		convert_unit_end(converter);
		break;
	case TRACE_EVENT:
		convert_time(converter, line->at);
		convert_event(converter, line);
		if (!is_fetching)
			convert_unit_end(converter);
		break;
	case TRACE_REPAIR:
		convert_repair(converter, line, is_fetching);
		break;
	case TRACE_FINISH:
		convert_finish(converter, line);
		break;
	case TRACE_TEARDOWN:
		convert_time(converter, line->at);
		convert_faults(converter, line);
		convert_step(converter, "{\"do\":\"teardown\",\"returns\":\"%s\"}",
			line->error ? "error: wireguard: teardown: " : "ok");
		convert_unit_end(converter);
		break;
	case TRACE_SNAPSHOT:
		convert_model_apply(converter, line);
		break;
	case TRACE_REJECTED:
	case TRACE_KIND_COUNT:
		break;
	}
}

void convert_cycle(struct converter *converter)
{
	struct convert_group *group = &converter->group;
	if (!group->count)
		return;
	const struct trace_line *last = &group->reads[group->count - 1].line;
	for (size_t i = 0; i < group->count && !converter->error; i++) {
		struct trace_read *read = &group->reads[i];
		convert_line(converter, &read->line, last->kind == TRACE_FINISH, last->at);
		/* Later lines refer to the peers of this one. */
		if (converter->retained == &read->line) {
			trace_read_clear(&converter->retained_read);
			converter->retained_read = *read;
			converter->retained = &converter->retained_read.line;
			*read = (struct trace_read){0};
		}
	}
	for (size_t i = 0; i < group->count; i++)
		trace_read_clear(&group->reads[i]);
	group->count = 0;
}
