/* SPDX-License-Identifier: Apache-2.0 */
#include "diag.h"
#include "state_wire.h"
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
#define KEY_0 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static const struct peer_wire_options options = {
	.default_keepalive_s = 25,
	.allow_host_names = true,
	.allowed_ips_max = (size_t)1 << 20,
	.allowed_ips_total_max = (size_t)1 << 20,
};

/* Read a copy without a byte after its end, so that a sanitizer sees a read beyond it. */
static int read_bytes(
	const char *text, size_t length, struct state_document *ret, struct diag *diag)
{
	char *copy = malloc(length ? length : 1);
	assert_non_null(copy);
	memcpy(copy, text, length);
	int error = state_wire_read(copy, length, &options, ret, diag);
	free(copy);
	return error;
}

static struct state_document read_text(const char *text)
{
	struct state_document document = {0};
	struct diag diag = {0};
	int error = read_bytes(text, strlen(text), &document, &diag);
	assert_string_equal(diag_text(&diag), "");
	assert_int_equal(error, 0);
	diag_clear(&diag);
	return document;
}

static void assert_key(const struct key_public *key, uint8_t value)
{
	struct key_public expected;
	memset(expected.bytes, value, sizeof expected.bytes);
	assert_memory_equal(key, &expected, sizeof expected);
}

/* A valid peer with these members in addition. */
#define WITH(members)                                                                              \
	"{\"id\":\"peer-7\",\"public_key\":\"" KEY_2 "\",\"allowed_ips\":[]," members "}"
#define WITH_ID(id) "{" id "\"public_key\":\"" KEY_2 "\",\"allowed_ips\":[]}"

static void a_document_is_read_whole(void **state)
{
	struct state_document document = read_text(
		"{\"peers\":[{\"id\":\"peer-2\",\"public_key\":\"" KEY_2
		"\",\"mesh_ip\":\"10.100.0.2\",\"endpoint\":\"198.51.100.2:51820\","
		"\"allowed_ips\":[\"10.1.2.3/16\",\"10.100.0.2\",\"10.100.0.2/32\"],"
		"\"psk\":\"" KEY_3 "\",\"persistent_keepalive\":7},"
		"{\"allowed_ips\":[],\"public_key\":\"" KEY_3 "\",\"id\":\"p\\u00e9er\"}],"
		"\"signing_keys\":{\"current\":\"" KEY_2 "\"}}");
	assert_int_equal(document.entry_count, 2);
	const struct peer_entry *entry = &document.entries[0];
	assert_null(entry->error);
	assert_string_equal(entry->id, "peer-2");
	assert_ptr_equal(entry->id, entry->config.id);
	assert_true(entry->has_key);
	assert_key(&entry->config.public_key, 2);
	assert_string_equal(endpoint_format(&entry->config.endpoint).text, "198.51.100.2:51820");
	assert_int_equal(entry->config.allowed_ip_count, 2);
	assert_string_equal(prefix_format(&entry->config.allowed_ips[0]).text, "10.1.0.0/16");
	assert_string_equal(prefix_format(&entry->config.allowed_ips[1]).text, "10.100.0.2/32");
	assert_int_equal(entry->config.psk.bytes[31], 3);
	assert_int_equal(entry->config.persistent_keepalive_s, 7);
	entry = &document.entries[1];
	assert_null(entry->error);
	assert_string_equal(entry->id, "p\xc3\xa9"
				       "er");
	assert_int_equal(entry->config.allowed_ip_count, 0);
	assert_int_equal(entry->config.endpoint.kind, ENDPOINT_NONE);
	assert_int_equal(entry->config.persistent_keepalive_s, 25);
	assert_true(key_secret_is_zero(&entry->config.psk));
	assert_true(document.has_signing_keys);
	assert_null(document.signing_keys_error);
	assert_key(&document.signing_keys.current, 2);
	assert_int_equal(document.unknown_member_count, 0);
	state_document_clear(&document);
}

static void null_is_missing_or_empty(void **state)
{
	struct state_document document =
		read_text("{\"peers\":[{\"id\":\"a\",\"public_key\":\"" KEY_2
			  "\",\"mesh_ip\":null,\"endpoint\":null,\"allowed_ips\":null,"
			  "\"psk\":null,\"persistent_keepalive\":null}]}");
	assert_null(document.entries[0].error);
	assert_int_equal(document.entries[0].config.persistent_keepalive_s, 25);
	state_document_clear(&document);
	document = read_text("{\"peers\":null,\"signing_keys\":null}");
	assert_int_equal(document.entry_count, 0);
	assert_false(document.has_signing_keys);
	assert_null(document.signing_keys_error);
	state_document_clear(&document);
}

