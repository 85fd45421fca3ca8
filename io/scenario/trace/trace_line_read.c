/* SPDX-License-Identifier: Apache-2.0 */
#include "trace_line.h"

#include "diag.h"
#include "errno_name.h"
#include "json_duplicates.h"
#include "json_scan.h"
#include "peer_wire.h"
#include "signing_keys_wire.h"
#include "timestamp.h"
#include "trace_fault.h"
#include "trace_names.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRACE_ROW(upper, lower) #lower,
static const char *const kind_names[] = {TRACE_KINDS(TRACE_ROW)};
static const char *const call_names[] = {TRACE_CALLS(TRACE_ROW)};
static const char *const state_names[] = {INTERFACE_STATES(TRACE_ROW)};
static const char *const field_names[] = {PEER_FIELDS(TRACE_ROW)};
static const char *const op_names[] = {"remove", "update", "add"};
static const char *const outcome_names[] = {"document", "not_modified", "failed"};
static const char *const verdict_names[] = {
	[VERDICT_ACCEPTED] = "accepted",
	[VERDICT_MALFORMED] = "malformed",
	[VERDICT_MISSING_FIELD] = "missing_field",
	[VERDICT_STALE] = "stale",
	[VERDICT_FUTURE] = "future",
	[VERDICT_BAD_SIGNATURE] = "bad_signature",
	[VERDICT_DUPLICATE_NONCE] = "duplicate_nonce",
	[VERDICT_SUPERSEDED] = "superseded",
	[VERDICT_NO_ROOM] = "no_room",
	[VERDICT_FAULT] = "fault",
};

const char *trace_kind_name(enum trace_kind kind)
{
	return kind_names[kind];
}

const char *trace_call_name(enum trace_call_kind kind)
{
	return call_names[kind];
}

const char *trace_outcome_name(enum fetch_outcome outcome)
{
	return outcome_names[outcome];
}

const char *trace_verdict_name(enum verdict verdict)
{
	return verdict_names[verdict];
}

/* A line that is being read. The first error is retained; later reads have no effect. */
struct trace_reading {
	struct arena *arena;
	struct json_span object; /* whose members are read */
	struct diag *diag;
	int error;
};

static void trace_fail(struct trace_reading *reading, const char *name, const char *reason)
{
	if (!reading->error)
		reading->error = diag_fail(reading->diag, -EINVAL, "%s: %s", name, reason);
}

static void trace_fail_memory(struct trace_reading *reading)
{
	if (!reading->error)
		reading->error = diag_fail_errno(reading->diag, -ENOMEM);
}

/* The value of a member of that kind. Returns false if it is missing or of another kind; the latter
 * is an error. */
static bool trace_find(
	struct trace_reading *reading, const char *name, enum json_kind kind, struct json_span *ret)
{
	if (reading->error || !json_span_find_member(reading->object, name, ret))
		return false;
	if (json_span_kind(*ret) == kind)
		return true;
	trace_fail(reading, name, "of the wrong type");
	return false;
}

static void *trace_alloc(struct trace_reading *reading, size_t count, size_t size)
{
	void *memory = arena_alloc(reading->arena, (count ? count : 1) * size);
	if (!memory)
		trace_fail_memory(reading);
	return memory;
}

static const char *trace_decode(struct trace_reading *reading, struct json_span span)
{
	const char *text;
	size_t length;
	if (json_span_kind(span) != JSON_STRING)
		trace_fail(reading, "text", "not a string");
	else if (json_span_decode(span, reading->arena, &text, &length) != 0)
		trace_fail_memory(reading);
	else if (strlen(text) != length)
		trace_fail(reading, "text", "contains NUL");
	else
		return text;
	return "";
}

/* NULL: missing */
static const char *trace_text(struct trace_reading *reading, const char *name)
{
	struct json_span span;
	return trace_find(reading, name, JSON_STRING, &span) ? trace_decode(reading, span) : NULL;
}

static bool trace_flag(struct trace_reading *reading, const char *name)
{
	struct json_span span;
	return trace_find(reading, name, JSON_TRUE, &span);
}

