/* SPDX-License-Identifier: Apache-2.0 */
#include "api_fixture.h"
#include "api_stream.h"
#include "curl_memory.h"
#include "failing_memory.h"

#include <curl/curl.h>
#include <signal.h>

/*
 * Leaves libcurl its own allocator, which does not fail: with failing allocations, version 7.88
 * divides by zero.
 */
int curl_memory_start(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -EIO;
}

void curl_memory_stop(void)
{
	curl_global_cleanup();
}

/* Until a call has ended, whatever its result. */
struct over {
	struct api_fixture *fixture;
	struct api_call *call;
	size_t count;
};

static void over_note(struct over *over)
{
	over->count++;
	api_over(over->fixture);
}

static void on_state(void *impl, const struct api_result *result, const struct api_state *state)
{
	over_note(impl);
}

static void on_orders(void *impl, const struct api_result *result, const struct api_orders *orders)
{
	over_note(impl);
}

static void on_registration(
	void *impl, const struct api_result *result, const struct api_registration *registration)
{
	over_note(impl);
}

static void on_opened(void *impl, const struct api_result *result)
{
}

static void on_event(void *impl, const struct stream_event *event)
{
	struct over *over = impl;
	api_call_cancel(over->call);
	over_note(over);
}

static void on_closed(void *impl, const struct api_result *result)
{
	over_note(impl);
}

/* The call was started, or the test ran out of memory. */
static void begun(struct over *over, int error)
{
	assert_true(error == 0 || error == -ENOMEM);
	over->fixture->waiting = error == 0;
	over->count = 0;
	api_wait(over->fixture);
	assert_int_equal(over->count, error == 0);
}

static void talk(struct over *over)
{
	struct api_client *client = &over->fixture->client;
	const struct key_public key = {{7}};
	const struct api_heartbeat heartbeat = {.status = "healthy", .interface = "plexd0"};
	const struct api_stream_callbacks callbacks = {
		.on_opened = on_opened, .on_event = on_event, .on_closed = on_closed, .impl = over};
	const struct api_state_request fetch = {
		.token = TOKEN, .etag = "\"1\"", .on_done = on_state, .impl = over};
	const struct api_heartbeat_request beat = {
		.token = TOKEN, .heartbeat = &heartbeat, .on_done = on_orders, .impl = over};
	const struct api_register_request registration = {
		.join_token = "join-token",
		.public_key = &key,
		.hostname = "a",
		.on_done = on_registration,
		.impl = over,
	};
	begun(over, api_state_fetch(client, &fetch, NULL, NULL));
	begun(over, api_heartbeat_send(client, &beat, NULL, NULL));
	begun(over, api_register(client, &registration, NULL, NULL));
	begun(over, api_stream_open(client, TOKEN, "1", &callbacks, &over->call, NULL));
}

/*
 * Each allocation in turn fails once, or from there on: nothing leaks, every call ends, and the
 * next client works.
 */
static void fail_in_turn(struct api_fixture *fixture, bool for_good)
{
	struct over over = {.fixture = fixture};
	struct api_options options = {.url = fixture->plane.api,
		.node_id = "n1",
		.request_idle_ms = 300,
		.stream_idle_ms = 300};
	unsigned spared = 0;
	for (bool failed = true; failed; spared++) {
		failing_memory_arm(spared, for_good);
		int error = api_client_init(&fixture->client, &fixture->loop, &options, NULL);
		if (!error) {
			talk(&over);
			api_client_deinit(&fixture->client);
		}
		failed = failing_memory_disarm();
		assert_true(error == 0 || failed);
		assert_null(fixture->loop.timers);
	}
	assert_true(spared > 20);
	print_message("# %u allocations failed\n", spared - 1);
}

static void an_allocation_fails(void **state)
{
	struct api_fixture *fixture = *state;
	const struct api_options options = {0};
	api_tell(fixture, "POST", "/events", "'event_type':'first'");
	api_tell(fixture, "POST", "/events", "'event_type':'second'");
	api_client_deinit(&fixture->client);
	fail_in_turn(fixture, false);
	fail_in_turn(fixture, true);
	api_open(fixture, "n1", &options);
	struct got got = got_state(fixture, NULL);
	assert_outcome(&got, API_OUTCOME_OK, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_allocation_fails, api_set_up, api_tear_down),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
