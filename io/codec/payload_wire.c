/* SPDX-License-Identifier: Apache-2.0 */
#include "payload_wire.h"

#include "diag.h"
#include "json_duplicates.h"
#include "json_scan.h"
#include "json_values.h"
#include "signing_keys_wire.h"

#include <errno.h>
#include <string.h>

/* The result of one of the three readers below. */
struct payload_result {
	const struct peer_wire_options *options;
	struct arena *arena;
	struct peer_entry entry;
	const char *peer_id;
	struct signing_keys keys;
};

typedef int (*payload_use)(
	struct json_span payload, struct payload_result *result, struct diag *diag);

static int payload_read(const char *payload, size_t length, payload_use use,
	struct payload_result *result, struct diag *diag)
{
	struct json_span span;
	int error = json_scan_document(payload, length, &span, diag);
	if (!error)
		error = use(span, result, diag);
	return error == -ENOMEM ? diag_fail_errno(diag, error) : error;
}

static int use_peer(struct json_span payload, struct payload_result *result, struct diag *diag)
{
	struct peer_wire wire = {
		.options = *result->options,
		.arena = result->arena,
	};
	int error = peer_wire_read(&wire, payload, PEER_WIRE_ALONE, &result->entry);
	if (!error && result->entry.error)
		error = diag_fail(diag, -EINVAL, "%s", result->entry.error);
	return error;
}

static int check_object(struct json_span payload, struct diag *diag)
{
	if (json_span_kind(payload) != JSON_OBJECT)
		return diag_fail(diag, -EINVAL, "not an object");
	return json_duplicates_check_tree(payload, diag);
}

static int use_peer_id(struct json_span payload, struct payload_result *result, struct diag *diag)
{
	static const struct json_member members[] = {{"peer_id", json_read_string, 0, true}};
	static const struct json_table table = JSON_TABLE_LENIENT(members);
	struct json_reading reading = {.arena = result->arena, .diag = diag};
	const char *id = NULL;
	int error = check_object(payload, diag);
	if (!error)
		error = json_object_read(&reading, payload, &table, &id, NULL);
	if (error)
		return error;
	if (!*id)
		return diag_fail(diag, -EINVAL, "peer_id: empty");
	if (strlen(id) > PEER_ID_MAX)
		return diag_fail(diag, -EINVAL, "peer_id: %zu bytes, at most %d are allowed",
			strlen(id), PEER_ID_MAX);
	result->peer_id = id;
	return 0;
}

static int use_signing_keys(
	struct json_span payload, struct payload_result *result, struct diag *diag)
{
	struct arena texts = {0};
	struct json_reading reading = {.arena = &texts, .diag = diag};
	int error = check_object(payload, diag);
	if (!error)
		error = signing_keys_wire_read(&reading, payload, &result->keys);
	arena_clear(&texts);
	return error;
}

static int payload_read_peer(void *impl, const char *payload, size_t length, struct arena *arena,
	struct peer_entry *ret, struct diag *diag)
{
	struct payload_result result = {.options = impl, .arena = arena};
	int error = payload_read(payload, length, use_peer, &result, diag);
	if (!error)
		*ret = result.entry;
	key_secret_wipe(&result.entry.config.psk);
	return error;
}

static int read_peer_id(void *impl, const char *payload, size_t length, struct arena *arena,
	const char **ret, struct diag *diag)
{
	struct payload_result result = {.options = impl, .arena = arena};
	int error = payload_read(payload, length, use_peer_id, &result, diag);
	if (!error)
		*ret = result.peer_id;
	return error;
}

static int payload_read_signing_keys(
	void *impl, const char *payload, size_t length, struct signing_keys *ret, struct diag *diag)
{
	struct payload_result result = {.options = impl};
	int error = payload_read(payload, length, use_signing_keys, &result, diag);
	if (!error)
		*ret = result.keys;
	return error;
}

struct payload_reader payload_wire_reader(const struct peer_wire_options *options)
{
	return (struct payload_reader){
		.read_peer = payload_read_peer,
		.read_peer_id = read_peer_id,
		.read_signing_keys = payload_read_signing_keys,
		.impl = (void *)options, /* never written */
	};
}
