/* SPDX-License-Identifier: Apache-2.0 */
#include "state_store_peers.h"

#include "diag.h"
#include "json_duplicates.h"
#include "json_values.h"
#include "peer_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void put_index(struct canonical_writer *writer, const struct peer_names *names)
{
	for (size_t i = 0; i < names->count; i++) {
		canonical_put_text(writer, i ? "," : "");
		canonical_put_text_string(writer, names->names[i].id);
		canonical_put_text(writer, ":");
		canonical_put_text_string(
			writer, key_public_format(&names->names[i].public_key).text);
	}
}

static void put_events(struct canonical_writer *writer, const struct state_store_peers *peers)
{
	for (size_t i = 0; i < peers->pending->count; i++) {
		const struct pending_peer *peer = peers->pending->peers[i];
		canonical_put_text(writer, i ? "," : "");
		if (peer->removed) {
			canonical_put_text(writer, "{\"removed\":");
			canonical_put_text_string(writer, peer->id);
		} else {
			canonical_put_text(writer, "{\"peer\":");
			peer_text_put(writer, &peer->entry.config);
		}
		canonical_put_text(writer, "}");
	}
}

void state_store_peers_put(struct canonical_writer *writer, const struct state_store_peers *peers)
{
	canonical_put_text(writer, "\"index\":{");
	put_index(writer, peers->names);
	canonical_put_text(writer, "},\"events\":[");
	put_events(writer, peers);
	canonical_put_text(writer, "]");
}

/* Read a string that is an id. */
static int stored_read_id(
	struct json_span span, struct arena *arena, const char **ret, struct diag *diag)
{
	struct json_reading reading = {.arena = arena, .diag = diag};
	const char *text;
	int error = json_read_string(&reading, span, &text);
	if (error)
		return error;
	if (!*text || strlen(text) > PEER_ID_MAX)
		return diag_fail(diag, -EINVAL, "not an id");
	*ret = text;
	return 0;
}

static int read_name(struct json_span name, struct json_span value, struct arena *arena,
	struct peer_name *ret, struct diag *diag)
{
	const char *id = NULL;
	int error = stored_read_id(name, arena, &id, diag);
	if (error)
		return error;
	struct json_reading reading = {.arena = arena, .diag = diag};
	error = json_read_public_key(&reading, value, &ret->public_key);
	if (!error)
		ret->id = (char *)id;
	return error;
}

static int stored_read_index(
	struct json_span index, struct state_store_peers_found *found, struct diag *diag)
{
	struct json_cursor cursor = json_cursor_open(index);
	struct json_span name, value;
	size_t count = 0;
	if (json_span_kind(index) != JSON_OBJECT)
		return diag_fail(diag, -EINVAL, "not an object");
	int error = json_duplicates_check_members(index, diag);
	if (error)
		return error;
	while (json_cursor_member(&cursor, &name, &value))
		count++;
	found->names = arena_alloc(&found->arena, count * sizeof *found->names);
	if (!found->names)
		return -ENOMEM;
	cursor = json_cursor_open(index);
	while (!error && json_cursor_member(&cursor, &name, &value)) {
		error = read_name(
			name, value, &found->arena, &found->names[found->name_count], diag);
		if (!error)
			found->name_count++;
		else
			diag_wrap(diag, error, "%s", json_span_quote(name).text);
	}
	return error;
}

/* There is no limit to the events here, so that the one failure is out of memory. */
static int pending_result(int result, struct diag *diag)
{
	return result ? diag_fail_errno(diag, -ENOMEM) : 0;
}

static int read_event(const struct peer_wire *wire, struct json_span event,
	struct pending_events *pending, struct diag *diag)
{
	struct json_span value;
	const char *id = NULL;
	if (json_span_find_member(event, "removed", &value)) {
		int error = stored_read_id(value, wire->arena, &id, diag);
		return error ? error : pending_result(pending_events_remove(pending, id), diag);
	}
	if (!json_span_find_member(event, "peer", &value))
		return diag_fail(diag, -EINVAL, "neither \"removed\" nor \"peer\"");
	struct peer_entry entry = {0};
	int error = peer_wire_read(wire, value, PEER_WIRE_ALONE, &entry);
	if (!error && entry.error)
		error = diag_fail(diag, -EINVAL, "%s", entry.error);
	if (!error)
		error = pending_result(pending_events_set(pending, &entry), diag);
	key_secret_wipe(&entry.config.psk);
	return error;
}

static int read_events(struct json_span events, const struct peer_wire *wire,
	struct pending_events *pending, struct diag *diag)
{
	struct json_cursor cursor = json_cursor_open(events);
	struct json_span event;
	int error = 0;
	if (json_span_kind(events) != JSON_ARRAY)
		return diag_fail(diag, -EINVAL, "not an array");
	for (size_t i = 0; !error && json_cursor_element(&cursor, &event); i++) {
		error = read_event(wire, event, pending, diag);
		if (error)
			diag_wrap(diag, error, "[%zu]", i);
	}
	return error;
}

static int stored_read_members(const struct stored_peers_spans *spans, const struct peer_wire *wire,
	struct state_store_peers_found *found, struct diag *diag)
{
	int error = stored_read_index(spans->index, found, diag);
	if (error)
		return diag_wrap(diag, error, "index");
	error = read_events(spans->events, wire, &found->pending, diag);
	return error ? diag_wrap(diag, error, "events") : 0;
}

int state_store_peers_read(const struct stored_peers_spans *spans,
	const struct peer_wire_options *options, struct state_store_peers_found *ret,
	struct diag *diag)
{
	/* No limit: they were within it when they were written. */
	struct state_store_peers_found found = {.pending = {.bytes_max = SIZE_MAX}};
	struct arena scratch = {0};
	struct peer_wire wire = {.options = *options, .arena = &scratch};
	int error = stored_read_members(spans, &wire, &found, diag);
	arena_clear(&scratch);
	found.pending.bytes_max = 0;
	if (error)
		state_store_peers_clear(&found);
	else
		*ret = found;
	return error == -ENOMEM ? diag_fail_errno(diag, error) : error;
}

void state_store_peers_clear(struct state_store_peers_found *found)
{
	pending_events_clear(&found->pending);
	arena_clear(&found->arena);
	*found = (struct state_store_peers_found){0};
}
