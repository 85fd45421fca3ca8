/* SPDX-License-Identifier: Apache-2.0 */
#include "trace_line.h"

#include "diag.h"
#include "errno_name.h"
#include "json_duplicates.h"
#include "json_scan.h"
#include "json_values.h"
#include "peer_text.h"
#include "peer_wire.h"
#include "signing_keys_wire.h"
#include "timestamp.h"
#include "trace_fault.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The id of every peer of a device, which has none. */
#define DEVICE_PEER_ID "device"

struct trace_secret trace_secret_derive(const struct key_secret *private_key)
{
	static const char purpose[] = "plexwg trace";
	struct trace_secret secret;
	crypto_generichash(secret.bytes, sizeof secret.bytes, (const uint8_t *)purpose,
		sizeof purpose, private_key->bytes, KEY_BYTES);
	return secret;
}

struct trace_token trace_token_make(
	const struct trace_secret *secret, const char *text, size_t length)
{
	struct trace_token token = {""};
	uint8_t digest[crypto_generichash_BYTES_MIN];
	if (!length)
		return token;
	crypto_generichash(digest, sizeof digest, (const uint8_t *)text, length, secret->bytes,
		sizeof secret->bytes);
	sodium_bin2hex(token.text, sizeof token.text, digest, (sizeof token.text - 1) / 2);
	return token;
}

/*
 * Values. A type writes and reads the values of members.
 */

struct putting {
	struct canonical_writer *writer;
	const struct trace_put_context *context;
};

struct row;

struct type {
	void (*put)(struct putting *to, const struct type *type, const void *value);
	int (*read)(struct json_reading *reading, const struct type *type, struct json_span span,
		void *ret);
	size_t size;
	json_reader *json;          /* of read_json */
	const char *const *names;   /* of an enum or of bits; sorted by value */
	const struct row *rows;     /* of an object */
	size_t count;               /* of names or rows */
	const struct type *element; /* of a pointer */
	enum trace_part part;
};

/* A member of an object. */
struct row {
	const char *name;
	const struct type *type;
	size_t offset;
	size_t count_offset; /* list: where its size_t is */
	size_t given_offset; /* the bool that tells whether it is there; 0: if it is not zero */
	unsigned kinds;      /* of lines that have it: 1 << TRACE_...; 0: all */
};

static void put_text_value(struct putting *to, const struct type *type, const void *value)
{
	canonical_put_text_string(to->writer, *(const char *const *)value);
}

/* Read by a reader of codec/. */
static int read_json(
	struct json_reading *reading, const struct type *type, struct json_span span, void *ret)
{
	return type->json(reading, span, ret);
}

static void put_chars(struct putting *to, const struct type *type, const void *value)
{
	canonical_put_text_string(to->writer, value);
}

static int read_chars(
	struct json_reading *reading, const struct type *type, struct json_span span, void *ret)
{
	const char *text = NULL;
	int error = json_read_string(reading, span, &text);
	if (error)
		return error;
	if (strlen(text) >= type->size)
		return json_fail(reading, "too long");
	memcpy(ret, text, strlen(text) + 1);
	return 0;
}

static void put_number(struct canonical_writer *writer, int64_t number)
{
	char text[24];
	snprintf(text, sizeof text, "%" PRId64, number);
	canonical_put_text(writer, text);
}

static void put_whole(struct putting *to, const struct type *type, const void *value)
{
	int64_t number = 0;
	memcpy(&number, value, type->size);
	put_number(to->writer, number);
}

/* Of any size, not negative but for int64_t. */
static int read_whole(
	struct json_reading *reading, const struct type *type, struct json_span span, void *ret)
{
	struct json_whole whole;
	uint64_t maximum = type->size == sizeof(int64_t)    ? INT64_MAX
			   : type->size == sizeof(uint32_t) ? UINT32_MAX
							    : UINT16_MAX;
	if (json_span_kind(span) != JSON_NUMBER || !json_span_whole(span, &whole) ||
		whole.magnitude > maximum || (whole.is_negative && maximum != INT64_MAX))
		return json_fail(reading, "not a number in range");
	int64_t number = whole.is_negative ? -(int64_t)whole.magnitude : (int64_t)whole.magnitude;
	memcpy(ret, &number, type->size);
	return 0;
}

/* Another version has other members. */
static int read_trace_version(
	struct json_reading *reading, const struct type *type, struct json_span span, void *ret)
{
	int error = read_whole(reading, type, span, ret);
	if (!error && *(int *)ret != TRACE_VERSION)
		error = json_fail(reading, "only %d is known", TRACE_VERSION);
	return error;
}

