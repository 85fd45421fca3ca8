/* SPDX-License-Identifier: Apache-2.0 */
/* What a cycle does, reports and stores: execution, drift report, index. */
#include "harness.h"

#include "converged.h"
#include "fake_router.h"

/* 5. Execution. */

static void removes_come_before_updates_and_updates_before_adds(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	wants(&document, 1);
	wants(&document, 3)->config.persistent_keepalive_s = 25;
	wants(&document, 4);
	assert_int_equal(world_cycle(world, &document), 0);
	assert_calls(world, "remove_peer 02; update_peer 03 persistent_keepalive; add_peer 01; "
			    "add_peer 04");
}

static void one_failure_stops_nothing_and_the_error_names_each_peer(void **state)
{
	struct world *world = *state;
	fails(world, "remove_peer", 3, -EBUSY, 1);
	fails(world, "add_peer", 4, -EIO, 1);
	fails(world, "add_peer", 6, -ENOSPC, 1);
	assert_int_not_equal(cycle_wants(world, "24567"), 0);
	assert_calls(world, "remove_peer 03 !EBUSY; add_peer 04 !EIO; add_peer 05; "
			    "add_peer 06 !ENOSPC; add_peer 07");
	assert_contains(world->error, "peer-3: Device or resource busy");
	assert_contains(world->error, "peer-4: Input/output error");
	assert_contains(world->error, "peer-6: No space left on device");
	assert_lacks(world->error, "peer-5");
	assert_lacks(world->error, "peer-7");
	assert_logged(world, "error Peer operation failed operation=remove peer_id=peer-3");
	assert_logged(world, "error Peer operation failed operation=add peer_id=peer-4");
	assert_drift(world, "peer_added peer peer-5; peer_added peer peer-7");
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_calls(world, "remove_peer 03; add_peer 04; add_peer 06");
	assert_drift(
		world, "peer_removed peer peer-3; peer_added peer peer-4; peer_added peer peer-6");
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_calls(world, "");
	assert_drift(world, NULL);
}

static void a_link_lost_while_peers_are_set_is_noticed(void **state)
{
	struct world *world = *state;
	fake_fail(&world->fake, (struct fake_fault){.op = "add_peer",
					.key = 5,
					.error = -ENODEV,
					.times = 1,
					.loses_link = true});
	assert_int_not_equal(cycle_wants(world, "23456"), 0);
	assert_int_equal(world->manager.state, INTERFACE_ABSENT);
	assert_contains(world->error, "peer-5: No such device");
	assert_contains(world->error, "peer-6: No such device");
	fake_forget_calls(&world->fake);
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_calls(
		world, SET_UP "; add_peer 02; add_peer 03; add_peer 04; add_peer 05; add_peer 06");
}

static void a_controller_that_takes_lists_gets_one(void **state)
{
	struct world *world = *state;
	world->manager.controller = fake_controller(&world->fake, true);
	fails(world, "add_peer", 4, -EIO, 1);
	assert_int_not_equal(cycle_wants(world, "345"), 0);
	assert_calls(world, "apply; remove_peer 02; add_peer 04 !EIO; add_peer 05");
	assert_contains(world->error, "peer-4: Input/output error");
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_calls(world, "apply; add_peer 04");
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_calls(world, ""); /* no list without an operation */
}

struct seen {
	unsigned count;
	size_t op_count;
	int first_error;
};

static void see(void *impl, const struct cycle_report *report)
{
	struct seen *seen = impl;
	if (!report->results)
		return;
	seen->count++;
	seen->op_count = peer_diff_op_count(&report->plan->diff);
	seen->first_error = seen->op_count ? report->results[0].error : 0;
}

static void an_observer_learns_of_each_cycle_that_came_to_its_operations(void **state)
{
	struct world *world = *state;
	struct seen seen = {0};
	world->observers[0] = (struct observer){.cycle_ended = see, .impl = &seen};
	fails(world, "add_peer", 4, -EIO, 1);
	assert_int_not_equal(cycle_wants(world, "2345"), 0);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.op_count, 2);
	assert_int_equal(seen.first_error, -EIO);
	fails(world, "read_device", -1, -EIO, 1);
	assert_int_not_equal(world_cycle_not_modified(world), 0);
	assert_int_equal(seen.count, 1);
}

/* 6. The drift report. */

static void corrections_name_the_peer_or_the_key_of_an_unknown_one(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	world_set_peer(world, 9, "", "10.0.0.9/32");
	wants(&document, 3)->config.psk = secret_of(0x33);
	wants(&document, 4);
	assert_int_equal(world_cycle(world, &document), 0);
	assert_drift(world, "peer_removed peer peer-2; "
			    "peer_removed peer CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=; "
			    "peer_updated peer peer-3; peer_added peer peer-4");
}

static void a_cycle_that_corrected_nothing_reports_nothing(void **state)
{
	struct world *world = *state;
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_drift(world, NULL);
	world->fake.up = false; /* the link is no peer */
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_drift(world, NULL);
}

