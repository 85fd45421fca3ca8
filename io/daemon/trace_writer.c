/* SPDX-License-Identifier: Apache-2.0 */
#include "trace_writer.h"

#include "diag.h"
#include "timestamp.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define REJECTIONS_MAX 10
#define MINUTE_NS      (60 * NS_PER_S)

void trace_writer_init(struct trace_writer *writer, const struct trace_writer_config *config)
{
	*writer = (struct trace_writer){.config = *config, .ring = {.fd = -1}};
}

static const struct manager *writer_manager(const struct trace_writer *writer)
{
	return writer->config.reconciler->manager;
}

static struct moment writer_now(const struct trace_writer *writer)
{
	return clock_read(&writer->config.reconciler->clock);
}

/* Forget what was observed since the last line, but not the operations of an event. */
static void observed_clear(struct trace_writer *writer)
{
	writer->has_taken_document = false;
	writer->has_read = false;
	writer->read_error = writer->reread_error = 0;
	writer->call_count = 0;
	if (writer->drifted)
		device_clear(writer->drifted);
	free(writer->drifted);
	writer->drifted = NULL;
}

static void writer_close(struct trace_writer *writer)
{
	writer->is_on = false;
	observed_clear(writer);
	trace_ring_close(&writer->ring);
	trace_document_clear(&writer->known);
	free(writer->calls);
	free(writer->ops);
	free(writer->text);
	writer->calls = NULL;
	writer->ops = NULL;
	writer->text = NULL;
	writer->text_capacity = writer->op_count = 0;
}

void trace_writer_deinit(struct trace_writer *writer)
{
	writer_close(writer);
}

/* Turn the trace off, for the reason in `diag` or for want of memory. */
static void writer_stop(struct trace_writer *writer, const struct diag *diag)
{
	const char *reason = diag_text(diag);
	if (writer->is_on)
		log_line(&writer_manager(writer)->logger, LOG_TRACE_STOPPED, "error",
			*reason ? reason : "out of memory", NULL);
	writer_close(writer);
}

/*
 * Lines.
 */

/* Make the text of the line, of which `*ret_length` bytes. Returns 0 or -ENOMEM. */
static int traced_line_format(struct trace_writer *writer, const struct trace_line *line,
	const struct trace_put_context *context, size_t *ret_length)
{
	struct canonical_writer text = {0};
	trace_line_put(&text, line, context);
	if (text.length > writer->text_capacity) {
		char *grown = realloc(writer->text, text.length);
		if (!grown)
			return -ENOMEM;
		writer->text = grown;
		writer->text_capacity = text.length;
	}
	text = (struct canonical_writer){.out = writer->text};
	trace_line_put(&text, line, context);
	*ret_length = text.length;
	return 0;
}

typedef int ring_put(struct trace_ring *ring, const char *line, size_t length, struct diag *diag);

static int traced_line_put(struct trace_writer *writer, const struct trace_line *line,
	const struct trace_put_context *context, ring_put *put, struct diag *diag)
{
	size_t length = 0;
	int error = traced_line_format(writer, line, context, &length);
	return error ? error : put(&writer->ring, writer->text, length, diag);
}

static bool document_has_names(const struct state_document *document)
{
	for (size_t i = 0; i < document->entry_count; i++)
		if (document->entries[i].config.endpoint.kind == ENDPOINT_NAME)
			return true;
	return false;
}

/* Begin a segment with everything that later lines refer to. */
static int segment_begin(struct trace_writer *writer, bool is_start,
	const struct trace_put_context *context, struct diag *diag)
{
	static const struct trace_document none;
	const struct reconciler *reconciler = writer->config.reconciler;
	const struct manager *manager = reconciler->manager;
	const struct identity *identity = manager->identity;
	struct trace_difference difference;
	struct trace_line line = {
		.kind = TRACE_SNAPSHOT,
		.at = writer_now(writer),
		.snapshot =
			{
				.version = TRACE_VERSION,
				.is_start = is_start,
				.is_fetching = writer->is_fetching,
				.config = manager->config,
				.mesh_ip = identity->mesh_ip,
				.public_key = identity->public_key,
				.node_id = identity->node_id,
				.signing_keys = reconciler->verifier->keys,
				.state = manager->state,
				.has_document = reconciler->has_document,
				.is_provisional = reconciler->is_provisional,
				.pending = &manager->pending,
			},
	};
	int error = peer_index_snapshot(&reconciler->manager->index, &line.snapshot.names);
	if (error)
		return error;
	error = trace_document_compare(&none, &reconciler->document, context, &difference);
	if (!error) {
		line.entries = difference.entries;
		error = traced_line_put(writer, &line, context, trace_ring_begin, diag);
		if (!error)
			trace_document_accept(&writer->known, &difference);
		else
			trace_difference_clear(&difference);
	}
	peer_names_clear(&line.snapshot.names);
	writer->own_key = identity->public_key;
	writer->mesh_ip = identity->mesh_ip;
	writer->has_names = document_has_names(&reconciler->document);
	writer->has_retained = false;
	return error;
}

