/* SPDX-License-Identifier: Apache-2.0 */
#include "api_fixture.h"
#include "api_stream.h"
#include "curve.h"
#include "envelope_wire.h"
#include "freed_memory.h"
#include "signature.h"
#include "verifier.h"

#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <time.h>

/* A stream of a test: a letter for each event, and the last of each. */
struct streamed {
	struct api_fixture *fixture;
	struct api_call *call;
	char story[64]; /* o: opened, e: event, d: one that was dropped, i: id, r: retry, c: closed
			 */
	struct api_result opened;
	struct api_result closed;
	char closed_error[API_ERROR_SIZE];
	char data[1024];
	char type[64];
	char last_id[64];
	uint64_t retry_ms;
	char stop_after; /* at this letter the test leaves the stream alone */
	bool cancels;    /* and the callback closes it */
};

static void happened(struct streamed *streamed, char what)
{
	size_t length = strlen(streamed->story);
	assert_true(length + 1 < sizeof streamed->story);
	streamed->story[length] = what;
	if (streamed->stop_after != what)
		return;
	if (streamed->cancels)
		api_call_cancel(streamed->call);
	api_over(streamed->fixture);
}

static void copy(char *out, size_t size, struct stream_text text)
{
	snprintf(out, size, "%.*s", (int)text.length, text.text);
}

static void on_opened(void *impl, const struct api_result *result)
{
	struct streamed *streamed = impl;
	assert_int_equal(result->outcome, API_OUTCOME_OK);
	assert_string_equal(result->error, "");
	streamed->opened = *result;
	happened(streamed, 'o');
}

static void on_event(void *impl, const struct stream_event *event)
{
	struct streamed *streamed = impl;
	copy(streamed->last_id, sizeof streamed->last_id, event->last_id);
	if (!event->is_dropped) {
		copy(streamed->data, sizeof streamed->data, event->data);
		copy(streamed->type, sizeof streamed->type, event->type);
	}
	happened(streamed, event->is_dropped ? 'd' : 'e');
}

static void on_id(void *impl, struct stream_text last_id)
{
	struct streamed *streamed = impl;
	copy(streamed->last_id, sizeof streamed->last_id, last_id);
	happened(streamed, 'i');
}

static void on_retry(void *impl, uint64_t retry_ms)
{
	struct streamed *streamed = impl;
	streamed->retry_ms = retry_ms;
	happened(streamed, 'r');
}

static void on_closed(void *impl, const struct api_result *result)
{
	struct streamed *streamed = impl;
	streamed->closed = *result;
	snprintf(streamed->closed_error, sizeof streamed->closed_error, "%s", result->error);
	assert_lacks(streamed->closed_error, TOKEN);
	happened(streamed, 'c');
}

static void stream_open(
	struct api_fixture *fixture, struct streamed *streamed, const char *last_event_id)
{
	const struct api_stream_callbacks callbacks = {
		.on_opened = on_opened,
		.on_event = on_event,
		.on_id = on_id,
		.on_retry = on_retry,
		.on_closed = on_closed,
		.impl = streamed,
	};
	streamed->fixture = fixture;
	fixture->waiting = 1;
	assert_int_equal(api_stream_open(&fixture->client, TOKEN, last_event_id, &callbacks,
				 &streamed->call, NULL),
		0);
}

/* Until that has happened. */
static void wait_for(struct streamed *streamed, char what)
{
	streamed->stop_after = what;
	streamed->fixture->waiting = 1;
	api_wait(streamed->fixture);
}

static void raw(struct api_fixture *fixture, const char *text)
{
	plane_process_tell(&fixture->plane, "POST", "/raw", "{\"text\":\"%s\"}", text);
}

static void a_stream_brings_events_ids_and_retries(void **state)
{
	struct api_fixture *fixture = *state;
	struct streamed streamed = {0};
	stream_open(fixture, &streamed, NULL);
	wait_for(&streamed, 'o');
	assert_true(streamed.opened.has_server_date);
	raw(fixture, ": nothing\\n\\nid: 7\\nevent: peer_added\\ndata: one\\ndata: two\\n\\n");
	wait_for(&streamed, 'e');
	assert_string_equal(streamed.data, "one\ntwo");
	assert_string_equal(streamed.type, "peer_added");
	assert_string_equal(streamed.last_id, "7");
	raw(fixture, "retry: 1234\\n\\n");
	wait_for(&streamed, 'r');
	assert_int_equal(streamed.retry_ms, 1234);
	raw(fixture, "id: 8\\n\\n");
	wait_for(&streamed, 'i');
	assert_string_equal(streamed.last_id, "8");
	api_call_cancel(streamed.call);
	api_run_for(fixture, 10);
	assert_string_equal(streamed.story, "oeri");
	assert_true(api_plane_knows(fixture, "/requests", "\"Accept\":\"text/event-stream\""));
	assert_false(api_plane_knows(fixture, "/requests", "Last-Event-Id"));
	assert_false(api_plane_knows(fixture, "/requests", "Accept-Encoding"));
	assert_true(api_plane_knows(fixture, "/counters", "\"streams\":0"));
}

