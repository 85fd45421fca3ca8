/* SPDX-License-Identifier: Apache-2.0 */
#include "diag.h"
#include "state_wire.h"

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
};

/* Read a copy without a byte after its end, so that a sanitizer sees a read beyond it. */
static int read_bytes(const char *text, size_t length, const struct peer_wire_options *how,
	struct state_document *ret, struct diag *diag)
{
	char *copy = malloc(length ? length : 1);
	assert_non_null(copy);
	memcpy(copy, text, length);
	int error = state_wire_read(copy, length, how, ret, diag);
	free(copy);
	return error;
}

static struct state_document read_text(const char *text)
{
	struct state_document document = {0};
	struct diag diag = {0};
	int error = read_bytes(text, strlen(text), &options, &document, &diag);
	assert_string_equal(diag_text(&diag), "");
	assert_int_equal(error, 0);
	diag_clear(&diag);
	return document;
}

/* The document whose only peer is this text. */
static struct state_document read_peer(const char *peer)
{
	char *text = malloc(strlen(peer) + 32);
	assert_non_null(text);
	sprintf(text, "{\"peers\":[%s]}", peer);
	struct state_document document = read_text(text);
	assert_int_equal(document.entry_count, 1);
	free(text);
	return document;
}

static void assert_key(const struct key_public *key, uint8_t value)
{
	struct key_public expected;
	memset(expected.bytes, value, sizeof expected.bytes);
	assert_memory_equal(key, &expected, sizeof expected);
}

/* Put these members into a peer that is valid otherwise. */
#define WITH(members)                                                                              \
	"{\"id\":\"peer-7\",\"public_key\":\"" KEY_2 "\",\"allowed_ips\":[]," members "}"
#define WITH_IPS(ips) "{\"id\":\"peer-7\",\"public_key\":\"" KEY_2 "\",\"allowed_ips\":" ips "}"
#define WITH_ID(id)   "{" id "\"public_key\":\"" KEY_2 "\",\"allowed_ips\":[]}"
#define WITH_KEY(key) "{\"id\":\"peer-7\"," key "\"allowed_ips\":[]}"
#define AT            "peers[0] \"peer-7\": "

static void an_unusable_peer_has_a_reason_and_its_id_or_key(void **state)
{
	static const struct {
		const char *peer;
		const char *error;
		const char *id; /* NULL: none is readable */
		bool has_key;
	} rows[] = {
		{"7", "peers[0]: not an object", NULL, false},
		{"null", "peers[0]: not an object", NULL, false},
		{"[{\"id\":\"a\"}]", "peers[0]: not an object", NULL, false},
		{"{}", "peers[0]: allowed_ips: missing", NULL, false},
		{WITH_ID(""), "peers[0]: id: missing", NULL, true},
		{WITH_ID("\"id\":null,"), "peers[0]: id: missing", NULL, true},
		{WITH_ID("\"Id\":\"peer-7\","), "peers[0]: id: missing", NULL, true},
		{WITH_ID("\"id\\u0000\":\"peer-7\","), "peers[0]: id: missing", NULL, true},
		{WITH_ID("\"id\":\"\","), "peers[0]: id: empty", NULL, true},
		{WITH_ID("\"id\":7,"), "peers[0]: id: not a string", NULL, true},
		{WITH_ID("\"id\":\"a\\u0000b\","), "peers[0]: id: contains a NUL byte", NULL, true},
		{WITH_ID("\"id\":\"a\",\"id\":\"a\","), "peers[0]: repeated member \"id\"", NULL,
			true},
		{WITH_ID("\"id\":\"a\",\"\\u0069d\":\"b\","), "peers[0]: repeated member \"id\"",
			NULL, true},
		{WITH_ID("\"id\":\"a\",\"id\":null,"), "peers[0]: repeated member \"id\"", NULL,
			true},
		{WITH_KEY(""), AT "public_key: missing", "peer-7", false},
		{WITH_KEY("\"public_key\":{},"), AT "public_key: not a string", "peer-7", false},
		{WITH_KEY("\"public_key\":\"" KEY_0 "\","),
			AT "public_key: all zero, which is no key", "peer-7", false},
		{WITH_KEY("\"public_key\":\"" KEY_2 "\",\"public_key\":\"" KEY_2 "\","),
			AT "repeated member \"public_key\"", "peer-7", false},
		{"{\"id\":\"peer-7\",\"public_key\":\"" KEY_2 "\"}", AT "allowed_ips: missing",
			"peer-7", true},
		{WITH_IPS("\"10.0.0.0/8\""), AT "allowed_ips: not an array", "peer-7", true},
		{WITH_IPS("{\"0\":\"10.0.0.0/8\"}"), AT "allowed_ips: not an array", "peer-7",
			true},
		{WITH_IPS("[\"10.0.0.0/8\",null]"), AT "allowed_ips[1]: not a string", "peer-7",
			true},
		{WITH_IPS("[\"10.0.0.0/8\",[]]"), AT "allowed_ips[1]: not a string", "peer-7",
			true},
		{WITH_IPS("[\"10.0.0.0/8\\u0000\"]"), AT "allowed_ips[0]: contains a NUL byte",
			"peer-7", true},
		{WITH_IPS("[\"10.0.0.0/33\"]"),
			AT "allowed_ips[0]: \"10.0.0.0/33\": prefix length over 32", "peer-7",
			true},
		{WITH("\"endpoint\":51820"), AT "endpoint: not a string", "peer-7", true},
		{WITH("\"mesh_ip\":[]"), AT "mesh_ip: not a string", "peer-7", true},
		{WITH("\"psk\":true"), AT "psk: not a string", "peer-7", true},
		{WITH("\"psk\":\"" KEY_3 "\",\"psk\":\"" KEY_3 "\""), AT "repeated member \"psk\"",
			"peer-7", true},
		{WITH("\"x\":[{\"y\":1,\"y\":2}]"), AT "repeated member \"y\"", "peer-7", true},
		{WITH("\"persistent_keepalive\":25.5"),
			AT "persistent_keepalive: not a whole number", "peer-7", true},
		{WITH("\"persistent_keepalive\":1e-1"),
			AT "persistent_keepalive: not a whole number", "peer-7", true},
		{WITH("\"persistent_keepalive\":\"25\""),
			AT "persistent_keepalive: not a whole number", "peer-7", true},
		{WITH("\"persistent_keepalive\":false"),
			AT "persistent_keepalive: not a whole number", "peer-7", true},
		{WITH("\"persistent_keepalive\":-1"), AT "persistent_keepalive: negative", "peer-7",
			true},
		{WITH("\"persistent_keepalive\":-99999999999999999999"),
			AT "persistent_keepalive: negative", "peer-7", true},
		{WITH("\"persistent_keepalive\":65536"), AT "persistent_keepalive: over 65535",
			"peer-7", true},
		{WITH("\"persistent_keepalive\":18446744073709551617"),
			AT "persistent_keepalive: over 65535", "peer-7", true},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct state_document document = read_peer(rows[i].peer);
		const struct peer_entry *entry = &document.entries[0];
		assert_non_null(entry->error);
		assert_string_equal(entry->error, rows[i].error);
		assert_int_equal(entry->has_key, rows[i].has_key);
		if (rows[i].id)
			assert_string_equal(entry->id, rows[i].id);
		else
			assert_null(entry->id);
		if (entry->has_key)
			assert_key(&entry->config.public_key, 2);
		state_document_clear(&document);
	}
}