/* 0 if missing; an error unless it is from `minimum` to `maximum`. */
static int64_t trace_number(
	struct trace_reading *reading, const char *name, int64_t minimum, int64_t maximum)
{
	struct json_span span;
	struct json_whole whole;
	if (!trace_find(reading, name, JSON_NUMBER, &span))
		return 0;
	if (json_span_whole(span, &whole) && whole.magnitude <= INT64_MAX) {
		int64_t number =
			whole.is_negative ? -(int64_t)whole.magnitude : (int64_t)whole.magnitude;
		if (number >= minimum && number <= maximum)
			return number;
	}
	trace_fail(reading, name, "out of range");
	return 0;
}

static int64_t trace_time(struct trace_reading *reading, const char *name)
{
	int64_t ns = 0;
	const char *text = trace_text(reading, name);
	if (!reading->error && (!text || !timestamp_parse(text, strlen(text), &ns)))
		trace_fail(reading, name, "not a time");
	return ns;
}

/* The index of the text in `names`; 0 after an error. */
static unsigned trace_choice(
	struct trace_reading *reading, const char *text, const char *const *names, size_t count)
{
	for (unsigned i = 0; text && i < count; i++)
		if (strcmp(text, names[i]) == 0)
			return i;
	trace_fail(reading, text ? quote(text, strlen(text)).text : "a name", "unknown");
	return 0;
}

#define TRACE_CHOICE(reading, text, names)                                                         \
	trace_choice(reading, text, names, sizeof(names) / sizeof *(names))

static int trace_errno(struct trace_reading *reading, const char *text)
{
	int error = text ? errno_from_name(text) : 0;
	if (text && !error)
		trace_fail(reading, quote(text, strlen(text)).text, "no name of an errno");
	return -error;
}

static struct key_public trace_key(struct trace_reading *reading, const char *name)
{
	struct key_public key = {0};
	const char *text = trace_text(reading, name);
	/* The key of a device without one. */
	bool is_zero = text && strcmp(text, key_public_format(&key).text) == 0;
	if (!reading->error && !is_zero &&
		(!text || key_public_parse(text, strlen(text), &key, NULL) != 0))
		trace_fail(reading, name, "not a key");
	return key;
}

/* Read the elements of an array into `*ret`, by a callback whose `reading->object` is the element.
 * Returns their number, 0 if the member is missing. */
typedef void trace_element(struct trace_reading *reading, void *ret);

static size_t trace_list(struct trace_reading *reading, const char *name, size_t size,
	trace_element *read_element, void **ret)
{
	struct json_span array, element, outer = reading->object;
	size_t count = 0;
	if (!trace_find(reading, name, JSON_ARRAY, &array))
		return 0;
	char *elements = trace_alloc(reading, json_span_element_count(array), size);
	struct json_cursor cursor = json_cursor_open(array);
	while (!reading->error && json_cursor_element(&cursor, &element)) {
		reading->object = element;
		read_element(reading, elements + size * count++);
	}
	reading->object = outer;
	*ret = elements;
	if (reading->error)
		diag_wrap(reading->diag, reading->error, "%s", name);
	return reading->error ? 0 : count;
}

static bool trace_signing_keys(
	struct trace_reading *reading, const char *name, struct signing_keys *ret)
{
	struct json_span span;
	if (!trace_find(reading, name, JSON_OBJECT, &span))
		return false;
	struct json_reading json = {.arena = reading->arena, .diag = reading->diag};
	int error = signing_keys_wire_read(&json, span, ret);
	if (error)
		reading->error = error;
	return error == 0;
}

static void trace_read_usable_entry(struct trace_reading *reading, struct peer_entry *entry)
{
	struct peer_wire wire = {
		.options = {.allow_host_names = true},
		.arena = reading->arena,
	};
	wire.options = peer_wire_options_unlimited(&wire.options);
	if (peer_wire_read(&wire, reading->object, PEER_WIRE_ALONE, entry) != 0)
		trace_fail_memory(reading);
	else if (entry->error)
		trace_fail(reading, "peer", entry->error);
}

