/* SPDX-License-Identifier: Apache-2.0 */
#include "peer_wire.h"

#include "diag.h"
#include "json_duplicates.h"
#include "json_values.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PEER_MEMBERS(X)                                                                            \
	X(ID, id)                                                                                  \
	X(PUBLIC_KEY, public_key)                                                                  \
	X(MESH_IP, mesh_ip)                                                                        \
	X(ENDPOINT, endpoint)                                                                      \
	X(ALLOWED_IPS, allowed_ips)                                                                \
	X(PSK, psk)                                                                                \
	X(PERSISTENT_KEEPALIVE, persistent_keepalive)

enum member {
#define X(upper, lower) MEMBER_##upper,
	PEER_MEMBERS(X)
#undef X
		MEMBER_COUNT,
};

static const char *const member_names[MEMBER_COUNT] = {
#define X(upper, lower) [MEMBER_##upper] = #lower,
	PEER_MEMBERS(X)
#undef X
};

/* A peer's members before they are checked. */
struct raw_peer {
	struct json_span span;
	bool may_repeat; /* members may be repeated: check for it */
	unsigned counts[MEMBER_COUNT];
	struct json_span values[MEMBER_COUNT]; /* the first of that name */
	struct arena texts;                    /* decoded, among them the preshared key */
};

struct place_text {
	char text[32];
};

/* Return "" for PEER_WIRE_ALONE. */
static struct place_text place_format(size_t index)
{
	struct place_text place = {""};
	if (index != PEER_WIRE_ALONE)
		snprintf(place.text, sizeof place.text, "peers[%zu]", index);
	return place;
}

static int entry_note_unknown(const struct peer_wire *wire, size_t index, struct json_span name)
{
	if (!wire->unknown)
		return 0;
	struct place_text place = place_format(index);
	return unknown_members_add(wire->unknown, wire->arena, place.text, name);
}

static unsigned wire_member_find(struct json_span name)
{
	unsigned i = 0;
	while (i < MEMBER_COUNT && !json_span_equals(name, member_names[i]))
		i++;
	return i;
}

struct peer_wire_options peer_wire_options_resolve(const struct peer_wire_options *options)
{
	struct peer_wire_options resolved = *options;
	if (!resolved.peers_max)
		resolved.peers_max = PEERS_MAX_DEFAULT;
	if (!resolved.allowed_ips_max)
		resolved.allowed_ips_max = ALLOWED_IPS_MAX_DEFAULT;
	if (!resolved.allowed_ips_total_max)
		resolved.allowed_ips_total_max = ALLOWED_IPS_TOTAL_MAX_DEFAULT;
	return resolved;
}

struct peer_wire_options peer_wire_options_unlimited(const struct peer_wire_options *options)
{
	struct peer_wire_options unlimited = *options;
	unlimited.peers_max = SIZE_MAX;
	unlimited.allowed_ips_max = SIZE_MAX;
	unlimited.allowed_ips_total_max = SIZE_MAX;
	return unlimited;
}

static size_t allowed_ips_max(const struct peer_wire *wire)
{
	return peer_wire_options_resolve(&wire->options).allowed_ips_max;
}

/* Whether an object stands in the value: one of its members may be repeated. */
static bool has_object(struct json_span value)
{
	enum json_kind kind = json_span_kind(value);
	return kind == JSON_OBJECT || (kind == JSON_ARRAY && memchr(value.text, '{', value.length));
}

static int raw_peer_read(const struct peer_wire *wire, struct json_cursor *cursor, size_t index,
	struct raw_peer *raw)
{
	const char *start = cursor->next;
	struct json_cursor inner = json_cursor_enter(cursor);
	struct json_span name, value;
	int error = 0;
	while (!error && json_cursor_member(&inner, &name, &value)) {
		unsigned member = wire_member_find(name);
		bool is_first = member < MEMBER_COUNT && raw->counts[member]++ == 0;
		if (!is_first || has_object(value))
			raw->may_repeat = true;
		if (member == MEMBER_COUNT)
			error = entry_note_unknown(wire, index, name);
		else if (is_first)
			raw->values[member] = value;
	}
	if (error)
		return error;
	raw->span = (struct json_span){start, (size_t)(inner.next + 1 - start)};
	json_cursor_leave(cursor, &inner);
	return 0;
}

/* NULL if it is missing or null. */
static int wire_read_text(
	struct raw_peer *raw, enum member member, const char **ret, struct diag *diag)
{
	struct json_reading reading = {.arena = &raw->texts, .diag = diag};
	struct json_span value = raw->values[member];
	int error = 0;
	*ret = NULL;
	if (json_span_kind(value) != JSON_NULL)
		error = json_read_string(&reading, value, ret);
	return json_wrap_place(diag, error, member_names[member]);
}

static int wire_read_allowed_ips(
	const struct peer_wire *wire, struct raw_peer *raw, struct api_peer *ret, struct diag *diag)
{
	struct json_reading reading = {.arena = &raw->texts, .diag = diag};
	struct json_span value = raw->values[MEMBER_ALLOWED_IPS];
	void *texts = NULL;
	if (!raw->counts[MEMBER_ALLOWED_IPS])
		return diag_fail(diag, -EINVAL, "allowed_ips: missing");
	if (json_span_kind(value) == JSON_NULL)
		return 0;
	size_t count = json_span_element_count(value), max = allowed_ips_max(wire);
	if (count > max)
		return diag_fail(diag, -EINVAL,
			"allowed_ips: %zu entries, more than %zu (--max-allowed-ips)", count, max);
	int error = json_array_read(&reading, value, json_read_string, sizeof(const char *), &texts,
		&ret->allowed_ip_count);
	if (error)
		return json_wrap_place(diag, error, "allowed_ips");
	ret->allowed_ips = texts;
	return 0;
}

