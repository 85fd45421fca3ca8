/* SPDX-License-Identifier: Apache-2.0 */
/* The stream as the daemon follows it: when it reopens it, where it resumes, what it logs. */
#include "event_client.h"
#include "failing_memory.h"
#include "node_fixture.h"

#include <stdio.h>

#define MINUTE_MS (60 * 1000)
#define KEY_2     "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="

static struct event_client client;
static unsigned changes, handled;

static void on_changed(void *impl)
{
	changes++;
}

static void on_handled(void *impl)
{
	handled++;
}

static int set_up(void **state)
{
	node_set_up(state);
	struct node_fixture *node = *state;
	const struct event_client_config config = {
		.plane = &node->plane,
		.loop = &node->loop,
		.dispatcher = &node->dispatcher,
		.clock = node->clock,
		.handled = on_handled,
		.changed = on_changed,
	};
	event_client_init(&client, &config);
	changes = handled = 0;
	return 0;
}

static int tear_down(void **state)
{
	event_client_deinit(&client);
	return node_tear_down(state);
}

static bool is_open(void *impl)
{
	return client.is_open;
}

static bool is_closed(void *impl)
{
	return !client.stream;
}

static bool have_changed(void *impl)
{
	return changes >= *(unsigned *)impl;
}

static bool has_cursor(void *impl)
{
	return client.last_event_id && strcmp(client.last_event_id, impl) == 0;
}

static bool is_rejected(void *impl)
{
	for (int verdict = 0; verdict <= VERDICT_FAULT; verdict++)
		if (client.problems[verdict].met_ms != 0)
			return true;
	return false;
}

static bool was_handled(void *impl)
{
	return handled >= *(unsigned *)impl;
}

static void open_now(struct node_fixture *node)
{
	event_client_start(&client);
	node_wait(node, is_open, NULL);
}

static int64_t retry_in_ms(void)
{
	assert_true(client.retry_timer.is_set);
	return client.retry_timer.due_ns / 1000000 - loop_now_ms();
}

static void a_stream_that_fell_silent_is_reopened(void **state)
{
	struct node_fixture *node = *state;
	unsigned wanted = 3;
	node_connect(node, &(struct api_options){.stream_idle_ms = 100});
	node_fault(node, "'endpoint':'events','mode':'silent','count':1");
	open_now(node);
	node_wait(node, have_changed, &wanted);
	assert_true(client.is_open);
	/* On a slow machine the next stream may be too late too. */
	assert_true(node_logged(node, "nothing sent or received") >= 1);
}

static void a_stream_that_ends_as_soon_as_it_opens_is_logged_once(void **state)
{
	struct node_fixture *node = *state;
	node_fault(node, "'endpoint':'events','mode':'end'");
	for (int i = 0; i < 5; i++) {
		event_client_start(&client);
		node_wait(node, is_closed, NULL);
	}
	assert_int_equal(changes, 10);
	assert_int_equal(node_logged(node, "event stream"), 1);
	/* 16 s, plus or minus a quarter. */
	assert_true(retry_in_ms() > 11000 && retry_in_ms() <= 20000);
	/* Another one that opens logs nothing, until it proves stable. */
	node_tell(node, "DELETE", "/faults", "");
	open_now(node);
	assert_int_equal(node_logged(node, "event stream"), 1);
	node_tell(node, "POST", "/events",
		"'event_type':'peer_added','payload':{'id':'a',"
		"'public_key':'" KEY_2 "','allowed_ips':[]}");
	node_wait(node, was_handled, &(unsigned){1});
	assert_int_equal(node_logged(node, "Problem resolved subsystem=event stream"), 1);
}

static bool is_stable(void *impl)
{
	return client.is_open && client.is_stable;
}