/* An entry; the address in place of a host name. */
static void trace_read_entry(struct trace_reading *reading, void *ret)
{
	struct peer_entry *entry = ret;
	const char *fault = trace_text(reading, "fault");
	if (fault) {
		struct json_span key;
		entry->error = fault;
		entry->id = trace_text(reading, "id");
		entry->has_key = trace_find(reading, "public_key", JSON_STRING, &key);
		if (entry->has_key)
			entry->config.public_key = trace_key(reading, "public_key");
		return;
	}
	if (!reading->error)
		trace_read_usable_entry(reading, entry);
	const char *address = trace_text(reading, "address");
	char host[ENDPOINT_HOST_MAX + 1];
	if (entry->config.endpoint.kind != ENDPOINT_NAME)
		return;
	entry->config.endpoint = (struct endpoint){0};
	if (address &&
		endpoint_parse(address, strlen(address), host, &entry->config.endpoint, NULL) != 0)
		trace_fail(reading, "address", "not an endpoint");
	if (entry->config.endpoint.kind == ENDPOINT_NAME)
		trace_fail(reading, "address", "a host name");
}

static void trace_read_entry_pointer(struct trace_reading *reading, void *ret)
{
	struct peer_entry *entry = trace_alloc(reading, 1, sizeof *entry);
	*(const struct peer_entry **)ret = entry;
	if (entry)
		trace_read_entry(reading, entry);
}

static void trace_read_actual(struct trace_reading *reading, void *ret)
{
	struct peer_entry *entry = trace_alloc(reading, 1, sizeof *entry);
	char host[ENDPOINT_HOST_MAX + 1];
	if (!entry)
		return;
	trace_read_usable_entry(reading, entry);
	struct peer_config *peer = &entry->config;
	const char *reported = trace_text(reading, "reported");
	peer->id = NULL;
	peer->endpoint = (struct endpoint){0};
	if (reported)
		peer->endpoint = endpoint_from_device(reported, strlen(reported), host);
	if (reported && peer->endpoint.kind != ENDPOINT_IP)
		trace_fail(reading, "reported", "not an endpoint");
	peer->status.last_handshake_s = trace_number(reading, "last_handshake", 0, INT64_MAX);
	peer->status.tx_bytes = (uint64_t)trace_number(reading, "tx_bytes", 0, INT64_MAX);
	*(const struct peer_config **)ret = peer;
}

static void trace_read_text_element(struct trace_reading *reading, void *ret)
{
	*(const char **)ret = trace_decode(reading, reading->object);
}

static void trace_read_entries(struct trace_reading *reading, struct trace_entries *ret)
{
	struct json_span span;
	void *list = NULL;
	ret->changed_count =
		trace_list(reading, "peers", sizeof(void *), trace_read_entry_pointer, &list);
	ret->changed = list;
	ret->has_nameless = trace_find(reading, "nameless", JSON_ARRAY, &span);
	ret->nameless_count =
		trace_list(reading, "nameless", sizeof(void *), trace_read_entry_pointer, &list);
	ret->nameless = list;
	ret->gone_count =
		trace_list(reading, "gone", sizeof(char *), trace_read_text_element, &list);
	ret->gone = list;
	for (size_t i = 0; !reading->error && i < ret->changed_count; i++)
		if (!ret->changed[i]->id)
			trace_fail(reading, "peers", "an entry without an id");
}

static void trace_read_call(struct trace_reading *reading, void *ret)
{
	struct trace_call *call = ret;
	const char *text = trace_decode(reading, reading->object);
	const char *space = strchrnul(text, ' ');
	const char *name = arena_strndup(reading->arena, text, (size_t)(space - text));
	if (!name)
		trace_fail_memory(reading);
	call->kind = (enum trace_call_kind)TRACE_CHOICE(reading, name, call_names);
	call->error = trace_errno(reading, *space ? space + 1 : NULL);
}

