/* SPDX-License-Identifier: Apache-2.0 */
#include "api_fixture.h"
#include "freed_memory.h"

#include <signal.h>
#include <stdio.h>

static void a_state_comes_with_its_version(void **state)
{
	struct api_fixture *fixture = *state;
	struct got first = got_state(fixture, NULL);
	assert_int_equal(first.result.outcome, API_OUTCOME_OK);
	assert_int_equal(first.result.status, 200);
	assert_memory_equal(first.body.bytes, "{\"peers\":[],", 12);
	assert_true(first.etag[0]);
	struct got second = got_state(fixture, first.etag);
	assert_outcome(&second, API_OUTCOME_NOT_MODIFIED, "");
	api_tell(fixture, "PUT", "/nodes/n1/state", "'peers':[{}]");
	struct got third = got_state(fixture, first.etag);
	assert_int_equal(third.result.outcome, API_OUTCOME_OK);
	assert_string_not_equal(third.etag, first.etag);
	assert_int_equal(third.body.length, strlen("{\"peers\":[{}]}"));
	got_clear(&first);
	got_clear(&third);
}

static void not_modified_without_a_version_makes_no_sense(void **state)
{
	struct api_fixture *fixture = *state;
	api_fault(fixture, "'mode':'status','status':304");
	struct got got = got_state(fixture, "");
	assert_outcome(&got, API_OUTCOME_PROTOCOL, "304");
	got = got_heartbeat(fixture);
	assert_outcome(&got, API_OUTCOME_PROTOCOL, "304");
}

static void each_status_has_its_outcome(void **state)
{
	static const struct {
		int status;
		enum api_outcome outcome;
	} statuses[] = {
		{204, API_OUTCOME_PROTOCOL},
		{301, API_OUTCOME_PROTOCOL},
		{302, API_OUTCOME_PROTOCOL},
		{400, API_OUTCOME_REFUSED},
		{401, API_OUTCOME_UNAUTHORIZED},
		{403, API_OUTCOME_FORBIDDEN},
		{404, API_OUTCOME_NOT_FOUND},
		{405, API_OUTCOME_REFUSED},
		{410, API_OUTCOME_REFUSED},
		{429, API_OUTCOME_RATE_LIMITED},
		{500, API_OUTCOME_SERVER_ERROR},
		{503, API_OUTCOME_SERVER_ERROR},
		{599, API_OUTCOME_SERVER_ERROR},
		{600, API_OUTCOME_PROTOCOL},
	};
	struct api_fixture *fixture = *state;
	for (size_t i = 0; i < COUNT_OF(statuses); i++) {
		char text[128], words[16];
		snprintf(text, sizeof text, "'mode':'status','status':%d", statuses[i].status);
		snprintf(words, sizeof words, "status %d", statuses[i].status);
		api_fault(fixture, text);
		struct got got = got_state(fixture, NULL);
		assert_int_equal(got.result.status, statuses[i].status);
		assert_outcome(&got, statuses[i].outcome, words);
	}
	struct got got = got_state(fixture, NULL);
	assert_int_equal(got.result.retry_after_ms, -1);
	got_clear(&got);
}

static void a_request_that_the_control_plane_rejects_has_its_outcome(void **state)
{
	struct api_fixture *fixture = *state;
	const struct api_options options = {0};
	plane_process_tell(&fixture->plane, "PUT", "/nodes/n1", "{\"token\":\"another\"}");
	struct got got = got_state(fixture, NULL);
	assert_outcome(&got, API_OUTCOME_UNAUTHORIZED, "status 401");
	api_open(fixture, "n2", &options);
	plane_process_tell(&fixture->plane, "PUT", "/nodes/n3", "{\"token\":\"%s\"}", TOKEN);
	plane_process_tell(&fixture->plane, "PUT", "/nodes/n2", "{\"token\":\"another\"}");
	got = got_state(fixture, NULL);
	assert_outcome(&got, API_OUTCOME_FORBIDDEN, "status 403");
	plane_process_tell(&fixture->plane, "DELETE", "/nodes/n2", "{}");
	got = got_state(fixture, NULL);
	assert_outcome(&got, API_OUTCOME_NOT_FOUND, "status 404");
}