/* As a load balancer does with an idle one. */
static void a_stream_that_ends_after_a_while_and_reopens_is_not_logged(void **state)
{
	struct node_fixture *node = *state;
	for (unsigned i = 0; i < 20; i++) {
		open_now(node);
		node_tell(node, "POST", "/events",
			"'event_type':'peer_added','payload':{'id':'a',"
			"'public_key':'" KEY_2 "','allowed_ips':[]}");
		node_wait(node, is_stable, NULL);
		node_tell(node, "POST", i % 2 ? "/cut" : "/end", "");
		node_wait(node, is_closed, NULL);
	}
	assert_int_equal(node_logged(node, "event stream"), 0);
	assert_int_equal(node_logged(node, "Event stream ended"), 20);
	assert_int_equal(changes, 40);
	/* Unless it does not come back, which is logged once, or ends as soon as it does. */
	node_tell(node, "POST", "/down", "");
	for (int i = 0; i < 3; i++) {
		event_client_start(&client);
		node_wait(node, is_closed, NULL);
	}
	assert_int_equal(node_logged(node, "Problem subsystem=event stream"), 1);
	node_tell(node, "POST", "/up", "");
	open_now(node);
	assert_int_equal(node_logged(node, "Problem resolved subsystem=event stream"), 1);
	node_tell(node, "POST", "/end", "");
	node_wait(node, is_closed, NULL);
	assert_int_equal(node_logged(node, "the control plane ended it"), 1 + 10);
	assert_int_equal(node_logged(node, "Problem subsystem=event stream"), 2);
}

static void on_rotation_ordered(void *impl)
{
	++*(unsigned *)impl;
}

static void an_order_that_comes_as_an_event_is_passed_on(void **state)
{
	static const char *const types[] = {"rotate_keys", "rotate_key", "rotate_keys2", "x"};
	struct node_fixture *node = *state;
	unsigned orders = 0;
	client.config.rotation_ordered = on_rotation_ordered;
	client.config.impl = &orders;
	open_now(node);
	for (unsigned i = 0; i < COUNT_OF(types); i++) {
		char event[64];
		snprintf(event, sizeof event, "'event_type':'%s'", types[i]);
		node_tell(node, "POST", "/events", event);
		node_wait(node, was_handled, &(unsigned){i + 1});
		assert_int_equal(orders, 1);
	}
	/* An order that an unknown key signed is not passed on. */
	node_tell(node, "POST", "/events", "'event_type':'rotate_keys','signature':'foreign'");
	node_tell(node, "POST", "/events", "'event_type':'x'");
	node_wait(node, was_handled, &(unsigned){COUNT_OF(types) + 1});
	assert_int_equal(orders, 1);
}

static void a_control_plane_that_rejects_the_stream_is_not_asked_again_soon(void **state)
{
	struct node_fixture *node = *state;
	for (int status = 403; status <= 404; status++) {
		char fault[80];
		snprintf(fault, sizeof fault, "'endpoint':'events','mode':'status','status':%d",
			status);
		node_fault(node, fault);
		event_client_start(&client);
		node_wait(node, is_closed, NULL);
		assert_true(retry_in_ms() > 4 * MINUTE_MS);
	}
	/* Until another call succeeds. */
	node_tell(node, "DELETE", "/faults", "");
	open_now(node);
	assert_false(client.retry_timer.is_set);
}

static void a_pause_that_the_control_plane_asks_for_is_kept(void **state)
{
	struct node_fixture *node = *state;
	node_fault(node, "'mode':'status','status':429,'headers':{'Retry-After':'90'}");
	event_client_start(&client);
	node_wait(node, is_closed, NULL);
	assert_true(retry_in_ms() > MINUTE_MS);
	event_client_start(&client);
	assert_null(client.stream);
	assert_true(client.retry_timer.is_set);
}

static void a_pause_that_the_stream_asks_for_is_kept(void **state)
{
	struct node_fixture *node = *state;
	open_now(node);
	node_tell(node, "POST", "/raw", "'text':'retry: 12345\\n\\n'");
	node_tell(node, "POST", "/cut", "");
	node_wait(node, is_closed, NULL);
	assert_int_equal(client.retry_min_ms, 12345);
	assert_true(retry_in_ms() > 11000);
	node_fault(node, "'mode':'status','status':401");
	event_client_start(&client);
	node_wait(node, is_closed, NULL);
	assert_int_equal(node_logged(node, "node token"), 1);
}