/* Write what the document in force has that the trace has not: all, or resolved names. */
static int document_compare(struct trace_writer *writer, const struct trace_put_context *context,
	struct trace_difference *ret)
{
	const struct state_document *document = &writer->config.reconciler->document;
	if (writer->has_taken_document)
		writer->has_names = document_has_names(document);
	else if (!writer->has_names)
		return 0;
	return trace_document_compare(&writer->known, document, context, ret);
}

/* Append the line, and begin the next segment if `may_begin` and it is time. */
static int traced_line_append(struct trace_writer *writer, struct trace_line *line, bool may_begin,
	const struct trace_put_context *context, struct diag *diag)
{
	bool is_cycle = line->kind == TRACE_FINISH || line->kind == TRACE_REPAIR;
	struct trace_difference difference = {0};
	int error = is_cycle ? document_compare(writer, context, &difference) : 0;
	if (error)
		return error;
	line->entries = difference.entries;
	error = traced_line_put(writer, line, context, trace_ring_append, diag);
	if (line->kind == TRACE_BEGIN)
		writer->is_fetching = line->error == 0;
	if (line->kind == TRACE_FINISH)
		writer->is_fetching = false;
	if (!error && difference.next.entries)
		trace_document_accept(&writer->known, &difference);
	trace_difference_clear(&difference);
	if (!error && may_begin && trace_ring_is_due(&writer->ring))
		error = segment_begin(writer, false, context, diag);
	return error;
}

/* Write the line, or a snapshot if it is NULL. Stop on failure. */
static void traced_line_write(struct trace_writer *writer, struct trace_line *line, bool may_begin)
{
	const struct manager *manager = writer_manager(writer);
	struct trace_secret secret = trace_secret_derive(&manager->identity->private_key);
	const struct trace_put_context context = {
		.secret = &secret, .endpoints = &manager->endpoints};
	struct diag diag = {0};
	int error = line ? traced_line_append(writer, line, may_begin, &context, &diag)
			 : segment_begin(writer, writer->ring.fd < 0, &context, &diag);
	sodium_memzero(&secret, sizeof secret);
	if (error)
		writer_stop(writer, &diag);
	diag_clear(&diag);
}

void trace_writer_start(struct trace_writer *writer)
{
	struct diag diag = {0};
	writer->is_on = true;
	if (trace_ring_open(
		    &writer->ring, writer->config.directory, writer->config.bytes_max, &diag) != 0)
		writer_stop(writer, &diag);
	else
		traced_line_write(writer, NULL, false);
	diag_clear(&diag);
}

void trace_writer_follow_identity(struct trace_writer *writer)
{
	const struct identity *identity = writer_manager(writer)->identity;
	if (writer->is_on && (!key_public_equal(&writer->own_key, &identity->public_key) ||
				     !ip_equal(&writer->mesh_ip, &identity->mesh_ip)))
		traced_line_write(writer, NULL, false);
}

/*
 * Rejected events.
 */

static void rejections_flush(struct trace_writer *writer, enum verdict verdict)
{
	struct trace_rejections *rejections = &writer->rejections[verdict];
	struct trace_line line = {
		.kind = TRACE_REJECTED,
		.at = writer_now(writer),
		.event = {.verdict = verdict},
		.rejected_count = rejections->counted,
	};
	rejections->line_count = 0;
	rejections->counted = 0;
	if (line.rejected_count)
		traced_line_write(writer, &line, false);
}

static bool minute_is_over(const struct trace_rejections *rejections, struct moment now)
{
	return now.boot_ns - rejections->begun_ns >= MINUTE_NS;
}