static void put_true(struct putting *to, const struct type *type, const void *value)
{
	canonical_put_text(to->writer, "true");
}

static void put_time(struct putting *to, const struct type *type, const void *value)
{
	canonical_put_text_string(to->writer, timestamp_format(*(const int64_t *)value).text);
}

static void put_errno(struct putting *to, const struct type *type, const void *value)
{
	const char *name = errno_name(*(const int *)value);
	canonical_put_text_string(to->writer, errno_from_name(name) ? name : "EIO");
}

static int read_errno_value(
	struct json_reading *reading, const struct type *type, struct json_span span, void *ret)
{
	const char *text = NULL;
	int error = json_read_string(reading, span, &text);
	if (!error && !errno_from_name(text))
		error = json_fail(reading, "no name of an errno");
	if (!error)
		*(int *)ret = -errno_from_name(text);
	return error;
}

static void put_choice(struct putting *to, const struct type *type, const void *value)
{
	canonical_put_text_string(to->writer, type->names[*(const unsigned *)value]);
}

static int read_choice(
	struct json_reading *reading, const struct type *type, struct json_span span, void *ret)
{
	const char *text = NULL;
	int error = json_read_string(reading, span, &text);
	for (unsigned i = 0; !error && i < type->count; i++) {
		if (strcmp(text, type->names[i]) != 0)
			continue;
		*(unsigned *)ret = i;
		return 0;
	}
	return error ? error : json_fail(reading, "unknown");
}

static void put_bits(struct putting *to, const struct type *type, const void *value)
{
	const char *separator = "[";
	for (unsigned i = 0; i < type->count; i++) {
		if (!(*(const unsigned *)value & 1u << i))
			continue;
		canonical_put_text(to->writer, separator);
		canonical_put_text_string(to->writer, type->names[i]);
		separator = ",";
	}
	canonical_put_text(to->writer, "]");
}

static int read_bits(
	struct json_reading *reading, const struct type *type, struct json_span span, void *ret)
{
	struct json_cursor cursor = json_cursor_open(span);
	struct json_span element;
	int error = json_expect(reading, span, JSON_ARRAY);
	while (!error && json_cursor_element(&cursor, &element)) {
		unsigned bit = 0;
		error = read_choice(reading, type, element, &bit);
		*(unsigned *)ret |= 1u << bit;
	}
	return error;
}

static void put_key_value(struct putting *to, const struct type *type, const void *value)
{
	canonical_put_text_string(to->writer, key_public_format(value).text);
}

static void put_ip(struct putting *to, const struct type *type, const void *value)
{
	canonical_put_text_string(to->writer, ip_format(value).text);
}

static void put_address(struct putting *to, const struct type *type, const void *value)
{
	canonical_put_text_string(to->writer, prefix_format(value).text);
}

static int read_address_value(
	struct json_reading *reading, const struct type *type, struct json_span span, void *ret)
{
	const char *text = NULL;
	int error = json_read_string(reading, span, &text);
	return error ? error : prefix_parse_address(text, strlen(text), ret, reading->diag);
}

static void put_signing_keys(struct putting *to, const struct type *type, const void *value)
{
	const struct signing_keys *keys = value;
	canonical_put_text(to->writer, "{\"current\":");
	put_key_value(to, NULL, &keys->current);
	if (keys->has_previous) {
		canonical_put_text(to->writer, ",\"previous\":");
		put_key_value(to, NULL, &keys->previous);
		canonical_put_text(to->writer, ",\"transition_expires\":");
		put_time(to, NULL, &keys->transition_expires_ns);
	}
	canonical_put_text(to->writer, "}");
}

static const struct type status_type;
static void put_members(
	struct putting *to, const struct type *type, const char *object, unsigned kind);
static int read_rows(struct json_reading *reading, const struct type *type, struct json_span span,
	char *object, unsigned kind);

/*
 * Peers.
 */

/* Write a peer with a digest in place of its psk, and leave the object open. */
static void put_masked(struct putting *to, const struct peer_config *peer)
{
	const struct trace_secret *secret = to->context->secret;
	struct peer_config masked = *peer;
	if (!key_secret_is_zero(&peer->psk))
		crypto_generichash(masked.psk.bytes, KEY_BYTES, peer->psk.bytes, KEY_BYTES,
			secret->bytes, sizeof secret->bytes);
	peer_text_put(to->writer, &masked);
	to->writer->length--;
	key_secret_wipe(&masked.psk);
}