static void a_stream_goes_on_after_the_event_that_was_seen_last(void **state)
{
	struct api_fixture *fixture = *state;
	struct streamed streamed = {0};
	api_tell(fixture, "POST", "/events", "'event_type':'first'");
	api_tell(fixture, "POST", "/events", "'event_type':'second'");
	stream_open(fixture, &streamed, "1");
	wait_for(&streamed, 'e');
	assert_string_equal(streamed.type, "second");
	assert_string_equal(streamed.last_id, "2");
	assert_string_equal(streamed.story, "oe");
	assert_true(api_plane_knows(fixture, "/requests", "\"Last-Event-Id\":\"1\""));
	api_call_cancel(streamed.call);
}

static void an_id_that_cannot_be_sent_is_left_out(void **state)
{
	struct api_fixture *fixture = *state;
	struct streamed streamed = {0};
	stream_open(fixture, &streamed, "a\x01");
	wait_for(&streamed, 'o');
	assert_false(api_plane_knows(fixture, "/requests", "Last-Event-Id"));
	api_call_cancel(streamed.call);
}

/* The control plane signs by itself: its events must be accepted, and its forgeries rejected. */
static enum verdict verdict_of(struct api_fixture *fixture, struct streamed *streamed,
	struct verifier *verifier, const char *wish)
{
	struct envelope envelope = {0};
	struct diag diag = {0};
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	api_tell(fixture, "POST", "/events", wish);
	wait_for(streamed, 'e');
	assert_int_equal(
		envelope_wire_read(streamed->data, strlen(streamed->data), &envelope, &diag), 0);
	const struct moment moment = {.wall_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec};
	enum verdict verdict = verifier_check(verifier, &envelope, moment, &diag);
	envelope_clear(&envelope);
	diag_clear(&diag);
	return verdict;
}

static void events_of_the_control_plane_are_signed(void **state)
{
	struct api_fixture *fixture = *state;
	struct streamed streamed = {0};
	struct verifier_config config = {.check = signature_check_ed25519()};
	struct verifier verifier;
	const char *key = fixture->plane.signing_public_key;
	assert_int_equal(key_public_parse(key, strlen(key), &config.keys.current, NULL), 0);
	verifier_init(&verifier, &config);
	stream_open(fixture, &streamed, NULL);
	wait_for(&streamed, 'o');
	static const struct {
		const char *wish;
		enum verdict verdict;
	} wishes[] = {
		{"'event_type':'peer_removed','payload':{ 'peer_id' : '<&>\\u2028\xc3\xbc', "
		 "'x':[1.0, 2e5]},"
		 "'nonce':'n'",
			VERDICT_ACCEPTED},
		{"'event_type':'peer_removed','nonce':'n'", VERDICT_DUPLICATE_NONCE},
		{"'event_type':'peer_removed','signature':'forged'", VERDICT_BAD_SIGNATURE},
		{"'event_type':'peer_removed','signature':'foreign'", VERDICT_BAD_SIGNATURE},
		{"'event_type':'peer_removed','signature':'missing'", VERDICT_MISSING_FIELD},
		{"'event_type':'peer_removed','nonce':''", VERDICT_MISSING_FIELD},
		{"'event_type':'peer_removed','offset_s':-400", VERDICT_STALE},
		{"'event_type':'peer_removed','offset_s':400.5", VERDICT_FUTURE},
		{"'event_type':'peer_removed','offset_s':-200", VERDICT_ACCEPTED},
	};
	for (size_t i = 0; i < COUNT_OF(wishes); i++)
		assert_int_equal(verdict_of(fixture, &streamed, &verifier, wishes[i].wish),
			wishes[i].verdict);
	verifier_deinit(&verifier);
	api_call_cancel(streamed.call);
}

static void an_event_that_is_too_long_affects_no_other(void **state)
{
	struct api_fixture *fixture = *state;
	struct streamed streamed = {0};
	api_fault(fixture, "'mode':'huge_event'");
	stream_open(fixture, &streamed, NULL);
	wait_for(&streamed, 'd');
	assert_string_equal(streamed.last_id, "1");
	api_tell(fixture, "POST", "/events", "'event_type':'next'");
	wait_for(&streamed, 'e');
	assert_string_equal(streamed.type, "next");
	assert_string_equal(streamed.story, "ode");
	api_call_cancel(streamed.call);
}

