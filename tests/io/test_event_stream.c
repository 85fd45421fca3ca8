/* SPDX-License-Identifier: Apache-2.0 */
#include "event_stream.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIZE_LIMIT 64

/* The output, one line each: `event TYPE [DATA] id=ID`, where `id*` is the event's own. */
struct record {
	char *text;
	size_t length;
	FILE *file;
};

static void record_event(void *impl, const struct stream_event *event)
{
	struct record *record = impl;
	fprintf(record->file, "%s %.*s [%.*s] id%s=%.*s\n", event->is_dropped ? "dropped" : "event",
		(int)event->type.length, event->type.text, (int)event->data.length,
		event->data.text, event->has_id ? "*" : "", (int)event->last_id.length,
		event->last_id.text);
}

static void record_id(void *impl, struct stream_text last_id)
{
	struct record *record = impl;
	fprintf(record->file, "id=%.*s\n", (int)last_id.length, last_id.text);
}

static void record_retry(void *impl, uint64_t retry_ms)
{
	struct record *record = impl;
	fprintf(record->file, "retry=%llu\n", (unsigned long long)retry_ms);
}

static void record_open(struct record *record)
{
	*record = (struct record){0};
	record->file = open_memstream(&record->text, &record->length);
	assert_non_null(record->file);
}

static void record_close(struct record *record)
{
	fclose(record->file);
	free(record->text);
}

static struct event_stream_callbacks callbacks_into(struct record *record)
{
	return (struct event_stream_callbacks){
		.on_event = record_event,
		.on_id = record_id,
		.on_retry = record_retry,
		.impl = record,
	};
}

/* The piece alone, so that a sanitizer sees a read beyond its end. */
static void push(struct event_stream *stream, const char *bytes, size_t length)
{
	char *copy = malloc(length ? length : 1);
	assert_non_null(copy);
	memcpy(copy, bytes, length);
	assert_int_equal(event_stream_push(stream, copy, length), 0);
	free(copy);
}

/* The bytes in pieces of `step` bytes, the first piece of `first`. */
static void assert_stream_cut(
	const char *bytes, size_t length, size_t first, size_t step, const char *expected)
{
	struct record record;
	struct event_stream stream;
	record_open(&record);
	struct event_stream_callbacks callbacks = callbacks_into(&record);
	event_stream_init(&stream, SIZE_LIMIT, &callbacks);
	push(&stream, bytes, first);
	for (size_t at = first; at < length; at += step)
		push(&stream, bytes + at, step < length - at ? step : length - at);
	event_stream_deinit(&stream);
	fflush(record.file);
	assert_string_equal(record.text, expected);
	record_close(&record);
}

/* Whole, cut in two at every byte, and byte by byte: always the same. */
static void assert_stream(const char *bytes, size_t length, const char *expected)
{
	for (size_t cut = 0; cut <= length; cut++)
		assert_stream_cut(bytes, length, cut, length + 1, expected);
	assert_stream_cut(bytes, length, 0, 1, expected);
	assert_stream_cut(bytes, length, 0, 2, expected);
	assert_stream_cut(bytes, length, 0, 3, expected);
}

static void assert_text(const char *text, const char *expected)
{
	assert_stream(text, strlen(text), expected);
}

static void an_empty_line_ends_an_event(void **state)
{
	assert_text("data: a\n\ndata: b\n\n", "event  [a] id=\nevent  [b] id=\n");
	assert_text("data: a\n\n\n\ndata: b\n\n", "event  [a] id=\nevent  [b] id=\n");
	assert_text("\n\n\n", "");
	assert_text("", "");
}

static void lines_end_in_three_ways(void **state)
{
	assert_text("data: a\r\n\r\ndata: b\r\rdata: c\n\n",
		"event  [a] id=\nevent  [b] id=\nevent  [c] id=\n");
	assert_text("data: a\r\ndata: b\rdata: c\ndata: d\n\r\n", "event  [a\nb\nc\nd] id=\n");
	assert_text("data: a\n\r\ndata: b\r\n\r", "event  [a] id=\nevent  [b] id=\n");
	/* A carriage return and a line feed with another in between are two ends. */
	assert_text("data: a\r\r\n", "event  [a] id=\n");
}