/* Write the counts of past minutes. */
static void rejections_expire(struct trace_writer *writer)
{
	struct moment now = writer_now(writer);
	for (enum verdict i = 0; i <= VERDICT_FAULT && writer->is_on; i++)
		if (minute_is_over(&writer->rejections[i], now))
			rejections_flush(writer, i);
}

/* Count a rejected event. Return whether it gets a line. */
static bool rejection_count(struct trace_writer *writer, enum verdict verdict)
{
	struct trace_rejections *rejections = &writer->rejections[verdict];
	struct moment now = writer_now(writer);
	if (minute_is_over(rejections, now)) {
		rejections_flush(writer, verdict);
		rejections->begun_ns = now.boot_ns;
	}
	if (rejections->line_count < REJECTIONS_MAX) {
		rejections->line_count++;
		return true;
	}
	rejections->counted++;
	return false;
}

/*
 * What the engine tells.
 */

static void call_note(void *impl, enum interface_call call, int error)
{
	struct trace_writer *writer = impl;
	if (!writer->is_on)
		return;
	struct trace_call *calls =
		reallocarray(writer->calls, writer->call_count + 1, sizeof *calls);
	if (!calls) {
		writer_stop(writer, NULL);
		return;
	}
	writer->calls = calls;
	calls[writer->call_count++] = (struct trace_call){.call = call, .error = error};
}

/* Make room for the operations of an event or of a plan. */
static struct trace_op *ops_grow(struct trace_writer *writer, size_t count)
{
	struct trace_op *ops = reallocarray(writer->ops, count, sizeof *ops);
	if (ops)
		writer->ops = ops;
	else
		writer_stop(writer, NULL);
	return ops;
}

static void event_op_note(void *impl, const struct peer_op *op, int error)
{
	struct trace_writer *writer = impl;
	if (!writer->is_on || !ops_grow(writer, writer->op_count + 1))
		return;
	writer->ops[writer->op_count++] =
		(struct trace_op){.kind = op->kind, .public_key = *peer_op_key(op), .error = error};
}

/* A copy without peers. Returns 0 or -ENOMEM. */
static int drift_note(struct trace_writer *writer, const struct device *device)
{
	struct device *copy = calloc(1, sizeof *copy);
	if (!copy)
		return -ENOMEM;
	writer->drifted = copy;
	*copy = *device;
	copy->peers = (struct peer_table){0};
	copy->addresses = NULL;
	copy->address_count = 0;
	for (size_t i = 0; i < device->address_count; i++)
		if (device_add_address(copy, &device->addresses[i]) != 0)
			return -ENOMEM;
	return 0;
}

/* If the first read finds that the device has drifted or is lost, a second one follows Setup. */
static void read_note(
	void *impl, const struct device *device, enum interface_event drift, int error)
{
	struct trace_writer *writer = impl;
	if (!writer->is_on)
		return;
	if (writer->has_read) {
		writer->reread_error = error;
		return;
	}
	writer->has_read = true;
	writer->read_error = error;
	if (drift != INTERFACE_EVENT_NONE && drift_note(writer, device) != 0)
		writer_stop(writer, NULL);
}

/* A line that has calls and nothing else. */
static void calls_write(struct trace_writer *writer, enum trace_kind kind, int error)
{
	if (!writer->is_on)
		return;
	struct trace_line line = {
		.kind = kind,
		.at = writer_now(writer),
		.error = error,
		.calls = writer->calls,
		.call_count = writer->call_count,
	};
	traced_line_write(writer, &line, true);
	observed_clear(writer);
}

static void begin_note(void *impl, int error)
{
	calls_write(impl, TRACE_BEGIN, error);
}

static void document_note(void *impl, const struct state_document *document)
{
	struct trace_writer *writer = impl;
	writer->has_taken_document = true;
}

static void peer_hash(crypto_generichash_state *state, const struct peer_config *peer)
{
	struct endpoint_text endpoint = endpoint_format(&peer->endpoint);
	crypto_generichash_update(state, peer->public_key.bytes, KEY_BYTES);
	crypto_generichash_update(state, peer->psk.bytes, KEY_BYTES);
	crypto_generichash_update(state, (const uint8_t *)&peer->persistent_keepalive_s,
		sizeof peer->persistent_keepalive_s);
	crypto_generichash_update(
		state, (const uint8_t *)&peer->allowed_ip_count, sizeof peer->allowed_ip_count);
	crypto_generichash_update(state, (const uint8_t *)peer->allowed_ips,
		peer->allowed_ip_count * sizeof *peer->allowed_ips);
	crypto_generichash_update(state, (const uint8_t *)endpoint.text, strlen(endpoint.text) + 1);
}