/* How an event is sent, and its result. */
static const struct {
	const char *event;
	bool is_final; /* it will not be accepted later either */
} kinds[] = {
	{"'event_type':'x'", true},
	{"'event_type':'x','signature':'foreign'", false},
	{"'event_type':'x','offset_s':310", false},
	{"'event_type':'x','signature':'missing'", true},
	{"'event_type':'x','offset_s':-310", true},
	{"'event_type':'x','nonce':'used'", true},
};

/* A valid event comes last: once it is handled, all were checked. */
static bool are_looked_at(void *impl)
{
	return handled == *(unsigned *)impl;
}

/* The resume position is that of the last event before one that may still be accepted. */
static void try_sequence(struct node_fixture *node, unsigned number, unsigned *first_id)
{
	char expected[16] = "";
	bool is_held = false;
	unsigned id = *first_id;
	free(client.last_event_id);
	client.last_event_id = NULL;
	client.cursor_frozen_until_ns = 0;
	handled = 0;
	unsigned good = 0;
	for (int i = 0; i < 3; i++, number /= COUNT_OF(kinds)) {
		size_t kind = number % COUNT_OF(kinds);
		node_tell(node, "POST", "/events", kinds[kind].event);
		good += kind == 0;
		is_held |= !kinds[kind].is_final;
		if (!is_held)
			snprintf(expected, sizeof expected, "%u", id);
		id++;
	}
	node_tell(node, "POST", "/events", kinds[0].event);
	if (!is_held)
		snprintf(expected, sizeof expected, "%u", id);
	good++;
	node_wait(node, are_looked_at, &good);
	if (strcmp(client.last_event_id ? client.last_event_id : "", expected) != 0)
		fail_msg("sequence %u: %s instead of %s", number,
			client.last_event_id ? client.last_event_id : "none", expected);
	*first_id = id + 1;
}

static void the_resume_position_passes_no_event_that_may_still_be_accepted(void **state)
{
	struct node_fixture *node = *state;
	unsigned id = 1;
	open_now(node);
	node_tell(node, "POST", "/events", kinds[5].event);
	node_wait(node, was_handled, &(unsigned){1});
	id++;
	for (unsigned number = 0; number < 6 * 6 * 6; number++)
		try_sequence(node, number, &id);
}

static void an_event_freezes_the_position_for_five_minutes_of_the_boot_clock(void **state)
{
	struct node_fixture *node = *state;
	open_now(node);
	node_tell(node, "POST", "/events", kinds[1].event);
	node_tell(node, "POST", "/events", kinds[0].event);
	node_wait(node, was_handled, &(unsigned){1});
	assert_null(client.last_event_id);
	node->boot_ahead_ns = EVENT_WINDOW_NS + 1000000000;
	node_tell(node, "POST", "/events", kinds[4].event);
	node_wait(node, has_cursor, "3");
	/* Also with an id and nothing else. */
	node_tell(node, "POST", "/events", kinds[2].event);
	node_tell(node, "POST", "/raw", "'text':'id: 77\\n\\n'");
	node_tell(node, "POST", "/events", kinds[0].event);
	node_wait(node, was_handled, &(unsigned){2});
	assert_string_equal(client.last_event_id, "3");
}

static void reject(struct node_fixture *node, const char *event)
{
	for (int verdict = 0; verdict <= VERDICT_FAULT; verdict++)
		client.problems[verdict].met_ms = 0;
	node_tell(node, "POST", "/events", event);
	node_wait(node, is_rejected, NULL);
}

/* From a hostile stream, with dates up to a day ahead; whatever the wall clock does. */
static void events_dated_far_ahead_do_not_freeze_the_position(void **state)
{
	static const char far_ahead[] = "'event_type':'x','signature':'missing',"
					"'issued_at':'2150-01-01T00:00:00Z'";
	static const char unsigned_far_ahead[] = "'event_type':'x','signature':'foreign',"
						 "'issued_at':'2150-01-01T00:00:00Z'";
	struct node_fixture *node = *state;
	char place[16] = "";
	unsigned moves = 0;
	open_now(node);
	reject(node, far_ahead); /* a field is missing: that does not freeze the position */
	assert_string_equal(client.last_event_id, "1");
	for (int minute = 0; minute < 30; minute++) {
		node->boot_ahead_ns += INT64_C(60) * 1000000000;
		node->clock_ahead_ns = minute % 2 ? -INT64_C(86400) * 1000000000 : 0;
		reject(node, unsigned_far_ahead);
		moves += strcmp(place, client.last_event_id) != 0;
		snprintf(place, sizeof place, "%s", client.last_event_id);
	}
	assert_true(moves >= 5);
}

