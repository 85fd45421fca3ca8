/* SPDX-License-Identifier: Apache-2.0 */
#include "json_span.h"

#include "arena.h"
#include "diag.h"
#include "json_bytes.h"
#include "json_scan.h"

#include <errno.h>
#include <stdlib.h>

#define REPLACEMENT_CHARACTER 0xfffd

enum json_kind json_span_kind(struct json_span span)
{
	if (!span.length)
		return JSON_NULL;
	switch (*span.text) {
	case '{':
		return JSON_OBJECT;
	case '[':
		return JSON_ARRAY;
	case '"':
		return JSON_STRING;
	case 't':
		return JSON_TRUE;
	case 'f':
		return JSON_FALSE;
	case 'n':
		return JSON_NULL;
	default:
		return JSON_NUMBER;
	}
}

static const char *skip_container(const char *next, const char *end)
{
	size_t depth = 0;
	while (next < end) {
		char c = *next;
		if (c == '"') {
			next = json_skip_string(next, end);
			continue;
		}
		next++;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			break;
	}
	return next;
}

static const char *skip_value(const char *next, const char *end)
{
	if (*next == '"')
		return json_skip_string(next, end);
	if (*next == '{' || *next == '[')
		return skip_container(next, end);
	while (next < end && *next != ',' && *next != '}' && *next != ']' && *next > ' ')
		next++;
	return next;
}

struct json_cursor json_cursor_at(struct json_span value)
{
	return (struct json_cursor){.next = value.text, .end = value.text + value.length};
}

struct json_cursor json_cursor_enter(const struct json_cursor *cursor)
{
	return (struct json_cursor){
		.next = json_skip_white_space(cursor->next + 1, cursor->end),
		.end = cursor->end,
	};
}

struct json_cursor json_cursor_open(struct json_span container)
{
	enum json_kind kind = json_span_kind(container);
	if (kind != JSON_OBJECT && kind != JSON_ARRAY)
		return (struct json_cursor){0};
	struct json_cursor cursor = json_cursor_at(container);
	return json_cursor_enter(&cursor);
}

bool json_cursor_is_done(const struct json_cursor *cursor)
{
	return cursor->next == cursor->end || *cursor->next == '}' || *cursor->next == ']';
}

/* Skip a comma or a colon, to the next token. */
static void cursor_pass(struct json_cursor *cursor)
{
	cursor->next = json_skip_white_space(cursor->next, cursor->end);
	if (!json_cursor_is_done(cursor))
		cursor->next = json_skip_white_space(cursor->next + 1, cursor->end);
}

void json_cursor_leave(struct json_cursor *cursor, const struct json_cursor *inner)
{
	cursor->next = inner->next + 1;
	cursor_pass(cursor);
}

enum json_kind json_cursor_kind(const struct json_cursor *cursor)
{
	return json_span_kind(
		(struct json_span){cursor->next, (size_t)(cursor->end - cursor->next)});
}

struct json_span json_cursor_value(struct json_cursor *cursor)
{
	const char *start = cursor->next;
	const char *end = skip_value(start, cursor->end);
	cursor->next = end;
	cursor_pass(cursor);
	return (struct json_span){.text = start, .length = (size_t)(end - start)};
}

bool json_cursor_element(struct json_cursor *cursor, struct json_span *ret_value)
{
	if (json_cursor_is_done(cursor))
		return false;
	*ret_value = json_cursor_value(cursor);
	return true;
}

size_t json_span_element_count(struct json_span array)
{
	struct json_cursor cursor = json_cursor_open(array);
	struct json_span element;
	size_t count = 0;
	while (json_cursor_element(&cursor, &element))
		count++;
	return count;
}

bool json_cursor_name(struct json_cursor *cursor, struct json_span *ret_name)
{
	return json_cursor_element(cursor, ret_name);
}

bool json_cursor_member(
	struct json_cursor *cursor, struct json_span *ret_name, struct json_span *ret_value)
{
	return json_cursor_name(cursor, ret_name) && json_cursor_element(cursor, ret_value);
}

/* Decodes the characters of a string one by one, to UTF-8. */
struct decoder {
	const char *next;
	const char *end;
};

static struct decoder decoder_open(struct json_span string)
{
	return (struct decoder){
		.next = string.text + 1,
		.end = string.text + string.length - 1,
	};
}

static bool has_escapes(const struct decoder *decoder)
{
	return memchr(decoder->next, '\\', (size_t)(decoder->end - decoder->next)) != NULL;
}

/* Return the code unit of the \u escape at `text`, or -1 if there is none. */
static int32_t code_unit_read(const char *text, const char *end)
{
	if (end - text < 6 || text[0] != '\\' || text[1] != 'u')
		return -1;
	int32_t unit = 0;
	for (unsigned i = 2; i < 6; i++)
		unit = unit << 4 | json_hex_digit(text[i]);
	return unit;
}

static uint32_t code_point_read(struct decoder *decoder)
{
	int32_t unit = code_unit_read(decoder->next, decoder->end);
	decoder->next += 6;
	if (unit < 0xd800 || unit > 0xdfff)
		return (uint32_t)unit;
	int32_t low = code_unit_read(decoder->next, decoder->end);
	if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return REPLACEMENT_CHARACTER;
	decoder->next += 6;
	return 0x10000 + ((uint32_t)(unit - 0xd800) << 10 | (uint32_t)(low - 0xdc00));
}

static size_t utf8_write(uint32_t code_point, char out[4])
{
	if (code_point < 0x80) {
		out[0] = (char)code_point;
		return 1;
	}
	size_t length = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
	for (size_t i = length - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (code_point & 0x3f));
		code_point >>= 6;
	}
	static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
	out[0] = (char)(leads[length] | code_point);
	return length;
}