/* Digest withheld and retained peers, but for what changes all the time. */
static uint64_t retained_hash(const struct trace_cycle *cycle)
{
	crypto_generichash_state state;
	uint8_t hash[crypto_generichash_BYTES_MIN];
	uint64_t digest;
	crypto_generichash_init(&state, NULL, 0, sizeof hash);
	crypto_generichash_update(
		&state, (const uint8_t *)&cycle->withheld_count, sizeof cycle->withheld_count);
	for (size_t i = 0; i < cycle->withheld_count; i++)
		peer_hash(&state, cycle->withheld[i]);
	for (size_t i = 0; i < cycle->retained_count; i++)
		peer_hash(&state, cycle->retained[i]);
	crypto_generichash_final(&state, hash, sizeof hash);
	sodium_memzero(&state, sizeof state);
	memcpy(&digest, hash, sizeof digest);
	return digest;
}

/* Fill in the peers that stay although they are not desired, in `arena`. Returns 0 or -ENOMEM. */
static int retained_fill(struct trace_writer *writer, const struct plan *plan,
	struct trace_cycle *cycle, struct arena *arena)
{
	const struct peer_diff *diff = &plan->diff;
	const struct peer_op *withheld = diff->ops + peer_diff_op_count(diff);
	size_t size = sizeof(struct peer_config *);
	cycle->withheld = arena_alloc(arena, (diff->withheld_count + 1) * size);
	cycle->retained = arena_alloc(arena, (plan->desired.retained_count + 1) * size);
	if (!cycle->withheld || !cycle->retained)
		return -ENOMEM;
	for (size_t i = 0; i < diff->withheld_count; i++)
		cycle->withheld[cycle->withheld_count++] = withheld[i].actual;
	for (size_t i = 0; i < plan->desired.retained_count; i++)
		cycle->retained[cycle->retained_count++] = plan->desired.retained[i].actual;
	uint64_t digest = retained_hash(cycle);
	cycle->has_retained = !writer->has_retained || digest != writer->retained_digest;
	writer->has_retained = true;
	writer->retained_digest = digest;
	return 0;
}

/* Fill in the operations of the plan, and whether they were executed. Returns 0 or -ENOMEM. */
static int plan_fill(
	const struct cycle_report *report, struct trace_line *line, struct arena *arena)
{
	const struct peer_diff *diff = &report->plan->diff;
	size_t count = peer_diff_op_count(diff);
	struct trace_op *ops = arena_alloc(arena, (count + 1) * sizeof *ops);
	if (!ops)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		ops[i] = (struct trace_op){
			.kind = diff->ops[i].kind,
			.fields = diff->ops[i].kind == PEER_OP_UPDATE ? diff->ops[i].fields : 0,
			.public_key = *peer_op_key(&diff->ops[i]),
			.actual = diff->ops[i].actual,
			.error = report->results ? report->results[i].error : -ECANCELED,
		};
	line->ops = ops;
	line->op_count = count;
	return 0;
}

static void cycle_note(void *impl, const struct cycle_report *report)
{
	struct trace_writer *writer = impl;
	struct arena arena = {0};
	if (!writer->is_on)
		return;
	const struct state_document *document = &writer->config.reconciler->document;
	struct trace_line line = {
		.kind = report->is_repair ? TRACE_REPAIR : TRACE_FINISH,
		.at = report->plan ? report->now : writer_now(writer),
		.error = report->error,
		.calls = writer->calls,
		.call_count = writer->call_count,
		.cycle =
			{
				.outcome = report->outcome,
				.read_error = writer->read_error,
				.reread_error = writer->reread_error,
				.drifted = writer->drifted,
				.has_plan = report->plan != NULL,
			},
	};
	if (writer->has_taken_document) {
		line.cycle.has_signing_keys = document->has_signing_keys;
		line.cycle.signing_keys = document->signing_keys;
		line.cycle.has_signing_keys_error = document->signing_keys_error != NULL;
	}
	int error = 0;
	if (report->plan)
		error = plan_fill(report, &line, &arena);
	if (report->plan && !error)
		error = retained_fill(writer, report->plan, &line.cycle, &arena);
	if (error)
		writer_stop(writer, NULL);
	else
		traced_line_write(writer, &line, true);
	arena_clear(&arena);
	observed_clear(writer);
	rejections_expire(writer);
}