static void data_lines_are_joined_and_one_space_is_dropped(void **state)
{
	assert_text("data:a\ndata: b\ndata:  c\ndata: \ndata\ndata:d \n\n",
		"event  [a\nb\n c\n\n\nd ] id=\n");
	assert_text("data\n\n", "event  [] id=\n");
	assert_text("data:\n\n", "event  [] id=\n");
	assert_text("data\ndata\n\n", "event  [\n] id=\n");
	assert_text("data:\tx\n\n", "event  [\tx] id=\n");
	assert_text("data: a: b:c\n\n", "event  [a: b:c] id=\n");
}

static void field_names_are_exact(void **state)
{
	assert_text(": comment\n:data: x\n data: x\nData: x\ndata : x\ndataa: x\ndat: x\n"
		    "datadata: x\nidentity: 7\neventually: y\n\n",
		"");
	assert_text("event: peer_added\ndata: x\n\ndata: y\n\n",
		"event peer_added [x] id=\nevent  [y] id=\n");
	assert_text("event: a\nevent: b\ndata: x\nevent\n\n", "event  [x] id=\n");
	assert_text("event: a\n\ndata: x\n\n", "event  [x] id=\n");
}

static void an_id_is_the_last_one_until_the_next(void **state)
{
	assert_text("id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
		"event  [a] id*=1\nevent  [b] id=1\nevent  [c] id*=\n");
	assert_text("id: 1\n\ndata: a\n\n", "id=1\nevent  [a] id=1\n");
	assert_text("id: 1\ndata: a\nid: 2\n\n", "event  [a] id*=2\n");
	static const char nul[] = "id: 1\ndata: a\nid: 2\0\n\nid: 3\0\n\n";
	assert_stream(nul, sizeof nul - 1, "event  [a] id*=1\n");
}

static void only_digits_are_a_retry(void **state)
{
	assert_text("retry: 2500\n\nretry: 1s\nretry: -1\nretry:\nretry\nretry: 1 \nretry:0\n",
		"retry=2500\nretry=0\n");
	assert_text("retry: 1234567890123456789012345\n", "retry=18446744073709551615\n");
}

static void an_event_that_is_not_finished_is_dropped(void **state)
{
	assert_text("data: a\n\ndata: b", "event  [a] id=\n");
	assert_text("data: a\n\nid: 7\ndata: b\n", "event  [a] id=\n");
}

static void a_byte_order_mark_counts_only_at_the_start(void **state)
{
	assert_text("\xef\xbb\xbf"
		    "data: a\n\n",
		"event  [a] id=\n");
	assert_text("\xef\xbb\xbf\xef\xbb\xbf"
		    "data: a\n\n",
		"");
	assert_text("data: a\n\n\xef\xbb\xbf"
		    "data: b\n\n",
		"event  [a] id=\n");
	assert_text("\xef\xbb"
		    "data: a\n\ndata: b\n\n",
		"event  [b] id=\n");
	assert_text("\xef\n\ndata: b\n\n", "event  [b] id=\n");
}

static void characters_may_be_cut_in_two(void **state)
{
	assert_text("id: z\xc3\xbcrich\ndata: \xf0\x9f\x98\x80\n\n",
		"event  [\xf0\x9f\x98\x80] id*=z\xc3\xbcrich\n");
}

#define TEN   "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN

static void an_event_over_the_limit_is_reported_and_dropped(void **state)
{
	assert_text("data: " SIXTY "abcd\n\n", "event  [" SIXTY "abcd] id=\n");
	assert_text("data: " SIXTY "abcde\n\ndata: x\n\n", "dropped  [] id=\nevent  [x] id=\n");
	assert_text("id: 1\ndata: " SIXTY "\ndata: abc\n\n", "event  [" SIXTY "\nabc] id*=1\n");
	assert_text("event: t\ndata: " SIXTY "\ndata: abcd\ndata: more\nid: 5\n\ndata: x\n\n",
		"dropped  [] id*=5\nevent  [x] id=5\n");
	/* Ignored bytes count for no limit. */
	assert_text(": " SIXTY SIXTY "\nunknown: " SIXTY SIXTY "\ndata: x\n\n", "event  [x] id=\n");
}