static void the_requested_pause_is_read_and_limited(void **state)
{
	static const struct {
		const char *headers;
		int64_t wait_ms;
	} waits[] = {
		{"'Retry-After':'3'", 3000},
		{"'Retry-After':'0'", 0},
		{"'Retry-After':'3600'", API_RETRY_AFTER_MAX_MS},
		{"'Retry-After':'3601'", API_RETRY_AFTER_MAX_MS},
		{"'Retry-After':'99999999999999999999999999'", API_RETRY_AFTER_MAX_MS},
		{"'Retry-After':'-1'", -1},
		{"'Retry-After':'soon'", -1},
		{"'Retry-After':''", -1},
		{"'X':'y'", -1},
		{"'Retry-After':'Sun, 01 Mar 2026 12:00:30 GMT','Date':'Sun, 01 Mar 2026 12:00:00 "
		 "GMT'",
			30000},
		{"'Retry-After':'Sun, 01 Mar 2026 11:00:00 GMT','Date':'Sun, 01 Mar 2026 12:00:00 "
		 "GMT'",
			0},
		{"'Retry-After':'Sun, 01 Mar 2099 11:00:00 GMT','Date':'Sun, 01 Mar 2026 12:00:00 "
		 "GMT'",
			API_RETRY_AFTER_MAX_MS},
	};
	struct api_fixture *fixture = *state;
	for (size_t i = 0; i < COUNT_OF(waits); i++) {
		char text[512];
		snprintf(text, sizeof text, "'mode':'status','status':%d,'headers':{%s}",
			i % 2 ? 503 : 429, waits[i].headers);
		api_fault(fixture, text);
		struct got got = got_state(fixture, NULL);
		assert_true(got.result.retry_after_ms == waits[i].wait_ms);
		got_clear(&got);
	}
	api_fault(fixture, "'mode':'body','text':'{}','headers':{'Retry-After':'3'}");
	struct got got = got_state(fixture, NULL);
	assert_true(got.result.retry_after_ms == -1);
	got_clear(&got);
}

static void the_clock_of_the_control_plane_is_reported(void **state)
{
	struct api_fixture *fixture = *state;
	api_fault(fixture,
		"'mode':'body','text':'{}','headers':{'Date':'Sun, 01 Mar 2026 12:00:00 GMT'}");
	struct got got = got_state(fixture, NULL);
	assert_true(got.result.has_server_date);
	assert_true(got.result.server_date_ns == INT64_C(1772366400) * 1000000000);
	assert_true(got.result.server_date_age_ms >= 0);
	assert_true(got.result.server_date_age_ms < PATIENCE_MS);
	got_clear(&got);
	api_fault(fixture, "'mode':'body','text':'{}','headers':{'Date':'some day'}");
	got = got_state(fixture, NULL);
	assert_false(got.result.has_server_date);
	got_clear(&got);
	api_fault(fixture, "'mode':'close'");
	got = got_state(fixture, NULL);
	assert_false(got.result.has_server_date);
}

static void an_answer_from_a_cache_is_older_than_its_date(void **state)
{
	static const struct {
		const char *age;
		int64_t age_s; /* -1: unknown */
	} ages[] = {
		{"0", 0},
		{"120", 120},
		{"0000120", 120},
		{"86400", 86400},
		{"", 0},
		{"-1", -1},
		{"1.5", -1},
		{"120, 3", -1},
		{"99999999999999999999999", -1},
	};
	struct api_fixture *fixture = *state;
	for (size_t i = 0; i < COUNT_OF(ages); i++) {
		char text[256];
		snprintf(text, sizeof text,
			"'mode':'body','text':'{}','headers':{'Age':'%s',"
			"'Date':'Sun, 01 Mar 2026 12:00:00 GMT'}",
			ages[i].age);
		api_fault(fixture, text);
		struct got got = got_state(fixture, NULL);
		assert_int_equal(got.result.has_server_date, ages[i].age_s >= 0);
		if (got.result.has_server_date)
			assert_true(got.result.server_date_ns ==
				    (INT64_C(1772366400) + ages[i].age_s) * 1000000000);
		got_clear(&got);
	}
}