static void a_report_that_fails_only_warns(void **state)
{
	struct world *world = *state;
	world->drift_error = -ECONNREFUSED;
	assert_int_equal(cycle_wants(world, "2"), 0);
	assert_drift(world, "peer_removed peer peer-3");
	assert_logged(world, "warn ");
	assert_logged(world, "Connection refused");
}

static void drift_reports_are_optional(void **state)
{
	struct world *world = *state;
	world->reconciler.reporter = (struct drift_reporter){0};
	assert_int_equal(cycle_wants(world, "2"), 0);
	assert_calls(world, "remove_peer 03");
}

/* 7. The index. */

static void the_index_has_the_desired_peers_on_the_device(void **state)
{
	struct world *world = *state;
	world_set_peer(world, 4, "", "10.0.0.4/32"); /* there already, and desired from now on */
	assert_int_equal(cycle_wants(world, "245"), 0);
	assert_index(world, "peer-2=02 peer-4=04 peer-5=05");
}

static void a_peer_that_could_not_be_added_is_not_in_the_index(void **state)
{
	struct world *world = *state;
	fails(world, "add_peer", 4, -EIO, 1);
	assert_int_not_equal(cycle_wants(world, "23456"), 0);
	assert_index(world, "peer-2=02 peer-3=03 peer-5=05 peer-6=06");
}

static void a_peer_that_could_not_be_updated_stays_in_the_index(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	wants(&document, 2);
	wants(&document, 3)->config.persistent_keepalive_s = 25;
	fails(world, "update_peer", 3, -EIO, 1);
	assert_int_not_equal(world_cycle(world, &document), 0);
	assert_index(world, "peer-2=02 peer-3=03");
}

static void a_peer_that_could_not_be_removed_stays_in_the_index(void **state)
{
	struct world *world = *state;
	fails(world, "remove_peer", 3, -EIO, 1);
	assert_int_not_equal(cycle_wants(world, "2"), 0);
	assert_index(world, "peer-2=02 peer-3=03");
	assert_int_equal(manager_remove_peer_by_id(&world->manager, "peer-3", NULL), 0);
	assert_index(world, "peer-2=02");
}

static void an_id_with_a_new_key_has_it_in_the_index_though_the_old_one_stays(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	document_add(&document, "peer-2", 12, "", "10.0.0.2/32");
	wants(&document, 3);
	fails(world, "remove_peer", 2, -EIO, 1);
	assert_int_not_equal(world_cycle(world, &document), 0);
	assert_index(world, "peer-2=0c peer-3=03");
	assert_contains(world->error, "peer-2");
	fake_forget_calls(&world->fake);
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_calls(world, "remove_peer 02");
	assert_index(world, "peer-2=0c peer-3=03");
}

static void an_id_whose_new_key_could_not_be_added_keeps_the_old_one_that_is_still_there(
	void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	document_add(&document, "peer-2", 12, "", "10.0.0.2/32");
	fails(world, "remove_peer", 2, -EIO, 1);
	fails(world, "add_peer", 12, -EIO, 1);
	assert_int_not_equal(world_cycle(world, &document), 0);
	assert_index(world, "peer-2=02");
}

static void two_ids_that_swap_their_keys_keep_both_tunnels(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	document_add(&document, "peer-2", 3, "", "10.0.0.3/32");
	document_add(&document, "peer-3", 2, "", "10.0.0.2/32");
	assert_int_equal(world_cycle(world, &document), 0);
	assert_calls(world, "");
	assert_index(world, "peer-2=03 peer-3=02");
}

static void the_loser_of_a_key_is_not_in_the_index(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	wants(&document, 2);
	document_add(&document, "peer-1", 2, "", "10.0.0.2/32");
	assert_int_equal(world_cycle(world, &document), 0);
	assert_index(world, "peer-1=02");
}

static void a_new_process_learns_the_index_and_touches_no_peer(void **state)
{
	struct world *world = *state;
	world_restart(world);
	assert_index(world, "");
	assert_int_equal(cycle_wants(world, "23"), 0);
	assert_calls(world, SET_UP);
	assert_index(world, "peer-2=02 peer-3=03");
	assert_drift(world, NULL);
}

static void a_converged_device_is_never_written(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	wants(&document, 2);
	wants(&document, 3);
	document_add(&document, "own", WORLD_OWN_KEY, "", "10.0.0.4/32");
	document_add(&document, "twin", 3, "", "10.0.0.5/32");
	document_add(&document, "zebra", 8, "", "10.0.0.2/32");
	assert_int_equal(world_cycle(world, &document), 0);
	fake_forget_calls(&world->fake);
	for (unsigned i = 0; i < 5; i++) {
		world->now_s += 600;
		assert_int_equal(world_cycle_not_modified(world), 0);
		assert_calls(world, "");
	}
}

struct countdown {
	unsigned left;
	bool is_over;
};

