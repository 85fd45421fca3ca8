/* SPDX-License-Identifier: Apache-2.0 */
#include "life_trace.h"

#include "harness.h"

static struct trace_put_context trace_context(struct life_trace *trace)
{
	return (struct trace_put_context){
		.secret = &trace->secret, .endpoints = &trace->world->manager.endpoints};
}

static void trace_write(struct life_trace *trace, struct trace_line *line)
{
	struct trace_put_context context = trace_context(trace);
	struct canonical_writer writer = {0};
	size_t segment = trace->segment_count - 1, length = trace->length[segment];
	trace_line_put(&writer, line, &context);
	trace->text[segment] = realloc(trace->text[segment], length + writer.length);
	assert_non_null(trace->text[segment]);
	trace->length[segment] += writer.length;
	writer = (struct canonical_writer){.out = trace->text[segment] + length};
	trace_line_put(&writer, line, &context);
}

static void difference_forget(struct life_trace *trace)
{
	if (trace->has_difference)
		trace_difference_clear(&trace->difference);
	trace->has_difference = false;
}

static void unit_begin(struct life_trace *trace)
{
	difference_forget(trace);
	device_clear(&trace->drifted);
	trace->line = (struct trace_line){.calls = trace->calls};
	trace->has_read = false;
	trace->op_count = 0;
}

static void unit_write(struct life_trace *trace, enum trace_kind kind, int error)
{
	trace->line.kind = kind;
	trace->line.at = world_now(trace->world);
	trace->line.error = error;
	trace_write(trace, &trace->line);
	if (trace->has_difference)
		trace_document_accept(&trace->known, &trace->difference);
	trace->has_difference = false;
	unit_begin(trace);
}

static void document_note(struct life_trace *trace)
{
	struct trace_put_context context = trace_context(trace);
	if (!trace->world->reconciler.has_document)
		return;
	assert_int_equal(trace_document_compare(&trace->known, &trace->world->reconciler.document,
				 &context, &trace->difference),
		0);
	trace->has_difference = true;
	trace->line.entries = trace->difference.entries;
}

void life_trace_snapshot(struct life_trace *trace, bool is_start)
{
	struct world *world = trace->world;
	struct reconciler *reconciler = &world->reconciler;
	assert_true(trace->segment_count < LIFE_SEGMENTS_MAX);
	trace->segment_count++;
	trace->secret = trace_secret_derive(&world->identity.private_key);
	trace_document_clear(&trace->known);
	unit_begin(trace);
	if (is_start)
		trace->is_fetching = false;
	trace->line.snapshot = (struct trace_snapshot){
		.is_start = is_start,
		.is_fetching = trace->is_fetching,
		.config = world->manager.config,
		.mesh_ip = world->identity.mesh_ip,
		.public_key = world->identity.public_key,
		.node_id = world->identity.node_id,
		.signing_keys = world->verifier.keys,
		.state = world->manager.state,
		.has_document = reconciler->has_document,
		.is_provisional = reconciler->is_provisional,
		.pending = &world->manager.pending,
	};
	struct peer_names names;
	assert_int_equal(peer_index_snapshot(&world->manager.index, &names), 0);
	trace->line.snapshot.names = names;
	document_note(trace);
	unit_write(trace, TRACE_SNAPSHOT, 0);
	peer_names_clear(&names);
}

static void trace_called(void *impl, enum interface_call call, int error)
{
	struct life_trace *trace = impl;
	assert_true(trace->line.call_count < COUNT_OF(trace->calls));
	trace->calls[trace->line.call_count++] =
		(struct trace_call){(enum trace_call_kind)call, error};
}

static void trace_peer_changed(void *impl, const struct peer_op *op, int error)
{
	struct life_trace *trace = impl;
	assert_true(trace->op_count < COUNT_OF(trace->ops));
	trace->ops[trace->op_count++] =
		(struct trace_op){.kind = op->kind, .public_key = *peer_op_key(op), .error = error};
}

static void trace_device_read(
	void *impl, const struct device *device, enum interface_event drift, int error)
{
	struct life_trace *trace = impl;
	if (trace->has_read) {
		trace->line.cycle.reread_error = error;
		return;
	}
	trace->has_read = true;
	trace->line.cycle.read_error = error;
	if (!device || drift == INTERFACE_EVENT_NONE)
		return;
	trace->drifted = *device;
	trace->drifted.peers = (struct peer_table){0};
	trace->drifted.addresses = NULL;
	trace->drifted.address_count = 0;
	for (size_t i = 0; i < device->address_count; i++)
		assert_int_equal(device_add_address(&trace->drifted, &device->addresses[i]), 0);
	trace->line.cycle.drifted = &trace->drifted;
}