static int wire_read_keepalive(const struct raw_peer *raw, struct api_peer *ret, struct diag *diag)
{
	struct json_span value = raw->values[MEMBER_PERSISTENT_KEEPALIVE];
	struct json_whole whole = {0};
	enum json_kind kind = json_span_kind(value);
	ret->persistent_keepalive_s = -1;
	if (kind == JSON_NULL)
		return 0;
	if (kind != JSON_NUMBER || !json_span_whole(value, &whole))
		return diag_fail(diag, -EINVAL, "persistent_keepalive: not a whole number");
	if (whole.is_negative)
		return diag_fail(diag, -EINVAL, "persistent_keepalive: negative");
	ret->persistent_keepalive_s =
		whole.magnitude > INT64_MAX ? INT64_MAX : (int64_t)whole.magnitude;
	return 0;
}

static int raw_peer_to_api(
	const struct peer_wire *wire, struct raw_peer *raw, struct api_peer *ret, struct diag *diag)
{
	int error = wire_read_text(raw, MEMBER_ID, &ret->id, diag);
	if (!error)
		error = wire_read_text(raw, MEMBER_PUBLIC_KEY, &ret->public_key, diag);
	if (!error)
		error = wire_read_text(raw, MEMBER_MESH_IP, &ret->mesh_ip, diag);
	if (!error)
		error = wire_read_text(raw, MEMBER_ENDPOINT, &ret->endpoint, diag);
	if (!error)
		error = wire_read_text(raw, MEMBER_PSK, &ret->psk, diag);
	if (!error)
		error = wire_read_allowed_ips(wire, raw, ret, diag);
	if (!error)
		error = wire_read_keepalive(raw, ret, diag);
	return error;
}

static int wire_read_config(const struct peer_wire *wire, struct raw_peer *raw,
	struct peer_config *ret, struct diag *diag)
{
	struct api_peer api = {0};
	int error = raw->may_repeat ? json_duplicates_check_tree(raw->span, diag) : 0;
	if (!error)
		error = raw_peer_to_api(wire, raw, &api, diag);
	if (error)
		return error;
	struct peer_config config;
	error = peer_config_from_api(
		&api, wire->options.default_keepalive_s, wire->arena, &config, diag);
	if (error)
		return error;
	if (api.endpoint && config.endpoint.kind == ENDPOINT_NAME &&
		!wire->options.allow_host_names)
		error = diag_fail(diag, -EINVAL, "endpoint: %s: host name, and nothing resolves it",
			quote(api.endpoint, strlen(api.endpoint)).text);
	else
		*ret = config;
	key_secret_wipe(&config.psk);
	return error;
}

/* Return the text of a member that is there exactly once, or NULL. */
static const char *sole_text(struct raw_peer *raw, enum member member)
{
	const char *text = NULL;
	if (raw->counts[member] != 1 || wire_read_text(raw, member, &text, NULL) != 0)
		return NULL;
	return text && *text ? text : NULL;
}

static void name_place(struct diag *diag, size_t index, const char *id)
{
	struct place_text place = place_format(index);
	if (id)
		diag_wrap(diag, -EINVAL, "%s%s%s", place.text, *place.text ? " " : "",
			quote(id, strlen(id)).text);
	else if (*place.text)
		diag_wrap(diag, -EINVAL, "%s", place.text);
}

/* Read the id and the key of an unusable entry, and set its error. */
static int read_remains(const struct peer_wire *wire, struct raw_peer *raw, size_t index,
	struct peer_entry *entry, struct diag *diag)
{
	const char *id = sole_text(raw, MEMBER_ID);
	const char *key = sole_text(raw, MEMBER_PUBLIC_KEY);
	name_place(diag, index, id);
	const char *text = diag_text(diag);
	entry->error = arena_strndup(wire->arena, text, strlen(text));
	if (!entry->error)
		return -ENOMEM;
	if (key)
		entry->has_key =
			key_public_parse(key, strlen(key), &entry->config.public_key, NULL) == 0;
	if (!id || strlen(id) > PEER_ID_MAX)
		return 0;
	entry->id = entry->config.id = arena_strndup(wire->arena, id, strlen(id));
	return entry->id ? 0 : -ENOMEM;
}

int peer_wire_read_next(const struct peer_wire *wire, struct json_cursor *cursor, size_t index,
	struct peer_entry *ret)
{
	struct diag diag = {0};
	struct raw_peer raw = {.texts = {.is_secret = true}};
	struct peer_entry entry = {0};
	int error = 0;
	if (json_cursor_kind(cursor) == JSON_OBJECT) {
		error = raw_peer_read(wire, cursor, index, &raw);
	} else {
		json_cursor_value(cursor);
		error = diag_fail(&diag, -EINVAL, "not an object");
	}
	if (!error)
		error = wire_read_config(wire, &raw, &entry.config, &diag);
	if (!error) {
		entry.id = entry.config.id;
		entry.has_key = true;
	} else if (error == -EINVAL) {
		error = read_remains(wire, &raw, index, &entry, &diag);
	}
	if (!error)
		*ret = entry;
	key_secret_wipe(&entry.config.psk);
	arena_clear(&raw.texts);
	diag_clear(&diag);
	return error;
}

int peer_wire_read(
	const struct peer_wire *wire, struct json_span span, size_t index, struct peer_entry *ret)
{
	struct json_cursor cursor = json_cursor_at(span);
	return peer_wire_read_next(wire, &cursor, index, ret);
}
