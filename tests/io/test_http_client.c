/* SPDX-License-Identifier: Apache-2.0 */
#include "http_fixture.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static void a_get_brings_status_header_and_body(void **state)
{
	struct http_fixture *fixture = *state;
	plane_process_tell(&fixture->plane, "PUT", "/nodes/n1/state", "{\"peers\": []}");
	struct asked asked = get(fixture, STATE_PATH);
	assert_int_equal(asked.end, HTTP_END_RESPONSE);
	assert_string_equal(asked.error, "");
	assert_int_equal(asked.response.status, 200);
	assert_true(http_response_has_type(&asked.response, "application/json"));
	assert_int_equal(asked.response.etag.text[0], '"');
	assert_true(asked.response.date.text[0]);
	assert_true(asked.response.arrived_ms <= loop_now_ms());
	assert_int_equal(asked.body.length, strlen("{\"peers\": []}"));
	assert_memory_equal(asked.body.bytes, "{\"peers\": []}", asked.body.length);
	secret_buffer_clear(&asked.body);
}

static void a_post_sends_its_body_and_headers(void **state)
{
	struct http_fixture *fixture = *state;
	const struct http_header headers[] = {{"Content-Type", "application/json"}, {"X-A", "b c"}};
	struct http_call call = call_of(fixture, DRIFT_PATH);
	call.headers = headers;
	call.header_count = 2;
	call.body = "{\"timestamp\":\"2026-03-01T12:00:00Z\",\"corrections\":[{\"type\":\"a\","
		    "\"detail\":\"b\"}]}";
	call.body_length = strlen(call.body);
	struct asked asked = ask_one(fixture, &call);
	assert_int_equal(asked.response.status, 204);
	assert_true(plane_process_knows(
		&fixture->plane, "/requests?endpoint=drift", "\"method\":\"POST\""));
	assert_true(plane_knows(
		fixture, "/requests?endpoint=drift", "\"Content-Type\":\"application/json\""));
	assert_true(plane_process_knows(
		&fixture->plane, "/requests?endpoint=drift", "\"X-A\":\"b c\""));
	assert_true(plane_process_knows(
		&fixture->plane, "/requests?endpoint=drift", "\"User-Agent\":\"test/1\""));
	assert_true(plane_knows(fixture, "/requests?endpoint=drift", "corrections"));
	assert_false(plane_knows(fixture, "/requests?endpoint=drift", "\"Expect\""));
	assert_false(plane_knows(fixture, "/requests?endpoint=drift", "\"Cookie\""));
	secret_buffer_clear(&asked.body);
}

static void the_token_is_sent_and_only_if_there_is_one(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_call call = call_of(fixture, STATE_PATH);
	struct asked with = ask_one(fixture, &call);
	assert_int_equal(with.response.status, 200);
	call.bearer_token = NULL;
	struct asked without = ask_one(fixture, &call);
	assert_int_equal(without.response.status, 401);
	secret_buffer_clear(&with.body);
}

static void a_value_that_no_header_can_hold_is_rejected(void **state)
{
	struct http_fixture *fixture = *state;
	const struct http_header bad[] = {{"X-A", "a\r\nX-B: c"}};
	struct diag diag = {0};
	struct http_request *request;
	struct http_call call = call_of(fixture, STATE_PATH);
	call.bearer_token = "to\nken";
	assert_int_equal(http_request_start(&fixture->client, &call, &request, &diag), -EINVAL);
	assert_contains(diag_text(&diag), "Authorization");
	assert_lacks(diag_text(&diag), "ken");
	call.bearer_token = TOKEN;
	call.headers = bad;
	call.header_count = 1;
	assert_int_equal(http_request_start(&fixture->client, &call, &request, &diag), -EINVAL);
	assert_contains(diag_text(&diag), "X-A");
	diag_clear(&diag);
}

static void a_compressed_body_is_expanded_if_requested(void **state)
{
	struct http_fixture *fixture = *state;
	char document[3000] = "{\"peers\":[]";
	memset(document + strlen(document), ' ', sizeof document - strlen(document));
	strcpy(document + sizeof document - 2, "}");
	plane_process_tell(&fixture->plane, "PUT", "/nodes/n1/state", "%s", document);
	struct http_call call = call_of(fixture, STATE_PATH);
	struct asked plain = ask_one(fixture, &call);
	call.accepts_gzip = true;
	struct asked packed = ask_one(fixture, &call);
	assert_string_equal(plain.response.content_encoding.text, "");
	assert_string_equal(packed.response.content_encoding.text, "gzip");
	assert_int_equal(plain.body.length, strlen(document));
	assert_int_equal(packed.body.length, strlen(document));
	assert_memory_equal(packed.body.bytes, document, strlen(document));
	secret_buffer_clear(&plain.body);
	secret_buffer_clear(&packed.body);
}

