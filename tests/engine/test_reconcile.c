/* SPDX-License-Identifier: Apache-2.0 */
/* The cycle up to its plan: setup, the desired state, the device. */
#include "harness.h"

#include "converged.h"
#include "diag.h"

#include <stdio.h>

/* 1. Setup. */

static void the_interface_is_set_up_before_anything_is_fetched(void **state)
{
	struct world *world = *state;
	assert_int_equal(world_cycle_begin(world), 0);
	assert_calls(world, SET_UP);
}

static void a_cycle_ends_where_setup_fails(void **state)
{
	struct world *world = *state;
	fails(world, "set_interface_up", -1, -EPERM, 1);
	assert_int_equal(cycle_wants(world, "2"), -EPERM);
	assert_string_equal(
		world->error, "wireguard: setup: set interface up: Operation not permitted");
	assert_int_equal(world->fake.read_count, 0);
	assert_int_equal(world->manager.state, INTERFACE_SIZED);
	fake_forget_calls(&world->fake);
	assert_int_equal(cycle_wants(world, "2"), 0);
	assert_calls(world, "set_interface_up plexd0; add_peer 02");
}

/* 2. The desired state. */

static void a_fetch_that_fails_before_any_state_is_an_error_and_writes_nothing(void **state)
{
	struct world *world = *state;
	assert_int_equal(manager_setup(&world->manager, NULL), 0);
	world_set_peer(world, 9, "", "10.0.0.9/32");
	fake_forget_calls(&world->fake);
	assert_int_not_equal(world_cycle_fetch_failed(world, "connection refused"), 0);
	assert_contains(world->error, "connection refused");
	assert_calls(world, "");
	assert_drift(world, NULL);
}

static void not_modified_before_any_state_is_an_error_and_writes_nothing(void **state)
{
	struct world *world = *state;
	assert_int_equal(manager_setup(&world->manager, NULL), 0);
	world_set_peer(world, 9, "", "10.0.0.9/32");
	fake_forget_calls(&world->fake);
	assert_int_not_equal(world_cycle_not_modified(world), 0);
	assert_contains(world->error, "not modified");
	assert_calls(world, "");
}

static void a_failed_fetch_leaves_the_last_state_in_force_and_fails_the_cycle(void **state)
{
	struct world *world = *state;
	fake_drop_peer(&world->fake, 2);
	assert_int_not_equal(world_cycle_fetch_failed(world, "connection refused"), 0);
	assert_contains(world->error, "connection refused");
	assert_calls(world, "add_peer 02");
	assert_drift(world, "peer_added peer peer-2");
	assert_int_not_equal(world_cycle_fetch_failed(world, "connection refused"), 0);
	assert_calls(world, "");
	assert_drift(world, NULL);
}

static void not_modified_keeps_the_last_state(void **state)
{
	struct world *world = *state;
	fake_drop_peer(&world->fake, 3);
	world_set_peer(world, 9, "", "10.0.0.9/32");
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_calls(world, "remove_peer 09; add_peer 03");
}

static void an_empty_state_means_no_peers(void **state)
{
	struct world *world = *state;
	assert_int_equal(cycle_wants(world, ""), 0);
	assert_calls(world, "remove_peer 02; remove_peer 03");
	assert_index(world, "");
}

static void a_state_is_in_force_though_its_cycle_could_not_read_the_device(void **state)
{
	struct world *world = *state;
	fails(world, "read_device", -1, -EIO, 1);
	assert_int_not_equal(cycle_wants(world, "2"), 0);
	assert_calls(world, "");
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_calls(world, "remove_peer 03");
}

/* A document of an earlier process, until there is a newer one. */
static void preload(struct world *world, unsigned char key)
{
	struct state_document document = {0};
	wants(&document, key);
	reconciler_preload(&world->reconciler, &document);
}

static void a_cached_state_removes_no_peer(void **state)
{
	struct world *world = *state;
	world_restart(world);
	preload(world, 4);
	assert_int_not_equal(world_cycle_fetch_failed(world, "connection refused"), 0);
	assert_calls(world, SET_UP "; add_peer 04");
	assert_int_equal(cycle_wants(world, "24"), 0);
	assert_calls(world, "remove_peer 03");
}

static void not_modified_does_not_refer_to_a_cached_state(void **state)
{
	struct world *world = *state;
	world_restart(world);
	preload(world, 2);
	assert_int_not_equal(world_cycle_not_modified(world), 0);
	assert_contains(world->error, "not modified");
	assert_peers(world, "02 ips=10.0.0.2/32; 03 ips=10.0.0.3/32");
}

/* 3. The device. */

