/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the node reports to the control plane: when it sends the next heartbeat, how it handles the
 * answer, and what it logs of a report that did not arrive.
 */
#include "node_fixture.h"
#include "telemetry.h"
#include "timestamp.h"

#define MINUTE_MS (60 * 1000)

static struct telemetry telemetry;
static unsigned wanted;

static void on_wanted(void *impl, int64_t delay_ms)
{
	assert_int_equal(delay_ms, 0);
	wanted++;
}

static int set_up(void **state)
{
	node_set_up(state);
	struct node_fixture *node = *state;
	const struct telemetry_config config = {
		.plane = &node->plane,
		.loop = &node->loop,
		.manager = &node->manager,
		.clock = node->clock,
		.wants_cycle = on_wanted,
	};
	telemetry_init(&telemetry, &config);
	wanted = 0;
	return 0;
}

static int tear_down(void **state)
{
	telemetry_deinit(&telemetry);
	return node_tear_down(state);
}

static bool is_answered(void *impl)
{
	return !telemetry.heartbeat;
}

static void beat(struct node_fixture *node)
{
	telemetry_start(&telemetry);
	assert_non_null(telemetry.heartbeat);
	node_wait(node, is_answered, NULL);
	assert_true(telemetry.timer.is_set);
}

static int64_t next_in_ms(void)
{
	return telemetry.timer.due_ns / NS_PER_MS - loop_now_ms();
}

static void a_heartbeat_follows_another_after_half_a_minute(void **state)
{
	struct node_fixture *node = *state;
	beat(node);
	assert_true(next_in_ms() > 0 && next_in_ms() <= HEARTBEAT_MS);
	assert_true(node_plane_knows(node, "/counters", "\"heartbeat 200\":1"));
	assert_int_equal(wanted, 0);
	assert_int_equal(node_logged(node, "Problem"), 0);
}

static void a_pause_that_the_control_plane_asks_for_is_kept(void **state)
{
	struct node_fixture *node = *state;
	node_fault(node, "'mode':'status','status':429,'headers':{'Retry-After':'120'}");
	beat(node);
	assert_true(next_in_ms() > MINUTE_MS && next_in_ms() <= 2 * MINUTE_MS);
	/* A shorter one than usual is ignored. */
	node_fault(node, "'mode':'status','status':429,'headers':{'Retry-After':'1'}");
	beat(node);
	assert_true(next_in_ms() > HEARTBEAT_MS / 2);
	assert_int_equal(node_logged(node, "Problem subsystem=heartbeat"), 1);
	node_tell(node, "DELETE", "/faults", "");
	beat(node);
	assert_int_equal(node_logged(node, "Problem resolved subsystem=heartbeat"), 1);
}

static void orders_are_carried_out_or_logged_as_unknown(void **state)
{
	struct node_fixture *node = *state;
	node_tell(node, "POST", "/orders", "'node':'n1','reconcile':true");
	beat(node);
	assert_int_equal(wanted, 1);
	for (int i = 0; i < 2; i++) {
		node_tell(node, "POST", "/orders", "'node':'n1','rotate_keys':true");
		beat(node);
	}
	assert_int_equal(wanted, 1);
	assert_int_equal(node_logged(node, "rotate_keys is not supported yet"), 1);
}

/* The order may be given once, and the node still has the old key. */
static void the_order_to_rotate_keys_stays_in_force_until_there_is_another_key(void **state)
{
	struct node_fixture *node = *state;
	for (int by_event = 0; by_event < 2; by_event++) {
		unsigned problems = 1 + (unsigned)by_event;
		if (by_event)
			telemetry_order_rotation(&telemetry);
		else
			node_tell(node, "POST", "/orders", "'node':'n1','rotate_keys':true");
		for (int i = 0; i < 3; i++)
			beat(node);
		assert_int_equal(node_logged(node, "rotate_keys is not supported yet"), problems);
		assert_int_equal(node_logged(node, "Problem resolved"), problems - 1);
		node->identity.public_key.bytes[0] ^= 1;
		beat(node);
		assert_int_equal(node_logged(node, "Problem resolved subsystem=orders"), problems);
	}
}

static bool has_refused(void *impl)
{
	return node_logged(impl, "Problem subsystem=drift report") > 0;
}

static void a_rejected_drift_report_is_logged_and_not_sent_again(void **state)
{
	struct node_fixture *node = *state;
	struct drift_reporter reporter = telemetry_drift(&telemetry);
	const struct correction correction = {.type = CORRECTION_PEER_ADDED, .detail = "peer a"};
	node_fault(node, "'endpoint':'drift','mode':'status','status':500");
	assert_int_equal(reporter.report(reporter.impl, &correction, 1, NULL), 0);
	node_wait(node, has_refused, node);
	beat(node);
	assert_true(node_plane_knows(node, "/counters", "\"drift 500\":1"));
}

static bool has_answered_all(void *impl)
{
	return telemetry.drift_count == 0;
}

/* Reports are large, and a line may be slower than they come. */
static void drift_reports_under_way_have_a_limit(void **state)
{
	struct node_fixture *node = *state;
	struct drift_reporter reporter = telemetry_drift(&telemetry);
	const struct correction correction = {.type = CORRECTION_PEER_ADDED, .detail = "peer a"};
	node_fault(node, "'endpoint':'drift','mode':'delay','delay_ms':300");
	for (int i = 0; i < 3 * DRIFT_REPORTS_MAX; i++)
		assert_int_equal(reporter.report(reporter.impl, &correction, 1, NULL), 0);
	assert_int_equal(telemetry.drift_count, DRIFT_REPORTS_MAX);
	assert_int_equal(node_logged(node, "Problem subsystem=drift report error=left out"), 1);
	node_wait(node, has_answered_all, NULL);
	assert_true(node_plane_knows(node, "/counters", "\"drift 204\":8"));
	assert_int_equal(node_logged(node, "Problem resolved subsystem=drift report"), 1);
	node_tell(node, "DELETE", "/faults", "");
	assert_int_equal(reporter.report(reporter.impl, &correction, 1, NULL), 0);
	assert_int_equal(telemetry.drift_count, 1);
	node_wait(node, has_answered_all, NULL);
}

#define NODE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NODE_TEST(a_heartbeat_follows_another_after_half_a_minute),
		NODE_TEST(a_pause_that_the_control_plane_asks_for_is_kept),
		NODE_TEST(orders_are_carried_out_or_logged_as_unknown),
		NODE_TEST(the_order_to_rotate_keys_stays_in_force_until_there_is_another_key),
		NODE_TEST(drift_reports_under_way_have_a_limit),
		NODE_TEST(a_rejected_drift_report_is_logged_and_not_sent_again),
	};
	return cmocka_run_group_tests_name("telemetry", tests, NULL, NULL);
}
