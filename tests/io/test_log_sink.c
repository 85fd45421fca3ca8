/* SPDX-License-Identifier: Apache-2.0 */
#include "log_sink.h"
#include "log_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <json-c/json.h>

/* 2026-03-01T12:00:00.012Z */
#define NOW_NS INT64_C(1772366400012345678)

struct capture {
	struct log_sink sink;
	char line[2 * LOG_LINE_MAX];
	size_t length;
	unsigned count;
};

static int64_t now_ns(void *impl)
{
	return NOW_NS;
}

static void keep_line(void *impl, const char *line, size_t length)
{
	struct capture *capture = impl;
	assert_true(length < sizeof capture->line);
	memcpy(capture->line, line, length);
	capture->line[length] = '\0';
	capture->length = length;
	capture->count++;
}

static struct logger capture_open(struct capture *capture, enum log_format format)
{
	*capture = (struct capture){.sink = {
					    .format = format,
					    .minimum = LOG_LEVEL_DEBUG,
					    .clock = {.now_ns = now_ns},
					    .interface = "plexd0",
					    .write_line = keep_line,
					    .impl = capture,
				    }};
	return log_sink_logger(&capture->sink);
}

#define HEAD "time=2026-03-01T12:00:00.012Z level=INFO msg="

static void a_line_is_written_as_slog_does(void **state)
{
	struct capture capture;
	struct logger logger = capture_open(&capture, LOG_FORMAT_LOGFMT);
	log_text(&logger, LOG_LEVEL_INFO, "Interface configured", "listen_port", "51820", "mesh_ip",
		"10.100.0.1", NULL);
	assert_string_equal(capture.line,
		HEAD "\"Interface configured\" component=wireguard interface=plexd0 "
		     "listen_port=51820 mesh_ip=10.100.0.1\n");
}

static void values_are_quoted_where_they_must_be(void **state)
{
	static const struct {
		const char *value, *written;
	} cases[] = {
		{"plain", "plain"},
		{"back\\slash", "back\\slash"},
		{"", "\"\""},
		{"two words", "\"two words\""},
		{"a=b", "\"a=b\""},
		{"say \"hi\" \\o/", "\"say \\\"hi\\\" \\\\o/\""},
		{"a\nb\tc\rd", "\"a\\nb\\tc\\rd\""},
		{"\x1b[2J", "\"\\x1b[2J\""},
		{"\x7f", "\"\\x7f\""},
		{"z\u00fcrich", "z\u00fcrich"},
		{"\u65e5\u672c \U0001F600", "\"\u65e5\u672c \U0001F600\""},
		{"\xc2\x85", "\"\\u0085\""},
		{"\u202egnp", "\"\\u202egnp\""},
		{"\u2028", "\"\\u2028\""},
		{"\U000E0001", "\"\\U000e0001\""},
		{"\xff\xc0\x80", "\"\\xff\\xc0\\x80\""},
		{"\xed\xa0\x80", "\"\\xed\\xa0\\x80\""},
		{"cut \xe6\x97", "\"cut \\xe6\\x97\""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct capture capture;
		struct logger logger = capture_open(&capture, LOG_FORMAT_LOGFMT);
		char expected[256];
		log_text(&logger, LOG_LEVEL_INFO, "m", "k", cases[i].value, NULL);
		snprintf(expected, sizeof expected,
			HEAD "m component=wireguard interface=plexd0 k=%s\n", cases[i].written);
		assert_string_equal(capture.line, expected);
	}
}

static void json_lines_are_json_whatever_they_contain(void **state)
{
	static const char *const values[] = {"", "a \"b\" \\ c", "\n\r\t\x01\x7f", "\u00fc\u2028",
		"\xff\xfe", "\U000E0001", "\xf0\x9f"};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		struct capture capture;
		struct logger logger = capture_open(&capture, LOG_FORMAT_JSON);
		log_text(&logger, LOG_LEVEL_WARN, values[i], "k", values[i], NULL);
		struct json_object *line = json_tokener_parse(capture.line), *member;
		assert_non_null(line);
		assert_true(json_object_object_get_ex(line, "level", &member));
		assert_string_equal(json_object_get_string(member), "WARN");
		assert_true(json_object_object_get_ex(line, "time", &member));
		assert_string_equal(json_object_get_string(member), "2026-03-01T12:00:00.012Z");
		assert_true(json_object_object_get_ex(line, "k", &member));
		if ((unsigned char)values[i][0] < 0xf0)
			assert_string_equal(json_object_get_string(member), values[i]);
		json_object_put(line);
		assert_int_equal(strcspn(capture.line, "\n"), capture.length - 1);
	}
}