static bool is_logged(void *impl)
{
	return node_logged(impl, "room for events") > 0;
}

/* The problem is logged when it begins and when it ends, and the resume position waits. */
static void events_without_room_are_rejected_and_logged_once(void **state)
{
	struct node_fixture *node = *state;
	node->verifier.nonces.max = 2;
	open_now(node);
	for (int i = 0; i < 5; i++)
		node_tell(node, "POST", "/events", kinds[0].event);
	node_wait(node, is_logged, node);
	node_tell(node, "POST", "/events", kinds[3].event);
	node_run_for(node, 200);
	assert_int_equal(handled, 2);
	assert_string_equal(client.last_event_id, "2");
	assert_int_equal(node_logged(node, "room for events"), 1);
	assert_int_equal(
		node_logged(node,
			"Problem subsystem=room for events error=too many events: the limit of "
			"2 nonces is reached; --max-nonces allows more, and fetches make up for "
			"them"),
		1);
	/* Five minutes later, the last rejection a minute ago. */
	node->clock_ahead_ns = node->boot_ahead_ns = EVENT_WINDOW_NS + 10 * INT64_C(1000000000);
	client.problems[VERDICT_NO_ROOM].met_ms -= MINUTE_MS;
	node_tell(node, "POST", "/events", "'event_type':'x','offset_s':310");
	node_wait(node, was_handled, &(unsigned){3});
	assert_int_equal(node_logged(node, "Problem resolved subsystem=room for events"), 1);
}

struct long_job {
	struct loop_job job;
	struct node_fixture *node;
	bool handles_waiting;
	unsigned handled_within; /* when it ended */
};

/* As a cycle that takes long: two events arrive during it. */
static void take_long(void *impl)
{
	struct long_job *job = impl;
	node_tell(job->node, "POST", "/events", kinds[0].event);
	node_tell(job->node, "POST", "/events", kinds[0].event);
	for (int64_t end_ms = loop_now_ms() + 10000;
		client.queue.count < 2 && loop_now_ms() < end_ms;)
		loop_turn(&job->node->loop);
	if (job->handles_waiting)
		event_client_handle_waiting(&client);
	job->handled_within = handled;
}

static void events_that_arrive_during_a_job_are_verified_then_and_handled_after_it(void **state)
{
	struct node_fixture *node = *state;
	struct long_job job = {.node = node};
	open_now(node);
	loop_job_add(&node->loop, &job.job, take_long, &job);
	node_wait(node, was_handled, &(unsigned){2});
	assert_int_equal(job.handled_within, 0);
	assert_string_equal(client.last_event_id, "2");
	job.handles_waiting = true;
	loop_job_add(&node->loop, &job.job, take_long, &job);
	node_wait(node, was_handled, &(unsigned){4});
	assert_int_equal(job.handled_within, 4);
}

/* As a cycle that takes long: the keys are rotated during it, and an event has the new signature.
 */
static void rotate_during(void *impl)
{
	struct node_fixture *node = impl;
	int64_t end_ms = loop_now_ms() + 10000;
	node_tell(node, "POST", "/rotate", "'announce':true");
	node_tell(node, "POST", "/events", kinds[0].event);
	while (loop_now_ms() < end_ms &&
		!(client.last_event_id && strcmp(client.last_event_id, "2") == 0))
		loop_turn(&node->loop);
}

static void a_key_rotation_counts_for_the_event_behind_it_even_during_a_job(void **state)
{
	struct node_fixture *node = *state;
	struct loop_job job = {0};
	open_now(node);
	loop_job_add(&node->loop, &job, rotate_during, node);
	node_wait(node, was_handled, &(unsigned){2});
	assert_int_equal(node_logged(node, "Problem"), 0);
}

