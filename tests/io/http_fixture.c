/* SPDX-License-Identifier: Apache-2.0 */
#include "http_fixture.h"

#include <stdio.h>

void http_client_open(struct http_fixture *fixture, const char *ca_file)
{
	struct diag diag = {0};
	if (http_client_init(&fixture->client, &fixture->loop, ca_file, "test/1", &diag) != 0)
		fail_msg("%s", diag_text(&diag));
}

int http_set_up(void **state)
{
	struct http_fixture *fixture = calloc(1, sizeof *fixture);
	assert_non_null(fixture);
	*state = fixture;
	plane_process_start(&fixture->plane, NULL);
	plane_process_tell(&fixture->plane, "PUT", "/nodes/n1", "{\"token\":\"%s\"}", TOKEN);
	assert_int_equal(http_url_parse(fixture->plane.api, &fixture->url, NULL), 0);
	assert_int_equal(loop_init(&fixture->loop, NULL), 0);
	http_client_open(fixture, NULL);
	return 0;
}

int http_tear_down(void **state)
{
	struct http_fixture *fixture = *state;
	http_client_deinit(&fixture->client);
	assert_null(fixture->loop.timers);
	loop_deinit(&fixture->loop);
	http_url_clear(&fixture->url);
	plane_process_stop(&fixture->plane);
	free(fixture);
	return 0;
}

void asked_over(struct asked *asked)
{
	if (--asked->fixture->waiting == 0)
		loop_stop(&asked->fixture->loop);
}

static int on_header(void *impl, const struct http_response *response)
{
	struct asked *asked = impl;
	asked->header_count++;
	if (asked->in_header)
		asked->in_header(asked);
	return 0;
}

static int on_piece(void *impl, const char *bytes, size_t length)
{
	struct asked *asked = impl;
	asked->piece_count++;
	if (asked->in_piece)
		asked->in_piece(asked);
	return 0;
}

static void on_done(void *impl, const struct http_result *result)
{
	struct asked *asked = impl;
	assert_false(asked->is_done);
	asked->is_done = true;
	asked->end = result->end;
	asked->response = *result->response;
	snprintf(asked->error, sizeof asked->error, "%s", result->error);
	asked->body = *result->body;
	*result->body = (struct secret_buffer){0};
	if (asked->in_done)
		asked->in_done(asked);
	asked_over(asked);
}

struct http_call call_of(struct http_fixture *fixture, const char *path)
{
	return (struct http_call){
		.url = &fixture->url,
		.path = path,
		.bearer_token = TOKEN,
		.body_max = 100000,
		.pace.idle_ms = PATIENCE_MS,
		.on_done = on_done,
	};
}

struct http_call stream_of(struct http_fixture *fixture, int idle_timeout_ms)
{
	struct http_call call = call_of(fixture, EVENTS_PATH);
	call.pace.idle_ms = idle_timeout_ms;
	call.body_max = 0;
	call.on_header = on_header;
	call.on_body = on_piece;
	return call;
}

void ask(struct http_fixture *fixture, struct asked *asked, struct http_call *call)
{
	asked->fixture = fixture;
	call->impl = asked;
	assert_int_equal(http_request_start(&fixture->client, call, &asked->request, NULL), 0);
	fixture->waiting++;
}

static void on_patience_lost(void *impl)
{
	fail_msg("nothing happens");
}

void wait_all(struct http_fixture *fixture)
{
	struct loop_timer patience = {0};
	loop_timer_set(&fixture->loop, &patience, 2 * PATIENCE_MS, on_patience_lost, NULL);
	if (fixture->waiting)
		assert_int_equal(loop_run(&fixture->loop, NULL), 0);
	loop_timer_cancel(&fixture->loop, &patience);
	assert_int_equal(fixture->waiting, 0);
}

static void stop(void *impl)
{
	struct http_fixture *fixture = impl;
	loop_stop(&fixture->loop);
}

void run_for(struct http_fixture *fixture, int64_t delay_ms)
{
	struct loop_timer timer = {0};
	loop_timer_set(&fixture->loop, &timer, delay_ms, stop, fixture);
	assert_int_equal(loop_run(&fixture->loop, NULL), 0);
}

struct asked ask_one(struct http_fixture *fixture, struct http_call *call)
{
	struct asked asked = {0};
	ask(fixture, &asked, call);
	wait_all(fixture);
	assert_true(asked.is_done);
	assert_null(strstr(asked.error, TOKEN));
	return asked;
}

struct asked get(struct http_fixture *fixture, const char *path)
{
	struct http_call call = call_of(fixture, path);
	return ask_one(fixture, &call);
}

void cancel_self(struct asked *asked)
{
	http_request_cancel(asked->request);
	http_request_cancel(asked->request);
	asked_over(asked);
}

void fault(struct http_fixture *fixture, const char *text)
{
	char json[1024];
	assert_true(snprintf(json, sizeof json, "{%s}", text) < (int)sizeof json);
	for (char *next = json; *next; next++)
		if (*next == '\'')
			*next = '"';
	plane_process_tell(&fixture->plane, "POST", "/faults", "%s", json);
}

void faults_clear(struct http_fixture *fixture)
{
	plane_process_tell(&fixture->plane, "DELETE", "/faults", "{}");
}

bool plane_knows(struct http_fixture *fixture, const char *path, const char *part)
{
	return plane_process_knows(&fixture->plane, path, part);
}

void assert_end(struct asked *asked, enum http_end end, const char *words)
{
	assert_int_equal(asked->end, end);
	assert_contains(asked->error, words);
	secret_buffer_clear(&asked->body);
}