static void a_keepalive_is_any_whole_number_in_its_range(void **state)
{
	static const struct {
		const char *text;
		unsigned seconds;
	} rows[] = {{"0", 0}, {"-0", 0}, {"1", 1}, {"65535", 65535}, {"25.0", 25}, {"2.5e1", 25},
		{"-0.0", 0}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char peer[256];
		snprintf(peer, sizeof peer,
			"{\"id\":\"a\",\"public_key\":\"" KEY_2
			"\",\"allowed_ips\":[],\"persistent_keepalive\":%s}",
			rows[i].text);
		struct state_document document = read_peer(peer);
		assert_null(document.entries[0].error);
		assert_int_equal(
			document.entries[0].config.persistent_keepalive_s, rows[i].seconds);
		state_document_clear(&document);
	}
}

static void no_error_shows_a_preshared_key(void **state)
{
	static const char secret[] = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U";
	static const char *const tails[] = {"", "==", "=\\u0000", "\\n", "="};
	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
		char peer[512];
		snprintf(peer, sizeof peer,
			"{\"id\":\"peer-7\",\"public_key\":\"" KEY_2
			"\",\"allowed_ips\":[\"x\"],\"psk\":\"%s%s\"}",
			secret, tails[i]);
		struct state_document document = read_peer(peer);
		assert_non_null(document.entries[0].error);
		assert_null(strstr(document.entries[0].error, "c2Vj"));
		assert_true(key_secret_is_zero(&document.entries[0].config.psk));
		state_document_clear(&document);
	}
}

static void a_host_name_needs_a_resolver(void **state)
{
	static const char text[] =
		"{\"peers\":[" WITH("\"endpoint\":\"vpn.example.com:51820\"") "]}";
	static const struct peer_wire_options no_names = {0};
	struct state_document document = {0};
	assert_int_equal(read_bytes(text, strlen(text), &no_names, &document, NULL), 0);
	assert_string_equal(document.entries[0].error,
		AT "endpoint: \"vpn.example.com:51820\": host name, and nothing resolves it");
	assert_string_equal(document.entries[0].id, "peer-7");
	assert_true(document.entries[0].has_key);
	state_document_clear(&document);
	document = read_text(text);
	assert_null(document.entries[0].error);
	assert_string_equal(document.entries[0].config.endpoint.host, "vpn.example.com");
	state_document_clear(&document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unusable_peer_has_a_reason_and_its_id_or_key),
		cmocka_unit_test(a_keepalive_is_any_whole_number_in_its_range),
		cmocka_unit_test(no_error_shows_a_preshared_key),
		cmocka_unit_test(a_host_name_needs_a_resolver),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