static void trace_read_calls(struct trace_reading *reading, struct trace_line *line)
{
	void *list = NULL;
	line->call_count =
		trace_list(reading, "calls", sizeof(struct trace_call), trace_read_call, &list);
	line->calls = list;
}

static void trace_read_field(struct trace_reading *reading, void *ret)
{
	*(unsigned *)ret =
		1u << TRACE_CHOICE(reading, trace_decode(reading, reading->object), field_names);
}

static void trace_read_op(struct trace_reading *reading, void *ret)
{
	struct trace_op *op = ret;
	struct json_span actual, outer = reading->object;
	void *fields = NULL;
	op->kind = (enum peer_op_kind)TRACE_CHOICE(reading, trace_text(reading, "op"), op_names);
	op->public_key = trace_key(reading, "public_key");
	for (size_t i = trace_list(reading, "fields", sizeof(unsigned), trace_read_field, &fields);
		i--;)
		op->fields |= ((unsigned *)fields)[i];
	op->error = trace_errno(reading, trace_text(reading, "error"));
	if (!trace_find(reading, "actual", JSON_OBJECT, &actual))
		return;
	reading->object = actual;
	trace_read_actual(reading, &op->actual);
	reading->object = outer;
}

static void trace_read_ops(struct trace_reading *reading, struct trace_line *line)
{
	void *list = NULL;
	line->op_count = trace_list(reading, "ops", sizeof(struct trace_op), trace_read_op, &list);
	line->ops = list;
}

static void trace_read_address(struct trace_reading *reading, void *ret)
{
	const char *text = trace_decode(reading, reading->object);
	if (!reading->error && prefix_parse_address(text, strlen(text), ret, NULL) != 0)
		trace_fail(reading, "address", "not a prefix");
}

static const struct device *trace_read_interface(struct trace_reading *reading)
{
	struct json_span outer = reading->object;
	void *addresses = NULL;
	struct device *device;
	if (!trace_find(reading, "interface", JSON_OBJECT, &reading->object))
		return NULL;
	device = trace_alloc(reading, 1, sizeof *device);
	if (device) {
		device->public_key = trace_key(reading, "public_key");
		device->listen_port = (uint16_t)trace_number(reading, "listen_port", 0, UINT16_MAX);
		device->fwmark = (uint32_t)trace_number(reading, "fwmark", 0, UINT32_MAX);
		device->mtu = (int)trace_number(reading, "mtu", 0, INT_MAX);
		device->up = trace_flag(reading, "up");
		device->address_count = trace_list(reading, "addresses", sizeof(struct prefix),
			trace_read_address, &addresses);
		device->addresses = addresses;
	}
	reading->object = outer;
	return device;
}

static void trace_read_actual_list(struct trace_reading *reading, const char *name,
	const struct peer_config ***ret, size_t *ret_count)
{
	void *list = NULL;
	*ret_count = trace_list(reading, name, sizeof(void *), trace_read_actual, &list);
	*ret = list;
}

static void trace_read_cycle(struct trace_reading *reading, struct trace_line *line)
{
	struct trace_cycle *cycle = &line->cycle;
	struct json_span span;
	if (line->kind == TRACE_FINISH)
		cycle->outcome = (enum fetch_outcome)TRACE_CHOICE(
			reading, trace_text(reading, "outcome"), outcome_names);
	trace_read_entries(reading, &line->entries);
	cycle->has_signing_keys = trace_signing_keys(reading, "signing_keys", &cycle->signing_keys);
	cycle->has_signing_keys_error = trace_flag(reading, "signing_keys_unusable");
	cycle->read_error = trace_errno(reading, trace_text(reading, "read_error"));
	cycle->reread_error = trace_errno(reading, trace_text(reading, "reread_error"));
	cycle->drifted = trace_read_interface(reading);
	trace_read_calls(reading, line);
	cycle->has_plan = trace_find(reading, "ops", JSON_ARRAY, &span);
	trace_read_ops(reading, line);
	cycle->has_same_retained =
		cycle->has_plan && !json_span_find_member(reading->object, "retained", &span);
	trace_read_actual_list(reading, "withheld", &cycle->withheld, &cycle->withheld_count);
	trace_read_actual_list(reading, "retained", &cycle->retained, &cycle->retained_count);
}