static void an_unreadable_device_fails_the_cycle_without_a_write(void **state)
{
	struct world *world = *state;
	fake_drop_peer(&world->fake, 2);
	fails(world, "read_device", -1, -EINTR, 1);
	assert_int_not_equal(cycle_wants(world, "2"), 0);
	assert_contains(world->error, "read device: Interrupted system call");
	assert_calls(world, "");
	assert_drift(world, NULL);
	assert_index(world, "peer-2=02 peer-3=03");
	assert_int_equal(world->manager.state, INTERFACE_UP);
}

static void a_lost_link_is_set_up_again_with_its_peers(void **state)
{
	struct world *world = *state;
	fake_drop_interface(&world->fake);
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_calls(world, SET_UP "; add_peer 02; add_peer 03");
	assert_index(world, "peer-2=02 peer-3=03");
}

static void setup_corrects_each_drift_of_the_link_from_there_on(void **state)
{
	struct world *world = *state;
	world->fake.listen_port = 1;
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_calls(world, SET_UP);
	world->fake.public_key = key_of(7);
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_calls(world, SET_UP);
	world->fake.address_count = 0;
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_calls(world, "configure_address plexd0 10.100.0.1/32; set_interface_up plexd0");
	world->fake.addresses[world->fake.address_count++] = prefix_of("192.0.2.1/32");
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_calls(world, "configure_address plexd0 10.100.0.1/32; set_interface_up plexd0");
	world->fake.up = false;
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_calls(world, "set_interface_up plexd0");
	world->fake.mtu = 9000; /* none is configured */
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_calls(world, "");
}

static void a_drifted_mtu_is_corrected_if_one_is_configured(void **state)
{
	struct world *world = *state;
	world->config.mtu = 1380;
	world_restart(world);
	assert_int_equal(cycle_wants(world, ""), 0);
	fake_forget_calls(&world->fake);
	world->fake.mtu = 1420;
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_calls(world, "set_mtu plexd0 1380; set_interface_up plexd0");
}

/* Another program that undoes Setup before each read. */
static void take_down(void *impl, const char *op)
{
	struct fake_controller *fake = impl;
	if (strcmp(op, "read_device") == 0)
		fake->up = false;
}

static void take_away(void *impl, const char *op)
{
	if (strcmp(op, "read_device") == 0)
		fake_drop_interface(impl);
}

static void a_second_drift_fails_the_cycle_without_touching_a_peer(void **state)
{
	struct world *world = *state;
	world->fake.before_call = take_down;
	world->fake.before_call_impl = &world->fake;
	assert_int_not_equal(cycle_wants(world, "4"), 0);
	assert_calls(world, "set_interface_up plexd0");
	assert_peers(world, "02 ips=10.0.0.2/32; 03 ips=10.0.0.3/32");
	world->fake.before_call = NULL;
	assert_int_equal(cycle_wants(world, "4"), 0);
	assert_calls(world, "set_interface_up plexd0; remove_peer 02; remove_peer 03; add_peer 04");
}

static void a_link_lost_twice_fails_the_cycle_without_touching_a_peer(void **state)
{
	struct world *world = *state;
	world->fake.before_call = take_away;
	world->fake.before_call_impl = &world->fake;
	assert_int_not_equal(cycle_wants(world, "4"), 0);
	assert_calls(world, SET_UP);
	world->fake.before_call = NULL;
	assert_int_equal(cycle_wants(world, "4"), 0);
	assert_calls(world, SET_UP "; add_peer 04");
}

static void a_link_that_cannot_be_set_up_again_fails_the_cycle(void **state)
{
	struct world *world = *state;
	fake_drop_interface(&world->fake);
	fails(world, "create_interface", -1, -EPERM, 1);
	assert_int_not_equal(cycle_wants(world, "4"), 0);
	assert_contains(world->error, "setup: create interface: Operation not permitted");
	assert_calls(world, "create_interface plexd0 51820 !EPERM");
}

static void a_link_lost_during_the_fetch_is_set_up_before_the_device_is_read(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	assert_int_equal(world_cycle_begin(world), 0);
	fake_drop_interface(&world->fake);
	assert_int_equal(
		world_peer_event(world, "peer_added", "peer-4", 4, "", "10.0.0.4/32"), -ENODEV);
	assert_int_equal(world->manager.state, INTERFACE_ABSENT);
	fake_forget_calls(&world->fake);
	wants(&document, 2);
	struct fetch_answer answer = {.outcome = FETCH_DOCUMENT, .document = &document};
	assert_int_equal(world_cycle_finish(world, &answer), 0);
	assert_calls(world, SET_UP "; add_peer 02; add_peer 04");
}