static void a_compressed_body_that_was_not_requested_is_an_error(void **state)
{
	struct http_fixture *fixture = *state;
	fault(fixture, "'mode':'gzip_bomb','bytes':1000");
	struct asked asked = get(fixture, STATE_PATH);
	assert_end(&asked, HTTP_END_PROTOCOL, "encoded");
}

static void a_body_over_the_limit_is_rejected(void **state)
{
	static const char *const faults[] = {
		"'mode':'endless','count':1", "'mode':'gzip_bomb','count':1"};
	struct http_fixture *fixture = *state;
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		fault(fixture, faults[i]);
		struct http_call call = call_of(fixture, STATE_PATH);
		call.accepts_gzip = true;
		struct asked asked = ask_one(fixture, &call);
		assert_true(asked.body.length <= call.body_max);
		assert_true(asked.body.capacity <= 3 * call.body_max);
		assert_end(&asked, HTTP_END_TOO_LARGE, "over 100000 bytes");
	}
}

static void a_body_of_exactly_the_limit_is_accepted(void **state)
{
	struct http_fixture *fixture = *state;
	plane_process_tell(&fixture->plane, "PUT", "/nodes/n1/state", "{\"peers\":[]}");
	struct http_call call = call_of(fixture, STATE_PATH);
	call.body_max = strlen("{\"peers\":[]}");
	struct asked fits = ask_one(fixture, &call);
	assert_int_equal(fits.end, HTTP_END_RESPONSE);
	secret_buffer_clear(&fits.body);
	call.body_max--;
	struct asked over = ask_one(fixture, &call);
	assert_end(&over, HTTP_END_TOO_LARGE, "over 11 bytes");
}

static void a_header_without_end_is_rejected(void **state)
{
	struct http_fixture *fixture = *state;
	fault(fixture, "'mode':'headers'");
	struct asked asked = get(fixture, STATE_PATH);
	assert_end(&asked, HTTP_END_TOO_LARGE, "header is too long");
}