static void lines_below_the_minimum_are_dropped(void **state)
{
	struct capture capture;
	struct logger logger = capture_open(&capture, LOG_FORMAT_LOGFMT);
	capture.sink.minimum = LOG_LEVEL_WARN;
	log_text(&logger, LOG_LEVEL_DEBUG, "d", NULL);
	log_text(&logger, LOG_LEVEL_INFO, "i", NULL);
	assert_int_equal(capture.count, 0);
	log_text(&logger, LOG_LEVEL_WARN, "w", NULL);
	log_text(&logger, LOG_LEVEL_ERROR, "e", NULL);
	assert_int_equal(capture.count, 2);
	assert_non_null(strstr(capture.line, "level=ERROR msg=e "));
}

static void the_interface_is_named_once(void **state)
{
	struct capture capture;
	struct logger logger = capture_open(&capture, LOG_FORMAT_LOGFMT);
	log_text(&logger, LOG_LEVEL_INFO, "m", "interface", "plexd0", NULL);
	assert_string_equal(capture.line, HEAD "m component=wireguard interface=plexd0\n");
	capture.sink.interface = NULL;
	log_text(&logger, LOG_LEVEL_INFO, "m", NULL);
	assert_string_equal(capture.line, HEAD "m component=wireguard\n");
}

/* Every length of a value around the limit, so that each place of the cut is met. */
static void a_long_line_is_cut_visibly_and_stays_well_formed(void **state)
{
	for (int json = 0; json < 2; json++) {
		for (size_t length = LOG_LINE_MAX - 200; length < LOG_LINE_MAX + 50; length++) {
			struct capture capture;
			struct logger logger =
				capture_open(&capture, json ? LOG_FORMAT_JSON : LOG_FORMAT_LOGFMT);
			char *value = malloc(length + 1);
			assert_non_null(value);
			memset(value, length % 2 ? '\n' : 'x', length);
			memset(value, 'x', length - 40);
			value[length] = '\0';
			log_text(&logger, LOG_LEVEL_INFO, "m", "a", value, "b", "last", NULL);
			free(value);
			assert_true(capture.length <= LOG_LINE_MAX);
			assert_int_equal(capture.line[capture.length - 1], '\n');
			bool whole = strstr(capture.line, json ? "\"b\":\"last\"}\n" : " b=last\n");
			bool cut = strstr(capture.line, json ? ",\"cut\":true}\n" : " cut=true\n");
			assert_true(whole != cut);
			assert_int_equal(strcspn(capture.line, "\n"), capture.length - 1);
			if (!json)
				continue;
			struct json_object *line = json_tokener_parse(capture.line);
			assert_non_null(line);
			json_object_put(line);
		}
	}
}

static void levels_and_formats_have_names(void **state)
{
	enum log_level level = LOG_LEVEL_INFO;
	enum log_format format = LOG_FORMAT_LOGFMT;
	assert_true(log_level_parse("debug", &level));
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_true(log_level_parse("ERROR", &level));
	assert_int_equal(level, LOG_LEVEL_ERROR);
	assert_false(log_level_parse("verbose", &level));
	assert_false(log_level_parse("", &level));
	assert_int_equal(level, LOG_LEVEL_ERROR);
	assert_true(log_format_parse("json", &format));
	assert_int_equal(format, LOG_FORMAT_JSON);
	assert_false(log_format_parse("xml", &format));
}

static void a_file_gets_whole_lines(void **state)
{
	char *text = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&text, &length);
	assert_non_null(file);
	log_write_file(file, "line\n", 5);
	assert_string_equal(text, "line\n");
	fclose(file);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_written_as_slog_does),
		cmocka_unit_test(values_are_quoted_where_they_must_be),
		cmocka_unit_test(json_lines_are_json_whatever_they_contain),
		cmocka_unit_test(lines_below_the_minimum_are_dropped),
		cmocka_unit_test(the_interface_is_named_once),
		cmocka_unit_test(a_long_line_is_cut_visibly_and_stays_well_formed),
		cmocka_unit_test(levels_and_formats_have_names),
		cmocka_unit_test(a_file_gets_whole_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