static void put_endpoint_member(
	struct canonical_writer *writer, const char *name, const struct endpoint *endpoint)
{
	canonical_put_text(writer, name);
	canonical_put_text_string(writer, endpoint_format(endpoint).text);
}

static void put_unusable(struct canonical_writer *writer, const struct peer_entry *entry)
{
	canonical_put_text(writer, "{\"fault\":");
	canonical_put_text_string(writer, trace_fault_find(entry->error)->name);
	if (entry->id) {
		canonical_put_text(writer, ",\"id\":");
		canonical_put_text_string(writer, entry->id);
	}
	if (entry->has_key) {
		canonical_put_text(writer, ",\"public_key\":");
		canonical_put_text_string(
			writer, key_public_format(&entry->config.public_key).text);
	}
	canonical_put_text(writer, "}");
}

static void put_entry(struct putting *to, const struct type *type, const void *value)
{
	const struct peer_entry *entry = value;
	const struct endpoint_history *endpoints = to->context->endpoints;
	const struct endpoint *address = NULL;
	if (entry->error) {
		put_unusable(to->writer, entry);
		return;
	}
	put_masked(to, &entry->config);
	if (entry->config.endpoint.kind == ENDPOINT_NAME && endpoints)
		address = endpoint_history_baseline(endpoints, &entry->config.public_key);
	if (address && address->kind == ENDPOINT_IP)
		put_endpoint_member(to->writer, ",\"address\":", address);
	canonical_put_text(to->writer, "}");
}

static int read_usable(
	struct json_reading *reading, struct json_span span, struct peer_entry *entry)
{
	struct peer_wire wire = {.options = {.allow_host_names = true}, .arena = reading->arena};
	wire.options = peer_wire_options_unlimited(&wire.options);
	int error = peer_wire_read(&wire, span, PEER_WIRE_ALONE, entry);
	if (error)
		return diag_fail_errno(reading->diag, error);
	return entry->error ? json_fail(reading, "%s", entry->error) : 0;
}

/* An address in place of the endpoint; none if there is no such member. */
static int read_endpoint_member(struct json_reading *reading, struct json_span object,
	const char *name, struct endpoint *ret)
{
	struct json_span span;
	*ret = (struct endpoint){0};
	if (!json_span_find_member(object, name, &span))
		return 0;
	int error = json_read_endpoint(reading, span, ret);
	if (!error && ret->kind != ENDPOINT_IP)
		error = json_fail(reading, "not an address");
	return error ? diag_wrap(reading->diag, error, "%s", name) : 0;
}

static int read_unusable(struct json_reading *reading, struct json_span span,
	struct json_span fault, struct peer_entry *entry)
{
	const char *text = NULL;
	struct json_span member;
	int error = json_read_string(reading, fault, &text);
	if (!error)
		entry->error = trace_fault_find(text)->name;
	if (!error && json_span_find_member(span, "id", &member))
		error = json_read_string(reading, member, &entry->id);
	entry->has_key = json_span_find_member(span, "public_key", &member);
	if (!error && entry->has_key)
		error = json_read_public_key(reading, member, &entry->config.public_key);
	return error;
}

static int read_entry(
	struct json_reading *reading, const struct type *type, struct json_span span, void *ret)
{
	struct peer_entry *entry = ret;
	struct json_span fault;
	if (json_span_find_member(span, "fault", &fault))
		return read_unusable(reading, span, fault, entry);
	int error = read_usable(reading, span, entry);
	if (!error && entry->config.endpoint.kind == ENDPOINT_NAME)
		error = read_endpoint_member(reading, span, "address", &entry->config.endpoint);
	return error;
}

/* A peer as it is on the device. Its endpoint may be one that no entry can have. */
static void put_actual(struct putting *to, const struct type *type, const void *value)
{
	const struct peer_config *peer = value;
	struct peer_config named = *peer;
	named.id = DEVICE_PEER_ID;
	named.endpoint = (struct endpoint){0};
	put_masked(to, &named);
	if (peer->endpoint.kind == ENDPOINT_IP)
		put_endpoint_member(to->writer, ",\"reported\":", &peer->endpoint);
	if (peer->status.last_handshake_s || peer->status.tx_bytes)
		canonical_put_text(to->writer, ",");
	put_members(to, &status_type, (const char *)&peer->status, 0);
	canonical_put_text(to->writer, "}");
	key_secret_wipe(&named.psk);
}