/* The payload of an event, and what it points to. */
struct payload {
	struct peer_entry entry;
	struct signing_keys keys;
	struct arena arena;
};

static void payload_clear(struct payload *payload)
{
	key_secret_wipe(&payload->entry.config.psk);
	arena_clear(&payload->arena);
}

/* Read the payload, as a handler has done. One that is unusable has no members. */
static void payload_fill(const struct payload_reader *reader, const struct envelope *envelope,
	struct payload *payload, struct trace_event *event)
{
	const char *text = envelope->payload.text;
	size_t length = envelope->payload.length;
	void *impl = reader->impl;
	if (strcmp(event->type, "peer_removed") == 0)
		reader->read_peer_id(impl, text, length, &payload->arena, &event->peer_id, NULL);
	else if (strcmp(event->type, "signing_key_rotated") == 0)
		event->keys = reader->read_signing_keys(impl, text, length, &payload->keys, NULL)
				      ? NULL
				      : &payload->keys;
	else if (strcmp(event->type, "other") != 0)
		event->peer = reader->read_peer(
				      impl, text, length, &payload->arena, &payload->entry, NULL)
				      ? NULL
				      : &payload->entry;
}

static const char *event_type_known(const struct envelope *envelope)
{
	static const char *const types[] = {"peer_added", "peer_removed", "peer_key_rotated",
		"peer_endpoint_changed", "signing_key_rotated"};
	const struct envelope_text *type = &envelope->event_type;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (type->length == strlen(types[i]) &&
			memcmp(type->text, types[i], type->length) == 0)
			return types[i];
	return type->length ? "other" : NULL;
}

static void envelope_fill(const struct trace_writer *writer,
	const struct event_judgement *judgement, struct payload *payload, struct trace_event *event)
{
	const struct envelope *envelope = judgement->envelope;
	struct trace_secret secret =
		trace_secret_derive(&writer_manager(writer)->identity->private_key);
	event->type = event_type_known(envelope);
	event->event_id =
		trace_token_make(&secret, envelope->event_id.text, envelope->event_id.length);
	event->nonce = trace_token_make(&secret, envelope->nonce.text, envelope->nonce.length);
	event->has_issued_at = envelope->has_issued_at;
	event->issued_at_ns = envelope->issued_at_ns;
	event->has_signature = envelope->has_signature;
	if (judgement->verdict == VERDICT_ACCEPTED || judgement->verdict == VERDICT_SUPERSEDED)
		payload_fill(&writer->config.reader, envelope, payload, event);
	sodium_memzero(&secret, sizeof secret);
}

/* The operations of an event are those since the last line, unless it interrupts a cycle. */
static void judgement_note(void *impl, const struct event_judgement *judgement)
{
	struct trace_writer *writer = impl;
	const struct envelope *envelope = judgement->envelope;
	enum verdict verdict = judgement->verdict;
	bool is_handled = verdict == VERDICT_ACCEPTED || verdict == VERDICT_SUPERSEDED;
	struct payload payload = {0};
	if (!writer->is_on || (!is_handled && !rejection_count(writer, verdict)))
		return;
	struct trace_line line = {
		.kind = TRACE_EVENT,
		.at = writer_now(writer),
		.error = judgement->error < 0 ? judgement->error : 0,
		.ops = writer->ops,
		.op_count = writer->op_count,
		.event = {.verdict = verdict, .length = judgement->length},
	};
	if (envelope)
		envelope_fill(writer, judgement, &payload, &line.event);
	if (writer->is_on)
		traced_line_write(writer, &line, is_handled && !event_is_immediate(envelope));
	writer->op_count = 0;
	payload_clear(&payload);
}

static void teardown_note(void *impl, int error)
{
	calls_write(impl, TRACE_TEARDOWN, error);
}

struct observer trace_writer_observer(struct trace_writer *writer)
{
	return (struct observer){
		.interface_called = call_note,
		.peer_changed = event_op_note,
		.device_read = read_note,
		.cycle_begun = begin_note,
		.document_taken = document_note,
		.cycle_ended = cycle_note,
		.event_judged = judgement_note,
		.torn_down = teardown_note,
		.impl = writer,
	};
}