static void a_date_is_as_old_as_the_header_it_came_in(void **state)
{
	struct api_fixture *fixture = *state;
	const struct api_options options = {.request_idle_ms = 400};
	api_open(fixture, "n1", &options);
	api_fault(fixture, "'mode':'stall'");
	struct got got = got_state(fixture, NULL);
	assert_true(got.result.has_server_date);
	assert_true(got.result.server_date_age_ms >= 50);
	assert_outcome(&got, API_OUTCOME_TIMED_OUT, "nothing sent or received for 0.4 s");
}

static void another_content_type_is_rejected(void **state)
{
	static const struct {
		const char *type;
		enum api_outcome outcome;
		const char *words;
	} types[] = {
		{"application/json", API_OUTCOME_OK, ""},
		{"Application/JSON; charset=utf-8", API_OUTCOME_OK, ""},
		{"", API_OUTCOME_OK, ""},
		{"text/html; charset=utf-8", API_OUTCOME_PROTOCOL, "\"text/html; charset=utf-8\""},
		{"application/jsonp", API_OUTCOME_PROTOCOL, "application/jsonp"},
	};
	struct api_fixture *fixture = *state;
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		char text[256];
		snprintf(text, sizeof text,
			"'mode':'body','text':'{}','headers':{'Content-Type':'%s'}", types[i].type);
		api_fault(fixture, text);
		struct got got = got_state(fixture, NULL);
		assert_outcome(&got, types[i].outcome, types[i].words);
	}
}

static void each_way_to_fail_has_its_outcome(void **state)
{
	static const struct {
		const char *fault;
		enum api_outcome outcome;
		const char *words;
	} faults[] = {
		{"'mode':'mute'", API_OUTCOME_TIMED_OUT, "nothing sent or received"},
		{"'mode':'stall'", API_OUTCOME_TIMED_OUT, "nothing sent or received"},
		{"'mode':'slow','delay_ms':30", API_OUTCOME_TIMED_OUT, "under 100 bytes/s"},
		{"'mode':'endless'", API_OUTCOME_TOO_LARGE, "over 5000 bytes (--max-state-mib)"},
		{"'mode':'gzip_bomb'", API_OUTCOME_TOO_LARGE, "over 5000 bytes"},
		{"'mode':'headers'", API_OUTCOME_TOO_LARGE, "header"},
		{"'mode':'noise'", API_OUTCOME_PROTOCOL, ""},
		{"'mode':'close'", API_OUTCOME_NETWORK, ""},
		{"'mode':'cut'", API_OUTCOME_NETWORK, ""},
	};
	struct api_fixture *fixture = *state;
	const struct api_options options = {.request_idle_ms = 400, .state_bytes_max = 5000};
	api_open(fixture, "n1", &options);
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		api_fault(fixture, faults[i].fault);
		struct got got = got_state(fixture, NULL);
		assert_outcome(&got, faults[i].outcome, faults[i].words);
	}
	plane_process_tell(&fixture->plane, "POST", "/down", "{}");
	struct got got = got_state(fixture, NULL);
	assert_outcome(&got, API_OUTCOME_NETWORK, "connect");
	plane_process_tell(&fixture->plane, "POST", "/up", "{}");
	plane_process_tell(&fixture->plane, "DELETE", "/faults", "{}");
	got = got_state(fixture, NULL);
	assert_outcome(&got, API_OUTCOME_OK, "");
}