static void an_unusable_peer_affects_no_other(void **state)
{
	struct state_document document = read_text("{\"peers\":[" WITH("\"x\":1") "," WITH_ID(
		"\"id\":7,") ",null," WITH("\"psk\":7") "," WITH("\"y\":{\"z\":1}") "]}");
	assert_int_equal(document.entry_count, 5);
	assert_null(document.entries[0].error);
	assert_string_equal(document.entries[1].error, "peers[1]: id: not a string");
	assert_string_equal(document.entries[2].error, "peers[2]: not an object");
	assert_string_equal(document.entries[3].error, "peers[3] \"peer-7\": psk: not a string");
	assert_null(document.entries[4].error);
	state_document_clear(&document);
}

static void unknown_members_are_named(void **state)
{
	struct state_document document =
		read_text("{\"version\":3,\"peers\":[" WITH("\"x\":1") "," WITH_ID(
			"\"id\":\"a\",\"allowed_ip\":[],") ",{\"Id\":1}],"
							   "\"signing_keys\":{\"current\":\"" KEY_2
							   "\",\"next\":null},\"a\\nb\":1,\"\":2,"
							   "\"policies\":[{\"id\":1}]}");
	static const char *const places[] = {"version", "peers[0].x", "peers[1].allowed_ip",
		"peers[2].Id", "signing_keys.next", "\"a\\x0ab\"", "\"\"", "policies"};
	assert_int_equal(document.unknown_member_count, sizeof places / sizeof *places);
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		assert_string_equal(document.unknown_members[i], places[i]);
	state_document_clear(&document);
}

static void an_invalid_document_is_rejected_whole(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} rows[] = {
		{"", "byte 0: unexpected end"},
		{"[]", "not an object"},
		{"null", "not an object"},
		{"{}", "peers: missing"},
		{"{\"Peers\":[]}", "peers: missing"},
		{"{\"peers\":{}}", "peers: not an array"},
		{"{\"peers\":\"\"}", "peers: not an array"},
		{"{\"peers\":[]}x", "byte 12: more after the value"},
		{"{\"peers\":[{\"id\":\"\xff\"}]}", "byte 17: not UTF-8"},
		{"{\"peers\":[],\"peers\":[]}", "repeated member \"peers\""},
		{"{\"peers\":[],\"p\\u0065ers\":[]}", "repeated member \"peers\""},
		{"{\"peers\":[],\"a\":1,\"a\":1}", "repeated member \"a\""},
		{"{\"peers\":[],\"signing_keys\":{\"current\":\"" KEY_2 "\",\"current\":\"" KEY_2
		 "\"}}",
			"\"signing_keys\": repeated member \"current\""},
		{"{\"peers\":[],\"node\":[{\"a\":{\"b\":1,\"b\":1}}]}",
			"\"node\": repeated member \"b\""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct state_document document = {.entry_count = 77};
		struct diag diag = {0};
		assert_int_equal(
			read_bytes(rows[i].text, strlen(rows[i].text), &document, &diag), -EINVAL);
		assert_string_equal(diag_text(&diag), rows[i].error);
		assert_int_equal(document.entry_count, 77);
		diag_clear(&diag);
	}
}