static void trace_read_pending_event(struct trace_reading *reading, void *ret)
{
	struct peer_entry *entry = ret;
	if (json_span_kind(reading->object) == JSON_STRING)
		entry->id = trace_decode(reading, reading->object);
	else
		trace_read_entry(reading, entry);
	if (!reading->error && (!entry->id || !*entry->id || entry->error))
		trace_fail(reading, "peer", "unusable");
}

static void trace_read_pending(struct trace_reading *reading, struct pending_events *pending)
{
	void *list = NULL;
	size_t count = trace_list(
		reading, "events", sizeof(struct peer_entry), trace_read_pending_event, &list);
	const struct peer_entry *entries = list;
	/* No limit: they were within it when they were written. */
	pending->bytes_max = SIZE_MAX;
	for (size_t i = 0; i < count; i++) {
		bool is_removed = !entries[i].config.id;
		int error = is_removed ? pending_events_remove(pending, entries[i].id)
				       : pending_events_set(pending, &entries[i]);
		if (error)
			trace_fail_memory(reading);
	}
	pending->bytes_max = 0;
}

static void trace_read_indexed(struct trace_reading *reading, void *ret)
{
	struct peer_name *name = ret;
	name->id = (char *)trace_text(reading, "id");
	name->public_key = trace_key(reading, "public_key");
	if (!name->id)
		trace_fail(reading, "id", "missing");
}

static void trace_read_config(struct trace_reading *reading, struct interface_config *config)
{
	struct json_span span, outer = reading->object;
	if (!trace_find(reading, "config", JSON_OBJECT, &reading->object))
		return;
	const char *name = trace_text(reading, "interface_name");
	snprintf(config->interface_name, sizeof config->interface_name, "%s", name ? name : "");
	config->listen_port = (int)trace_number(reading, "listen_port", 0, UINT16_MAX);
	config->mtu = (int)trace_number(reading, "mtu", 0, INT_MAX);
	config->persistent_keepalive_s =
		(int)trace_number(reading, "persistent_keepalive", 0, UINT16_MAX);
	config->has_fwmark = trace_find(reading, "fwmark", JSON_NUMBER, &span);
	config->fwmark = (uint32_t)trace_number(reading, "fwmark", 0, UINT32_MAX);
	config->keep_addresses = trace_flag(reading, "keep_addresses");
	reading->object = outer;
}

static void trace_read_snapshot(struct trace_reading *reading, struct trace_read *read)
{
	struct trace_snapshot *snapshot = &read->line.snapshot;
	void *names = NULL;
	if (trace_number(reading, "version", INT64_MIN, INT64_MAX) != TRACE_VERSION)
		trace_fail(reading, "version", "unknown");
	snapshot->is_start = trace_flag(reading, "start");
	snapshot->is_fetching = trace_flag(reading, "fetching");
	trace_read_config(reading, &snapshot->config);
	const char *mesh_ip = trace_text(reading, "mesh_ip");
	if (!reading->error &&
		(!mesh_ip || !ip_parse(mesh_ip, strlen(mesh_ip), &snapshot->mesh_ip)))
		trace_fail(reading, "mesh_ip", "not an address");
	snapshot->public_key = trace_key(reading, "public_key");
	snapshot->node_id = trace_text(reading, "node_id");
	trace_signing_keys(reading, "signing_keys", &snapshot->signing_keys);
	snapshot->state = (enum interface_state)TRACE_CHOICE(
		reading, trace_text(reading, "state"), state_names);
	snapshot->has_document = trace_flag(reading, "document");
	snapshot->is_provisional = trace_flag(reading, "provisional");
	trace_read_entries(reading, &read->line.entries);
	trace_read_pending(reading, &read->pending);
	snapshot->names.count =
		trace_list(reading, "index", sizeof(struct peer_name), trace_read_indexed, &names);
	snapshot->names.names = names;
}