static int read_actual(
	struct json_reading *reading, const struct type *type, struct json_span span, void *ret)
{
	struct peer_entry entry = {0};
	int error = read_usable(reading, span, &entry);
	if (!error)
		error = read_endpoint_member(reading, span, "reported", &entry.config.endpoint);
	entry.config.id = NULL;
	if (!error)
		error = read_rows(reading, &status_type, span, (char *)&entry.config.status, 0);
	*(struct peer_config *)ret = entry.config;
	return error;
}

static void put_pending_peer(struct putting *to, const struct pending_peer *peer)
{
	if (peer->removed)
		canonical_put_text_string(to->writer, peer->id);
	else
		put_entry(to, NULL, &peer->entry);
}

/* A pending event: the id of a removed peer, or the peer. Null stands for the beginning of the last
 * fetch, which does not supersede those behind it. */
static void put_pending(struct putting *to, const struct type *type, const void *value)
{
	const struct pending_events *pending = *(const struct pending_events *const *)value;
	canonical_put_text(to->writer, "[");
	for (size_t i = 0; i < pending->count; i++)
		if (pending->peers[i]->order <= pending->fetch_order) {
			put_pending_peer(to, pending->peers[i]);
			canonical_put_text(to->writer, ",");
		}
	canonical_put_text(to->writer, "null");
	for (size_t i = 0; i < pending->count; i++)
		if (pending->peers[i]->order > pending->fetch_order) {
			canonical_put_text(to->writer, ",");
			put_pending_peer(to, pending->peers[i]);
		}
	canonical_put_text(to->writer, "]");
}

static int pending_event_read(
	struct json_reading *reading, struct json_span span, struct pending_events *pending)
{
	struct peer_entry entry = {0};
	bool is_removed = json_span_kind(span) == JSON_STRING;
	int error = is_removed ? json_read_string(reading, span, &entry.id)
			       : read_entry(reading, NULL, span, &entry);
	if (!error && (entry.error || !entry.id || !*entry.id))
		error = json_fail(reading, "unusable");
	if (error)
		return error;
	return is_removed ? pending_events_remove(pending, entry.id)
			  : pending_events_set(pending, &entry);
}

static int read_pending(
	struct json_reading *reading, const struct type *type, struct json_span span, void *ret)
{
	struct json_cursor cursor = json_cursor_open(span);
	struct json_span element;
	struct pending_events *pending = arena_alloc(reading->arena, sizeof *pending);
	int error = json_expect(reading, span, JSON_ARRAY);
	if (error || !pending)
		return error ? error : diag_fail_errno(reading->diag, -ENOMEM);
	/* No limit: they were within it when they were written. */
	pending->bytes_max = SIZE_MAX;
	*(const struct pending_events **)ret = pending;
	while (!error && json_cursor_element(&cursor, &element)) {
		if (json_span_kind(element) == JSON_NULL)
			pending_events_fetch_begin(pending);
		else
			error = pending_event_read(reading, element, pending);
	}
	return error;
}

/*
 * Objects, pointers and lists.
 */

static void put_pointed(struct putting *to, const struct type *type, const void *value)
{
	type->element->put(to, type->element, *(const void *const *)value);
}

static int read_pointed(
	struct json_reading *reading, const struct type *type, struct json_span span, void *ret)
{
	void *pointed = arena_alloc(reading->arena, type->element->size);
	if (!pointed)
		return diag_fail_errno(reading->diag, -ENOMEM);
	*(const void **)ret = pointed;
	return type->element->read(reading, type->element, span, pointed);
}

static bool value_is_zero(const uint8_t *value, size_t size)
{
	while (size && !*value) {
		value++;
		size--;
	}
	return size == 0;
}

/* Choices are always given, an empty list only if a flag says so, anything else if not zero. */
static bool row_is_given(const struct row *row, const char *object)
{
	if (row->given_offset)
		return *(const bool *)(object + row->given_offset);
	if (row->count_offset)
		return *(const size_t *)(object + row->count_offset) > 0;
	return row->type->put == put_choice ||
	       !value_is_zero((const uint8_t *)object + row->offset, row->type->size);
}

static void put_list(struct putting *to, const struct row *row, const char *object)
{
	const char *element = *(const char *const *)(object + row->offset);
	size_t count = *(const size_t *)(object + row->count_offset);
	canonical_put_text(to->writer, "[");
	for (size_t i = 0; i < count; i++, element += row->type->size) {
		canonical_put_text(to->writer, i ? "," : "");
		row->type->put(to, row->type, element);
	}
	canonical_put_text(to->writer, "]");
}

