/* SPDX-License-Identifier: Apache-2.0 */
#include "api_reply.h"

#include "diag.h"
#include "json_duplicates.h"
#include "json_scan.h"

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

static int reply_object_read(
	const char *text, size_t length, struct json_span *ret, struct diag *diag)
{
	struct json_span object;
	int error = json_scan_document(text, length, &object, diag);
	if (error)
		return error;
	if (json_span_kind(object) != JSON_OBJECT)
		return diag_fail(diag, -EINVAL, "not a JSON object");
	error = json_duplicates_check_members(object, diag);
	if (!error)
		*ret = object;
	return error;
}

/* Read a boolean; missing and null count as false. */
static int bool_read(struct json_span object, const char *name, bool *ret, struct diag *diag)
{
	struct json_span value = {0};
	json_span_find_member(object, name, &value);
	enum json_kind kind = json_span_kind(value);
	if (kind != JSON_TRUE && kind != JSON_FALSE && kind != JSON_NULL)
		return diag_fail(diag, -EINVAL, "%s: neither true nor false", name);
	*ret = kind == JSON_TRUE;
	return 0;
}

int api_reply_read_orders(
	const char *text, size_t length, struct api_orders *ret, struct diag *diag)
{
	struct json_span object = {0};
	struct api_orders orders = {0};
	if (length == 0) {
		*ret = orders;
		return 0;
	}
	int error = reply_object_read(text, length, &object, diag);
	if (!error)
		error = bool_read(object, "reconcile", &orders.reconcile, diag);
	if (!error)
		error = bool_read(object, "rotate_keys", &orders.rotate_keys, diag);
	if (!error)
		*ret = orders;
	return error;
}

/* Read a required string without NUL bytes. */
static int reply_text_read(struct json_span object, const char *name, struct arena *arena,
	const char **ret, struct diag *diag)
{
	struct json_span value = {0};
	const char *text;
	size_t length;
	json_span_find_member(object, name, &value);
	enum json_kind kind = json_span_kind(value);
	if (kind == JSON_NULL)
		return diag_fail(diag, -EINVAL, "%s: missing", name);
	if (kind != JSON_STRING)
		return diag_fail(diag, -EINVAL, "%s: not a string", name);
	if (json_span_decode(value, arena, &text, &length) != 0)
		return diag_fail_errno(diag, -ENOMEM);
	if (strlen(text) != length)
		return diag_fail(diag, -EINVAL, "%s: contains a NUL byte", name);
	*ret = text;
	return 0;
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

static int members_check(const char *mesh_ip, const char *signing_key,
	struct api_registration *registration, struct diag *diag)
{
	const char *node_id = registration->node_id;
	if (!api_node_id_is_valid(node_id))
		return diag_fail(diag, -EINVAL, "node_id: %s: cannot be part of a URL",
			quote(node_id, strlen(node_id)).text);
	if (!ip_parse(mesh_ip, strlen(mesh_ip), &registration->mesh_ip))
		return diag_fail(diag, -EINVAL, "mesh_ip: %s: not an IP address",
			quote(mesh_ip, strlen(mesh_ip)).text);
	if (!ip_can_be_node(&registration->mesh_ip))
		return diag_fail(
			diag, -EINVAL, "mesh_ip: %s: cannot be the address of a node", mesh_ip);
	int error = key_public_parse(
		signing_key, strlen(signing_key), &registration->signing_public_key, diag);
	if (error)
		return diag_wrap(diag, error, "signing_public_key");
	if (!secret_is_sendable(registration->node_secret_key))
		return diag_fail(diag, -EINVAL,
			"node_secret_key: not 1 to %d characters of printable ASCII without spaces",
			SECRET_BYTES_MAX);
	return 0;
}

int api_reply_read_registration(const char *text, size_t length, struct arena *arena,
	struct api_registration *ret, struct diag *diag)
{
	struct api_registration registration = {0};
	struct json_span object = {0};
	const char *mesh_ip = NULL, *signing_key = NULL;
	int error = reply_object_read(text, length, &object, diag);
	if (error)
		return error;
	const struct {
		const char *name;
		const char **value;
	} members[] = {
		{"node_id", &registration.node_id},
		{"mesh_ip", &mesh_ip},
		{"signing_public_key", &signing_key},
		{"node_secret_key", &registration.node_secret_key},
	};
	for (size_t i = 0; i < sizeof members / sizeof *members && !error; i++)
		error = reply_text_read(object, members[i].name, arena, members[i].value, diag);
	if (!error)
		error = members_check(mesh_ip, signing_key, &registration, diag);
	if (error)
		return error;
	struct json_span peers = {0};
	json_span_find_member(object, "peers", &peers);
	if (json_span_kind(peers) == JSON_ARRAY)
		registration.peers = peers;
	else if (json_span_kind(peers) != JSON_NULL)
		return diag_fail(diag, -EINVAL, "peers: not an array");
	*ret = registration;
	return 0;
}