static void bad_signing_keys_leave_the_peers_in_force(void **state)
{
	static const struct {
		const char *keys;
		const char *error;
	} rows[] = {
		{"7", "signing_keys: not an object"},
		{"[]", "signing_keys: not an object"},
		{"{}", "signing_keys.current: missing"},
		{"{\"current\":\"\"}", "signing_keys.current: missing"},
		{"{\"current\":null}", "signing_keys.current: missing"},
		{"{\"current\":5}", "signing_keys.current: not a string"},
		{"{\"current\":\"AgI=\"}",
			"signing_keys.current: 4 characters, a key in base64 has 44"},
		{"{\"current\":\"" KEY_2 "\",\"previous\":\"AgI=\"}",
			"signing_keys.previous: 4 characters, a key in base64 has 44"},
		{"{\"current\":\"" KEY_2 "\",\"transition_expires\":\"soon\"}",
			"signing_keys.transition_expires: \"soon\": not a time as in RFC 3339"},
		{"{\"current\":\"" KEY_2 "\",\"transition_expires\":1767225600}",
			"signing_keys.transition_expires: not a string"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[512];
		snprintf(text, sizeof text, "{\"signing_keys\":%s,\"peers\":[%s]}", rows[i].keys,
			WITH("\"x\":1"));
		struct state_document document = read_text(text);
		assert_false(document.has_signing_keys);
		assert_non_null(document.signing_keys_error);
		assert_string_equal(document.signing_keys_error, rows[i].error);
		assert_int_equal(document.entry_count, 1);
		assert_null(document.entries[0].error);
		state_document_clear(&document);
	}
}

static void a_previous_key_counts_only_with_its_end(void **state)
{
	static const struct {
		const char *rest;
		bool has_previous;
	} rows[] = {
		{"\"previous\":\"" KEY_3 "\",\"transition_expires\":\"2026-03-01T12:10:00Z\"",
			true},
		{"\"transition_expires\":\"2026-03-01T12:10:00Z\",\"previous\":\"" KEY_3 "\"",
			true},
		{"\"previous\":\"" KEY_3 "\"", false},
		{"\"previous\":\"" KEY_3 "\",\"transition_expires\":null", false},
		{"\"previous\":\"\",\"transition_expires\":\"2026-03-01T12:10:00Z\"", false},
		{"\"previous\":null,\"transition_expires\":\"2026-03-01T12:10:00Z\"", false},
	};
	int64_t expires_ns;
	assert_true(timestamp_parse("2026-03-01T12:10:00Z", 20, &expires_ns));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[512];
		snprintf(text, sizeof text,
			"{\"peers\":[],\"signing_keys\":{\"current\":\"" KEY_2 "\",%s}}",
			rows[i].rest);
		struct state_document document = read_text(text);
		const struct signing_keys *keys = &document.signing_keys;
		assert_true(document.has_signing_keys);
		assert_key(&keys->current, 2);
		assert_int_equal(keys->has_previous, rows[i].has_previous);
		assert_key(&keys->previous, rows[i].has_previous ? 3 : 0);
		assert_true(keys->transition_expires_ns == (rows[i].has_previous ? expires_ns : 0));
		state_document_clear(&document);
	}
}

static void peers_may_stand_alone(void **state)
{
	static const char text[] = "[" WITH("\"x\":1") ",7]";
	struct state_document document = {0};
	struct diag diag = {0};
	assert_int_equal(state_wire_read_peers(text, strlen(text), &options, &document, NULL), 0);
	assert_int_equal(document.entry_count, 2);
	assert_null(document.entries[0].error);
	assert_string_equal(document.entries[1].error, "peers[1]: not an object");
	state_document_clear(&document);
	assert_int_equal(state_wire_read_peers("{}", 2, &options, &document, &diag), -EINVAL);
	assert_string_equal(diag_text(&diag), "peers: not an array");
	diag_clear(&diag);
}

static const char sample[] =
	"{\"peers\":[{\"id\":\"peer-2\",\"public_key\":\"" KEY_2
	"\",\"mesh_ip\":\"10.100.0.2\",\"endpoint\":\"[fe80::1%eth0]:51820\","
	"\"allowed_ips\":[\"10.1.2.3/16\",\"fd00::/64\"],\"psk\":\"" KEY_3
	"\",\"persistent_keepalive\":25,\"labels\":{\"a\":[null,true,-1.5e3,\"\\ud83d\\ude00\"]}}],"
	"\"signing_keys\":{\"current\":\"" KEY_2 "\",\"previous\":\"" KEY_3
	"\",\"transition_expires\":\"2026-03-01T12:10:00Z\"}}";

static void a_document_cut_anywhere_changes_nothing(void **state)
{
	for (size_t length = 0; length < sizeof sample - 1; length++) {
		struct state_document document = {.entry_count = 77};
		assert_int_equal(read_bytes(sample, length, &document, NULL), -EINVAL);
		assert_int_equal(document.entry_count, 77);
	}
	struct state_document document = read_text(sample);
	assert_null(document.entries[0].error);
	assert_true(document.signing_keys.has_previous);
	state_document_clear(&document);
}

/* Every byte of the sample in turn becomes each of these. */
static void no_wrong_byte_does_harm(void **state)
{
	static const char bytes[] = "\0\x01 \"\\{}[]:,0-9eax\x7f\x80\xc3\xff";
	unsigned refused = 0, read = 0;
	for (size_t at = 0; at < sizeof sample - 1; at++) {
		for (size_t i = 0; i < sizeof bytes - 1; i++) {
			char text[sizeof sample];
			struct state_document document = {0};
			memcpy(text, sample, sizeof sample);
			text[at] = bytes[i];
			if (read_bytes(text, sizeof sample - 1, &document, NULL) == 0)
				read++;
			else
				refused++;
			state_document_clear(&document);
		}
	}
	assert_true(refused > 1000);
	assert_true(read > 1000);
}

