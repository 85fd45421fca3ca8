/* SPDX-License-Identifier: Apache-2.0 */
#include "json_values.h"

#include "arena.h"
#include "diag.h"
#include "duration.h"
#include "endpoint.h"
#include "identity.h"
#include "ip.h"
#include "json_duplicates.h"
#include "key.h"
#include "timestamp.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define NODE_ID_MAX 255

int json_read_any(struct json_reading *reading, struct json_span value, void *target)
{
	int error = json_duplicates_check_tree(value, reading->diag);
	if (!error)
		*(struct json_span *)target = value;
	return error;
}

int json_read_string_bytes(struct json_reading *reading, struct json_span value, void *target)
{
	struct json_span *ret = target;
	int error = json_expect(reading, value, JSON_STRING);
	if (error)
		return error;
	error = json_span_decode(value, reading->arena, &ret->text, &ret->length);
	return error ? diag_fail_errno(reading->diag, error) : 0;
}

int json_read_string(struct json_reading *reading, struct json_span value, void *target)
{
	struct json_span bytes;
	int error = json_read_string_bytes(reading, value, &bytes);
	if (error)
		return error;
	if (memchr(bytes.text, '\0', bytes.length))
		return json_fail(reading, "contains a NUL byte");
	*(const char **)target = bytes.text;
	return 0;
}

int json_read_bool(struct json_reading *reading, struct json_span value, void *target)
{
	enum json_kind kind = json_span_kind(value);
	if (kind != JSON_TRUE && kind != JSON_FALSE)
		return json_expect(reading, value, JSON_TRUE);
	*(bool *)target = kind == JSON_TRUE;
	return 0;
}

static int whole_read(
	struct json_reading *reading, struct json_span value, uint64_t max, struct json_whole *ret)
{
	int error = json_expect(reading, value, JSON_NUMBER);
	if (error)
		return error;
	if (!json_span_whole(value, ret))
		return json_fail(reading, "not a whole number");
	if (ret->magnitude > max)
		return json_fail(reading, "the number is over %llu", (unsigned long long)max);
	return 0;
}

/* A whole number that is not negative. */
static int whole_read_up_to(
	struct json_reading *reading, struct json_span value, uint64_t max, uint64_t *ret)
{
	struct json_whole whole;
	int error = whole_read(reading, value, max, &whole);
	if (!error && whole.is_negative)
		error = json_fail(reading, "not a whole number");
	if (!error)
		*ret = whole.magnitude;
	return error;
}

int json_read_count(struct json_reading *reading, struct json_span value, void *target)
{
	/* A number that is too large was read as the largest. */
	return whole_read_up_to(reading, value, UINT64_MAX - 1, target);
}

int json_read_int(struct json_reading *reading, struct json_span value, void *target)
{
	struct json_whole whole;
	int error = whole_read(reading, value, INT_MAX, &whole);
	if (!error)
		*(int *)target = whole.is_negative ? -(int)whole.magnitude : (int)whole.magnitude;
	return error;
}

int json_read_port(struct json_reading *reading, struct json_span value, void *target)
{
	uint64_t number = 0;
	int error = whole_read_up_to(reading, value, UINT16_MAX, &number);
	if (!error)
		*(uint16_t *)target = (uint16_t)number;
	return error;
}

int json_read_time(struct json_reading *reading, struct json_span value, void *target)
{
	struct json_span text;
	int error = json_read_string_bytes(reading, value, &text);
	if (error)
		return error;
	if (!timestamp_parse(text.text, text.length, target))
		return json_fail(reading, "%s: not a time such as 2026-03-01T12:00:00Z",
			quote(text.text, text.length).text);
	return 0;
}

int json_read_duration(struct json_reading *reading, struct json_span value, void *target)
{
	struct json_span text;
	int error = json_read_string_bytes(reading, value, &text);
	if (error)
		return error;
	if (!duration_parse(text.text, text.length, target))
		return json_fail(reading, "%s: not a span of time such as 90s or 5m",
			quote(text.text, text.length).text);
	return 0;
}

int json_read_public_key(struct json_reading *reading, struct json_span value, void *target)
{
	struct json_span text;
	int error = json_read_string_bytes(reading, value, &text);
	return error ? error : key_public_parse(text.text, text.length, target, reading->diag);
}

int json_read_psk(struct json_reading *reading, struct json_span value, void *target)
{
	struct json_span text;
	int error;
	if (json_span_kind(value) == JSON_NULL)
		return 0;
	error = json_read_string_bytes(reading, value, &text);
	return error ? error : key_secret_parse(text.text, text.length, target, reading->diag);
}

int json_read_private_key(struct json_reading *reading, struct json_span value, void *target)
{
	struct key_secret *key = target;
	int error = json_read_psk(reading, value, key);
	if (!error && !key_secret_is_zero(key))
		key_secret_clamp(key);
	return error;
}

int json_read_endpoint(struct json_reading *reading, struct json_span value, void *target)
{
	struct endpoint *ret = target;
	struct json_span text;
	char *host;
	int error;
	if (json_span_kind(value) == JSON_NULL)
		return 0;
	error = json_read_string_bytes(reading, value, &text);
	if (error)
		return error;
	host = arena_alloc(reading->arena, ENDPOINT_HOST_MAX + 1);
	if (!host)
		return diag_fail_errno(reading->diag, -ENOMEM);
	return endpoint_parse_reported(text.text, text.length, host, ret, reading->diag);
}

int json_read_node_id(struct json_reading *reading, struct json_span value, void *target)
{
	char **node_id = target;
	const char *text = "";
	int error = json_read_string(reading, value, &text);
	if (error)
		return error;
	if (strlen(text) > NODE_ID_MAX)
		return json_fail(reading, "over %d bytes", NODE_ID_MAX);
	if (*text)
		*node_id = strdup(text);
	return *node_id || !*text ? 0 : diag_fail_errno(reading->diag, -ENOMEM);
}

int json_read_mesh_ip(struct json_reading *reading, struct json_span value, void *target)
{
	struct json_span text;
	int error = json_read_string_bytes(reading, value, &text);
	if (error)
		return error;
	if (!ip_parse(text.text, text.length, target))
		return json_fail(
			reading, "%s: not an IP address", quote(text.text, text.length).text);
	if (!ip_can_be_node(target))
		return json_fail(reading, "%s: cannot be the address of a node",
			quote(text.text, text.length).text);
	return 0;
}
