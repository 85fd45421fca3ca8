/* SPDX-License-Identifier: Apache-2.0 */
#include "api_fixture.h"

#include <stdio.h>

int api_set_up(void **state)
{
	struct api_fixture *fixture = calloc(1, sizeof *fixture);
	const struct api_options options = {0};
	assert_non_null(fixture);
	*state = fixture;
	plane_process_start(&fixture->plane, NULL);
	assert_int_equal(loop_init(&fixture->loop, NULL), 0);
	api_open(fixture, "n1", &options);
	return 0;
}

int api_tear_down(void **state)
{
	struct api_fixture *fixture = *state;
	api_client_deinit(&fixture->client);
	assert_null(fixture->loop.timers);
	loop_deinit(&fixture->loop);
	plane_process_stop(&fixture->plane);
	free(fixture);
	return 0;
}

void api_open(struct api_fixture *fixture, const char *node_id, const struct api_options *options)
{
	struct api_options filled = *options;
	struct diag diag = {0};
	char path[256];
	snprintf(path, sizeof path, "/nodes/%s", node_id);
	if (!strpbrk(node_id, "/ %?#"))
		plane_process_tell(&fixture->plane, "PUT", path, "{\"token\":\"%s\"}", TOKEN);
	if (fixture->client.node_id)
		api_client_deinit(&fixture->client);
	filled.url = fixture->plane.api;
	filled.node_id = node_id;
	if (api_client_init(&fixture->client, &fixture->loop, &filled, &diag) != 0)
		fail_msg("%s", diag_text(&diag));
}

static void on_patience_lost(void *impl)
{
	fail_msg("nothing happens");
}

void api_wait(struct api_fixture *fixture)
{
	struct loop_timer patience = {0};
	loop_timer_set(&fixture->loop, &patience, PATIENCE_MS, on_patience_lost, NULL);
	if (fixture->waiting)
		assert_int_equal(loop_run(&fixture->loop, NULL), 0);
	loop_timer_cancel(&fixture->loop, &patience);
	assert_int_equal(fixture->waiting, 0);
}

static void stop(void *impl)
{
	loop_stop(&((struct api_fixture *)impl)->loop);
}

void api_run_for(struct api_fixture *fixture, int64_t delay_ms)
{
	struct loop_timer timer = {0};
	loop_timer_set(&fixture->loop, &timer, delay_ms, stop, fixture);
	assert_int_equal(loop_run(&fixture->loop, NULL), 0);
}

void api_over(struct api_fixture *fixture)
{
	if (--fixture->waiting == 0)
		loop_stop(&fixture->loop);
}

static void take_result(struct got *got, const struct api_result *result)
{
	assert_false(got->is_done);
	got->is_done = true;
	got->result = *result;
	snprintf(got->error, sizeof got->error, "%s", result->error);
	got->result.error = NULL;
	assert_lacks(got->error, TOKEN);
	api_over(got->fixture);
}

static void on_state(void *impl, const struct api_result *result, const struct api_state *state)
{
	struct got *got = impl;
	got->has_state = state != NULL;
	assert_int_equal(got->has_state, result->outcome == API_OUTCOME_OK);
	if (state) {
		got->body = *state->body;
		*state->body = (struct secret_buffer){0};
		snprintf(got->etag, sizeof got->etag, "%s", state->etag);
	}
	take_result(got, result);
}

static void on_drift(void *impl, const struct api_result *result)
{
	take_result(impl, result);
}

static void on_heartbeat(
	void *impl, const struct api_result *result, const struct api_orders *orders)
{
	struct got *got = impl;
	got->has_orders = orders != NULL;
	assert_int_equal(got->has_orders, result->outcome == API_OUTCOME_OK);
	if (orders)
		got->orders = *orders;
	take_result(got, result);
}

