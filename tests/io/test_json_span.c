/* SPDX-License-Identifier: Apache-2.0 */
#include "arena.h"
#include "diag.h"
#include "json_duplicates.h"
#include "json_scan.h"
#include "json_values.h"

#include <errno.h>
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

static void members_and_elements_come_in_their_order(void **state)
{
	struct json_span document = span_of(" { \"a\" : 1 , \"b\":[ ] ,\"a\":{\"x\":\"}]\\\"\"}, "
					    "\"\\u0063\" : \"\xc3\xa9\" } ");
	static const char *const members[][2] = {{"\"a\"", "1"}, {"\"b\"", "[ ]"},
		{"\"a\"", "{\"x\":\"}]\\\"\"}"}, {"\"\\u0063\"", "\"\xc3\xa9\""}};
	struct json_cursor cursor = json_cursor_open(document);
	struct json_span name, value;
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		assert_true(json_cursor_member(&cursor, &name, &value));
		assert_true(span_is(name, members[i][0]));
		assert_true(span_is(value, members[i][1]));
	}
	assert_false(json_cursor_member(&cursor, &name, &value));
	assert_true(json_span_find_member(document, "c", &value));
	assert_true(span_is(value, "\"\xc3\xa9\""));
	assert_true(json_span_find_member(document, "a", &value));
	assert_true(span_is(value, "1"));
	assert_false(json_span_find_member(document, "A", &value));
	assert_false(json_span_find_member(span_of("[\"a\"]"), "a", &value));

	static const char *const elements[] = {"1", "[2,[3]]", "\"],\"", "null", "-4e1", "{}"};
	cursor = json_cursor_open(span_of("[1,[2,[3]] ,\"],\" ,null , -4e1,{} ]"));
	for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
		assert_true(json_cursor_element(&cursor, &value));
		assert_true(span_is(value, elements[i]));
	}
	assert_false(json_cursor_element(&cursor, &value));
	cursor = json_cursor_open(span_of("\"[1]\""));
	assert_false(json_cursor_element(&cursor, &value));
}

static void escapes_are_resolved(void **state)
{
	static const struct {
		const char *text;
		const char *decoded;
		size_t length;
	} rows[] = {
		{"\"\"", "", 0},
		{"\"plain\"", "plain", 5},
		{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8},
		{"\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac", 6},
		{"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80", 4},
		{"\"\\uDBFF\\uDFFF\"", "\xf4\x8f\xbf\xbf", 4},
		{"\"a\\u0000b\"", "a\0b", 3},
		{"\"\\ud83d\"", "\xef\xbf\xbd", 3},
		{"\"\\ud83dx\"", "\xef\xbf\xbdx", 4},
		{"\"\\ude00\\ud83d\"", "\xef\xbf\xbd\xef\xbf\xbd", 6},
		{"\"\\ud83d\\u0041\"",
			"\xef\xbf\xbd"
			"A",
			4},
		{"\"\\ud83d\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80", 7},
		{"\"\\ud83d\\n\"", "\xef\xbf\xbd\n", 4},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena arena = {0};
		const char *text = NULL;
		size_t length = 0;
		assert_int_equal(
			json_span_decode(span_of(rows[i].text), &arena, &text, &length), 0);
		assert_int_equal(length, rows[i].length);
		assert_memory_equal(text, rows[i].decoded, length + 1);
		arena_clear(&arena);
	}
	assert_true(json_span_equals(span_of("\"p\\u0065ers\""), "peers"));
	assert_false(json_span_equals(span_of("\"p\\u0065ers\\u0000\""), "peers"));
	assert_false(json_span_equals(span_of("\"peers\\u0000\""), "peers"));
	assert_false(json_span_equals(span_of("\"peer\""), "peers"));
	assert_false(json_span_equals(span_of("\"peersx\""), "peers"));
	assert_false(json_span_equals(span_of("\"p\\nrs\""), "p\\nrs"));
	assert_true(json_span_equals(span_of("\"p\\\\nrs\""), "p\\nrs"));
	assert_true(json_span_equals(span_of("\"\""), ""));
	assert_false(json_span_equals(span_of("\"\""), "x"));
	assert_string_equal(json_span_quote(span_of("\"a\\nb\"")).text, "\"a\\x0ab\"");
}

