#include "scenario_read_value.h"

#include "arena.h"
#include "diag.h"
#include "duration.h"
#include "endpoint.h"
#include "interface_config.h"
#include "json_repeat.h"
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
	int error = json_repeat_check_tree(value, reading->diag);
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
		return reading_fail(reading, "the string holds a NUL");
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
	const char *text;
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

/* Digits alone, without a fraction or an exponent. */
static int read_digits(
	struct reading *reading, const char *text, size_t length, uint64_t max, uint64_t *ret)
{
	uint64_t number = 0;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return reading_fail(reading, "expected a whole number");
		if (__builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, (unsigned)(text[i] - '0'), &number) ||
			number > max)
			return reading_fail(
				reading, "the number is over %llu", (unsigned long long)max);
	}
	*ret = number;
	return 0;
}

int read_count(struct reading *reading, struct json_span value, void *target)
{
	int error = reading_expect(reading, value, JSON_NUMBER);
	if (error)
		return error;
	return read_digits(reading, value.text, value.length, UINT64_MAX, target);
}

int read_int(struct reading *reading, struct json_span value, void *target)
{
	bool negative = value.length > 0 && value.text[0] == '-';
	uint64_t number = 0;
	int error = reading_expect(reading, value, JSON_NUMBER);
	if (!error)
		error = read_digits(
			reading, value.text + negative, value.length - negative, INT_MAX, &number);
	if (error)
		return error;
	*(int *)target = negative ? -(int)number : (int)number;
	return 0;
}

int read_port(struct reading *reading, struct json_span value, void *target)
{
	uint64_t number = 0;
	int error = reading_expect(reading, value, JSON_NUMBER);
	if (!error)
		error = read_digits(reading, value.text, value.length, UINT16_MAX, &number);
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