static void an_event_without_end_ends_the_stream(void **state)
{
	struct api_fixture *fixture = *state;
	const struct api_options options = {.event_bytes_max = 100};
	struct streamed streamed = {0};
	api_open(fixture, "n1", &options);
	api_fault(fixture, "'mode':'endless'");
	stream_open(fixture, &streamed, NULL);
	wait_for(&streamed, 'c');
	assert_string_equal(streamed.story, "oc");
	assert_int_equal(streamed.closed.outcome, API_OUTCOME_PROTOCOL);
	assert_string_equal(streamed.closed_error, "an event without end");
}

static void a_stream_that_does_not_open_reports_why(void **state)
{
	static const struct {
		const char *fault;
		enum api_outcome outcome;
		const char *words;
	} faults[] = {
		{"'mode':'status','status':401", API_OUTCOME_UNAUTHORIZED, "status 401"},
		{"'mode':'status','status':403", API_OUTCOME_FORBIDDEN, "status 403"},
		{"'mode':'status','status':404", API_OUTCOME_NOT_FOUND, "status 404"},
		{"'mode':'status','status':500", API_OUTCOME_SERVER_ERROR, "status 500"},
		{"'mode':'status','status':204", API_OUTCOME_PROTOCOL, "status 204"},
		{"'mode':'status','status':304", API_OUTCOME_PROTOCOL, "status 304"},
		{"'mode':'status','status':302,'headers':{'Location':'/'}", API_OUTCOME_PROTOCOL,
			"redirects"},
		{"'mode':'body','text':'','headers':{'Content-Type':'application/json'}",
			API_OUTCOME_PROTOCOL, "\"application/json\" instead of text/event-stream"},
		{"'mode':'body','text':'','headers':{'Content-Encoding':'gzip'}",
			API_OUTCOME_PROTOCOL, "encoded"},
		{"'mode':'noise'", API_OUTCOME_PROTOCOL, ""},
		{"'mode':'close'", API_OUTCOME_NETWORK, ""},
		{"'mode':'mute'", API_OUTCOME_TIMED_OUT, "nothing sent or received"},
	};
	struct api_fixture *fixture = *state;
	const struct api_options options = {.stream_idle_ms = 300};
	api_open(fixture, "n1", &options);
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		struct streamed streamed = {0};
		api_fault(fixture, faults[i].fault);
		stream_open(fixture, &streamed, NULL);
		wait_for(&streamed, 'c');
		assert_string_equal(streamed.story, "c");
		assert_int_equal(streamed.closed.outcome, faults[i].outcome);
		assert_contains(streamed.closed_error, faults[i].words);
		assert_true(streamed.closed_error[0]);
	}
	struct streamed streamed = {0};
	api_fault(fixture, "'mode':'status','status':429,'headers':{'Retry-After':'9'}");
	stream_open(fixture, &streamed, NULL);
	wait_for(&streamed, 'c');
	assert_int_equal(streamed.closed.outcome, API_OUTCOME_RATE_LIMITED);
	assert_int_equal(streamed.closed.retry_after_ms, 9000);
	assert_null(fixture->client.calls);
}

static void a_stream_that_ends_reports_how(void **state)
{
	static const struct {
		const char *fault;
		enum api_outcome outcome;
		const char *words;
	} faults[] = {
		{"'mode':'end'", API_OUTCOME_OK, ""},
		{"'mode':'cut'", API_OUTCOME_NETWORK, ""},
		{"'mode':'silent'", API_OUTCOME_TIMED_OUT, "nothing sent or received"},
		{"'mode':'stall'", API_OUTCOME_TIMED_OUT, "nothing sent or received"},
	};
	struct api_fixture *fixture = *state;
	const struct api_options options = {.stream_idle_ms = 300};
	api_open(fixture, "n1", &options);
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		struct streamed streamed = {0};
		api_fault(fixture, faults[i].fault);
		stream_open(fixture, &streamed, NULL);
		wait_for(&streamed, 'c');
		assert_string_equal(streamed.story, "oc");
		assert_int_equal(streamed.closed.outcome, faults[i].outcome);
		assert_contains(streamed.closed_error, faults[i].words);
	}
	assert_null(fixture->client.calls);
}