static void a_repeated_member_is_found_however_it_is_spelt(void **state)
{
	static const struct {
		const char *text;
		const char *of_members; /* what the object itself repeats */
		const char *of_tree;
	} rows[] = {
		{"{}", "", ""},
		{"1", "", ""},
		{"{\"a\":1,\"b\":2,\"A\":3,\"a\\u0000\":4,\"\":5}", "", ""},
		{"{\"a\":1,\"b\":2,\"a\":3}", "repeated member \"a\"", "repeated member \"a\""},
		{"{\"a\":1,\"\\u0061\":2}", "repeated member \"a\"", "repeated member \"a\""},
		{"{\"\":1,\"\":2}", "repeated member \"\"", "repeated member \"\""},
		{"{\"\\ud800\":1,\"\\udc00\":2}", "repeated member \"\xef\xbf\xbd\"",
			"repeated member \"\xef\xbf\xbd\""},
		{"{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":2}]}", "", ""},
		{"{\"a\":{\"b\":1,\"c\":[],\"b\":1}}", "", "repeated member \"b\""},
		{"[{\"b\":1},[{\"b\":1,\"b\":1}]]", "", "repeated member \"b\""},
		{"{\"a\":\"a\",\"b\":\"a\",\"c\":[\"a\",\"a\"]}", "", ""},
		{"{\"a\":[{\"x\":1}],\"b\" : 1 , \"a\" : 2}", "repeated member \"a\"",
			"repeated member \"a\""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct json_span span = span_of(rows[i].text);
		struct diag diag = {0};
		int error = json_duplicates_check_members(span, &diag);
		assert_string_equal(diag_text(&diag), rows[i].of_members);
		assert_int_equal(error, *rows[i].of_members ? -EINVAL : 0);
		diag_clear(&diag);
		error = json_duplicates_check_tree(span, &diag);
		assert_string_equal(diag_text(&diag), rows[i].of_tree);
		assert_int_equal(error, *rows[i].of_tree ? -EINVAL : 0);
		diag_clear(&diag);
	}
}

/* {"m0":0,"m1":0,...}; `repeated` is the name of the last member. */
static char *large_object(unsigned count, unsigned repeated)
{
	char *text = malloc(count * 16 + 3), *end = text;
	assert_non_null(text);
	for (unsigned i = 0; i < count; i++)
		end += sprintf(end, "%c\"m%u\":0", i ? ',' : '{', i == count - 1 ? repeated : i);
	strcpy(end, "}");
	return text;
}

static void a_repeated_member_is_found_among_many(void **state)
{
	for (unsigned count = 30; count < 100000; count = count < 36 ? count + 1 : count * 9) {
		char *unique = large_object(count, count - 1);
		assert_int_equal(json_duplicates_check_tree(span_of(unique), NULL), 0);
		assert_int_equal(json_duplicates_check_members(span_of(unique), NULL), 0);
		free(unique);
		unsigned places[] = {0, count / 2, count - 2};
		for (size_t i = 0; i < 3; i++) {
			char *twice = large_object(count, places[i]), expected[64];
			struct diag diag = {0};
			snprintf(expected, sizeof expected, "repeated member \"m%u\"", places[i]);
			assert_int_equal(
				json_duplicates_check_members(span_of(twice), &diag), -EINVAL);
			assert_string_equal(diag_text(&diag), expected);
			diag_clear(&diag);
			free(twice);
		}
	}
}

static uint32_t random_next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Strings of escapes and of halves of surrogate pairs, as json-c reads them. */
static void both_parsers_see_the_same_characters(void **state)
{
	static const char *const pieces[] = {"a", "\\n", "\\u0041", "\\ud83d", "\\ude00", "\\u0000",
		"\xc3\xa9", "\\\\", "\\\"", "\\u2028", "12345678", "\\udbff\\udfff"};
	uint32_t seed = 7;
	for (unsigned round = 0; round < 5000; round++) {
		char text[256] = "\"";
		for (unsigned i = random_next(&seed) % 8; i > 0; i--)
			strcat(text, pieces[random_next(&seed) % (sizeof pieces / sizeof *pieces)]);
		strcat(text, "\"");
		struct json_span span = span_of(text);
		struct json_object *tree = json_tokener_parse(text);
		struct arena arena = {0};
		const char *decoded;
		size_t length;
		assert_int_equal(json_span_decode(span, &arena, &decoded, &length), 0);
		assert_int_equal(length, json_object_get_string_len(tree));
		assert_memory_equal(decoded, json_object_get_string(tree), length);
		json_object_put(tree);
		arena_clear(&arena);
	}
}