static void a_header_of_exactly_the_limit_is_accepted(void **state)
{
	struct http_fixture *fixture = *state;
	static const char start[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: ";
	assert_int_equal(HTTP_HEADER_BYTES_MAX, 65536);
	for (size_t length = HTTP_HEADER_BYTES_MAX; length <= HTTP_HEADER_BYTES_MAX + 1; length++) {
		plane_process_tell(&fixture->plane, "POST", "/faults",
			"{\"mode\":\"raw_close\",\"count\":1,\"text\":\"HTTP/1.1 200 OK\\r\\n"
			"Content-Length: 0\\r\\nX: %0*d\\r\\n\\r\\n\"}",
			(int)(length - strlen(start) - 4), 7);
		struct asked asked = get(fixture, STATE_PATH);
		if (length > HTTP_HEADER_BYTES_MAX) {
			assert_end(&asked, HTTP_END_TOO_LARGE, "header is too long");
			continue;
		}
		assert_int_equal(asked.end, HTTP_END_RESPONSE);
		assert_int_equal(asked.response.status, 200);
		secret_buffer_clear(&asked.body);
	}
}

static void interim_answers_are_skipped_up_to_a_limit(void **state)
{
	struct http_fixture *fixture = *state;
	fault(fixture, "'mode':'raw_close','count':1,'text':"
		       "'HTTP/1.1 103 Early Hints\\r\\nETag: early\\r\\n\\r\\n"
		       "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok'");
	struct asked asked = get(fixture, STATE_PATH);
	assert_int_equal(asked.end, HTTP_END_RESPONSE);
	assert_int_equal(asked.response.status, 200);
	assert_string_equal(asked.response.etag.text, "");
	assert_int_equal(asked.body.length, 2);
	secret_buffer_clear(&asked.body);

	static char flood[200000];
	size_t length = 0;
	while (length < 100000)
		length += (size_t)snprintf(
			flood + length, sizeof flood - length, "HTTP/1.1 100 Continue\\r\\n\\r\\n");
	plane_process_tell(
		&fixture->plane, "POST", "/faults", "{\"mode\":\"raw\",\"text\":\"%s\"}", flood);
	asked = get(fixture, STATE_PATH);
	assert_end(&asked, HTTP_END_TOO_LARGE, "header is too long");
}

static void an_error_status_is_reported_without_waiting_for_its_body(void **state)
{
	static const int statuses[] = {301, 302, 307, 400, 401, 403, 404, 429, 500, 503};
	struct http_fixture *fixture = *state;
	for (size_t i = 0; i < COUNT_OF(statuses); i++) {
		char text[256];
		snprintf(text, sizeof text,
			"'mode':'raw','count':1,'text':'HTTP/1.1 %d No\\r\\nRetry-After: 7\\r\\n"
			"Location: /elsewhere\\r\\nContent-Length: 100\\r\\n\\r\\nhalf'",
			statuses[i]);
		fault(fixture, text);
		struct asked asked = get(fixture, STATE_PATH);
		assert_int_equal(asked.end, HTTP_END_RESPONSE);
		assert_int_equal(asked.response.status, statuses[i]);
		assert_string_equal(asked.response.retry_after.text, "7");
		assert_int_equal(asked.body.length, 0);
	}
	assert_false(plane_knows(fixture, "/requests", "elsewhere"));
}

static void what_is_no_http_is_a_protocol_error(void **state)
{
	struct http_fixture *fixture = *state;
	fault(fixture, "'mode':'raw_close','count':1,'text':'SSH-2.0-OpenSSH_9.2\\r\\n'");
	struct asked asked = get(fixture, STATE_PATH);
	assert_end(&asked, HTTP_END_PROTOCOL, "");
	fault(fixture, "'mode':'noise','count':1");
	asked = get(fixture, STATE_PATH);
	assert_end(&asked, HTTP_END_PROTOCOL, "");
}

static void a_broken_connection_is_a_network_error(void **state)
{
	struct http_fixture *fixture = *state;
	fault(fixture, "'mode':'close','count':5");
	struct asked asked = get(fixture, STATE_PATH);
	assert_end(&asked, HTTP_END_NETWORK, "");
	assert_true(asked.error[0]);
	assert_int_equal(asked.response.status, 0);
	faults_clear(fixture);
	fault(fixture, "'mode':'cut'");
	asked = get(fixture, STATE_PATH);
	assert_end(&asked, HTTP_END_NETWORK, "");
	assert_int_equal(asked.response.status, 200);
	plane_process_tell(&fixture->plane, "POST", "/down", "{}");
	asked = get(fixture, STATE_PATH);
	assert_end(&asked, HTTP_END_NETWORK, "connect");
	assert_string_equal(asked.error, "cannot connect: Connection refused");
	plane_process_tell(&fixture->plane, "POST", "/up", "{}");
	faults_clear(fixture);
	asked = get(fixture, STATE_PATH);
	assert_int_equal(asked.end, HTTP_END_RESPONSE);
	secret_buffer_clear(&asked.body);
}

/* A listener on loopback with no room for one more connection. Returns its port. */
static int listener_fill(int fds[2])
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof address;
	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fds[0], (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fds[0], 0), 0);
	assert_int_equal(getsockname(fds[0], (struct sockaddr *)&address, &size), 0);
	fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fds[1], (struct sockaddr *)&address, sizeof address), 0);
	return ntohs(address.sin_port);
}

/* libcurl's "after 300 ms" would make each a problem of its own. */
static void connects_that_time_out_have_one_error_text_however_long_they_took(void **state)
{
	struct http_fixture *fixture = *state;
	char url[64];
	int fds[2];
	struct asked asked[2];
	snprintf(url, sizeof url, "http://127.0.0.1:%d", listener_fill(fds));
	for (int i = 0; i < 2; i++) {
		struct http_call call = call_of(fixture, STATE_PATH);
		struct http_url busy;
		assert_int_equal(http_url_parse(url, &busy, NULL), 0);
		call.url = &busy;
		call.pace.idle_ms = 300 - 190 * i;
		asked[i] = ask_one(fixture, &call);
		http_url_clear(&busy);
	}
	assert_string_equal(asked[0].error, asked[1].error);
	for (int i = 0; i < 2; i++) {
		assert_end(&asked[i], HTTP_END_TIMED_OUT, "connect");
		close(fds[i]);
	}
}