static void a_key_rotation_needs_no_room_among_the_events_that_wait(void **state)
{
	struct node_fixture *node = *state;
	open_now(node);
	client.queue.bytes = EVENT_QUEUE_BYTES_MAX;
	node_tell(node, "POST", "/rotate", "'announce':true");
	node_wait(node, was_handled, &(unsigned){1});
	assert_int_equal(node_logged(node, "Problem"), 0);
	client.queue.bytes = 0;
}

/* Their nonces are not used up. */
static void when_too_many_wait_events_are_rejected_and_come_again(void **state)
{
	struct node_fixture *node = *state;
	open_now(node);
	node_tell(node, "POST", "/events", kinds[0].event);
	node_wait(node, was_handled, &(unsigned){1});
	client.queue.bytes = EVENT_QUEUE_BYTES_MAX;
	node_tell(node, "POST", "/events", kinds[0].event);
	node_wait(node, is_logged, node);
	assert_int_equal(node_logged(node, "too many events wait to be handled"), 1);
	assert_string_equal(client.last_event_id, "1");
	client.queue.bytes = 0;
	api_call_cancel(client.stream);
	client.stream = NULL;
	client.is_open = false;
	open_now(node);
	node_wait(node, was_handled, &(unsigned){2});
}

static bool is_done_with(void *impl)
{
	return handled || client.problems[VERDICT_FAULT].met_ms || !client.stream;
}

static void good_event_handle(struct node_fixture *node)
{
	unsigned wanted = handled + 1;
	open_now(node);
	node_tell(node, "POST", "/events", kinds[0].event);
	node_wait(node, was_handled, &wanted);
}

/* Whatever allocation fails, the client requests an event again that was not handled. */
static void the_position_does_not_pass_an_event_without_memory(void **state)
{
	struct node_fixture *node = *state;
	bool has_failed = true;
	unsigned rejected = 0;
	for (unsigned spared = 0; has_failed; spared++) {
		char before[16];
		client.cursor_frozen_until_ns = 0;
		good_event_handle(node);
		snprintf(before, sizeof before, "%s", client.last_event_id);
		node_tell(node, "POST", "/events", kinds[0].event);
		handled = 0;
		client.problems[VERDICT_FAULT].met_ms = 0;
		failing_memory_arm(spared, false);
		node_wait(node, is_done_with, NULL);
		has_failed = failing_memory_disarm();
		if (handled)
			continue;
		assert_string_equal(client.last_event_id, before);
		/* Nor by a later event. When the stream breaks, it comes again. */
		bool is_rejected = client.problems[VERDICT_FAULT].met_ms != 0;
		rejected += is_rejected;
		good_event_handle(node);
		if (is_rejected)
			assert_string_equal(client.last_event_id, before);
	}
	assert_true(rejected > 0);
}

static void the_stream_resumes_at_the_position(void **state)
{
	struct node_fixture *node = *state;
	open_now(node);
	for (int i = 0; i < 3; i++)
		node_tell(node, "POST", "/events", kinds[0].event);
	node_wait(node, has_cursor, "3");
	node_tell(node, "POST", "/cut", "");
	node_wait(node, is_closed, NULL);
	/* The half event before the cut had an id, which does not count. */
	assert_string_equal(client.last_event_id, "3");
	node_tell(node, "POST", "/events", kinds[0].event);
	open_now(node);
	node_wait(node, has_cursor, "4");
	assert_true(node_plane_knows(node, "/requests", "\"Last-Event-Id\":\"3\""));
}

static void the_position_passes_an_event_that_is_too_long(void **state)
{
	struct node_fixture *node = *state;
	node_fault(node, "'endpoint':'events','mode':'huge_event'");
	open_now(node);
	node_wait(node, has_cursor, "1");
	assert_int_equal(node_logged(node, "too long"), 1);
}

