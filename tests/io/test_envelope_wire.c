/* SPDX-License-Identifier: Apache-2.0 */
#include "diag.h"
#include "envelope_wire.h"
#include "json_scan.h"
#include "signature.h"
#include "signing_keys_wire.h"
#include "timestamp.h"

#include <errno.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIXTEEN                      "AAAAAAAAAAAAAAAA"
#define SIXTY_FOUR_ZEROS_BUT_PADDING SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN "AAAAAA"
#define BEYOND_ASCII                                                                               \
	SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN "\xc3\xa9"                                         \
						"AAAA=="
#define SIXTY_FOUR_ZEROS SIXTY_FOUR_ZEROS_BUT_PADDING "=="
#define TIME             "2026-03-01T12:00:00Z"

/* Read a copy without a byte after its end, so that a sanitizer sees a read beyond it. */
static int read_bytes(const char *data, size_t length, struct envelope *ret, struct diag *diag)
{
	char *copy = malloc(length ? length : 1);
	assert_non_null(copy);
	memcpy(copy, data, length);
	int error = envelope_wire_read(copy, length, ret, diag);
	free(copy);
	return error;
}

static void assert_is(const struct envelope_text *text, const char *expected, size_t length)
{
	assert_int_equal(text->length, length);
	assert_memory_equal(text->text, expected, length);
}

/* The bytes that a signature of this envelope covers. */
static void assert_canonical(const char *data, const char *expected)
{
	struct envelope envelope = {0};
	struct diag diag = {0};
	int error = read_bytes(data, strlen(data), &envelope, &diag);
	assert_string_equal(diag_text(&diag), "");
	assert_int_equal(error, 0);
	assert_is(&envelope.canonical, expected, strlen(expected));
	envelope_clear(&envelope);
}

static char *file_read(const char *name, size_t *ret_length)
{
	const char *fixtures = getenv("PLEXWG_FIXTURES");
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", fixtures ? fixtures : "fixtures", name);
	FILE *file = fopen(path, "rb");
	if (!file)
		fail_msg("%s: cannot be read; PLEXWG_FIXTURES names its folder", path);
	char *text = malloc(1 << 20);
	assert_non_null(text);
	*ret_length = fread(text, 1, 1 << 20, file);
	fclose(file);
	return text;
}

static struct json_span member_of(struct json_span object, const char *name)
{
	struct json_span value = {0};
	json_span_find_member(object, name, &value);
	return value;
}

/* A member that is a string, or NULL. */
static const char *text_of(
	struct json_span object, const char *name, struct arena *arena, size_t *ret_length)
{
	struct json_span value = member_of(object, name);
	const char *text;
	if (json_span_kind(value) != JSON_STRING)
		return NULL;
	assert_int_equal(json_span_decode(value, arena, &text, ret_length), 0);
	return text;
}

static void assert_delivery(struct json_span delivery, struct verifier *verifier, int64_t now_ns)
{
	struct arena arena = {0};
	struct envelope envelope = {0};
	struct diag diag = {0};
	size_t data_length, canonical_length, length;
	const char *data = text_of(delivery, "data", &arena, &data_length);
	const char *canonical = text_of(delivery, "canonical", &arena, &canonical_length);
	const char *expected = text_of(delivery, "expect", &arena, &length);
	enum verdict verdict = VERDICT_MALFORMED;
	if (read_bytes(data, data_length, &envelope, &diag) == 0)
		verdict =
			verifier_check(verifier, &envelope, (struct moment){now_ns, now_ns}, &diag);
	if (canonical)
		assert_is(&envelope.canonical, canonical, canonical_length);
	if (strcmp(expected, "accepted") == 0) {
		assert_string_equal(diag_text(&diag), "");
		assert_int_equal(verdict, VERDICT_ACCEPTED);
	} else {
		assert_int_not_equal(verdict, VERDICT_ACCEPTED);
		assert_int_equal(strncmp(diag_text(&diag), expected, length), 0);
	}
	envelope_clear(&envelope);
	diag_clear(&diag);
	arena_clear(&arena);
}

static void assert_vector(struct json_span vector)
{
	struct arena arena = {0};
	struct verifier_config config = {.check = signature_check_ed25519()};
	struct verifier verifier;
	struct json_span delivery;
	int64_t now_ns;
	size_t length;
	const char *now = text_of(vector, "now", &arena, &length);
	assert_true(timestamp_parse(now, length, &now_ns));
	struct json_reading reading = {.arena = &arena};
	assert_int_equal(
		signing_keys_wire_read(&reading, member_of(vector, "signing_keys"), &config.keys),
		0);
	verifier_init(&verifier, &config);
	struct json_cursor cursor = json_cursor_open(member_of(vector, "deliveries"));
	while (json_cursor_element(&cursor, &delivery))
		assert_delivery(delivery, &verifier, now_ns);
	verifier_deinit(&verifier);
	arena_clear(&arena);
}