static void on_registration(
	void *impl, const struct api_result *result, const struct api_registration *registration)
{
	struct got *got = impl;
	got->has_registration = registration != NULL;
	assert_int_equal(got->has_registration, result->outcome == API_OUTCOME_OK);
	if (registration) {
		snprintf(got->node_id, sizeof got->node_id, "%s", registration->node_id);
		snprintf(got->mesh_ip, sizeof got->mesh_ip, "%s",
			ip_format(&registration->mesh_ip).text);
		snprintf(got->signing_key, sizeof got->signing_key, "%s",
			key_public_format(&registration->signing_public_key).text);
		snprintf(got->secret, sizeof got->secret, "%s", registration->node_secret_key);
		snprintf(got->peers, sizeof got->peers, "%.*s", (int)registration->peers.length,
			registration->peers.text ? registration->peers.text : "");
	}
	take_result(got, result);
}

static struct got *begin(struct api_fixture *fixture, struct got *got)
{
	*got = (struct got){.fixture = fixture};
	fixture->waiting++;
	return got;
}

void state_ask(struct api_fixture *fixture, struct got *got, const char *etag)
{
	const struct api_state_request request = {
		.token = TOKEN, .etag = etag, .on_done = on_state, .impl = begin(fixture, got)};
	assert_int_equal(api_state_fetch(&fixture->client, &request, &got->call, NULL), 0);
}

struct got got_state(struct api_fixture *fixture, const char *etag)
{
	struct got got;
	state_ask(fixture, &got, etag);
	api_wait(fixture);
	return got;
}

struct got got_drift(
	struct api_fixture *fixture, const struct api_correction *corrections, size_t count)
{
	struct got got;
	const struct api_drift_request request = {
		.token = TOKEN,
		.timestamp_ns = INT64_C(1772366400000000000),
		.corrections = corrections,
		.count = count,
		.on_done = on_drift,
		.impl = begin(fixture, &got),
	};
	assert_int_equal(api_drift_report(&fixture->client, &request, NULL, NULL), 0);
	api_wait(fixture);
	return got;
}

struct got got_heartbeat(struct api_fixture *fixture)
{
	const struct api_heartbeat heartbeat = {
		.timestamp_ns = INT64_C(1772366400500000000),
		.status = "healthy",
		.uptime_s = 26 * 3600 + 3 * 60 + 4,
		.interface = "plexd0",
		.peer_count = 3,
		.listen_port = 51820,
	};
	struct got got;
	const struct api_heartbeat_request request = {
		.token = TOKEN,
		.heartbeat = &heartbeat,
		.on_done = on_heartbeat,
		.impl = begin(fixture, &got),
	};
	assert_int_equal(api_heartbeat_send(&fixture->client, &request, NULL, NULL), 0);
	api_wait(fixture);
	return got;
}

struct got got_registration(struct api_fixture *fixture, const char *join_token)
{
	struct key_public key = key_of(7);
	struct got got;
	const struct api_register_request request = {
		.join_token = join_token,
		.public_key = &key,
		.hostname = "host \"a\"",
		.on_done = on_registration,
		.impl = begin(fixture, &got),
	};
	assert_int_equal(api_register(&fixture->client, &request, NULL, NULL), 0);
	api_wait(fixture);
	assert_lacks(got.error, join_token);
	return got;
}

void got_clear(struct got *got)
{
	secret_buffer_clear(&got->body);
}

void api_tell(struct api_fixture *fixture, const char *method, const char *path, const char *text)
{
	char json[4096];
	assert_true(snprintf(json, sizeof json, "{%s}", text) < (int)sizeof json);
	for (char *next = json; *next; next++)
		if (*next == '\'')
			*next = '"';
	plane_process_tell(&fixture->plane, method, path, "%s", json);
}

void api_fault(struct api_fixture *fixture, const char *text)
{
	plane_process_tell(&fixture->plane, "DELETE", "/faults", "{}");
	api_tell(fixture, "POST", "/faults", text);
}

bool api_plane_knows(struct api_fixture *fixture, const char *path, const char *part)
{
	return plane_process_knows(&fixture->plane, path, part);
}

void assert_outcome(struct got *got, enum api_outcome outcome, const char *words)
{
	if (got->result.outcome != outcome)
		fail_msg("%s: %s", api_outcome_name(got->result.outcome), got->error);
	assert_contains(got->error, words);
	assert_int_equal(got->error[0] == '\0',
		outcome == API_OUTCOME_OK || outcome == API_OUTCOME_NOT_MODIFIED);
	got_clear(got);
}
