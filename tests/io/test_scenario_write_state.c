/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recorded state document: usable entries are the same but anonymized, unusable ones are unusable
 * for the same reason, and nothing of them is recorded.
 */
#include "harness.h"

#include "scenario_write_state.h"
#include "state_wire.h"

#include <sodium.h>
#include <stdio.h>

#define KEY    "\"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\""
#define SECRET "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlYw"
#define GOOD   "\"id\":\"the-id\",\"public_key\":" KEY ",\"allowed_ips\":[\"10.0.0.1\"]"

/* Host names stay as they are, as in the daemon; a replay cannot use them. */
static const struct peer_wire_options with_names = {.allow_host_names = true};
static const struct peer_wire_options without_names = {0};

static struct state_document document_read(
	const char *entry, const struct peer_wire_options *options)
{
	struct state_document document = {0};
	struct diag diag = {0};
	char *text = NULL;
	assert_true(asprintf(&text, "{\"peers\":[%s]}", entry) > 0);
	if (state_wire_read(text, strlen(text), options, &document, &diag) != 0)
		fail_msg("%s: %s", diag_text(&diag), text);
	assert_int_equal(document.entry_count, 1);
	free(text);
	return document;
}

/* The words behind the last value that an error quotes, without a number of characters. */
static const char *reason_of(const char *error)
{
	const char *reason = error;
	for (const char *next = error; (next = strstr(next, ": ")); next += 2)
		reason = next + 2;
	return reason + strspn(reason, "0123456789");
}

/* Write the document, and read the result. */
static struct state_document document_rewrite(
	const struct state_document *document, char **ret_text)
{
	struct anonymizer anonymizer;
	struct key_public own_key = key_of(0xee);
	struct state_document recorded = {0};
	struct diag diag = {0};
	assert_int_equal(anonymizer_init(&anonymizer, &own_key), 0);
	struct scenario_writer writer = {.anonymizer = &anonymizer};
	scenario_write_state(
		&writer, &(struct recorded_state){.document = document, .with_signing_keys = true});
	assert_int_equal(writer.error, 0);
	if (state_wire_read(writer.text, writer.length, &without_names, &recorded, &diag) != 0)
		fail_msg("%s: %s", diag_text(&diag), writer.text);
	*ret_text = strdup(writer.text);
	scenario_writer_clear(&writer);
	anonymizer_clear(&anonymizer);
	return recorded;
}

static const char *const unusable[] = {
	"7",
	"{}",
	"{\"public_key\":" KEY ",\"allowed_ips\":[]}",
	"{\"id\":\"\",\"public_key\":" KEY ",\"allowed_ips\":[]}",
	"{\"id\":7,\"public_key\":" KEY ",\"allowed_ips\":[]}",
	"{\"id\":\"a\\u0000b\",\"public_key\":" KEY ",\"allowed_ips\":[]}",
	"{\"id\":\"the-id\",\"allowed_ips\":[]}",
	"{\"id\":\"the-id\",\"public_key\":7,\"allowed_ips\":[]}",
	"{\"id\":\"the-id\",\"public_key\":\"" SECRET "\",\"allowed_ips\":[]}",
	"{\"id\":\"the-id\",\"public_key\":\"" SECRET "==\",\"allowed_ips\":[]}",
	"{\"id\":\"the-id\",\"public_key\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\","
	"\"allowed_ips\":[]}",
	"{\"id\":\"the-id\",\"public_key\":" KEY "}",
	"{\"id\":\"the-id\",\"public_key\":" KEY ",\"allowed_ips\":\"" SECRET "\"}",
	"{\"id\":\"the-id\",\"public_key\":" KEY ",\"allowed_ips\":[7]}",
	"{\"id\":\"the-id\",\"public_key\":" KEY ",\"allowed_ips\":[\"" SECRET "\"]}",
	"{\"id\":\"the-id\",\"public_key\":" KEY ",\"allowed_ips\":[\"::1\",\"10.0.0.0/33\"]}",
	"{\"id\":\"the-id\",\"public_key\":" KEY ",\"allowed_ips\":[\"2001:db8::/129\"]}",
	"{\"id\":\"the-id\",\"public_key\":" KEY ",\"allowed_ips\":[\"10.0.0.0/08\"]}",
	"{" GOOD ",\"mesh_ip\":\"" SECRET "\"}",
	"{" GOOD ",\"mesh_ip\":7}",
	"{" GOOD ",\"psk\":7}",
	"{" GOOD ",\"psk\":\"" SECRET "\"}",
	"{" GOOD ",\"psk\":\"" SECRET "!=\"}",
	"{" GOOD ",\"persistent_keepalive\":-1}",
	"{" GOOD ",\"persistent_keepalive\":65536}",
	"{" GOOD ",\"persistent_keepalive\":\"" SECRET "\"}",
	"{" GOOD ",\"endpoint\":7}",
	"{" GOOD ",\"endpoint\":\"" SECRET "\"}",
	"{" GOOD ",\"endpoint\":\"" SECRET "!:1\"}",
	"{" GOOD ",\"endpoint\":\"198.51.100.9:0\"}",
	"{" GOOD ",\"endpoint\":\"2001:db8:7::9:1\"}",
	"{" GOOD ",\"endpoint\":\"[198.51.100.9]:1\"}",
	"{" GOOD ",\"endpoint\":\"[2001:db8:7::9%eth7]:1\"}",
	"{" GOOD ",\"endpoint\":\"[fe80::9%]:1\"}",
	"{" GOOD ",\"endpoint\":\"[fe80::9%e/7]:1\"}",
	"{" GOOD ",\"endpoint\":\"[::]:1\"}",
	"{" GOOD ",\"endpoint\":\"[ff02::9]:1\"}",
	"{" GOOD ",\"endpoint\":\"[fe80::9]:1\"}",
};