static void put_members(
	struct putting *to, const struct type *type, const char *object, unsigned kind)
{
	const char *separator = "";
	for (size_t i = 0; i < type->count; i++) {
		const struct row *row = &type->rows[i];
		if ((row->kinds && !(row->kinds & kind)) || !row_is_given(row, object))
			continue;
		canonical_put_text(to->writer, separator);
		canonical_put_text_string(to->writer, row->name);
		canonical_put_text(to->writer, ":");
		separator = ",";
		if (row->count_offset)
			put_list(to, row, object);
		else
			row->type->put(to, row->type, object + row->offset);
	}
}

static int read_list(
	struct json_reading *reading, const struct row *row, struct json_span span, char *object)
{
	struct json_cursor cursor = json_cursor_open(span);
	struct json_span element;
	size_t count = 0;
	int error = json_expect(reading, span, JSON_ARRAY);
	char *elements = error ? NULL
			       : arena_alloc(reading->arena,
					 (json_span_element_count(span) + 1) * row->type->size);
	if (!error && !elements)
		error = diag_fail_errno(reading->diag, -ENOMEM);
	while (!error && json_cursor_element(&cursor, &element))
		error = row->type->read(
			reading, row->type, element, elements + row->type->size * count++);
	*(char **)(object + row->offset) = elements;
	*(size_t *)(object + row->count_offset) = count;
	return error;
}

static int read_rows(struct json_reading *reading, const struct type *type, struct json_span span,
	char *object, unsigned kind)
{
	int error = json_expect(reading, span, JSON_OBJECT);
	for (size_t i = 0; !error && i < type->count; i++) {
		const struct row *row = &type->rows[i];
		struct json_span value;
		if (row->kinds && !(row->kinds & kind))
			continue;
		bool is_given = json_span_find_member(span, row->name, &value);
		if (row->given_offset)
			*(bool *)(object + row->given_offset) = is_given;
		if (is_given && row->count_offset)
			error = read_list(reading, row, value, object);
		else if (is_given)
			error = row->type->read(reading, row->type, value, object + row->offset);
		else if (row->type->put == put_choice && !row->count_offset)
			error = json_fail(reading, "missing");
		if (error)
			diag_wrap(reading->diag, error, "%s", row->name);
	}
	return error;
}

static void put_object(struct putting *to, const struct type *type, const void *value)
{
	canonical_put_text(to->writer, "{");
	put_members(to, type, value, 0);
	canonical_put_text(to->writer, "}");
}

static int read_object(
	struct json_reading *reading, const struct type *type, struct json_span span, void *ret)
{
	return read_rows(reading, type, span, ret, 0);
}

/*
 * The tables.
 */

#define NAME_ROW(upper, lower) #lower,
#define CHOICE(array)                                                                              \
	{                                                                                          \
		put_choice, read_choice, sizeof(unsigned),                                         \
			.names = array, .count = sizeof(array) / sizeof *(array)                   \
	}
#define OBJECT(array, type)                                                                        \
	{                                                                                          \
		put_object, read_object, sizeof(type), .rows = array,                              \
						       .count = sizeof(array) / sizeof *(array)    \
	}
#define POINTER(type)                                                                              \
	{                                                                                          \
		put_pointed, read_pointed, sizeof(void *), .element = &(type)                      \
	}

static const char *const kind_names[] = {TRACE_KINDS(NAME_ROW)};
static const char *const call_names[] = {INTERFACE_CALLS(NAME_ROW)};
static const char *const state_names[] = {INTERFACE_STATES(NAME_ROW)};
static const char *const field_names[] = {PEER_FIELDS(NAME_ROW)};
static const char *const op_names[] = {"remove", "update", "add"};
static const char *const outcome_names[] = {"document", "not_modified", "failed"};
static const char *const verdict_names[] = {"accepted", "malformed", "missing_field", "stale",
	"future", "bad_signature", "duplicate_nonce", "superseded", "no_room", "fault"};

static const struct type kind_type = CHOICE(kind_names);
static const struct type call_type = CHOICE(call_names);
static const struct type state_type = CHOICE(state_names);
static const struct type op_type = CHOICE(op_names);
static const struct type outcome_type = CHOICE(outcome_names);
static const struct type verdict_type = CHOICE(verdict_names);
static const struct type fields_type = {
	put_bits, read_bits, sizeof(unsigned), .names = field_names, .count = PEER_FIELD_COUNT};