static void an_error_status_counts_whatever_happens_to_its_body(void **state)
{
	static const char *const faults[] = {
		"'mode':'raw','text':'HTTP/1.1 401 No\\r\\nContent-Length: 9\\r\\n\\r\\nhalf'",
		"'mode':'raw_close','text':'HTTP/1.1 401 No\\r\\nContent-Length: "
		"9\\r\\n\\r\\nhalf'",
		"'mode':'raw_close','text':'HTTP/1.1 401 No\\r\\nContent-Encoding: gzip\\r\\n"
		"Content-Length: 9\\r\\n\\r\\nhalfahalf'",
	};
	struct api_fixture *fixture = *state;
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		api_fault(fixture, faults[i]);
		struct got got = got_state(fixture, NULL);
		assert_outcome(&got, API_OUTCOME_UNAUTHORIZED, "status 401");
	}
}

static void a_node_id_is_one_part_of_the_path(void **state)
{
	static const struct {
		const char *id;
		const char *path;
	} ids[] = {
		{"a/../b", "/v1/nodes/a%2F..%2Fb/state"},
		{"a b?c#d%2f", "/v1/nodes/a%20b%3Fc%23d%252f/state"},
		{"n\xc3\xb6-1_.~", "/v1/nodes/n%C3%B6-1_.~/state"},
		{"...", "/v1/nodes/.../state"},
	};
	struct api_fixture *fixture = *state;
	const struct api_options options = {0};
	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		char path[128];
		api_open(fixture, ids[i].id, &options);
		struct got got = got_state(fixture, NULL);
		got_clear(&got);
		snprintf(path, sizeof path, "\"path\":\"%s\"", ids[i].path);
		assert_true(api_plane_knows(fixture, "/requests", path));
	}
}

static void a_node_id_that_cannot_be_part_of_a_path_is_rejected(void **state)
{
	static const char *const ids[] = {"", ".", "..", "a\nb", "\x7f"};
	struct api_fixture *fixture = *state;
	char long_id[API_NODE_ID_MAX + 2] = "";
	memset(long_id, 'x', sizeof long_id - 1);
	for (size_t i = 0; i <= COUNT_OF(ids); i++) {
		const char *id = i < COUNT_OF(ids) ? ids[i] : long_id;
		struct api_options options = {.url = fixture->plane.api, .node_id = id};
		struct api_client client;
		struct diag diag = {0};
		assert_int_equal(
			api_client_init(&client, &fixture->loop, &options, &diag), -EINVAL);
		assert_contains(diag_text(&diag), "node id");
		diag_clear(&diag);
	}
	struct api_options options = {.url = "http://control.example", .node_id = "n1"};
	struct api_client client;
	struct diag diag = {0};
	assert_int_equal(api_client_init(&client, &fixture->loop, &options, &diag), -EINVAL);
	assert_contains(diag_text(&diag), "URL of the control plane: http is for");
	diag_clear(&diag);
}

static void a_drift_report_arrives(void **state)
{
	static const struct api_correction corrections[] = {
		{"peer_removed", "peer peer-7"}, {"peer_added", "peer \"<x>\"\n"}};
	struct api_fixture *fixture = *state;
	struct got got = got_drift(fixture, corrections, 2);
	assert_int_equal(got.result.status, 204);
	assert_outcome(&got, API_OUTCOME_OK, "");
	assert_true(api_plane_knows(fixture, "/requests?endpoint=drift",
		"\"body\":\"{\\\"timestamp\\\":\\\"2026-03-01T12:00:00Z\\\",\\\"corrections\\\":["
		"{\\\"type\\\":\\\"peer_removed\\\",\\\"detail\\\":\\\"peer peer-7\\\"},"
		"{\\\"type\\\":\\\"peer_added\\\",\\\"detail\\\":\\\"peer \\\\\\\"\\\\u003cx"
		"\\\\u003e\\\\\\\"\\\\n\\\"}]}\""));
	api_fault(fixture,
		"'mode':'body','text':'thank you','headers':{'Content-Type':'text/plain'}");
	got = got_drift(fixture, corrections, 2);
	assert_outcome(&got, API_OUTCOME_OK, "");
	api_fault(fixture, "'mode':'status','status':500");
	got = got_drift(fixture, corrections, 2);
	assert_outcome(&got, API_OUTCOME_SERVER_ERROR, "500");
}