static void an_exchange_that_stalls_is_cut_after_the_idle_time(void **state)
{
	static const char *const faults[] = {"'mode':'mute','count':1", "'mode':'stall','count':1",
		"'mode':'raw','text':'HTTP/1.1 200 OK\\r\\nX: ','count':1"};
	struct http_fixture *fixture = *state;
	/* On a new connection, and on one that was used before. */
	for (size_t i = 0; i < 2 * COUNT_OF(faults); i++) {
		if (i >= COUNT_OF(faults)) {
			struct asked before = get(fixture, STATE_PATH);
			secret_buffer_clear(&before.body);
		}
		fault(fixture, faults[i % COUNT_OF(faults)]);
		struct http_call call = call_of(fixture, STATE_PATH);
		call.pace.idle_ms = 150;
		int64_t start_ms = loop_now_ms();
		struct asked asked = ask_one(fixture, &call);
		assert_true(loop_now_ms() - start_ms >= 150);
		assert_end(&asked, HTTP_END_TIMED_OUT, "nothing sent or received for 0.15 s");
	}
}

/* The whole of it takes twice the idle time. */
static void an_answer_that_keeps_coming_may_take_as_long_as_it_needs(void **state)
{
	enum { DOCUMENT_BYTES = 40000 };
	struct http_fixture *fixture = *state;
	static char document[DOCUMENT_BYTES + 1];
	memset(document, ' ', DOCUMENT_BYTES);
	plane_process_tell(&fixture->plane, "PUT", "/nodes/n1/state", "%s", document);
	fault(fixture, "'mode':'paced','bytes':400,'delay_ms':45");
	struct http_call call = call_of(fixture, STATE_PATH);
	call.pace = (struct http_pace_limits){.idle_ms = 2000, .least_rate = 1000};
	int64_t start_ms = loop_now_ms();
	struct asked asked = ask_one(fixture, &call);
	assert_true(loop_now_ms() - start_ms >= 2 * 2000);
	assert_string_equal(asked.error, "");
	assert_int_equal(asked.end, HTTP_END_RESPONSE);
	assert_int_equal(asked.body.length, DOCUMENT_BYTES);
	secret_buffer_clear(&asked.body);
}

/* The kernel accepts a large part at once, which does not mean that it arrived. */
static void a_body_that_keeps_going_out_may_take_as_long_as_it_needs(void **state)
{
	enum { BODY_BYTES = 12000000 };
	struct http_fixture *fixture = *state;
	char *body = malloc(BODY_BYTES);
	assert_non_null(body);
	memset(body, ' ', BODY_BYTES);
	fault(fixture, "'mode':'paced_read','bytes':100000,'delay_ms':40");
	struct http_call call = call_of(fixture, DRIFT_PATH);
	call.body = body;
	call.body_length = BODY_BYTES;
	call.pace = (struct http_pace_limits){.idle_ms = 2000, .least_rate = 1000};
	int64_t start_ms = loop_now_ms();
	struct asked asked = ask_one(fixture, &call);
	assert_true(loop_now_ms() - start_ms >= 2 * 2000);
	assert_string_equal(asked.error, "");
	assert_int_equal(asked.response.status, 400);
	free(body);
}

/* Of the body; or of the header, also of a stream, whose body has no least rate. */
static void an_exchange_that_drips_is_cut(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_call get_call = call_of(fixture, STATE_PATH), stream = stream_of(fixture, 0);
	struct http_call *const calls[] = {&get_call, &stream};
	static const char *const faults[] = {
		"'mode':'slow','delay_ms':5,'count':1", "'mode':'drip','delay_ms':5,'count':1"};
	for (size_t i = 0; i < COUNT_OF(calls); i++) {
		fault(fixture, faults[i]);
		calls[i]->pace = (struct http_pace_limits){.idle_ms = 500, .least_rate = 5000};
		struct asked asked = ask_one(fixture, calls[i]);
		assert_end(&asked, HTTP_END_TIMED_OUT, "too slow: under 5000 bytes/s for 2 s");
	}
}

