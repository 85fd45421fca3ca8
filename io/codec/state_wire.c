/* SPDX-License-Identifier: Apache-2.0 */
#include "state_wire.h"

#include "diag.h"
#include "json_duplicates.h"
#include "json_scan.h"
#include "signing_keys_wire.h"

#include <errno.h>
#include <string.h>

struct state_reader {
	struct state_document document; /* being built */
	struct unknown_members unknown;
	struct peer_wire_options options;
	size_t allowed_ip_count; /* of all usable entries */
	bool has_peers;
};

/* Count the rest, from the first entry over the limit on, for the error. */
static int reject_peers(struct json_cursor *cursor, size_t max, struct diag *diag)
{
	struct json_span element;
	size_t count = max;
	while (json_cursor_element(cursor, &element))
		count++;
	return diag_fail(
		diag, -EINVAL, "peers: %zu entries, more than %zu (--max-peers)", count, max);
}

static int count_allowed_ips(
	struct state_reader *reader, const struct peer_entry *entry, struct diag *diag)
{
	size_t max = reader->options.allowed_ips_total_max;
	reader->allowed_ip_count += entry->error ? 0 : entry->config.allowed_ip_count;
	if (reader->allowed_ip_count <= max)
		return 0;
	return diag_fail(diag, -EINVAL,
		"peers: more than %zu allowed_ips in all (--max-total-allowed-ips)", max);
}

/* Read the array at the cursor. */
static int state_read_peers(
	struct state_reader *reader, struct json_cursor *cursor, struct diag *diag)
{
	struct state_document *document = &reader->document;
	struct peer_wire wire = {
		.options = reader->options,
		.arena = &document->arena,
		.unknown = &reader->unknown,
	};
	enum json_kind kind = json_cursor_kind(cursor);
	if (kind != JSON_ARRAY && kind != JSON_NULL)
		return diag_fail(diag, -EINVAL, "peers: not an array");
	reader->has_peers = true;
	if (kind == JSON_NULL) {
		json_cursor_value(cursor);
		return 0;
	}
	struct json_cursor inner = json_cursor_enter(cursor);
	size_t max = reader->options.peers_max;
	while (!json_cursor_is_done(&inner)) {
		size_t index = document->entry_count;
		if (index == max)
			return reject_peers(&inner, max, diag);
		struct peer_entry *entry = state_document_append(document);
		if (!entry)
			return -ENOMEM;
		int error = peer_wire_read_next(&wire, &inner, index, entry);
		if (!error)
			error = count_allowed_ips(reader, entry, diag);
		if (error)
			return error;
	}
	json_cursor_leave(cursor, &inner);
	return 0;
}

static int state_note_unknown(struct state_reader *reader, const char *place, struct json_span name)
{
	return unknown_members_add(&reader->unknown, &reader->document.arena, place, name);
}

static int note_unknown_of_keys(struct state_reader *reader, struct json_span keys)
{
	struct json_cursor cursor = json_cursor_open(keys);
	struct json_span name, value;
	int error = 0;
	if (json_span_kind(keys) != JSON_OBJECT)
		return 0;
	while (!error && json_cursor_member(&cursor, &name, &value))
		if (!signing_keys_wire_knows(name))
			error = state_note_unknown(reader, "signing_keys", name);
	return error;
}

/* Invalid keys are stored as the document's error of its keys; they do not fail the document. */
static int state_read_signing_keys(struct state_reader *reader, struct json_span span)
{
	struct state_document *document = &reader->document;
	struct diag diag = {0}, place = {0};
	struct json_reading reading = {.arena = &document->arena, .diag = &diag};
	enum json_kind kind = json_span_kind(span);
	if (kind == JSON_NULL)
		return 0;
	int error = signing_keys_wire_read(&reading, span, &document->signing_keys);
	document->has_signing_keys = error == 0;
	if (error == -EINVAL) {
		(void)diag_fail(&place, error, "signing_keys%s%s", kind == JSON_OBJECT ? "." : ": ",
			diag_text(&diag));
		const char *text = diag_text(&place);
		document->signing_keys_error = arena_strndup(&document->arena, text, strlen(text));
		error = document->signing_keys_error ? 0 : -ENOMEM;
		diag_clear(&place);
	}
	diag_clear(&diag);
	return error ? error : note_unknown_of_keys(reader, span);
}