static bool countdown_take(void *impl)
{
	struct countdown *countdown = impl;
	countdown->is_over = countdown->left == 0;
	if (countdown->left > 0)
		countdown->left--;
	return countdown->is_over;
}

static void not_over(void *impl, const char *op)
{
	const struct countdown *countdown = impl;
	assert_false(countdown->is_over);
}

/*
 * Wherever the pause ends it: the device is not touched again, nothing counts as a failure of a
 * peer, and the next cycle does the rest.
 */
struct endings {
	unsigned by_state[INTERFACE_STATE_COUNT]; /* of cancelled cycles */
	unsigned before_second_read;
};

static struct endings the_next_cycle_goes_on(struct world *world, bool is_drifted)
{
	struct endings endings = {0};
	struct fake_router router = {0};
	world->manager.router = fake_router(&router);
	bool is_cancelled = true;
	for (unsigned pauses = 0; is_cancelled; pauses++) {
		struct countdown countdown = {.left = pauses};
		assert_int_equal(cycle_wants(world, "23"), 0);
		fake_forget_calls(&world->fake);
		world_forget_logs(world);
		if (is_drifted)
			world->fake.exists = world->fake.up = false;
		world->manager.pause = (struct pause){countdown_take, &countdown};
		world->fake.before_call = not_over;
		world->fake.before_call_impl = &countdown;
		world->fake.read_count = 0;
		int error = cycle_wants(world, "3456");
		world->fake.before_call = NULL;
		world->manager.pause = (struct pause){0};
		is_cancelled = error != 0;
		endings.by_state[world->manager.state] += is_cancelled;
		if (is_drifted && world->manager.state == INTERFACE_UP &&
			world->fake.read_count == 1)
			endings.before_second_read++;
		assert_int_equal(error, is_cancelled ? -ECANCELED : 0);
		assert_not_logged(world, "failed");
		assert_int_equal(world_cycle_not_modified(world), 0);
		assert_peers(world, "03 ips=10.0.0.3/32; 04 ips=10.0.0.4/32; 05 ips=10.0.0.5/32; "
				    "06 ips=10.0.0.6/32");
		assert_index(world, "peer-3=03 peer-4=04 peer-5=05 peer-6=06");
		assert_routes(&router, "10.0.0.3/32 10.0.0.4/32 10.0.0.5/32 10.0.0.6/32");
		fake_forget_calls(&world->fake);
		assert_int_equal(world_cycle_not_modified(world), 0);
		assert_calls(world, "");
		assert_true(pauses < 100);
	}
	return endings;
}

static void the_next_cycle_goes_on_where_a_pause_ended_one(void **state)
{
	the_next_cycle_goes_on(*state, false);
}

static void the_next_cycle_goes_on_where_a_pause_ended_setup(void **state)
{
	struct endings endings = the_next_cycle_goes_on(*state, true);
	for (unsigned i = 0; i < INTERFACE_STATE_COUNT; i++)
		assert_int_not_equal(endings.by_state[i], 0);
	assert_int_equal(endings.before_second_read, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONVERGED_TEST(the_next_cycle_goes_on_where_a_pause_ended_setup),
		CONVERGED_TEST(removes_come_before_updates_and_updates_before_adds),
		CONVERGED_TEST(the_next_cycle_goes_on_where_a_pause_ended_one),
		CONVERGED_TEST(one_failure_stops_nothing_and_the_error_names_each_peer),
		CONVERGED_TEST(a_link_lost_while_peers_are_set_is_noticed),
		CONVERGED_TEST(a_controller_that_takes_lists_gets_one),
		CONVERGED_TEST(an_observer_learns_of_each_cycle_that_came_to_its_operations),
		CONVERGED_TEST(corrections_name_the_peer_or_the_key_of_an_unknown_one),
		CONVERGED_TEST(a_cycle_that_corrected_nothing_reports_nothing),
		CONVERGED_TEST(a_report_that_fails_only_warns),
		CONVERGED_TEST(drift_reports_are_optional),
		CONVERGED_TEST(the_index_has_the_desired_peers_on_the_device),
		CONVERGED_TEST(a_peer_that_could_not_be_added_is_not_in_the_index),
		CONVERGED_TEST(a_peer_that_could_not_be_updated_stays_in_the_index),
		CONVERGED_TEST(a_peer_that_could_not_be_removed_stays_in_the_index),
		CONVERGED_TEST(an_id_with_a_new_key_has_it_in_the_index_though_the_old_one_stays),
		CONVERGED_TEST(
			an_id_whose_new_key_could_not_be_added_keeps_the_old_one_that_is_still_there),
		CONVERGED_TEST(two_ids_that_swap_their_keys_keep_both_tunnels),
		CONVERGED_TEST(the_loser_of_a_key_is_not_in_the_index),
		CONVERGED_TEST(a_new_process_learns_the_index_and_touches_no_peer),
		CONVERGED_TEST(a_converged_device_is_never_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