/* Decode the next escape or copy the next byte. Returns the bytes written, 0 at the end. */
static size_t decoder_step(struct decoder *decoder, char out[4])
{
	if (decoder->next == decoder->end)
		return 0;
	if (*decoder->next != '\\') {
		out[0] = *decoder->next++;
		return 1;
	}
	char escape = decoder->next[1];
	if (escape == 'u')
		return utf8_write(code_point_read(decoder), out);
	decoder->next += 2;
	static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	out[0] = meanings[strchr(escapes, escape) - escapes];
	return 1;
}

int json_span_decode(
	struct json_span string, struct arena *arena, const char **ret_text, size_t *ret_length)
{
	struct decoder decoder = decoder_open(string);
	/* No escape is shorter than its character, so the raw length suffices. */
	size_t length = (size_t)(decoder.end - decoder.next);
	char *text = arena_alloc(arena, length + 1);
	if (!text)
		return -ENOMEM;
	if (has_escapes(&decoder)) {
		char step[4];
		size_t taken;
		for (length = 0; (taken = decoder_step(&decoder, step)) > 0; length += taken)
			memcpy(text + length, step, taken);
	} else {
		memcpy(text, decoder.next, length);
	}
	*ret_text = text;
	*ret_length = length;
	return 0;
}

struct quoted json_span_quote(struct json_span string)
{
	struct decoder decoder = decoder_open(string);
	char text[128];
	size_t length = 0, taken;
	while (length + 4 <= sizeof text && (taken = decoder_step(&decoder, text + length)) > 0)
		length += taken;
	return quote(text, length);
}

/* Reads a decoder byte by byte; -1 at the end. */
struct byte_reader {
	struct decoder decoder;
	char bytes[4];
	size_t at;
	size_t count;
};

static int byte_read(struct byte_reader *reader)
{
	if (reader->at == reader->count) {
		reader->at = 0;
		reader->count = decoder_step(&reader->decoder, reader->bytes);
		if (!reader->count)
			return -1;
	}
	return (uint8_t)reader->bytes[reader->at++];
}

int json_span_compare(struct json_span a, struct json_span b)
{
	struct byte_reader left = {.decoder = decoder_open(a)};
	struct byte_reader right = {.decoder = decoder_open(b)};
	if (!has_escapes(&left.decoder) && !has_escapes(&right.decoder)) {
		size_t shorter = a.length < b.length ? a.length : b.length;
		int order = memcmp(a.text + 1, b.text + 1, shorter - 2);
		return order ? order : (a.length > b.length) - (a.length < b.length);
	}
	int x, y;
	do {
		x = byte_read(&left);
		y = byte_read(&right);
	} while (x == y && x >= 0);
	return x - y;
}

/* Read the exponent of a scanned number. It saturates far beyond the length of any text. */
static int64_t exponent_read(const char *next, const char *end)
{
	int64_t exponent = 0;
	bool is_negative = next < end && *next == '-';
	for (next += next < end && (*next == '-' || *next == '+'); next < end; next++)
		if (exponent < INT64_MAX / 100)
			exponent = exponent * 10 + (*next - '0');
	return is_negative ? -exponent : exponent;
}

/* Append a digit; the value saturates. */
static uint64_t digit_append(uint64_t value, unsigned digit)
{
	if (__builtin_mul_overflow(value, 10, &value) ||
		__builtin_add_overflow(value, digit, &value))
		return UINT64_MAX;
	return value;
}

bool json_span_whole(struct json_span number, struct json_whole *ret)
{
	const char *next = number.text, *end = next + number.length;
	bool is_negative = *next == '-';
	const char *digits = next + is_negative, *digits_end = digits;
	while (digits_end < end && *digits_end != 'e' && *digits_end != 'E')
		digits_end++;
	const char *point = memchr(digits, '.', (size_t)(digits_end - digits));
	/* The number of digits before the point, after applying the exponent. */
	int64_t whole_count = (point ? point : digits_end) - digits;
	if (digits_end < end)
		whole_count += exponent_read(digits_end + 1, end);
	uint64_t magnitude = 0;
	for (next = digits; next < digits_end; next++) {
		if (next == point)
			continue;
		if (whole_count-- > 0)
			magnitude = digit_append(magnitude, (unsigned)(*next - '0'));
		else if (*next != '0')
			return false;
	}
	while (whole_count-- > 0 && magnitude && magnitude < UINT64_MAX)
		magnitude = digit_append(magnitude, 0);
	*ret = (struct json_whole){magnitude, is_negative && magnitude};
	return true;
}

bool json_span_equals(struct json_span string, const char *text)
{
	struct byte_reader reader = {.decoder = decoder_open(string)};
	size_t length = strlen(text), raw_length = string.length - 2;
	/* No escape is shorter than its character, so a span shorter than `text` differs. */
	if (raw_length < length)
		return false;
	if (raw_length == length)
		return memcmp(string.text + 1, text, length) == 0 && !has_escapes(&reader.decoder);
	if (!has_escapes(&reader.decoder))
		return false;
	for (size_t i = 0; i < length; i++)
		if (byte_read(&reader) != (uint8_t)text[i])
			return false;
	return byte_read(&reader) < 0;
}

bool json_span_find_member(struct json_span object, const char *name, struct json_span *ret_value)
{
	if (json_span_kind(object) != JSON_OBJECT)
		return false;
	struct json_cursor cursor = json_cursor_open(object);
	struct json_span found, value;
	while (json_cursor_member(&cursor, &found, &value)) {
		if (!json_span_equals(found, name))
			continue;
		*ret_value = value;
		return true;
	}
	return false;
}