static void a_field_over_its_limit_drops_the_event(void **state)
{
	char text[STREAM_FIELD_MAX + 64], expected[STREAM_FIELD_MAX + 64], id[STREAM_FIELD_MAX + 1];
	memset(id, 'i', STREAM_FIELD_MAX);
	id[STREAM_FIELD_MAX] = '\0';
	snprintf(text, sizeof text, "id: %s\ndata: x\n\n", id);
	snprintf(expected, sizeof expected, "event  [x] id*=%s\n", id);
	assert_text(text, expected);
	snprintf(text, sizeof text, "id: 1\n\nid: %si\ndata: x\n\ndata: y\n\n", id);
	assert_text(text, "id=1\ndropped  [] id=1\nevent  [y] id=1\n");
	snprintf(text, sizeof text, "event: %si\ndata: x\n\ndata: y\n\n", id);
	assert_text(text, "dropped  [] id=\nevent  [y] id=\n");
}

static void memory_stays_within_its_limit(void **state)
{
	struct record record;
	struct event_stream stream;
	record_open(&record);
	struct event_stream_callbacks callbacks = callbacks_into(&record);
	event_stream_init(&stream, SIZE_LIMIT, &callbacks);
	char chunk[40];
	memset(chunk, 'x', sizeof chunk);
	push(&stream, "data: ", 6);
	for (unsigned i = 0; i < 100; i++)
		push(&stream, chunk, sizeof chunk);
	push(&stream, "\n\n", 2);
	for (unsigned i = 0; i < 300; i++)
		push(&stream, "data: more\n", 11);
	push(&stream, "\ndata: y\n\n", 10);
	assert_true(stream.data_capacity <= 4096);
	fflush(record.file);
	assert_string_equal(record.text, "dropped  [] id=\ndropped  [] id=\nevent  [y] id=\n");
	event_stream_deinit(&stream);
	record_close(&record);
}

/* Whatever the lines are, and however they are cut. */
static void an_event_without_end_is_an_error(void **state)
{
	static const char *const lines[] = {
		"data: x\n", "data:", ": comment", ": c\n\n", "id: 1\r\n"};
	const struct event_stream_callbacks callbacks = {0};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct event_stream stream;
		size_t length = strlen(lines[i]), pushed = 0;
		event_stream_init(&stream, SIZE_LIMIT, &callbacks);
		int error = 0;
		while (!error && pushed < 2 * STREAM_ENDLESS_FACTOR * SIZE_LIMIT) {
			error = event_stream_push(&stream, lines[i], length);
			pushed += length;
		}
		assert_int_equal(error, i == 3 ? 0 : -EMSGSIZE);
		assert_true(i == 3 || pushed >= STREAM_ENDLESS_FACTOR * SIZE_LIMIT);
		event_stream_deinit(&stream);
	}
}

static void any_bytes_do_no_harm(void **state)
{
	static const char *const pieces[] = {"data", ":", " ", "\r", "\n", "\r\n", "id", "event",
		"retry", "7", "\xef\xbb\xbf", "\xff", "x", "\n\n", "data: y\n"};
	uint32_t seed = 99;
	for (unsigned round = 0; round < 3000; round++) {
		char text[256] = "";
		for (unsigned i = 0; i < 24; i++) {
			seed = seed * 1664525 + 1013904223;
			strcat(text, pieces[(seed >> 16) % (sizeof pieces / sizeof *pieces)]);
		}
		struct record record;
		struct event_stream stream;
		record_open(&record);
		struct event_stream_callbacks callbacks = callbacks_into(&record);
		event_stream_init(&stream, SIZE_LIMIT, &callbacks);
		push(&stream, text, strlen(text));
		event_stream_deinit(&stream);
		fflush(record.file);
		assert_stream_cut(text, strlen(text), 0, 1, record.text);
		assert_stream_cut(text, strlen(text), seed % strlen(text), 5, record.text);
		record_close(&record);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_line_ends_an_event),
		cmocka_unit_test(lines_end_in_three_ways),
		cmocka_unit_test(data_lines_are_joined_and_one_space_is_dropped),
		cmocka_unit_test(field_names_are_exact),
		cmocka_unit_test(an_id_is_the_last_one_until_the_next),
		cmocka_unit_test(only_digits_are_a_retry),
		cmocka_unit_test(an_event_that_is_not_finished_is_dropped),
		cmocka_unit_test(a_byte_order_mark_counts_only_at_the_start),
		cmocka_unit_test(characters_may_be_cut_in_two),
		cmocka_unit_test(an_event_over_the_limit_is_reported_and_dropped),
		cmocka_unit_test(a_field_over_its_limit_drops_the_event),
		cmocka_unit_test(memory_stays_within_its_limit),
		cmocka_unit_test(an_event_without_end_is_an_error),
		cmocka_unit_test(any_bytes_do_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