/* So large that a server might require "Expect: 100-continue". */
static void a_large_drift_report_arrives(void **state)
{
	enum { COUNT = 30000 };
	struct api_fixture *fixture = *state;
	struct api_correction *corrections = calloc(COUNT, sizeof *corrections);
	assert_non_null(corrections);
	for (size_t i = 0; i < COUNT; i++)
		corrections[i] = (struct api_correction){"peer_removed", "peer of some length"};
	struct got got = got_drift(fixture, corrections, COUNT);
	assert_outcome(&got, API_OUTCOME_OK, "");
	free(corrections);
}

static void limits_are_the_documented_ones(void **state)
{
	struct api_fixture *fixture = *state;
	assert_int_equal(API_STATE_BYTES_MAX, 64 * 1024 * 1024);
	assert_int_equal(API_EVENT_BYTES_MAX, 1024 * 1024);
	assert_int_equal(fixture->client.options.event_bytes_max, API_EVENT_BYTES_MAX);
}

/* Every answer but a state, for example to a heartbeat. */
static void an_answer_of_exactly_the_limit_is_accepted(void **state)
{
	struct api_fixture *fixture = *state;
	assert_int_equal(API_REPLY_BYTES_MAX, 65536);
	for (int length = 65536; length <= 65537; length++) {
		plane_process_tell(&fixture->plane, "POST", "/faults",
			"{\"mode\":\"raw_close\",\"count\":1,\"text\":\"HTTP/1.1 200 OK\\r\\n"
			"Content-Length: %d\\r\\n\\r\\n%*s\"}",
			length, length, "{}");
		struct got got = got_heartbeat(fixture);
		assert_outcome(&got, length == 65536 ? API_OUTCOME_OK : API_OUTCOME_TOO_LARGE,
			length == 65536 ? "" : "the body is over 65536 bytes");
	}
}

static void a_heartbeat_brings_orders(void **state)
{
	struct api_fixture *fixture = *state;
	struct got got = got_heartbeat(fixture);
	assert_false(got.orders.reconcile || got.orders.rotate_keys);
	assert_outcome(&got, API_OUTCOME_OK, "");
	assert_true(api_plane_knows(fixture, "/requests?endpoint=heartbeat",
		"\"body\":\"{\\\"node_id\\\":\\\"n1\\\",\\\"timestamp\\\":\\\""
		"2026-03-01T12:00:00.5Z\\\",\\\"status\\\":\\\"healthy\\\",\\\"uptime\\\":\\\""
		"26h3m4s\\\",\\\"mesh\\\":{\\\"interface\\\":\\\"plexd0\\\",\\\"peer_count\\\":3,"
		"\\\"listen_port\\\":51820}}\""));
	api_tell(fixture, "POST", "/orders", "'node':'n1','reconcile':true");
	got = got_heartbeat(fixture);
	assert_true(got.orders.reconcile && !got.orders.rotate_keys);
	api_tell(fixture, "POST", "/orders", "'node':'n1','rotate_keys':true");
	got = got_heartbeat(fixture);
	assert_true(!got.orders.reconcile && got.orders.rotate_keys);
}

static void orders_are_read_strictly(void **state)
{
	static const struct {
		const char *text; /* as in a string of JSON */
		enum api_outcome outcome;
		const char *words;
	} answers[] = {
		{"", API_OUTCOME_OK, ""},
		{"{}", API_OUTCOME_OK, ""},
		{"{\\'reconcile\\':null,\\'more\\':[1]}", API_OUTCOME_OK, ""},
		{"{\\'reconcile\\':\\'true\\'}", API_OUTCOME_PROTOCOL,
			"reconcile: not true or false"},
		{"{\\'rotate_keys\\':1}", API_OUTCOME_PROTOCOL,
			"rotate_keys: not true or false"},
		{"{\\'reconcile\\':true,\\'reconcile\\':false}", API_OUTCOME_PROTOCOL,
			"repeated member"},
		{"[true]", API_OUTCOME_PROTOCOL, "not an object"},
		{"{\\'reconcile\\':true", API_OUTCOME_PROTOCOL, "byte"},
		{"ok", API_OUTCOME_PROTOCOL, "byte 0"},
	};
	struct api_fixture *fixture = *state;
	for (size_t i = 0; i < COUNT_OF(answers); i++) {
		char text[256];
		snprintf(text, sizeof text, "'mode':'body','text':'%s'", answers[i].text);
		api_fault(fixture, text);
		struct got got = got_heartbeat(fixture);
		assert_false(got.orders.reconcile || got.orders.rotate_keys);
		assert_outcome(&got, answers[i].outcome, answers[i].words);
	}
	api_fault(fixture, "'mode':'status','status':204");
	struct got got = got_heartbeat(fixture);
	assert_outcome(&got, API_OUTCOME_OK, "");
}