static void trace_begun(void *impl, int error)
{
	struct life_trace *trace = impl;
	trace->is_fetching = !error;
	unit_write(trace, TRACE_BEGIN, error);
}

static void plan_note(struct life_trace *trace, const struct cycle_report *report)
{
	struct trace_line *line = &trace->line;
	const struct peer_diff *diff = &report->plan->diff;
	const struct desired *desired = &report->plan->desired;
	size_t count = peer_diff_op_count(diff);
	static struct trace_op ops[256];
	static const struct peer_config *withheld[256], *retained[256];
	assert_true(count + diff->withheld_count + desired->retained_count < COUNT_OF(ops));
	for (size_t i = 0; i < count; i++)
		ops[i] = (struct trace_op){
			.kind = diff->ops[i].kind,
			.fields = diff->ops[i].kind == PEER_OP_UPDATE ? diff->ops[i].fields : 0,
			.public_key = *peer_op_key(&diff->ops[i]),
			.actual = diff->ops[i].actual,
			.error = report->results ? report->results[i].error : -ECANCELED,
		};
	for (size_t i = 0; i < diff->withheld_count; i++)
		withheld[i] = diff->ops[count + i].actual;
	for (size_t i = 0; i < desired->retained_count; i++)
		retained[i] = desired->retained[i].actual;
	line->ops = ops;
	line->op_count = count;
	line->cycle.has_plan = true;
	line->cycle.withheld = withheld;
	line->cycle.withheld_count = diff->withheld_count;
	line->cycle.retained = retained;
	line->cycle.retained_count = desired->retained_count;
}

static void trace_cycle_ended(void *impl, const struct cycle_report *report)
{
	struct life_trace *trace = impl;
	const struct reconciler *reconciler = &trace->world->reconciler;
	trace->line.cycle.outcome = report->outcome;
	if (!report->is_repair && report->outcome == FETCH_DOCUMENT) {
		trace->line.cycle.has_signing_keys = reconciler->document.has_signing_keys;
		trace->line.cycle.signing_keys = reconciler->document.signing_keys;
	}
	document_note(trace);
	if (report->plan)
		plan_note(trace, report);
	trace->is_fetching = trace->is_fetching && report->is_repair;
	unit_write(trace, report->is_repair ? TRACE_REPAIR : TRACE_FINISH, report->error);
}

static void payload_note(
	struct life_trace *trace, const struct envelope *envelope, struct trace_event *event)
{
	const void *payload = envelope->payload.text;
	const struct peer_entry *entry = payload;
	if (event->verdict != VERDICT_ACCEPTED)
		return;
	if (strcmp(event->type, "peer_removed") == 0)
		event->peer_id = payload;
	else if (strcmp(event->type, "signing_key_rotated") == 0)
		event->keys = payload;
	else if (strcmp(event->type, "other") != 0 && !entry->error)
		event->peer = entry;
}

static void trace_event_judged(void *impl, const struct event_judgement *judgement)
{
	struct life_trace *trace = impl;
	const struct envelope *envelope = judgement->envelope;
	struct trace_line line = {.kind = TRACE_EVENT,
		.at = world_now(trace->world),
		.ops = trace->ops,
		.op_count = trace->op_count,
		.error = judgement->error,
		.event = {.verdict = judgement->verdict, .type = "", .length = judgement->length}};
	if (envelope) {
		const char *type = envelope->event_type.text;
		line.event.type = strcmp(type, "policy_updated") == 0 ? "other" : type;
		line.event.event_id = trace_token_make(
			&trace->secret, envelope->event_id.text, envelope->event_id.length);
		line.event.nonce = trace_token_make(
			&trace->secret, envelope->nonce.text, envelope->nonce.length);
		line.event.has_issued_at = envelope->has_issued_at;
		line.event.issued_at_ns = envelope->issued_at_ns;
		line.event.has_signature = envelope->has_signature;
		payload_note(trace, envelope, &line.event);
	}
	trace_write(trace, &line);
	trace->op_count = 0;
}

static void trace_torn_down(void *impl, int error)
{
	struct life_trace *trace = impl;
	trace->is_fetching = false;
	unit_write(trace, TRACE_TEARDOWN, error);
}

struct observer life_trace_observer(struct life_trace *trace)
{
	return (struct observer){
		.interface_called = trace_called,
		.peer_changed = trace_peer_changed,
		.device_read = trace_device_read,
		.cycle_begun = trace_begun,
		.cycle_ended = trace_cycle_ended,
		.event_judged = trace_event_judged,
		.torn_down = trace_torn_down,
		.impl = trace,
	};
}

void life_trace_clear(struct life_trace *trace)
{
	unit_begin(trace);
	trace_document_clear(&trace->known);
	for (size_t i = 0; i < trace->segment_count; i++)
		free(trace->text[i]);
}