static int read_member(struct state_reader *reader, struct json_span name,
	struct json_cursor *cursor, struct diag *diag)
{
	if (json_span_equals(name, "peers"))
		return state_read_peers(reader, cursor, diag);
	struct json_span value = json_cursor_value(cursor);
	int error = json_duplicates_check_tree(value, diag);
	if (error)
		return diag_wrap(diag, error, "%s", json_span_quote(name).text);
	if (json_span_equals(name, "signing_keys"))
		return state_read_signing_keys(reader, value);
	return state_note_unknown(reader, "", name);
}

static int read_document(struct state_reader *reader, struct json_cursor *cursor, struct diag *diag)
{
	struct json_names names = {0};
	struct json_span name;
	int error = 0;
	if (json_cursor_kind(cursor) != JSON_OBJECT)
		return diag_fail(diag, -EINVAL, "not an object");
	struct json_cursor inner = json_cursor_enter(cursor);
	while (!error && json_cursor_name(&inner, &name)) {
		error = json_names_add(&names, 0, name);
		if (!error)
			error = read_member(reader, name, &inner, diag);
	}
	if (!error)
		error = json_names_check(&names, diag);
	json_names_clear(&names);
	if (!error && !reader->has_peers)
		error = diag_fail(diag, -EINVAL, "peers: missing");
	return error;
}

typedef int (*cursor_reader)(
	struct state_reader *reader, struct json_cursor *cursor, struct diag *diag);

static int state_read_whole(const char *text, size_t length,
	const struct peer_wire_options *options, cursor_reader read, struct state_document *ret,
	struct diag *diag)
{
	struct state_reader reader = {.options = peer_wire_options_resolve(options)};
	struct json_span span;
	int error = json_scan_document(text, length, &span, diag);
	if (error)
		return error;
	struct json_cursor cursor = json_cursor_at(span);
	error = read(&reader, &cursor, diag);
	if (error) {
		state_document_clear(&reader.document);
		return error == -ENOMEM ? diag_fail_errno(diag, error) : error;
	}
	reader.document.unknown_members = reader.unknown.places;
	reader.document.unknown_member_count = reader.unknown.count;
	reader.document.further_unknown_count = reader.unknown.further_count;
	*ret = reader.document;
	return 0;
}

int state_wire_read(const char *text, size_t length, const struct peer_wire_options *options,
	struct state_document *ret, struct diag *diag)
{
	return state_read_whole(text, length, options, read_document, ret, diag);
}

int state_wire_read_peers(const char *text, size_t length, const struct peer_wire_options *options,
	struct state_document *ret, struct diag *diag)
{
	return state_read_whole(text, length, options, state_read_peers, ret, diag);
}

int state_wire_check_limits(const struct state_document *document,
	const struct peer_wire_options *options, struct diag *diag)
{
	struct peer_wire_options limits = peer_wire_options_resolve(options);
	size_t most = 0, total = 0;
	int error = 0;
	for (size_t i = 0; i < document->entry_count; i++) {
		const struct peer_entry *entry = &document->entries[i];
		size_t count = entry->error ? 0 : entry->config.allowed_ip_count;
		total += count;
		if (count > most)
			most = count;
	}
	if (document->entry_count > limits.peers_max)
		error = diag_add(diag, -E2BIG, "peers: %zu entries, more than %zu (--max-peers)",
			document->entry_count, limits.peers_max);
	if (most > limits.allowed_ips_max)
		error = diag_add(diag, -E2BIG,
			"allowed_ips: %zu entries of one peer, more than %zu (--max-allowed-ips)",
			most, limits.allowed_ips_max);
	if (total > limits.allowed_ips_total_max)
		error = diag_add(diag, -E2BIG,
			"peers: %zu allowed_ips in all, more than %zu (--max-total-allowed-ips)",
			total, limits.allowed_ips_total_max);
	return error;
}
