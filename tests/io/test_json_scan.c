/* SPDX-License-Identifier: Apache-2.0 */
#include "arena.h"
#include "diag.h"
#include "json_duplicates.h"
#include "json_scan.h"

#include <errno.h>
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The bytes alone, without a NUL after them: a sanitizer sees a read beyond the end. */
struct bytes {
	char *text;
	size_t length;
};

static struct bytes bytes_of(const char *text, size_t length)
{
	struct bytes bytes = {.text = malloc(length ? length : 1), .length = length};
	assert_non_null(bytes.text);
	if (length)
		memcpy(bytes.text, text, length);
	return bytes;
}

static struct bytes bytes_repeat(const char *head, const char *unit, size_t count, const char *tail)
{
	size_t head_length = strlen(head), unit_length = strlen(unit), tail_length = strlen(tail);
	struct bytes bytes = {.length = head_length + unit_length * count + tail_length};
	bytes.text = malloc(bytes.length);
	assert_non_null(bytes.text);
	memcpy(bytes.text, head, head_length);
	for (size_t i = 0; i < count; i++)
		memcpy(bytes.text + head_length + i * unit_length, unit, unit_length);
	memcpy(bytes.text + bytes.length - tail_length, tail, tail_length);
	return bytes;
}

static void assert_scan(const char *text, size_t length, const char *expected_error)
{
	struct bytes bytes = bytes_of(text, length);
	struct json_span span = {.text = "untouched", .length = 9};
	struct diag diag = {0};
	int error = json_scan_document(bytes.text, bytes.length, &span, &diag);
	assert_string_equal(diag_text(&diag), expected_error);
	assert_int_equal(error, *expected_error ? -EINVAL : 0);
	if (error)
		assert_string_equal(span.text, "untouched");
	diag_clear(&diag);
	free(bytes.text);
}

static struct json_span span_of(const char *text)
{
	struct json_span span = {0};
	assert_int_equal(json_scan_document(text, strlen(text), &span, NULL), 0);
	return span;
}

static bool span_is(struct json_span span, const char *text)
{
	return span.length == strlen(text) && memcmp(span.text, text, span.length) == 0;
}