static void events_signed_by_go_are_accepted_and_forgeries_are_not(void **state)
{
	size_t length, count = 0;
	char *text = file_read("vectors/envelopes.json", &length);
	struct json_span vectors, vector;
	assert_int_equal(json_scan_document(text, length, &vectors, NULL), 0);
	struct json_cursor cursor = json_cursor_open(vectors);
	for (; json_cursor_element(&cursor, &vector); count++)
		assert_vector(vector);
	assert_int_equal(count, 28);
	free(text);
}

static void strings_are_escaped_as_go_does(void **state)
{
	static const struct {
		const char *given;
		const char *expected;
	} rows[] = {
		{"plain \xc3\xa9\xf0\x9f\x98\x80~\x7f", "plain \xc3\xa9\xf0\x9f\x98\x80~\x7f"},
		{"\\\"\\\\\\/", "\\\"\\\\/"},
		{"\\b\\f\\n\\r\\t", "\\b\\f\\n\\r\\t"},
		{"\\u0008\\u000C\\u000a\\u000d\\u0009", "\\b\\f\\n\\r\\t"},
		{"a\\u0000\\u0001\\u001f\\u000B", "a\\u0000\\u0001\\u001f\\u000b"},
		{"<>&", "\\u003c\\u003e\\u0026"},
		{"\\u003C\\u003e\\u0026", "\\u003c\\u003e\\u0026"},
		{"\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xa7\xe2\x80\xaa",
			"\\u2028\\u2029\xe2\x80\xa7\xe2\x80\xaa"},
		{"\\u2028\\u2029", "\\u2028\\u2029"},
		{"\\u00e9\\u20ac\\ud83d\\ude00", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
		{"\\ud83d!\\ude00", "\xef\xbf\xbd!\xef\xbf\xbd"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char data[512], expected[512];
		snprintf(data, sizeof data,
			"{\"event_type\":\"%s\",\"event_id\":\"%s\",\"issued_at\":\"" TIME
			"\",\"nonce\":\"%s\",\"payload\":1}",
			rows[i].given, rows[i].given, rows[i].given);
		snprintf(expected, sizeof expected,
			"{\"event_type\":\"%s\",\"event_id\":\"%s\",\"issued_at\":\"" TIME
			"\",\"nonce\":\"%s\",\"payload\":1}",
			rows[i].expected, rows[i].expected, rows[i].expected);
		assert_canonical(data, expected);
	}
}

static void a_payload_keeps_its_spelling_but_for_white_space_and_html(void **state)
{
	static const struct {
		const char *given;
		const char *expected;
	} rows[] = {
		{" { } ", "{}"},
		{"[ 1 ,\t2.0,\r\n-0 , 1E5 ]", "[1,2.0,-0,1E5]"},
		{"{ \"a b\" : \" c \\n \" }", "{\"a b\":\" c \\n \"}"},
		{"\"\\u00e9\\/\\u003C<\"", "\"\\u00e9\\/\\u003C\\u003c\""},
		{"{\"<\":\"\\\\\\\"&\"}", "{\"\\u003c\":\"\\\\\\\"\\u0026\"}"},
		{"\"\xe2\x80\xa8 \xe2\x80\xa9 \xe2\x80\xaa \x7f\"",
			"\"\\u2028 \\u2029 \xe2\x80\xaa \x7f\""},
		{"{\"z\":1,\"a\":2,\"z\":3}", "{\"z\":1,\"a\":2,\"z\":3}"},
		{"true", "true"},
		{"null", "null"},
		{"\"\"", "\"\""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char data[512], expected[512];
		snprintf(data, sizeof data, "{\"payload\":%s,\"event_type\":\"x\"}", rows[i].given);
		snprintf(expected, sizeof expected,
			"{\"event_type\":\"x\",\"event_id\":\"\",\"issued_at\":"
			"\"0001-01-01T00:00:00Z\",\"nonce\":\"\",\"payload\":%s}",
			rows[i].expected);
		assert_canonical(data, expected);
	}
}

static void a_time_is_written_as_go_does(void **state)
{
	static const char *const rows[][2] = {
		{"2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z"},
		{"2026-03-01T12:00:00.000Z", "2026-03-01T12:00:00Z"},
		{"2026-03-01T12:00:00.120Z", "2026-03-01T12:00:00.12Z"},
		{"2026-03-01T12:00:00.123456789Z", "2026-03-01T12:00:00.123456789Z"},
		{"2026-03-01T12:00:00.1234567899Z", "2026-03-01T12:00:00.123456789Z"},
		{"2026-03-01T12:00:00.1000000009Z", "2026-03-01T12:00:00.1Z"},
		{"2026-03-01T12:00:00.0000000009Z", "2026-03-01T12:00:00Z"},
		{"2026-03-01T14:00:00+02:00", "2026-03-01T14:00:00+02:00"},
		{"2026-03-01T14:00:00.50-03:30", "2026-03-01T14:00:00.5-03:30"},
		{"2026-03-01T12:00:00+00:00", "2026-03-01T12:00:00Z"},
		{"2026-03-01T12:00:00.5-00:00", "2026-03-01T12:00:00.5Z"},
		{"2026-03-01T12:00:00+00:01", "2026-03-01T12:00:00+00:01"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char data[512], expected[512];
		snprintf(data, sizeof data, "{\"event_type\":\"x\",\"issued_at\":\"%s\"}",
			rows[i][0]);
		snprintf(expected, sizeof expected,
			"{\"event_type\":\"x\",\"event_id\":\"\",\"issued_at\":\"%s\","
			"\"nonce\":\"\",\"payload\":null}",
			rows[i][1]);
		assert_canonical(data, expected);
	}
}

static void what_is_no_envelope_is_malformed(void **state)
{
	static const struct {
		const char *data;
		const char *error;
	} rows[] = {
		{"", "malformed: byte 0: unexpected end"},
		{"{", "malformed: byte 1: unexpected end"},
		{"null", "malformed: not an object"},
		{"[]", "malformed: not an object"},
		{"{}", "malformed: missing event_type"},
		{"{\"event_type\":\"\"}", "malformed: missing event_type"},
		{"{\"event_type\":null}", "malformed: missing event_type"},
		{"{\"Event_type\":\"x\"}", "malformed: missing event_type"},
		{"{\"event_type\":1}", "malformed: event_type: not a string"},
		{"{\"event_type\":\"x\",\"event_id\":1}", "malformed: event_id: not a string"},
		{"{\"event_type\":\"x\",\"nonce\":{}}", "malformed: nonce: not a string"},
		{"{\"event_type\":\"x\",\"issued_at\":1}", "malformed: issued_at: not a string"},
		{"{\"event_type\":\"x\",\"signature\":[]}", "malformed: signature: not a string"},
		{"{\"event_type\":\"x\",\"event_type\":\"x\"}",
			"malformed: repeated member \"event_type\""},
		{"{\"event_type\":\"x\",\"y\":1,\"y\":1}", "malformed: repeated member \"y\""},
		{"{\"event_type\":\"x\",\"issued_at\":\"yesterday\"}",
			"malformed: issued_at: \"yesterday\": not a time as in RFC 3339"},
		{"{\"event_type\":\"x\",\"issued_at\":\"2026-03-01t12:00:00Z\"}",
			"malformed: issued_at: \"2026-03-01t12:00:00Z\": not a time as in RFC "
			"3339"},
		{"{\"event_type\":\"x\",\"issued_at\":\"2026-03-01T12:00:00,5Z\"}",
			"malformed: issued_at: \"2026-03-01T12:00:00,5Z\": not a time as in RFC "
			"3339"},
		{"{\"event_type\":\"x\",\"issued_at\":\"2026-03-01T12:00:00\\u005a\"}",
			"malformed: issued_at: \"2026-03-01T12:00:00\\\\u005a\": not a time as in "
			"RFC 3339"},
		{"{\"event_type\":\"\xff\"}", "malformed: byte 15: not UTF-8"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct envelope envelope = {.issued_at_ns = 77};
		struct diag diag = {0};
		assert_int_equal(
			read_bytes(rows[i].data, strlen(rows[i].data), &envelope, &diag), -EINVAL);
		assert_string_equal(diag_text(&diag), rows[i].error);
		assert_int_equal(envelope.issued_at_ns, 77);
		diag_clear(&diag);
	}
}

static void missing_members_are_left_to_the_verifier(void **state)
{
	struct envelope envelope = {0};
	static const char bare[] = "{\"event_type\":\"x\",\"event_id\":null,\"nonce\":\"\","
				   "\"issued_at\":\"\",\"signature\":\"\",\"payload\":null}";
	assert_int_equal(read_bytes(bare, strlen(bare), &envelope, NULL), 0);
	assert_int_equal(envelope.event_id.length, 0);
	assert_int_equal(envelope.nonce.length, 0);
	assert_false(envelope.has_issued_at);
	assert_false(envelope.has_signature);
	assert_is(&envelope.payload, "null", 4);
	envelope_clear(&envelope);

	static const char whole[] = "{\"event_type\":\"a\\u0000b\",\"nonce\":\"\\u0000\","
				    "\"issued_at\":\"1970-01-01T00:00:01.5Z\",\"signature\":\"AA\","
				    "\"payload\": { \"a\" : 1 } }";
	assert_int_equal(read_bytes(whole, strlen(whole), &envelope, NULL), 0);
	assert_is(&envelope.event_type, "a\0b", 3);
	assert_is(&envelope.nonce, "\0", 1);
	assert_is(&envelope.payload, "{ \"a\" : 1 }", 11);
	assert_true(envelope.has_issued_at);
	assert_true(envelope.issued_at_ns == 1500000000);
	assert_true(envelope.has_signature);
	assert_false(envelope.signature_is_sound);
	envelope_clear(&envelope);
}

static void a_signature_is_base64_of_64_bytes(void **state)
{
	static const char *const unsound[] = {"AAAA", "AA", "AA==", " ", "\\u0000",
		SIXTY_FOUR_ZEROS "A", SIXTY_FOUR_ZEROS_BUT_PADDING, "AAAA" SIXTY_FOUR_ZEROS,
		BEYOND_ASCII};
	char data[256];
	struct envelope envelope = {0};
	for (size_t i = 0; i < sizeof unsound / sizeof *unsound; i++) {
		int length = snprintf(data, sizeof data,
			"{\"event_type\":\"x\",\"signature\":\"%s\"}", unsound[i]);
		assert_int_equal(read_bytes(data, (size_t)length, &envelope, NULL), 0);
		assert_true(envelope.has_signature);
		assert_false(envelope.signature_is_sound);
		envelope_clear(&envelope);
	}
	int length = snprintf(
		data, sizeof data, "{\"event_type\":\"x\",\"signature\":\"" SIXTY_FOUR_ZEROS "\"}");
	assert_int_equal(read_bytes(data, (size_t)length, &envelope, NULL), 0);
	assert_true(envelope.signature_is_sound);
	envelope_clear(&envelope);
}

static void an_envelope_cut_or_changed_anywhere_does_no_harm(void **state)
{
	static const char sample[] =
		"{\"event_type\":\"x\\u0041\",\"event_id\":\"\\ud83d\\ude00\",\"issued_at\":"
		"\"2026-03-01T12:00:00.50+02:00\",\"nonce\":\"\xe2\x80\xa8<\",\"payload\": [ 1, "
		"\"\\\"\xe2\x80\xa9\" , {\"a\":null} ] ,\"signature\":"
		"\"WoajTiXR5qbaox6I5BQirjsGHE2ALD6wkKcSzquYdpYhl2mnYz6S2AhPSxKpNrH/"
		"g3IR3XtzvpKeUJxqWqr1Cw==\"}";
	static const char bytes[] = "\0 \"\\{}[]:,0-Z\x80\xe2\xff";
	struct envelope envelope = {0};
	for (size_t length = 0; length < sizeof sample - 1; length++)
		assert_int_equal(read_bytes(sample, length, &envelope, NULL), -EINVAL);
	for (size_t at = 0; at < sizeof sample - 1; at++) {
		for (size_t i = 0; i < sizeof bytes - 1; i++) {
			char text[sizeof sample];
			memcpy(text, sample, sizeof sample);
			text[at] = bytes[i];
			read_bytes(text, sizeof sample - 1, &envelope, NULL);
			envelope_clear(&envelope);
		}
	}
	assert_int_equal(read_bytes(sample, sizeof sample - 1, &envelope, NULL), 0);
	assert_true(envelope.signature_is_sound);
	envelope_clear(&envelope);
}

static void depth_and_size_do_no_harm(void **state)
{
	static const char head[] = "{\"event_type\":\"x\",\"payload\":";
	struct envelope envelope = {0};
	size_t length = 1 << 20;
	char *text = malloc(length);
	assert_non_null(text);
	memset(text, '[', length);
	memcpy(text, head, sizeof head - 1);
	assert_int_equal(read_bytes(text, length, &envelope, NULL), -EINVAL);
	memset(text + sizeof head - 1, '<', length - sizeof head + 1);
	text[sizeof head - 1] = text[length - 2] = '"';
	text[length - 1] = '}';
	assert_int_equal(read_bytes(text, length, &envelope, NULL), 0);
	assert_true(envelope.canonical.length > 6 * (length - 64));
	envelope_clear(&envelope);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_signed_by_go_are_accepted_and_forgeries_are_not),
		cmocka_unit_test(strings_are_escaped_as_go_does),
		cmocka_unit_test(a_payload_keeps_its_spelling_but_for_white_space_and_html),
		cmocka_unit_test(a_time_is_written_as_go_does),
		cmocka_unit_test(what_is_no_envelope_is_malformed),
		cmocka_unit_test(missing_members_are_left_to_the_verifier),
		cmocka_unit_test(a_signature_is_base64_of_64_bytes),
		cmocka_unit_test(an_envelope_cut_or_changed_anywhere_does_no_harm),
		cmocka_unit_test(depth_and_size_do_no_harm),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