static struct trace_token trace_token_read(struct trace_reading *reading, const char *name)
{
	struct trace_token token = {""};
	const char *text = trace_text(reading, name);
	size_t length = text ? strlen(text) : 0;
	if (length &&
		(length != sizeof token.text - 1 || strspn(text, "0123456789abcdef") != length))
		trace_fail(reading, name, "not a digest");
	else if (length)
		memcpy(token.text, text, length);
	return token;
}

static enum verdict trace_read_verdict(struct trace_reading *reading)
{
	return (enum verdict)TRACE_CHOICE(reading, trace_text(reading, "verdict"), verdict_names);
}

static void trace_read_event_payload(struct trace_reading *reading, struct trace_event *event)
{
	struct json_span peer, outer = reading->object;
	event->peer_id = trace_text(reading, "peer_id");
	struct signing_keys *keys = trace_alloc(reading, 1, sizeof *keys);
	if (keys && trace_signing_keys(reading, "signing_keys", keys))
		event->keys = keys;
	if (!trace_find(reading, "peer", JSON_OBJECT, &peer))
		return;
	reading->object = peer;
	trace_read_entry_pointer(reading, &event->peer);
	reading->object = outer;
}

static void trace_read_event(struct trace_reading *reading, struct trace_line *line)
{
	struct trace_event *event = &line->event;
	struct json_span span;
	event->verdict = trace_read_verdict(reading);
	const char *type = trace_text(reading, "event_type");
	event->type = type ? type : "";
	event->event_id = trace_token_read(reading, "event_id");
	event->nonce = trace_token_read(reading, "nonce");
	event->has_issued_at = trace_find(reading, "issued_at", JSON_STRING, &span);
	if (event->has_issued_at)
		event->issued_at_ns = trace_time(reading, "issued_at");
	event->has_signature = trace_flag(reading, "signature");
	event->length = (size_t)trace_number(reading, "length", 0, INT64_MAX);
	trace_read_event_payload(reading, event);
	trace_read_ops(reading, line);
}

static void trace_read_line(struct trace_reading *reading, struct trace_read *read)
{
	struct trace_line *line = &read->line;
	line->kind =
		(enum trace_kind)TRACE_CHOICE(reading, trace_text(reading, "kind"), kind_names);
	line->at.wall_ns = trace_time(reading, "at");
	line->at.boot_ns = trace_number(reading, "boot_ns", INT64_MIN, INT64_MAX);
	line->error = trace_errno(reading, trace_text(reading, "error"));
	switch (line->kind) {
	case TRACE_SNAPSHOT:
		trace_read_snapshot(reading, read);
		break;
	case TRACE_BEGIN:
	case TRACE_TEARDOWN:
		trace_read_calls(reading, line);
		break;
	case TRACE_FINISH:
	case TRACE_REPAIR:
		trace_read_cycle(reading, line);
		break;
	case TRACE_EVENT:
		trace_read_event(reading, line);
		break;
	case TRACE_REJECTED:
		line->event.verdict = trace_read_verdict(reading);
		line->rejected_count = (size_t)trace_number(reading, "count", 0, INT64_MAX);
		break;
	case TRACE_KIND_COUNT:
		break;
	}
}

int trace_line_read(const char *text, size_t length, struct trace_read *ret, struct diag *diag)
{
	struct trace_read read = {0};
	struct trace_reading reading = {.arena = &read.arena, .diag = diag};
	int error = json_scan_document(text, length, &reading.object, diag);
	if (!error && json_span_kind(reading.object) != JSON_OBJECT)
		error = diag_fail(diag, -EINVAL, "not an object");
	if (!error)
		error = json_duplicates_check_tree(reading.object, diag);
	if (error)
		return error;
	trace_read_line(&reading, &read);
	read.line.snapshot.pending = NULL;
	if (reading.error)
		trace_read_clear(&read);
	else
		*ret = read;
	return reading.error;
}

void trace_read_clear(struct trace_read *read)
{
	pending_events_clear(&read->pending);
	arena_clear(&read->arena);
	*read = (struct trace_read){0};
}