static void a_stream_that_is_cut_in_an_event_drops_it(void **state)
{
	struct api_fixture *fixture = *state;
	struct streamed streamed = {0};
	stream_open(fixture, &streamed, NULL);
	wait_for(&streamed, 'o');
	plane_process_tell(&fixture->plane, "POST", "/cut", "{}");
	wait_for(&streamed, 'c');
	assert_string_equal(streamed.story, "oc");
	assert_int_equal(streamed.closed.outcome, API_OUTCOME_NETWORK);

	memset(streamed.story, 0, sizeof streamed.story);
	stream_open(fixture, &streamed, NULL);
	wait_for(&streamed, 'o');
	plane_process_tell(&fixture->plane, "POST", "/down", "{}");
	wait_for(&streamed, 'c');
	assert_int_equal(streamed.closed.outcome, API_OUTCOME_NETWORK);
	plane_process_tell(&fixture->plane, "POST", "/up", "{}");
}

static void a_stream_is_closed_from_each_of_its_callbacks(void **state)
{
	static const char *const stories[] = {"o", "oe", "oei", "oeir"};
	struct api_fixture *fixture = *state;
	for (size_t i = 0; i < COUNT_OF(stories); i++) {
		struct streamed streamed = {.cancels = true};
		stream_open(fixture, &streamed, NULL);
		if (i > 0) {
			streamed.cancels = false;
			wait_for(&streamed, 'o');
			streamed.cancels = true;
			raw(fixture,
				"data: a\\n\\nid: 1\\n\\nretry: 5\\ndata: b\\n\\ndata: c\\n\\n");
		}
		wait_for(&streamed, stories[i][strlen(stories[i]) - 1]);
		api_run_for(fixture, 20);
		assert_string_equal(streamed.story, stories[i]);
		assert_null(fixture->client.calls);
	}
	struct streamed streamed = {.cancels = true};
	api_fault(fixture, "'mode':'end'");
	stream_open(fixture, &streamed, NULL);
	wait_for(&streamed, 'c');
	assert_null(fixture->client.calls);
}

static void a_client_can_be_closed_with_a_stream_open(void **state)
{
	struct api_fixture *fixture = *state;
	const struct api_options options = {0};
	struct streamed streamed = {0};
	stream_open(fixture, &streamed, NULL);
	wait_for(&streamed, 'o');
	raw(fixture, "data: half of an eve");
	api_run_for(fixture, 50);
	api_open(fixture, "n1", &options);
	api_run_for(fixture, 5);
	assert_string_equal(streamed.story, "o");
}

static void calls_and_streams_run_at_once(void **state)
{
	struct api_fixture *fixture = *state;
	struct streamed streamed = {0};
	stream_open(fixture, &streamed, NULL);
	wait_for(&streamed, 'o');
	for (int i = 0; i < 3; i++) {
		struct got got = got_state(fixture, NULL);
		assert_outcome(&got, API_OUTCOME_OK, "");
		got = got_heartbeat(fixture);
		assert_outcome(&got, API_OUTCOME_OK, "");
		api_tell(fixture, "POST", "/events", "'event_type':'next'");
		wait_for(&streamed, 'e');
	}
	assert_string_equal(streamed.story, "oeee");
	api_call_cancel(streamed.call);
}

static void no_event_is_left_in_freed_memory(void **state)
{
	struct api_fixture *fixture = *state;
	const struct api_options options = {0};
	struct streamed streamed = {0};
	stream_open(fixture, &streamed, NULL);
	wait_for(&streamed, 'o');
	raw(fixture, "data: " TOKEN "\\n\\n");
	freed_memory_watch('T', 24);
	wait_for(&streamed, 'e');
	assert_string_equal(streamed.data, TOKEN);
	api_call_cancel(streamed.call);
	api_run_for(fixture, 5);
	api_client_deinit(&fixture->client);
	assert_int_equal(freed_memory_hits(), 0);
	freed_memory_watch('T', 0);
	api_open(fixture, "n1", &options);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, api_set_up, api_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stream_brings_events_ids_and_retries),
		TEST(a_stream_goes_on_after_the_event_that_was_seen_last),
		TEST(an_id_that_cannot_be_sent_is_left_out),
		TEST(events_of_the_control_plane_are_signed),
		TEST(an_event_that_is_too_long_affects_no_other),
		TEST(an_event_without_end_ends_the_stream),
		TEST(a_stream_that_does_not_open_reports_why),
		TEST(a_stream_that_ends_reports_how),
		TEST(a_stream_that_is_cut_in_an_event_drops_it),
		TEST(a_stream_is_closed_from_each_of_its_callbacks),
		TEST(a_client_can_be_closed_with_a_stream_open),
		TEST(calls_and_streams_run_at_once),
		TEST(no_event_is_left_in_freed_memory),
	};
	signal(SIGPIPE, SIG_IGN);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
