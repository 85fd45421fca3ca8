/* SPDX-License-Identifier: Apache-2.0 */
#include "diag.h"
#include "payload_wire.h"
#include "timestamp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEY_2 "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
#define KEY_3 "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="

static const struct peer_wire_options options = {.default_keepalive_s = 25};

/* A copy without a byte after its end, so that a sanitizer sees a read beyond it. */
static char *copy_of(const char *text, size_t length)
{
	char *copy = malloc(length ? length : 1);
	assert_non_null(copy);
	memcpy(copy, text, length);
	return copy;
}

static int read_peer(const char *text, size_t length, struct arena *arena, struct peer_entry *ret,
	struct diag *diag)
{
	struct payload_reader reader = payload_wire_reader(&options);
	char *copy = copy_of(text, length);
	int error = reader.read_peer(reader.impl, copy, length, arena, ret, diag);
	free(copy);
	return error;
}

static int read_peer_id(
	const char *text, size_t length, struct arena *arena, const char **ret, struct diag *diag)
{
	struct payload_reader reader = payload_wire_reader(&options);
	char *copy = copy_of(text, length);
	int error = reader.read_peer_id(reader.impl, copy, length, arena, ret, diag);
	free(copy);
	return error;
}

static int read_keys(const char *text, size_t length, struct signing_keys *ret, struct diag *diag)
{
	struct payload_reader reader = payload_wire_reader(&options);
	char *copy = copy_of(text, length);
	int error = reader.read_signing_keys(reader.impl, copy, length, ret, diag);
	free(copy);
	return error;
}

static void a_peer_is_read_as_from_a_document(void **state)
{
	static const char text[] =
		" {\"id\":\"peer-7\",\"public_key\":\"" KEY_2
		"\",\"endpoint\":\"198.51.100.7:51820\",\"allowed_ips\":[\"10.100.0.7\"],"
		"\"psk\":\"" KEY_3 "\",\"extra\":1} ";
	struct arena arena = {0};
	struct peer_entry entry = {0};
	assert_int_equal(read_peer(text, strlen(text), &arena, &entry, NULL), 0);
	assert_null(entry.error);
	assert_string_equal(entry.id, "peer-7");
	assert_int_equal(entry.config.public_key.bytes[31], 2);
	assert_int_equal(entry.config.psk.bytes[31], 3);
	assert_int_equal(entry.config.persistent_keepalive_s, 25);
	assert_int_equal(entry.config.allowed_ip_count, 1);
	assert_int_equal(entry.config.endpoint.port, 51820);
	arena_clear(&arena);
}

static void an_unusable_peer_is_an_error_that_names_no_place(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} rows[] = {
		{"", "byte 0: unexpected end"},
		{"{\"id\":\"peer-7\"", "byte 14: unexpected end"},
		{"null", "not an object"},
		{"[]", "not an object"},
		{"{\"public_key\":\"" KEY_2 "\",\"allowed_ips\":[]}", "id: missing"},
		{"{\"id\":\"peer-7\",\"public_key\":\"" KEY_2
		 "\",\"allowed_ips\":[\"10.0.0.0/33\"]}",
			"\"peer-7\": allowed_ips[0]: \"10.0.0.0/33\": prefix length over 32"},
		{"{\"id\":\"peer-7\",\"id\":\"peer-7\",\"public_key\":\"" KEY_2
		 "\",\"allowed_ips\":[]}",
			"repeated member \"id\""},
		{"{\"id\":\"peer-7\",\"public_key\":\"" KEY_2
		 "\",\"allowed_ips\":[],\"endpoint\":\"vpn.example.com:1\"}",
			"\"peer-7\": endpoint: \"vpn.example.com:1\": host name, and nothing "
			"resolves it"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena arena = {0};
		struct diag diag = {0};
		struct peer_entry entry = {.id = "untouched"};
		assert_int_equal(
			read_peer(rows[i].text, strlen(rows[i].text), &arena, &entry, &diag),
			-EINVAL);
		assert_string_equal(diag_text(&diag), rows[i].error);
		assert_string_equal(entry.id, "untouched");
		diag_clear(&diag);
		arena_clear(&arena);
	}
}