static void occasional_rejected_events_do_not_fill_the_log(void **state)
{
	struct node_fixture *node = *state;
	open_now(node);
	for (unsigned i = 1; i <= 10; i++) {
		node_tell(node, "POST", "/events", kinds[1].event);
		node_tell(node, "POST", "/events", kinds[0].event);
		node_wait(node, was_handled, &i);
	}
	assert_int_equal(node_logged(node, "subsystem=forged events "), 1);
	client.problems[VERDICT_BAD_SIGNATURE].met_ms -= MINUTE_MS;
	node_tell(node, "POST", "/events", kinds[0].event);
	node_wait(node, was_handled, &(unsigned){11});
	assert_int_equal(node_logged(node, "Problem resolved subsystem=forged events"), 1);
}

/* Nor may one of the kinds hide another. */
static void alternating_reasons_are_logged_once_each(void **state)
{
	static const char *const names[] = {
		"forged", "future", "incomplete", "stale", "malformed", "repeated"};
	struct node_fixture *node = *state;
	open_now(node);
	for (unsigned i = 1; i <= 10; i++) {
		char junk[40];
		for (size_t kind = 1; kind < sizeof kinds / sizeof *kinds; kind++)
			node_tell(node, "POST", "/events", kinds[kind].event);
		/* Two texts of one kind. */
		snprintf(junk, sizeof junk, "'text':'data: %s\\n\\n'", i % 2 ? "{" : "7");
		node_tell(node, "POST", "/raw", junk);
		node_tell(node, "POST", "/events", kinds[0].event);
		/* A valid event uses the nonce. */
		node_wait(node, was_handled, &(unsigned){i + 1});
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char part[64];
		snprintf(part, sizeof part, "Problem subsystem=%s events ", names[i]);
		assert_int_equal(node_logged(node, part), 1);
	}
	assert_int_equal(node_logged(node, "Problem "), 6);
}

static void without_a_stream_the_state_is_fetched_more_often(void **state)
{
	static const struct {
		bool is_open;
		int down_minutes, interval_minutes, pull_minutes;
	} cases[] = {
		{true, 100, 60, 60},
		{false, 0, 60, 5},
		{false, 4, 60, 1},
		{false, 5, 60, 1},
		{false, 100, 60, 1},
		{false, 0, 3, 3},
		{false, 100, 1, 1},
		{false, 3, 3, 2},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int64_t interval_ms = cases[i].interval_minutes * MINUTE_MS;
		client.is_open = cases[i].is_open;
		client.changed_ms = loop_now_ms() - cases[i].down_minutes * MINUTE_MS;
		int64_t short_ms = cases[i].pull_minutes * (int64_t)MINUTE_MS -
				   event_client_fetch_ms(&client, interval_ms);
		/* Time passes meanwhile. */
		assert_true(short_ms >= 0 && short_ms < 1000);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stream_that_fell_silent_is_reopened),
		TEST(a_stream_that_ends_as_soon_as_it_opens_is_logged_once),
		TEST(a_stream_that_ends_after_a_while_and_reopens_is_not_logged),
		TEST(an_order_that_comes_as_an_event_is_passed_on),
		TEST(a_control_plane_that_rejects_the_stream_is_not_asked_again_soon),
		TEST(a_pause_that_the_control_plane_asks_for_is_kept),
		TEST(a_pause_that_the_stream_asks_for_is_kept),
		TEST(the_resume_position_passes_no_event_that_may_still_be_accepted),
		TEST(an_event_freezes_the_position_for_five_minutes_of_the_boot_clock),
		TEST(events_dated_far_ahead_do_not_freeze_the_position),
		TEST(events_without_room_are_rejected_and_logged_once),
		TEST(events_that_arrive_during_a_job_are_verified_then_and_handled_after_it),
		TEST(a_key_rotation_counts_for_the_event_behind_it_even_during_a_job),
		TEST(a_key_rotation_needs_no_room_among_the_events_that_wait),
		TEST(when_too_many_wait_events_are_rejected_and_come_again),
		TEST(the_position_does_not_pass_an_event_without_memory),
		TEST(the_stream_resumes_at_the_position),
		TEST(the_position_passes_an_event_that_is_too_long),
		TEST(occasional_rejected_events_do_not_fill_the_log),
		TEST(alternating_reasons_are_logged_once_each),
		TEST(without_a_stream_the_state_is_fetched_more_often),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