/* HEAD, UNIT many times, TAIL. */
static int read_repeated(const char *head, const char *unit, size_t count, const char *tail,
	struct state_document *ret, struct diag *diag)
{
	size_t unit_length = strlen(unit), at = strlen(head);
	size_t length = at + unit_length * count + strlen(tail);
	char *text = malloc(length + 1);
	assert_non_null(text);
	strcpy(text, head);
	for (size_t i = 0; i < count; i++, at += unit_length)
		memcpy(text + at, unit, unit_length);
	strcpy(text + at, tail);
	int error = read_bytes(text, length, ret, diag);
	free(text);
	return error;
}

static void size_does_no_harm(void **state)
{
	static const struct {
		const char *head;
		const char *unit;
		const char *tail;
		const char *error; /* of the entry; NULL: it is usable */
	} rows[] = {
		{"{\"peers\":[{\"public_key\":\"" KEY_2 "\",\"allowed_ips\":[],\"id\":\"", "x",
			"\"}]}",
			"peers[0] "
			"\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\""
			"...: id: 1048576 bytes, at most 255 are allowed"},
		{"{\"peers\":[{\"id\":\"a\",\"public_key\":\"" KEY_2
		 "\",\"allowed_ips\":[],\"psk\":\"",
			"A", "\"}]}",
			"peers[0] \"a\": psk: 1048576 characters, a key in base64 has 44"},
		{"{\"peers\":[{\"id\":\"a\",\"public_key\":\"" KEY_2
		 "\",\"allowed_ips\":[],\"persistent_keepalive\":1",
			"0", "}]}", "peers[0] \"a\": persistent_keepalive: over 65535"},
		{"{\"peers\":[{\"id\":\"a\",\"public_key\":\"" KEY_2 "\",\"allowed_ips\":[",
			"\"10.0.0.1\",", "\"10.0.0.2\"]}]}", NULL},
		{"{\"peers\":[{\"id\":\"a\",\"public_key\":\"" KEY_2
		 "\",\"allowed_ips\":[],\"x\":[",
			"{},", "0]}]}", NULL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct state_document document = {0};
		size_t count = (1 << 20) / strlen(rows[i].unit);
		assert_int_equal(read_repeated(rows[i].head, rows[i].unit, count, rows[i].tail,
					 &document, NULL),
			0);
		if (rows[i].error)
			assert_string_equal(document.entries[0].error, rows[i].error);
		else
			assert_null(document.entries[0].error);
		state_document_clear(&document);
	}
}

static void depth_does_no_harm(void **state)
{
	static const char *const heads[] = {
		"", "{\"peers\":", "{\"peers\":[{\"psk\":", "{\"peers\":[],\"signing_keys\":"};
	static const char *const units[] = {"[", "{\"a\":"};
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		for (size_t j = 0; j < sizeof units / sizeof *units; j++) {
			struct state_document document = {0};
			struct diag diag = {0};
			assert_int_equal(
				read_repeated(heads[i], units[j], 100000, "", &document, &diag),
				-EINVAL);
			assert_non_null(strstr(diag_text(&diag), "nested too deep"));
			diag_clear(&diag);
		}
	}
	/* As deep as the limit, in place of a string. */
	char text[512] = "{\"peers\":[{\"id\":\"a\",\"psk\":", *end = text + strlen(text);
	memset(end, '[', 125);
	memset(end + 125, ']', 125);
	strcpy(end + 250, "}]}");
	struct state_document document = read_text(text);
	assert_string_equal(document.entries[0].error, "peers[0] \"a\": psk: not a string");
	state_document_clear(&document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_is_read_whole),
		cmocka_unit_test(null_is_missing_or_empty),
		cmocka_unit_test(an_unusable_peer_affects_no_other),
		cmocka_unit_test(unknown_members_are_named),
		cmocka_unit_test(an_invalid_document_is_rejected_whole),
		cmocka_unit_test(bad_signing_keys_leave_the_peers_in_force),
		cmocka_unit_test(a_previous_key_counts_only_with_its_end),
		cmocka_unit_test(peers_may_stand_alone),
		cmocka_unit_test(a_document_cut_anywhere_changes_nothing),
		cmocka_unit_test(no_wrong_byte_does_harm),
		cmocka_unit_test(size_does_no_harm),
		cmocka_unit_test(depth_does_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