static const struct type text_type = {put_text_value, read_json, sizeof(char *), json_read_string};
static const struct type id_type = {
	put_text_value, read_json, sizeof(char *), json_read_string, .part = TRACE_PART_ID};
static const struct type name_type = {put_chars, read_chars, INTERFACE_NAME_MAX + 1};
static const struct type token_type = {
	put_chars, read_chars, sizeof(struct trace_token), .part = TRACE_PART_TOKEN};
static const struct type int64_type = {put_whole, read_whole, sizeof(int64_t)};
static const struct type version_type = {put_whole, read_trace_version, sizeof(uint32_t)};
static const struct type int_type = {put_whole, read_whole, sizeof(uint32_t)};
static const struct type port_type = {put_whole, read_whole, sizeof(uint16_t)};
static const struct type flag_type = {put_true, read_json, sizeof(bool), json_read_bool};
static const struct type time_type = {put_time, read_json, sizeof(int64_t), json_read_time};
static const struct type errno_type = {put_errno, read_errno_value, sizeof(int)};
static const struct type key_type = {put_key_value, read_json, sizeof(struct key_public),
	json_read_public_key, .part = TRACE_PART_KEY};
static const struct type ip_type = {
	put_ip, read_json, sizeof(struct ip), json_read_mesh_ip, .part = TRACE_PART_IP};
static const struct type address_type = {
	put_address, read_address_value, sizeof(struct prefix), .part = TRACE_PART_ADDRESS};
static const struct type keys_type = {put_signing_keys, read_json, sizeof(struct signing_keys),
	signing_keys_wire_read, .part = TRACE_PART_SIGNING_KEYS};
static const struct type keys_pointer = POINTER(keys_type);
static const struct type entry_type = {
	put_entry, read_entry, sizeof(struct peer_entry), .part = TRACE_PART_ENTRY};
static const struct type entry_pointer = POINTER(entry_type);
static const struct type actual_type = {
	put_actual, read_actual, sizeof(struct peer_config), .part = TRACE_PART_PEER};
static const struct type actual_pointer = POINTER(actual_type);
static const struct type pending_type = {
	put_pending, read_pending, sizeof(void *), .part = TRACE_PART_PENDING};

#define ROW(name, type, field)                                                                     \
	{                                                                                          \
		name, &type, offsetof(OF, field)                                                   \
	}

#define OF struct peer_status
static const struct row status_rows[] = {
	ROW("last_handshake", int64_type, last_handshake_s),
	ROW("tx_bytes", int64_type, tx_bytes),
};
static const struct type status_type = OBJECT(status_rows, OF);
#undef OF

#define OF struct interface_config
static const struct row config_rows[] = {
	ROW("interface_name", name_type, interface_name),
	ROW("listen_port", int_type, listen_port),
	ROW("mtu", int_type, mtu),
	ROW("persistent_keepalive", int_type, persistent_keepalive_s),
	{"fwmark", &int_type, offsetof(OF, fwmark), .given_offset = offsetof(OF, has_fwmark)},
	ROW("keep_addresses", flag_type, keep_addresses),
};
static const struct type config_type = OBJECT(config_rows, OF);
#undef OF

#define OF struct peer_name
static const struct row indexed_rows[] = {
	ROW("id", id_type, id),
	ROW("public_key", key_type, public_key),
};
static const struct type indexed_type = OBJECT(indexed_rows, OF);
#undef OF

#define OF struct device
static const struct row interface_rows[] = {
	ROW("public_key", key_type, public_key),
	ROW("listen_port", port_type, listen_port),
	ROW("fwmark", int_type, fwmark),
	ROW("mtu", int_type, mtu),
	ROW("up", flag_type, up),
	{"addresses", &address_type, offsetof(OF, addresses), offsetof(OF, address_count)},
};
static const struct type interface_type = OBJECT(interface_rows, OF);
static const struct type interface_pointer = POINTER(interface_type);
#undef OF

#define OF struct trace_call
static const struct row call_rows[] = {
	ROW("call", call_type, call),
	ROW("error", errno_type, error),
};
static const struct type called_type = OBJECT(call_rows, OF);
#undef OF

