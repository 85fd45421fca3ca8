/* SPDX-License-Identifier: Apache-2.0 */
#include "api_fixture.h"
#include "freed_memory.h"

#include <signal.h>
#include <stdio.h>

static void a_node_is_registered(void **state)
{
	struct api_fixture *fixture = *state;
	struct key_public key = key_of(7);
	plane_process_tell(&fixture->plane, "PUT", "/nodes/n2", "{\"public_key\":\"%s\"}",
		key_public_format(&(struct key_public){{9}}).text);
	struct got got = got_registration(fixture, "join-token");
	assert_int_equal(got.result.status, 201);
	assert_outcome(&got, API_OUTCOME_OK, "");
	assert_string_equal(got.node_id, "node-3");
	assert_string_equal(got.mesh_ip, "10.99.0.4");
	assert_string_equal(got.signing_key, fixture->plane.signing_public_key);
	assert_int_equal(strlen(got.secret), 39);
	assert_memory_equal(got.peers, "[{\"id\":\"n2\",", 12);
	assert_int_equal(got.peers[strlen(got.peers) - 1], ']');
	assert_true(api_plane_knows(fixture, "/nodes", key_public_format(&key).text));
	assert_true(api_plane_knows(fixture, "/nodes", "\"hostname\":\"host \\\"a\\\"\""));
	assert_true(api_plane_knows(fixture, "/requests", "\"has_token\":false"));
}

static void a_registration_that_fails_has_its_reason(void **state)
{
	struct api_fixture *fixture = *state;
	struct got got = got_registration(fixture, "guessed \"token\"");
	assert_outcome(&got, API_OUTCOME_UNAUTHORIZED, "status 401");
	assert_true(api_plane_knows(fixture, "/requests", "guessed"));
}

#define ID     "\\'node_id\\':\\'n9\\'"
#define IP     "\\'mesh_ip\\':\\'10.0.0.9\\'"
#define KEY    "\\'signing_public_key\\':\\'AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\\'"
#define SECRET "\\'node_secret_key\\':\\'hush\\'"

static void a_registration_is_read_strictly(void **state)
{
	static const struct {
		const char *text;  /* as in a string of JSON */
		const char *words; /* NULL: valid */
	} answers[] = {
		{"{" ID "," IP "," KEY "," SECRET "}", NULL},
		{"{" ID "," IP "," KEY "," SECRET ",\\'peers\\':null,\\'more\\':1}", NULL},
		{"{" ID "," IP "," KEY "," SECRET ",\\'peers\\':[{}, 1]}", NULL},
		{"", "byte 0"},
		{"[]", "not an object"},
		{"{" ID "," IP "," KEY "," SECRET, "byte"},
		{"{" IP "," KEY "," SECRET "}", "node_id: missing"},
		{"{" ID "," KEY "," SECRET "}", "mesh_ip: missing"},
		{"{" ID "," IP "," SECRET "}", "signing_public_key: missing"},
		{"{" ID "," IP "," KEY "}", "node_secret_key: missing"},
		{"{" ID "," IP "," KEY "," SECRET "," SECRET "}", "repeated member"},
		{"{" ID "," IP "," KEY "," SECRET ",\\'peers\\':{}}", "peers: not an array"},
		{"{\\'node_id\\':9," IP "," KEY "," SECRET "}", "node_id: not a string"},
		{"{\\'node_id\\':\\'..\\'," IP "," KEY "," SECRET "}", "node_id: \"..\""},
		{"{\\'node_id\\':\\'\\'," IP "," KEY "," SECRET "}", "node_id: \"\""},
		{"{\\'node_id\\':\\'a\\\\u0000b\\'," IP "," KEY "," SECRET "}",
			"node_id: contains a NUL byte"},
		{"{" ID ",\\'mesh_ip\\':\\'10.0.0\\'," KEY "," SECRET "}", "mesh_ip: \"10.0.0\""},
		{"{" ID ",\\'mesh_ip\\':\\'127.0.0.1\\'," KEY "," SECRET "}",
			"mesh_ip: \"127.0.0.1\": cannot be the address of a node"},
		{"{" ID "," IP ",\\'signing_public_key\\':\\'AQ==\\'," SECRET "}",
			"signing_public_key"},
		{"{" ID "," IP "," KEY ",\\'node_secret_key\\':\\'\\'}",
			"node_secret_key: not 1 to"},
		{"{" ID "," IP "," KEY ",\\'node_secret_key\\':\\'hush hush\\'}",
			"node_secret_key: not 1 to"},
		{"{" ID "," IP "," KEY ",\\'node_secret_key\\':\\'hush\\\\n\\'}",
			"node_secret_key: not 1 to"},
		{"{" ID "," IP "," KEY ",\\'node_secret_key\\':{\\'a\\':\\'hush\\'}}",
			"node_secret_key: not a string"},
	};
	struct api_fixture *fixture = *state;
	for (size_t i = 0; i < COUNT_OF(answers); i++) {
		char text[600];
		snprintf(text, sizeof text, "'mode':'body','text':'%s'", answers[i].text);
		api_fault(fixture, text);
		struct got got = got_registration(fixture, "join-token");
		assert_lacks(got.error, "hush");
		assert_outcome(&got, answers[i].words ? API_OUTCOME_PROTOCOL : API_OUTCOME_OK,
			answers[i].words ? answers[i].words : "");
		if (answers[i].words)
			continue;
		assert_string_equal(got.node_id, "n9");
		assert_string_equal(got.secret, "hush");
		assert_string_equal(got.peers, i == 2 ? "[{}, 1]" : "");
	}
}

static void no_secret_is_left_in_freed_memory(void **state)
{
	struct api_fixture *fixture = *state;
	const struct api_options options = {0};
	api_fault(fixture, "'mode':'body','text':'{" ID "," IP "," KEY
			   ",\\'node_secret_key\\':\\'" TOKEN "\\'}'");
	freed_memory_watch('T', 24);
	struct got got = got_registration(fixture, "ZZZ");
	assert_outcome(&got, API_OUTCOME_OK, "");
	assert_int_equal(freed_memory_hits(), 0);
	freed_memory_watch('T', 0);
	/* The join token too. */
	plane_process_tell(&fixture->plane, "DELETE", "/faults", "{}");
	freed_memory_watch('T', 24);
	assert_int_equal(
		got_registration(fixture, TOKEN "2").result.outcome, API_OUTCOME_UNAUTHORIZED);
	api_client_deinit(&fixture->client);
	assert_int_equal(freed_memory_hits(), 0);
	freed_memory_watch('T', 0);
	api_open(fixture, "n1", &options);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, api_set_up, api_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_node_is_registered),
		TEST(a_registration_that_fails_has_its_reason),
		TEST(a_registration_is_read_strictly),
		TEST(no_secret_is_left_in_freed_memory),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
