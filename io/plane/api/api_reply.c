/* SPDX-License-Identifier: Apache-2.0 */
#include "api_reply.h"

#include "diag.h"
#include "json_values.h"

#include <errno.h>
#include <string.h>

#define SECRET_BYTES_MAX 4096

bool api_node_id_is_valid(const char *node_id)
{
	size_t length = strlen(node_id);
	if (length == 0 || length > API_NODE_ID_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)node_id[i] < ' ' || node_id[i] == 0x7f)
			return false;
	return strcmp(node_id, ".") != 0 && strcmp(node_id, "..") != 0;
}

static const struct json_member order_members[] = {
	{"reconcile", json_read_bool, offsetof(struct api_orders, reconcile), false},
	{"rotate_keys", json_read_bool, offsetof(struct api_orders, rotate_keys), false},
};
static const struct json_table order_table = JSON_TABLE_LENIENT(order_members);

int api_reply_read_orders(
	const char *text, size_t length, struct api_orders *ret, struct diag *diag)
{
	struct json_reading reading = {.diag = diag};
	struct api_orders orders = {0};
	int error = length ? json_text_read(&reading, text, length, &order_table, &orders) : 0;
	if (!error)
		*ret = orders;
	return error;
}

/* Whether the secret fits into a header field, where each request sends it. */
static bool secret_is_sendable(const char *secret)
{
	size_t length = strlen(secret);
	for (size_t i = 0; i < length; i++)
		if (secret[i] <= ' ' || secret[i] >= 0x7f)
			return false;
	return length > 0 && length <= SECRET_BYTES_MAX;
}

static int secret_read(struct json_reading *reading, struct json_span value, void *target)
{
	const char **secret = target;
	int error = json_read_string(reading, value, secret);
	if (!error && !secret_is_sendable(*secret))
		error = json_fail(reading,
			"not 1 to %d characters of printable ASCII without spaces",
			SECRET_BYTES_MAX);
	return error;
}

static int url_id_read(struct json_reading *reading, struct json_span value, void *target)
{
	const char **id = target;
	int error = json_read_string(reading, value, id);
	if (!error && !api_node_id_is_valid(*id))
		error = json_fail(
			reading, "%s: cannot be part of a URL", quote(*id, strlen(*id)).text);
	return error;
}

static int peer_array_read(struct json_reading *reading, struct json_span value, void *target)
{
	*(struct json_span *)target = value;
	return json_expect(reading, value, JSON_ARRAY);
}

static const struct json_member registration_members[] = {
	{"node_id", url_id_read, offsetof(struct api_registration, node_id), true},
	{"mesh_ip", json_read_mesh_ip, offsetof(struct api_registration, mesh_ip), true},
	{"signing_public_key", json_read_public_key,
		offsetof(struct api_registration, signing_public_key), true},
	{"node_secret_key", secret_read, offsetof(struct api_registration, node_secret_key), true},
	{"peers", peer_array_read, offsetof(struct api_registration, peers), false},
};
static const struct json_table registration_table = JSON_TABLE_LENIENT(registration_members);

int api_reply_read_registration(const char *text, size_t length, struct arena *arena,
	struct api_registration *ret, struct diag *diag)
{
	struct json_reading reading = {.arena = arena, .diag = diag};
	struct api_registration registration = {0};
	int error = json_text_read(&reading, text, length, &registration_table, &registration);
	if (!error)
		*ret = registration;
	return error;
}