static void getters_convert_nothing(void **state)
{
	struct json_span document = span_of(
		"{\"s\":\"text\",\"nul\":\"a\\u0000b\",\"n\":null,\"i\":25,\"d\":25.0,\"e\":1e1,"
		"\"f\":2.5,\"q\":\"25\",\"t\":true,\"neg\":-1,\"big\":99999999999999999999,\"a\":["
		"1]}");
	static const struct {
		const char *name;
		const char *string; /* NULL: missing, or an error */
		const char *string_error;
		bool given;
		uint64_t magnitude;
		bool is_negative;
	} rows[] = {
		{"s", "text", "", false, 0, false},
		{"nul", NULL, "contains a NUL byte", false, 0, false},
		{"n", NULL, "", false, 0, false},
		{"none", NULL, "", false, 0, false},
		{"i", NULL, "not a string", true, 25, false},
		{"d", NULL, "not a string", true, 25, false},
		{"e", NULL, "not a string", true, 10, false},
		{"f", NULL, "not a string", false, 0, false},
		{"q", "25", "", false, 0, false},
		{"t", NULL, "not a string", false, 0, false},
		{"neg", NULL, "not a string", true, 1, true},
		{"big", NULL, "not a string", true, UINT64_MAX, false},
		{"a", NULL, "not a string", false, 0, false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct json_member member = {rows[i].name, json_read_string, 0, false};
		const struct json_table table = {&member, 1, .is_lenient = true};
		struct diag diag = {0};
		struct arena arena = {0};
		struct json_reading reading = {.arena = &arena, .diag = &diag};
		const char *text = NULL;
		char error[64] = "";
		if (*rows[i].string_error)
			snprintf(error, sizeof error, "%s: %s", rows[i].name, rows[i].string_error);
		json_object_read(&reading, document, &table, &text, NULL);
		assert_string_equal(diag_text(&diag), error);
		assert_true(rows[i].string ? text && strcmp(text, rows[i].string) == 0 : !text);
		diag_clear(&diag);
		struct json_span span = {0};
		struct json_whole whole = {0};
		json_span_find_member(document, rows[i].name, &span);
		bool given = json_span_kind(span) == JSON_NUMBER && json_span_whole(span, &whole);
		assert_int_equal(given, rows[i].given);
		assert_true(whole.magnitude == rows[i].magnitude);
		assert_int_equal(whole.is_negative, rows[i].is_negative);
		arena_clear(&arena);
	}
}

static void a_whole_number_is_one_however_it_is_spelt(void **state)
{
	static const struct {
		const char *text;
		bool is_whole;
		uint64_t magnitude;
		bool is_negative;
	} rows[] = {
		{"0", true, 0, false},
		{"-0", true, 0, false},
		{"-0.0e5", true, 0, false},
		{"0e999999999999999999999", true, 0, false},
		{"25", true, 25, false},
		{"25.0", true, 25, false},
		{"25.000000000000000000000", true, 25, false},
		{"24.999999999999999999999", false, 0, false},
		{"25.000000000000000000001", false, 0, false},
		{"2.5e1", true, 25, false},
		{"2.5E+1", true, 25, false},
		{"2.5e0", false, 0, false},
		{"2.5e2", true, 250, false},
		{"250e-1", true, 25, false},
		{"250e-2", false, 0, false},
		{"0.00025e5", true, 25, false},
		{"0.00025e4", false, 0, false},
		{"1e-1", false, 0, false},
		{"100e-2", true, 1, false},
		{"1e-99999999999999999999", false, 0, false},
		{"-1.0", true, 1, true},
		{"-1.5", false, 0, false},
		{"9007199254740993.0", true, 9007199254740993, false},
		{"18446744073709551614", true, UINT64_MAX - 1, false},
		{"18446744073709551615", true, UINT64_MAX, false},
		{"18446744073709551616", true, UINT64_MAX, false},
		{"1e19", true, 10000000000000000000u, false},
		{"1e20", true, UINT64_MAX, false},
		{"1e999999999999999999999", true, UINT64_MAX, false},
		{"-99999999999999999999", true, UINT64_MAX, true},
		{"99999999999999999999.5", false, 0, false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct json_whole whole = {0};
		assert_int_equal(json_span_whole(span_of(rows[i].text), &whole), rows[i].is_whole);
		assert_true(whole.magnitude == rows[i].magnitude);
		assert_int_equal(whole.is_negative, rows[i].is_negative);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_and_elements_come_in_their_order),
		cmocka_unit_test(escapes_are_resolved),
		cmocka_unit_test(a_repeated_member_is_found_however_it_is_spelt),
		cmocka_unit_test(a_repeated_member_is_found_among_many),
		cmocka_unit_test(both_parsers_see_the_same_characters),
		cmocka_unit_test(getters_convert_nothing),
		cmocka_unit_test(a_whole_number_is_one_however_it_is_spelt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