static void a_call_is_cancelled_and_its_client_can_be_closed(void **state)
{
	struct api_fixture *fixture = *state;
	struct got cancelled, left;
	const struct api_options options = {0};
	api_fault(fixture, "'mode':'mute'");
	state_ask(fixture, &cancelled, NULL);
	state_ask(fixture, &left, NULL);
	api_run_for(fixture, 20);
	api_call_cancel(cancelled.call);
	api_call_cancel(NULL);
	api_run_for(fixture, 5);
	api_open(fixture, "n1", &options);
	api_run_for(fixture, 5);
	assert_false(cancelled.is_done || left.is_done);
	fixture->waiting = 0;
}

static void a_token_that_cannot_be_sent_is_rejected(void **state)
{
	struct api_fixture *fixture = *state;
	struct diag diag = {0};
	const struct api_state_request request = {.token = "a\nb"};
	assert_int_equal(api_state_fetch(&fixture->client, &request, NULL, &diag), -EINVAL);
	assert_contains(diag_text(&diag), "Authorization: has a control character");
	assert_null(fixture->client.calls);
	diag_clear(&diag);
}

static void nothing_secret_is_left_in_freed_memory(void **state)
{
	struct api_fixture *fixture = *state;
	struct api_client *client = &fixture->client;
	const struct api_options defaults = {0};
	api_tell(fixture, "PUT", "/nodes/n1/state", "'peers':[],'psk':'" TOKEN "'");
	freed_memory_watch('T', 24);
	struct got got = got_state(fixture, NULL);
	assert_int_equal(got.result.outcome, API_OUTCOME_OK);
	got_clear(&got);
	got = got_heartbeat(fixture);
	assert_int_equal(got.result.outcome, API_OUTCOME_OK);
	api_client_deinit(client);
	assert_int_equal(freed_memory_hits(), 0);
	freed_memory_watch('T', 0);
	api_open(fixture, "n1", &defaults);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, api_set_up, api_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_state_comes_with_its_version),
		TEST(not_modified_without_a_version_makes_no_sense),
		TEST(each_status_has_its_outcome),
		TEST(a_request_that_the_control_plane_rejects_has_its_outcome),
		TEST(the_requested_pause_is_read_and_limited),
		TEST(the_clock_of_the_control_plane_is_reported),
		TEST(an_answer_from_a_cache_is_older_than_its_date),
		TEST(a_date_is_as_old_as_the_header_it_came_in),
		TEST(another_content_type_is_rejected),
		TEST(each_way_to_fail_has_its_outcome),
		TEST(an_error_status_counts_whatever_happens_to_its_body),
		TEST(a_node_id_is_one_part_of_the_path),
		TEST(a_node_id_that_cannot_be_part_of_a_path_is_rejected),
		TEST(a_drift_report_arrives),
		TEST(a_large_drift_report_arrives),
		TEST(limits_are_the_documented_ones),
		TEST(an_answer_of_exactly_the_limit_is_accepted),
		TEST(a_heartbeat_brings_orders),
		TEST(orders_are_read_strictly),
		TEST(a_call_is_cancelled_and_its_client_can_be_closed),
		TEST(a_token_that_cannot_be_sent_is_rejected),
		TEST(nothing_secret_is_left_in_freed_memory),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