/* Nothing that the entries above are made of. */
static void assert_reveals_nothing(const char *text)
{
	static const char *const words[] = {SECRET, "the-id", KEY, "10.0.0.", "198.51.100.",
		"2001:db8:7", "eth7", "fe80::9", "ff02::9", "a\\u0000b"};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		assert_lacks(text, words[i]);
}

static void an_unusable_entry_stays_so_for_the_same_reason(void **state)
{
	for (size_t i = 0; i < COUNT_OF(unusable); i++) {
		char *text;
		struct state_document document = document_read(unusable[i], &with_names);
		const struct peer_entry *entry = document.entries;
		assert_non_null(entry->error);
		struct state_document recorded = document_rewrite(&document, &text);
		assert_int_equal(recorded.entry_count, 1);
		if (!recorded.entries->error ||
			strcmp(reason_of(recorded.entries->error), reason_of(entry->error)) != 0)
			fail_msg("%s became %s: %s", entry->error, recorded.entries->error, text);
		assert_int_equal(recorded.entries->id != NULL, entry->id != NULL);
		assert_int_equal(recorded.entries->has_key, entry->has_key);
		assert_reveals_nothing(text);
		state_document_clear(&recorded);
		state_document_clear(&document);
		free(text);
	}
}

static void a_repeated_member_is_another_fault(void **state)
{
	char *text;
	struct state_document document =
		document_read("{" GOOD ",\"psk\":\"" SECRET "\",\"psk\":null}", &with_names);
	struct state_document recorded = document_rewrite(&document, &text);
	assert_non_null(recorded.entries->error);
	assert_non_null(recorded.entries->id);
	assert_true(recorded.entries->has_key);
	assert_reveals_nothing(text);
	state_document_clear(&recorded);
	state_document_clear(&document);
	free(text);
}

static void a_name_that_did_not_resolve_is_recorded_as_such(void **state)
{
	char *text;
	struct state_document document = document_read("{" GOOD "}", &with_names);
	document.entries->error =
		"peers[0] \"the-id\": endpoint: \"eth7.the-id.example\": no answer in time";
	struct state_document recorded = document_rewrite(&document, &text);
	assert_contains(recorded.entries->error, "endpoint");
	assert_contains(recorded.entries->error, "host name");
	assert_reveals_nothing(text);
	state_document_clear(&recorded);
	state_document_clear(&document);
	free(text);
}

static void a_usable_entry_retains_what_the_engine_uses(void **state)
{
	char *text;
	struct state_document document = document_read(
		"{\"id\":\"the-id\",\"public_key\":" KEY ",\"endpoint\":\"[2001:db8:7::9]:4500\","
		"\"allowed_ips\":[\"198.51.100.0/24\",\"::/0\",\"198.51.100.9\"],\"psk\":" KEY
		",\"persistent_keepalive\":25,\"mesh_ip\":\"10.0.0.9\",\"unknown\":\"" SECRET "\"}",
		&with_names);
	struct state_document recorded = document_rewrite(&document, &text);
	const struct peer_config *peer = &recorded.entries->config;
	assert_null(recorded.entries->error);
	assert_int_equal(peer->endpoint.kind, ENDPOINT_IP);
	assert_int_equal(peer->endpoint.port, 4500);
	assert_int_equal(peer->allowed_ip_count, 3);
	assert_int_equal(peer->allowed_ips[0].length, 24);
	assert_true(prefix_covers(&peer->allowed_ips[0], &peer->allowed_ips[1].ip));
	assert_int_equal(peer->allowed_ips[2].length, 0);
	assert_int_equal(peer->persistent_keepalive_s, 25);
	assert_false(key_secret_is_zero(&peer->psk));
	assert_reveals_nothing(text);
	state_document_clear(&recorded);
	state_document_clear(&document);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unusable_entry_stays_so_for_the_same_reason),
		cmocka_unit_test(a_repeated_member_is_another_fault),
		cmocka_unit_test(a_name_that_did_not_resolve_is_recorded_as_such),
		cmocka_unit_test(a_usable_entry_retains_what_the_engine_uses),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