static void every_kind_of_value_is_a_document(void **state)
{
	static const struct {
		const char *text;
		enum json_kind kind;
		const char *span;
	} rows[] = {
		{"{}", JSON_OBJECT, "{}"},
		{" \t\r\n[ ] \n", JSON_ARRAY, "[ ]"},
		{"\"\"", JSON_STRING, "\"\""},
		{"0", JSON_NUMBER, "0"},
		{"-0", JSON_NUMBER, "-0"},
		{" -12.50e+07 ", JSON_NUMBER, "-12.50e+07"},
		{"1E400", JSON_NUMBER, "1E400"},
		{"true", JSON_TRUE, "true"},
		{"false", JSON_FALSE, "false"},
		{" null", JSON_NULL, "null"},
		{"{\"a\":[{\"\":[]},1,\"\\u0000\"]}", JSON_OBJECT,
			"{\"a\":[{\"\":[]},1,\"\\u0000\"]}"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct json_span span = span_of(rows[i].text);
		assert_int_equal(json_span_kind(span), rows[i].kind);
		assert_true(span_is(span, rows[i].span));
	}
	assert_int_equal(json_span_kind((struct json_span){0}), JSON_NULL);
}

static void invalid_json_is_rejected_with_its_place(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} rows[] = {
		{"", "byte 0: unexpected end"},
		{"  ", "byte 2: unexpected end"},
		{"{", "byte 1: unexpected end"},
		{"}", "byte 0: unexpected character"},
		{"[1", "byte 2: unexpected end"},
		{"[1}", "byte 2: unexpected character"},
		{"[1,]", "byte 3: unexpected character"},
		{"[,1]", "byte 1: unexpected character"},
		{"[1 2]", "byte 3: unexpected character"},
		{"{\"a\"}", "byte 4: unexpected character"},
		{"{\"a\":}", "byte 5: unexpected character"},
		{"{\"a\":1,}", "byte 7: unexpected character"},
		{"{\"a\" 1}", "byte 5: unexpected character"},
		{"{a:1}", "byte 1: unexpected character"},
		{"{1:1}", "byte 1: unexpected character"},
		{"{'a':1}", "byte 1: unexpected character"},
		{"{\"peers\": [] x}", "byte 13: unexpected character"},
		{"{} {}", "byte 3: more after the value"},
		{"1,", "byte 1: more after the value"},
		{"nul", "byte 3: unexpected end"},
		{"nulL", "byte 3: unexpected character"},
		{"True", "byte 0: unexpected character"},
		{"NaN", "byte 0: unexpected character"},
		{"-", "byte 1: unexpected end"},
		{"-a", "byte 1: not a number"},
		{"+1", "byte 0: unexpected character"},
		{".5", "byte 0: unexpected character"},
		{"1.", "byte 2: unexpected end"},
		{"[1.]", "byte 3: not a number"},
		{"01", "byte 1: more after the value"},
		{"1e", "byte 2: unexpected end"},
		{"1e+ ", "byte 3: not a number"},
		{"0x10", "byte 1: more after the value"},
		{"\"abc", "byte 4: unexpected end"},
		{"\"abcdefgh\nij\"", "byte 9: control character in a string"},
		{"\"\x1f\"", "byte 1: control character in a string"},
		{"\"\\x\"", "byte 2: no such escape"},
		{"\"\\", "byte 2: unexpected end"},
		{"\"\\u12g4\"", "byte 5: not a hexadecimal digit"},
		{"\"\\u12", "byte 5: unexpected end"},
		{"/* */1", "byte 0: unexpected character"},
		{"\xef\xbb\xbf\xef\xbb\xbf{}", "byte 3: unexpected character"},
		{" \xef\xbb\xbf{}", "byte 1: unexpected character"},
		{"{}\xef\xbb\xbf", "byte 2: more after the value"},
		{"\xef\xbb\xbf", "byte 3: unexpected end"},
		{"\xef\xbb", "byte 0: unexpected character"},
		{"\xef\xbb\xbfx", "byte 3: unexpected character"},
		{"\xc2\xa0{}", "byte 0: unexpected character"},
		{"\v1", "byte 0: unexpected character"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_scan(rows[i].text, strlen(rows[i].text), rows[i].error);
	assert_scan("{}\0", 3, "byte 2: more after the value");
	assert_scan("\0", 1, "byte 0: unexpected character");
	assert_scan("\"a\0b\"", 5, "byte 2: control character in a string");
	assert_scan("[1\0]", 4, "byte 2: unexpected character");
	assert_scan(NULL, 0, "byte 0: unexpected end");
}

static void a_byte_order_mark_before_the_document_is_skipped(void **state)
{
	static const char text[] = "\xef\xbb\xbf {\"a\": 1}\n";
	struct json_span span;
	assert_int_equal(json_scan_document(text, strlen(text), &span, NULL), 0);
	assert_ptr_equal(span.text, text + 4);
	assert_int_equal(span.length, strlen("{\"a\": 1}"));
}

static void a_string_is_utf8(void **state)
{
	static const char *const good[] = {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
		"\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf"};
	static const char *const bad[] = {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2",
		"\xc2\x7f", "\xc2\xc0", "\xe0\x9f\xbf", "\xe1\x80", "\xe1\x80\x7f", "\xed\xa0\x80",
		"\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf1\x80\x80\xc0",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"};
	char text[32];
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		int length = snprintf(text, sizeof text, "\"12345678%s\"", good[i]);
		assert_scan(text, (size_t)length, "");
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		int length = snprintf(text, sizeof text, "\"12345678%s\"", bad[i]);
		assert_scan(text, (size_t)length, "byte 9: not UTF-8");
		length = snprintf(text, sizeof text, "\"12345678%s", bad[i]);
		assert_scan(text, (size_t)length, "byte 9: not UTF-8");
	}
}

static void a_control_character_is_rejected_anywhere(void **state)
{
	for (size_t at = 1; at <= 20; at++) {
		for (char c = 0; c < 0x20; c++) {
			char text[] = "\"~~~~~~~~~~~~~~~~~~~~\"", expected[64];
			text[at] = c;
			snprintf(expected, sizeof expected,
				"byte %zu: control character in a string", at);
			assert_scan(text, sizeof text - 1, expected);
		}
	}
}

static void nesting_has_a_limit(void **state)
{
	char text[2 * JSON_DEPTH_MAX + 2];
	memset(text, '[', JSON_DEPTH_MAX);
	memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	assert_scan(text, 2 * JSON_DEPTH_MAX, "");
	memset(text, '[', JSON_DEPTH_MAX + 1);
	memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	assert_scan(text, sizeof text, "byte 128: nested too deep");
	struct bytes arrays = bytes_repeat("", "[", 100000, "");
	assert_scan(arrays.text, arrays.length, "byte 128: nested too deep");
	free(arrays.text);
	struct bytes objects = bytes_repeat("", "{\"a\":", 100000, "");
	assert_scan(objects.text, objects.length, "byte 640: nested too deep");
	free(objects.text);
}

static void a_document_cut_anywhere_is_rejected(void **state)
{
	static const char sample[] = "{\"a\":[1,-2.5e3,true,false,null],\"b\\n\":{\"c\":\"\\ud83d"
				     "\\ude00 z\xc3\xbcrich\"},\"d\":\"\"}";
	for (size_t length = 0; length < sizeof sample - 1; length++) {
		struct bytes bytes = bytes_of(sample, length);
		struct json_span span;
		assert_int_equal(
			json_scan_document(bytes.text, bytes.length, &span, NULL), -EINVAL);
		free(bytes.text);
	}
	assert_scan(sample, sizeof sample - 1, "");
}

static uint32_t random_next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Visit all of it, so that a walk beyond the text would be seen. */
static size_t walk(struct json_span span)
{
	struct json_cursor cursor = json_cursor_open(span);
	struct json_span name, value;
	struct arena arena = {0};
	size_t count = 1, length;
	const char *text;
	switch (json_span_kind(span)) {
	case JSON_OBJECT:
		while (json_cursor_member(&cursor, &name, &value))
			count += walk(name) + walk(value);
		break;
	case JSON_ARRAY:
		while (json_cursor_element(&cursor, &value))
			count += walk(value);
		break;
	case JSON_STRING:
		assert_int_equal(json_span_decode(span, &arena, &text, &length), 0);
		assert_true(length <= span.length - 2);
		arena_clear(&arena);
		break;
	case JSON_NUMBER:
	case JSON_TRUE:
	case JSON_FALSE:
	case JSON_NULL:
		break;
	}
	return count;
}

static void accepted_json_is_json_to_another_parser_too(void **state)
{
	static const char sample[] = "{\"a\":[1,-2.5e3,true,null,\"\\u00e9\\ud83d\\ude00\"],\"b\":{"
				     "\"c\":\"z\xc3\xbc\"}}";
	static const char alphabet[] = "{}[]\",:\\u0123e.-+ \n\t\x80\xc3\xe2tfn/";
	uint32_t seed = 20260301;
	unsigned passed = 0;
	struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
	assert_non_null(tokener);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	for (unsigned round = 0; round < 40000; round++) {
		struct bytes bytes = bytes_of(sample, sizeof sample - 1);
		unsigned changes = 1 + random_next(&seed) % 3;
		while (changes--)
			bytes.text[random_next(&seed) % bytes.length] =
				alphabet[random_next(&seed) % (sizeof alphabet - 1)];
		struct json_span span;
		if (json_scan_document(bytes.text, bytes.length, &span, NULL) == 0) {
			passed++;
			walk(span);
			json_duplicates_check_tree(span, NULL);
			json_tokener_reset(tokener);
			struct json_object *tree =
				json_tokener_parse_ex(tokener, span.text, (int)span.length);
			/* A number has no end of its own. */
			if (json_tokener_get_error(tokener) == json_tokener_continue)
				tree = json_tokener_parse_ex(tokener, " ", 1);
			assert_int_equal(json_tokener_get_error(tokener), json_tokener_success);
			json_object_put(tree);
		}
		free(bytes.text);
	}
	assert_true(passed > 1000);
	json_tokener_free(tokener);
}

static void a_megabyte_is_parsed(void **state)
{
	struct bytes plain = bytes_repeat("\"", "x", 1 << 20, "\"");
	assert_scan(plain.text, plain.length, "");
	free(plain.text);
	struct bytes escaped = bytes_repeat("{\"", "\\ud83d\\ude00", 100000, "\":1}");
	assert_scan(escaped.text, escaped.length, "");
	free(escaped.text);
	struct bytes digits = bytes_repeat("[", "9", 1 << 20, "]");
	assert_scan(digits.text, digits.length, "");
	free(digits.text);
	struct bytes wide = bytes_repeat("[", "[],", 300000, "0]");
	assert_scan(wide.text, wide.length, "");
	free(wide.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_value_is_a_document),
		cmocka_unit_test(invalid_json_is_rejected_with_its_place),
		cmocka_unit_test(a_byte_order_mark_before_the_document_is_skipped),
		cmocka_unit_test(a_string_is_utf8),
		cmocka_unit_test(a_control_character_is_rejected_anywhere),
		cmocka_unit_test(nesting_has_a_limit),
		cmocka_unit_test(a_document_cut_anywhere_is_rejected),
		cmocka_unit_test(accepted_json_is_json_to_another_parser_too),
		cmocka_unit_test(a_megabyte_is_parsed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