static void a_peer_id_is_a_non_empty_string(void **state)
{
	static const struct {
		const char *text;
		const char *id;
		const char *error;
	} rows[] = {
		{"{\"peer_id\":\"peer-7\"}", "peer-7", ""},
		{"{\"x\":{\"peer_id\":1},\"peer\\u005fid\":\"p\\u00e9er\"}",
			"p\xc3\xa9"
			"er",
			""},
		{"{\"peer_id\\u0000\":\"x\",\"peer_id\":\"peer-7\"}", "peer-7", ""},
		{"{}", NULL, "peer_id: missing"},
		{"{\"peer_id\":null}", NULL, "peer_id: missing"},
		{"{\"id\":\"peer-7\"}", NULL, "peer_id: missing"},
		{"{\"peer_id\":\"\"}", NULL, "peer_id: empty"},
		{"{\"peer_id\":7}", NULL, "peer_id: not a string"},
		{"{\"peer_id\":\"peer-7\\u0000\"}", NULL, "peer_id: contains a NUL byte"},
		{"{\"peer_id\":\"a\",\"peer_id\":\"b\"}", NULL, "repeated member \"peer_id\""},
		{"{\"peer_id\":\"a\",\"x\":{\"b\":1,\"b\":1}}", NULL, "repeated member \"b\""},
		{"\"peer-7\"", NULL, "not an object"},
		{"{\"peer_id\":\"a\"}}", NULL, "byte 15: more after the value"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena arena = {0};
		struct diag diag = {0};
		const char *id = "untouched";
		int error = read_peer_id(rows[i].text, strlen(rows[i].text), &arena, &id, &diag);
		assert_int_equal(error, *rows[i].error ? -EINVAL : 0);
		assert_string_equal(diag_text(&diag), rows[i].error);
		assert_string_equal(id, rows[i].id ? rows[i].id : "untouched");
		diag_clear(&diag);
		arena_clear(&arena);
	}
}

static void signing_keys_are_read_as_from_a_document(void **state)
{
	static const char text[] =
		"{\"current\":\"" KEY_2 "\",\"previous\":\"" KEY_3
		"\",\"transition_expires\":\"2026-03-01T12:10:00Z\",\"extra\":[]}";
	struct signing_keys keys = {0};
	int64_t expires_ns;
	assert_true(timestamp_parse("2026-03-01T12:10:00Z", 20, &expires_ns));
	assert_int_equal(read_keys(text, strlen(text), &keys, NULL), 0);
	assert_int_equal(keys.current.bytes[0], 2);
	assert_int_equal(keys.previous.bytes[0], 3);
	assert_true(keys.has_previous);
	assert_true(keys.transition_expires_ns == expires_ns);

	static const struct {
		const char *text;
		const char *error;
	} rows[] = {
		{"null", "not an object"},
		{"{}", "current: missing"},
		{"{\"current\":\"\"}", "current: missing"},
		{"{\"current\":\"AgI=\"}", "current: 4 characters, a key in base64 has 44"},
		{"{\"current\":\"" KEY_2 "\",\"previous\":1}", "previous: not a string"},
		{"{\"current\":\"" KEY_2 "\",\"current\":\"" KEY_3 "\"}",
			"repeated member \"current\""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct diag diag = {0};
		assert_int_equal(
			read_keys(rows[i].text, strlen(rows[i].text), &keys, &diag), -EINVAL);
		assert_string_equal(diag_text(&diag), rows[i].error);
		assert_int_equal(keys.current.bytes[0], 2);
		diag_clear(&diag);
	}
}

static void a_payload_cut_anywhere_is_rejected(void **state)
{
	static const char text[] =
		"{\"id\":\"peer-7\",\"peer_id\":\"p\\u00e9\",\"public_key\":\"" KEY_2
		"\",\"allowed_ips\":[\"10.0.0.0/8\"],\"current\":\"" KEY_2 "\"}";
	for (size_t length = 0; length < sizeof text - 1; length++) {
		struct arena arena = {0};
		struct peer_entry entry;
		struct signing_keys keys;
		const char *id;
		assert_int_equal(read_peer(text, length, &arena, &entry, NULL), -EINVAL);
		assert_int_equal(read_peer_id(text, length, &arena, &id, NULL), -EINVAL);
		assert_int_equal(read_keys(text, length, &keys, NULL), -EINVAL);
		arena_clear(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_is_read_as_from_a_document),
		cmocka_unit_test(an_unusable_peer_is_an_error_that_names_no_place),
		cmocka_unit_test(a_peer_id_is_a_non_empty_string),
		cmocka_unit_test(signing_keys_are_read_as_from_a_document),
		cmocka_unit_test(a_payload_cut_anywhere_is_rejected),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