#define OF struct trace_op
static const struct row op_rows[] = {
	ROW("op", op_type, kind),
	ROW("public_key", key_type, public_key),
	ROW("fields", fields_type, fields),
	ROW("actual", actual_pointer, actual),
	ROW("error", errno_type, error),
};
static const struct type operation_type = OBJECT(op_rows, OF);
#undef OF

#define OF       struct trace_line
#define SNAPSHOT (1 << TRACE_SNAPSHOT)
#define FINISH   (1 << TRACE_FINISH)
#define CYCLE    (FINISH | 1 << TRACE_REPAIR)
#define EVENT    (1 << TRACE_EVENT)
#define REJECTED (1 << TRACE_REJECTED)
#define CALLS    (CYCLE | 1 << TRACE_BEGIN | 1 << TRACE_TEARDOWN)
#define IN(kinds_of, name, type, field)                                                            \
	{                                                                                          \
		name, &type, offsetof(OF, field), .kinds = kinds_of                                \
	}
#define LIST(kinds_of, name, type, field, number)                                                  \
	{                                                                                          \
		name, &type, offsetof(OF, field), offsetof(OF, number), .kinds = kinds_of          \
	}
#define GIVEN(kinds_of, name, type, field, number, given)                                          \
	{                                                                                          \
		name, &type, offsetof(OF, field), number, offsetof(OF, given), kinds_of            \
	}

static const struct row line_rows[] = {
	ROW("kind", kind_type, kind),
	ROW("at", time_type, at.wall_ns),
	ROW("boot_ns", int64_type, at.boot_ns),
	IN(SNAPSHOT, "version", version_type, snapshot.version),
	IN(SNAPSHOT, "start", flag_type, snapshot.is_start),
	IN(SNAPSHOT, "fetching", flag_type, snapshot.is_fetching),
	IN(SNAPSHOT, "config", config_type, snapshot.config),
	IN(SNAPSHOT, "mesh_ip", ip_type, snapshot.mesh_ip),
	IN(SNAPSHOT, "public_key", key_type, snapshot.public_key),
	IN(SNAPSHOT, "node_id", id_type, snapshot.node_id),
	IN(SNAPSHOT, "signing_keys", keys_type, snapshot.signing_keys),
	IN(SNAPSHOT, "state", state_type, snapshot.state),
	IN(SNAPSHOT, "document", flag_type, snapshot.has_document),
	IN(SNAPSHOT, "provisional", flag_type, snapshot.is_provisional),
	IN(FINISH, "outcome", outcome_type, cycle.outcome),
	LIST(SNAPSHOT | CYCLE, "peers", entry_pointer, entries.changed, entries.changed_count),
	GIVEN(SNAPSHOT | CYCLE, "nameless", entry_pointer, entries.nameless,
		offsetof(OF, entries.nameless_count), entries.has_nameless),
	LIST(SNAPSHOT | CYCLE, "gone", id_type, entries.gone, entries.gone_count),
	IN(SNAPSHOT, "events", pending_type, snapshot.pending),
	LIST(SNAPSHOT, "index", indexed_type, snapshot.names.names, snapshot.names.count),
	GIVEN(CYCLE, "signing_keys", keys_type, cycle.signing_keys, 0, cycle.has_signing_keys),
	IN(CYCLE, "signing_keys_unusable", flag_type, cycle.has_signing_keys_error),
	IN(CYCLE, "read_error", errno_type, cycle.read_error),
	IN(CYCLE, "reread_error", errno_type, cycle.reread_error),
	IN(CYCLE, "interface", interface_pointer, cycle.drifted),
	IN(EVENT | REJECTED, "verdict", verdict_type, event.verdict),
	IN(EVENT, "event_type", text_type, event.type),
	IN(EVENT, "event_id", token_type, event.event_id),
	IN(EVENT, "nonce", token_type, event.nonce),
	GIVEN(EVENT, "issued_at", time_type, event.issued_at_ns, 0, event.has_issued_at),
	IN(EVENT, "signature", flag_type, event.has_signature),
	IN(EVENT, "length", int64_type, event.length),
	IN(EVENT, "peer", entry_pointer, event.peer),
	IN(EVENT, "peer_id", id_type, event.peer_id),
	IN(EVENT, "signing_keys", keys_pointer, event.keys),
	IN(REJECTED, "count", int64_type, rejected_count),
	LIST(CALLS, "calls", called_type, calls, call_count),
	GIVEN(CYCLE, "ops", operation_type, ops, offsetof(OF, op_count), cycle.has_plan),
	LIST(EVENT, "ops", operation_type, ops, op_count),
	GIVEN(CYCLE, "withheld", actual_pointer, cycle.withheld, offsetof(OF, cycle.withheld_count),
		cycle.has_retained),
	GIVEN(CYCLE, "retained", actual_pointer, cycle.retained, offsetof(OF, cycle.retained_count),
		cycle.has_retained),
	ROW("error", errno_type, error),
};
static const struct type line_type = OBJECT(line_rows, OF);