static int repair(struct world *world)
{
	struct diag diag = {0};
	int error = reconciler_repair(&world->reconciler, &diag);
	snprintf(world->error, sizeof world->error, "%s", diag_text(&diag));
	diag_clear(&diag);
	return error;
}

static void drift_is_corrected_during_a_slow_fetch(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	assert_int_equal(world_cycle_begin(world), 0);
	fake_drop_peer(&world->fake, 2);
	assert_int_equal(repair(world), 0);
	assert_calls(world, "add_peer 02");
	assert_drift(world, "peer_added peer peer-2");
	/* As often as necessary. */
	assert_int_equal(repair(world), 0);
	assert_calls(world, "");
	fake_drop_interface(&world->fake);
	assert_int_equal(repair(world), 0);
	assert_calls(world, SET_UP "; add_peer 02; add_peer 03");
	/*
	 * An event since the start of the fetch is newer than its answer, even with a repair in
	 * between.
	 */
	assert_int_equal(world_peer_event(world, "peer_added", "peer-4", 4, "", "10.0.0.4/32"), 0);
	fake_forget_calls(&world->fake);
	assert_int_equal(repair(world), 0);
	assert_calls(world, "");
	wants(&document, 2);
	struct fetch_answer answer = {.outcome = FETCH_DOCUMENT, .document = &document};
	assert_int_equal(world_cycle_finish(world, &answer), 0);
	assert_calls(world, "remove_peer 03");
	assert_peers(world, "02 ips=10.0.0.2/32; 04 ips=10.0.0.4/32");
}

static void a_repair_that_fails_names_what_failed(void **state)
{
	struct world *world = *state;
	assert_int_equal(world_cycle_begin(world), 0);
	fake_drop_peer(&world->fake, 2);
	fails(world, "add_peer", 2, -EPERM, 1);
	assert_int_not_equal(repair(world), 0);
	assert_contains(world->error, "wireguard: reconcile: ");
	assert_contains(world->error, "peer-2");
}

static void without_a_state_there_is_nothing_to_repair(void **state)
{
	struct world *world = *state;
	assert_int_equal(world_cycle_begin(world), 0);
	world_set_peer(world, 9, "", "10.0.0.9/32");
	fake_forget_calls(&world->fake);
	assert_int_equal(repair(world), 0);
	assert_calls(world, "");
}

static void a_teardown_is_undone_by_the_next_cycle(void **state)
{
	struct world *world = *state;
	assert_int_equal(manager_teardown(&world->manager, NULL), 0);
	fake_forget_calls(&world->fake);
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_calls(world, SET_UP "; add_peer 02; add_peer 03");
}

#define NEW_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NEW_TEST(the_interface_is_set_up_before_anything_is_fetched),
		NEW_TEST(a_cycle_ends_where_setup_fails),
		NEW_TEST(a_fetch_that_fails_before_any_state_is_an_error_and_writes_nothing),
		NEW_TEST(not_modified_before_any_state_is_an_error_and_writes_nothing),
		CONVERGED_TEST(a_failed_fetch_leaves_the_last_state_in_force_and_fails_the_cycle),
		CONVERGED_TEST(not_modified_keeps_the_last_state),
		CONVERGED_TEST(an_empty_state_means_no_peers),
		CONVERGED_TEST(a_state_is_in_force_though_its_cycle_could_not_read_the_device),
		CONVERGED_TEST(a_cached_state_removes_no_peer),
		CONVERGED_TEST(not_modified_does_not_refer_to_a_cached_state),
		CONVERGED_TEST(an_unreadable_device_fails_the_cycle_without_a_write),
		CONVERGED_TEST(a_lost_link_is_set_up_again_with_its_peers),
		CONVERGED_TEST(setup_corrects_each_drift_of_the_link_from_there_on),
		CONVERGED_TEST(a_drifted_mtu_is_corrected_if_one_is_configured),
		CONVERGED_TEST(a_second_drift_fails_the_cycle_without_touching_a_peer),
		CONVERGED_TEST(a_link_lost_twice_fails_the_cycle_without_touching_a_peer),
		CONVERGED_TEST(a_link_that_cannot_be_set_up_again_fails_the_cycle),
		CONVERGED_TEST(a_link_lost_during_the_fetch_is_set_up_before_the_device_is_read),
		CONVERGED_TEST(drift_is_corrected_during_a_slow_fetch),
		CONVERGED_TEST(a_repair_that_fails_names_what_failed),
		NEW_TEST(without_a_state_there_is_nothing_to_repair),
		CONVERGED_TEST(a_teardown_is_undone_by_the_next_cycle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
