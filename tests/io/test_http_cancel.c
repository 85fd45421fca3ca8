/* SPDX-License-Identifier: Apache-2.0 */
#include "http_fixture.h"

#include <signal.h>

static void a_request_is_cancelled_from_its_own_callbacks(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_call call = stream_of(fixture, 0);
	struct asked in_header = {.in_header = cancel_self}, in_piece = {.in_piece = cancel_self};
	fault(fixture, "'mode':'endless','count':2");
	ask(fixture, &in_header, &call);
	ask(fixture, &in_piece, &call);
	wait_all(fixture);
	run_for(fixture, 20);
	assert_int_equal(in_header.header_count, 1);
	assert_int_equal(in_header.piece_count, 0);
	assert_int_equal(in_piece.piece_count, 1);
	assert_false(in_header.is_done || in_piece.is_done);
	assert_null(fixture->client.requests);
}

static void cancel_done(struct asked *asked)
{
	http_request_cancel(asked->request);
}

static void a_finished_request_may_be_cancelled_in_its_last_callback(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_call call = call_of(fixture, STATE_PATH);
	struct asked asked = {.in_done = cancel_done};
	ask(fixture, &asked, &call);
	wait_all(fixture);
	assert_true(asked.is_done);
	secret_buffer_clear(&asked.body);
}

static void a_request_is_cancelled_at_any_time(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_call call = call_of(fixture, STATE_PATH);
	fault(fixture, "'mode':'mute'");
	for (int delay_ms = -1; delay_ms < 12; delay_ms++) {
		struct asked asked = {0};
		ask(fixture, &asked, &call);
		if (delay_ms >= 0)
			run_for(fixture, delay_ms);
		http_request_cancel(asked.request);
		fixture->waiting--;
		run_for(fixture, 1);
		assert_false(asked.is_done);
		assert_null(fixture->client.requests);
	}
	http_request_cancel(NULL);
}

static void cancel_other(struct asked *asked)
{
	if (asked->other->is_done || !asked->other->request)
		return;
	http_request_cancel(asked->other->request);
	asked->other->request = NULL;
	asked_over(asked->other);
}

static void cancel_other_and_self(struct asked *asked)
{
	cancel_other(asked);
	asked->in_piece = NULL;
	cancel_self(asked);
}

static void a_callback_cancels_another_request(void **state)
{
	struct http_fixture *fixture = *state;
	fault(fixture, "'endpoint':'events','mode':'endless'");
	fault(fixture, "'endpoint':'state','mode':'mute'");
	struct asked muted = {0}, streaming = {.in_piece = cancel_other_and_self, .other = &muted};
	struct http_call mute = call_of(fixture, STATE_PATH), stream = stream_of(fixture, 0);
	ask(fixture, &muted, &mute);
	ask(fixture, &streaming, &stream);
	wait_all(fixture);
	run_for(fixture, 5);
	assert_false(muted.is_done || streaming.is_done);
	assert_null(fixture->client.requests);
}

static void ask_other(struct asked *asked)
{
	struct http_call call = call_of(asked->fixture, STATE_PATH);
	if (!asked->other)
		return;
	ask(asked->fixture, asked->other, &call);
	asked->other = NULL;
}

static void a_callback_starts_another_request(void **state)
{
	struct http_fixture *fixture = *state;
	struct asked last = {0}, second = {.in_done = ask_other, .other = &last};
	struct asked first = {.in_header = ask_other, .other = &second};
	fault(fixture, "'endpoint':'events','mode':'end'");
	struct http_call call = stream_of(fixture, 0);
	ask(fixture, &first, &call);
	wait_all(fixture);
	assert_true(first.is_done && second.is_done && last.is_done);
	assert_int_equal(last.response.status, 200);
	secret_buffer_clear(&second.body);
	secret_buffer_clear(&last.body);
}

static int refuse_header(void *impl, const struct http_response *response)
{
	return -EPROTO;
}

static int refuse_piece(void *impl, const char *bytes, size_t length)
{
	return -ENOMEM;
}

static void a_callback_that_returns_an_error_ends_the_request(void **state)
{
	struct http_fixture *fixture = *state;
	fault(fixture, "'mode':'endless'");
	struct http_call call = stream_of(fixture, 0);
	call.on_header = refuse_header;
	struct asked asked = ask_one(fixture, &call);
	assert_end(&asked, HTTP_END_ABORTED, "not wanted");
	call.on_header = NULL;
	call.on_body = refuse_piece;
	asked = ask_one(fixture, &call);
	assert_end(&asked, HTTP_END_ABORTED, "not wanted");
}

static void a_client_can_be_closed_with_requests_under_way(void **state)
{
	struct http_fixture *fixture = *state;
	struct asked asked[3] = {{0}};
	struct http_call stream = stream_of(fixture, 1000), call = call_of(fixture, STATE_PATH);
	fault(fixture, "'endpoint':'state','mode':'stall'");
	ask(fixture, &asked[0], &stream);
	ask(fixture, &asked[1], &call);
	run_for(fixture, 50);
	ask(fixture, &asked[2], &call);
	http_request_cancel(asked[1].request);
	http_client_deinit(&fixture->client);
	run_for(fixture, 5);
	for (size_t i = 0; i < COUNT_OF(asked); i++)
		assert_false(asked[i].is_done);
	http_client_open(fixture, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, http_set_up, http_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_is_cancelled_from_its_own_callbacks),
		TEST(a_finished_request_may_be_cancelled_in_its_last_callback),
		TEST(a_request_is_cancelled_at_any_time),
		TEST(a_callback_cancels_another_request),
		TEST(a_callback_starts_another_request),
		TEST(a_callback_that_returns_an_error_ends_the_request),
		TEST(a_client_can_be_closed_with_requests_under_way),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
