/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_read_value.h"

#include "arena.h"
#include "diag.h"
#include "duration.h"
#include "endpoint.h"
#include "interface_config.h"
#include "json_duplicates.h"
#include "key.h"
#include "scenario.h"
#include "timestamp.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

int read_ignored(struct reading *reading, struct json_span value, void *target)
{
	return 0;
}

int read_any(struct reading *reading, struct json_span value, void *target)
{
	int error = json_duplicates_check_tree(value, reading->diag);
	if (!error)
		*(struct json_span *)target = value;
	return error;
}

int read_object_text(struct reading *reading, struct json_span value, void *target)
{
	int error = reading_expect(reading, value, JSON_OBJECT);
	return error ? error : read_any(reading, value, target);
}

int read_array_text(struct reading *reading, struct json_span value, void *target)
{
	int error = reading_expect(reading, value, JSON_ARRAY);
	return error ? error : read_any(reading, value, target);
}

int read_string_bytes(struct reading *reading, struct json_span value, void *target)
{
	struct json_span *ret = target;
	int error = reading_expect(reading, value, JSON_STRING);
	if (error)
		return error;
	error = json_span_decode(value, reading->arena, &ret->text, &ret->length);
	return error ? diag_fail_errno(reading->diag, error) : 0;
}

int read_string(struct reading *reading, struct json_span value, void *target)
{
	struct json_span bytes;
	int error = read_string_bytes(reading, value, &bytes);
	if (error)
		return error;
	if (memchr(bytes.text, '\0', bytes.length))
		return reading_fail(reading, "the string has a NUL in it");
	*(const char **)target = bytes.text;
	return 0;
}

int read_interface_name(struct reading *reading, struct json_span value, void *target)
{
	const char *name = "";
	int error = read_string(reading, value, &name);
	if (error)
		return error;
	if (!interface_name_is_valid(name, strlen(name)))
		return reading_fail(
			reading, "%s: not an interface name", quote(name, strlen(name)).text);
	*(const char **)target = name;
	return 0;
}

int read_texts(struct reading *reading, struct json_span value, void *target)
{
	struct text_array *ret = target;
	void *texts = NULL;
	int error =
		array_read(reading, value, read_string, sizeof(const char *), &texts, &ret->count);
	if (!error)
		ret->texts = texts;
	return error;
}

int read_route(struct reading *reading, struct json_span value, void *target)
{
	const char *text = "";
	int error = read_string(reading, value, &text);
	if (error)
		return error;
	if (!sim_route_parse(text, target))
		return reading_fail(
			reading, "%s: expected PREFIX TABLE TYPE", quote(text, strlen(text)).text);
	return 0;
}

int read_bool(struct reading *reading, struct json_span value, void *target)
{
	enum json_kind kind = json_span_kind(value);
	if (kind != JSON_TRUE && kind != JSON_FALSE)
		return reading_expect(reading, value, JSON_TRUE);
	*(bool *)target = kind == JSON_TRUE;
	return 0;
}

static int read_whole(
	struct reading *reading, struct json_span value, uint64_t max, struct json_whole *ret)
{
	int error = reading_expect(reading, value, JSON_NUMBER);
	if (error)
		return error;
	if (!json_span_whole(value, ret))
		return reading_fail(reading, "expected a whole number");
	if (ret->magnitude > max)
		return reading_fail(reading, "the number is over %llu", (unsigned long long)max);
	return 0;
}

/* A whole number that is not negative. */
static int read_up_to(struct reading *reading, struct json_span value, uint64_t max, uint64_t *ret)
{
	struct json_whole whole;
	int error = read_whole(reading, value, max, &whole);
	if (!error && whole.is_negative)
		error = reading_fail(reading, "expected a whole number");
	if (!error)
		*ret = whole.magnitude;
	return error;
}

int read_count(struct reading *reading, struct json_span value, void *target)
{
	/* A number that is too large was read as the largest. */
	return read_up_to(reading, value, UINT64_MAX - 1, target);
}

int read_int(struct reading *reading, struct json_span value, void *target)
{
	struct json_whole whole;
	int error = read_whole(reading, value, INT_MAX, &whole);
	if (!error)
		*(int *)target = whole.is_negative ? -(int)whole.magnitude : (int)whole.magnitude;
	return error;
}

int read_port(struct reading *reading, struct json_span value, void *target)
{
	uint64_t number = 0;
	int error = read_up_to(reading, value, UINT16_MAX, &number);
	if (!error)
		*(uint16_t *)target = (uint16_t)number;
	return error;
}

int read_time(struct reading *reading, struct json_span value, void *target)
{
	struct json_span text;
	int error = read_string_bytes(reading, value, &text);
	if (error)
		return error;
	if (!timestamp_parse(text.text, text.length, target))
		return reading_fail(reading, "%s: not a time such as 2026-03-01T12:00:00Z",
			quote(text.text, text.length).text);
	return 0;
}

int read_duration(struct reading *reading, struct json_span value, void *target)
{
	struct json_span text;
	int error = read_string_bytes(reading, value, &text);
	if (error)
		return error;
	if (!duration_parse(text.text, text.length, target))
		return reading_fail(reading, "%s: not a span of time such as 90s or 5m",
			quote(text.text, text.length).text);
	return 0;
}

int read_public_key(struct reading *reading, struct json_span value, void *target)
{
	struct json_span text;
	int error = read_string_bytes(reading, value, &text);
	return error ? error : key_public_parse(text.text, text.length, target, reading->diag);
}

int read_psk(struct reading *reading, struct json_span value, void *target)
{
	struct json_span text;
	int error;
	if (json_span_kind(value) == JSON_NULL)
		return 0;
	error = read_string_bytes(reading, value, &text);
	return error ? error : key_secret_parse(text.text, text.length, target, reading->diag);
}

int read_private_key(struct reading *reading, struct json_span value, void *target)
{
	struct key_secret *key = target;
	int error = read_psk(reading, value, key);
	if (!error && !key_secret_is_zero(key))
		key_secret_clamp(key);
	return error;
}

int read_endpoint(struct reading *reading, struct json_span value, void *target)
{
	struct endpoint *ret = target;
	struct json_span text;
	char *host;
	int error;
	if (json_span_kind(value) == JSON_NULL)
		return 0;
	error = read_string_bytes(reading, value, &text);
	if (error)
		return error;
	host = arena_alloc(reading->arena, ENDPOINT_HOST_MAX + 1);
	if (!host)
		return diag_fail_errno(reading->diag, -ENOMEM);
	return endpoint_parse_reported(text.text, text.length, host, ret, reading->diag);
}