/* A compressed body may expand to nothing for ever. */
static void an_exchange_that_brings_nothing_useful_is_cut(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_call call = call_of(fixture, STATE_PATH);
	fault(fixture, "'mode':'hollow','delay_ms':5");
	call.pace = (struct http_pace_limits){.idle_ms = 300, .least_rate = 100};
	call.accepts_gzip = true;
	struct asked asked = ask_one(fixture, &call);
	assert_end(&asked, HTTP_END_TIMED_OUT, "too slow: under 100 bytes/s for 1.2 s");
}

static void a_silent_stream_times_out(void **state)
{
	static const char *const faults[] = {
		"'mode':'mute','count':1", "'mode':'silent','count':1", "'mode':'stall','count':1"};
	struct http_fixture *fixture = *state;
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		fault(fixture, faults[i]);
		struct http_call call = stream_of(fixture, 150);
		int64_t start_ms = loop_now_ms();
		struct asked asked = ask_one(fixture, &call);
		assert_true(loop_now_ms() - start_ms >= 150);
		assert_end(&asked, HTTP_END_TIMED_OUT, "nothing sent or received");
		assert_int_equal(asked.header_count, i > 0);
	}
}

static void end_after_many(struct asked *asked)
{
	if (asked->piece_count < 20)
		return;
	http_request_cancel(asked->request);
	asked_over(asked);
}

/* The whole of it takes longer than its idle time, each byte a small part of that. */
static void a_stream_with_data_goes_on(void **state)
{
	struct http_fixture *fixture = *state;
	fault(fixture, "'mode':'slow','delay_ms':100");
	struct http_call call = stream_of(fixture, 1500);
	struct asked asked = {.in_piece = end_after_many};
	ask(fixture, &asked, &call);
	int64_t start_ms = loop_now_ms();
	wait_all(fixture);
	assert_true(loop_now_ms() - start_ms > 1500);
	assert_false(asked.is_done);
}

static void many_requests_run_at_once(void **state)
{
	enum { COUNT = 40 };
	struct http_fixture *fixture = *state;
	struct asked asked[COUNT] = {{0}};
	fault(fixture, "'mode':'delay','delay_ms':300");
	struct http_call call = call_of(fixture, STATE_PATH);
	int64_t start_ms = loop_now_ms();
	for (int i = 0; i < COUNT; i++)
		ask(fixture, &asked[i], &call);
	wait_all(fixture);
	assert_true(loop_now_ms() - start_ms < COUNT * 300 / 2);
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(asked[i].response.status, 200);
		secret_buffer_clear(&asked[i].body);
	}
}

static void a_connection_is_reused(void **state)
{
	struct http_fixture *fixture = *state;
	for (int i = 0; i < 3; i++) {
		struct asked asked = get(fixture, STATE_PATH);
		assert_int_equal(asked.response.status, 200);
		secret_buffer_clear(&asked.body);
	}
	assert_true(plane_knows(fixture, "/counters", "\"connections\":1,"));
	assert_true(plane_knows(fixture, "/counters", "\"state 200\":3"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, http_set_up, http_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_get_brings_status_header_and_body),
		TEST(a_post_sends_its_body_and_headers),
		TEST(the_token_is_sent_and_only_if_there_is_one),
		TEST(a_value_that_no_header_can_hold_is_rejected),
		TEST(a_compressed_body_is_expanded_if_requested),
		TEST(a_compressed_body_that_was_not_requested_is_an_error),
		TEST(a_body_over_the_limit_is_rejected),
		TEST(a_body_of_exactly_the_limit_is_accepted),
		TEST(a_header_without_end_is_rejected),
		TEST(a_header_of_exactly_the_limit_is_accepted),
		TEST(interim_answers_are_skipped_up_to_a_limit),
		TEST(an_error_status_is_reported_without_waiting_for_its_body),
		TEST(what_is_no_http_is_a_protocol_error),
		TEST(a_broken_connection_is_a_network_error),
		TEST(connects_that_time_out_have_one_error_text_however_long_they_took),
		TEST(an_exchange_that_stalls_is_cut_after_the_idle_time),
		TEST(an_answer_that_keeps_coming_may_take_as_long_as_it_needs),
		TEST(a_body_that_keeps_going_out_may_take_as_long_as_it_needs),
		TEST(an_exchange_that_drips_is_cut),
		TEST(an_exchange_that_brings_nothing_useful_is_cut),
		TEST(a_silent_stream_times_out),
		TEST(a_stream_with_data_goes_on),
		TEST(many_requests_run_at_once),
		TEST(a_connection_is_reused),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