void trace_line_put(struct canonical_writer *writer, const struct trace_line *line,
	const struct trace_put_context *context)
{
	struct putting to = {.writer = writer, .context = context};
	canonical_put_text(writer, "{");
	put_members(&to, &line_type, (const char *)line, 1u << line->kind);
	canonical_put_text(writer, "}\n");
}

struct visiting {
	void (*visit)(void *impl, enum trace_part part, void *value);
	void *impl;
	unsigned kind;
};

static void visit_rows(const struct visiting *visiting, const struct type *type, char *object);

static void visit_value(const struct visiting *visiting, const struct type *type, char *value)
{
	if (type->element && *(char **)value)
		visit_value(visiting, type->element, *(char **)value);
	else if (type->rows)
		visit_rows(visiting, type, value);
	else if (type->part)
		visiting->visit(visiting->impl, type->part, value);
}

static void visit_rows(const struct visiting *visiting, const struct type *type, char *object)
{
	for (size_t i = 0; i < type->count; i++) {
		const struct row *row = &type->rows[i];
		if ((row->kinds && !(row->kinds & visiting->kind)) || !row_is_given(row, object))
			continue;
		if (!row->count_offset) {
			visit_value(visiting, row->type, object + row->offset);
			continue;
		}
		char *elements = *(char **)(object + row->offset);
		for (size_t j = 0; j < *(size_t *)(object + row->count_offset); j++)
			visit_value(visiting, row->type, elements + j * row->type->size);
	}
}

void trace_line_visit(struct trace_read *read,
	void (*visit)(void *impl, enum trace_part part, void *value), void *impl)
{
	const struct visiting visiting = {visit, impl, 1u << read->line.kind};
	visit_rows(&visiting, &line_type, (char *)&read->line);
}

void trace_entry_put(struct canonical_writer *writer, const struct peer_entry *entry,
	const struct trace_put_context *context)
{
	struct putting to = {.writer = writer, .context = context};
	put_entry(&to, NULL, entry);
}

/* Check what no table can express. */
static int traced_line_check(struct json_reading *reading, const struct trace_line *line)
{
	if (line->kind == TRACE_SNAPSHOT &&
		(!line->snapshot.pending || line->snapshot.mesh_ip.family == IP_NONE))
		return json_fail(reading, "incomplete");
	const char *type = line->event.type;
	if (type && type[strspn(type, "abcdefghijklmnopqrstuvwxyz_")])
		return json_fail(reading, "event_type: not a type");
	for (size_t i = 0; i < line->entries.changed_count; i++)
		if (!line->entries.changed[i]->id)
			return json_fail(reading, "peers: an entry without an id");
	for (size_t i = 0; i < line->snapshot.names.count; i++)
		if (!line->snapshot.names.names[i].id)
			return json_fail(reading, "index: an entry without an id");
	return 0;
}

int trace_line_read(const char *text, size_t length, struct trace_read *ret, struct diag *diag)
{
	struct trace_read read = {0};
	struct json_reading reading = {.arena = &read.arena, .diag = diag};
	struct json_span span, kind;
	int error = json_scan_document(text, length, &span, diag);
	if (!error)
		error = json_expect(&reading, span, JSON_OBJECT);
	if (!error)
		error = json_duplicates_check_tree(span, diag);
	if (!error && !json_span_find_member(span, "kind", &kind))
		error = json_fail(&reading, "kind: missing");
	if (!error)
		error = read_choice(&reading, &kind_type, kind, &read.line.kind);
	if (!error)
		error = read_rows(
			&reading, &line_type, span, (char *)&read.line, 1u << read.line.kind);
	if (!error)
		error = traced_line_check(&reading, &read.line);
	if (error)
		trace_read_clear(&read);
	else
		*ret = read;
	return error;
}

void trace_read_clear(struct trace_read *read)
{
	struct pending_events *pending = (struct pending_events *)read->line.snapshot.pending;
	if (pending)
		pending_events_clear(pending);
	arena_clear(&read->arena);
	*read = (struct trace_read){0};
}
