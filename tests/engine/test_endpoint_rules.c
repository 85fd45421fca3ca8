/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoints are seeds, not state: each of the rules, over whole cycles. The peer is peer-2 with key
 * 02, desired at A or B, and found at R or S when it roamed.
 */
#include "harness.h"

#include "world.h"

#define A "198.51.100.2:51820"
#define B "198.51.100.77:51820"
#define R "203.0.113.50:1024"
#define S "203.0.113.51:2048"

#define SET_UP                                                                                     \
	"create_interface plexd0 51820; configure_address plexd0 10.100.0.1/32; "                  \
	"set_interface_up plexd0"
#define IPS    "10.0.0.2/32"
#define UPDATE "update_peer 02 endpoint"

/* A cycle in which the peer's desired endpoint is `endpoint`; then the calls are exactly these. */
static void cycle_wants(struct world *world, const char *endpoint, const char *calls)
{
	struct state_document document = {0};
	document_add(&document, "peer-2", 2, endpoint, IPS);
	assert_int_equal(world_cycle(world, &document), 0);
	assert_calls(world, calls);
}

static void assert_at(struct world *world, const char *endpoint)
{
	struct key_public key = key_of(2);
	struct fake_peer *peer = fake_find(&world->fake, &key);
	assert_non_null(peer);
	assert_string_equal(endpoint_format(&peer->config.endpoint).text, endpoint);
}

/*
 * The interface is up, and another program put the peer there, at R; this process has not seen it.
 */
static void peer_found_at_r(struct world *world)
{
	assert_int_equal(manager_setup(&world->manager, NULL), 0);
	assert_calls(world, SET_UP);
	world_set_peer(world, 2, R, IPS);
}

/* This process added the peer at A, and saw it with a handshake from there. */
static void peer_added_at_a(struct world *world)
{
	cycle_wants(world, A, SET_UP "; add_peer 02");
	world_handshake(world, 2, "");
	cycle_wants(world, A, "");
}

static void a_peer_that_roamed_keeps_its_endpoint(void **state)
{
	struct world *world = *state;
	peer_added_at_a(world);
	world_handshake(world, 2, R);
	cycle_wants(world, A, "");
	world->now_s += 60;
	cycle_wants(world, A, "");
	assert_at(world, R);
}

static void a_desired_value_that_changed_since_it_was_applied_is_a_difference(void **state)
{
	struct world *world = *state;
	peer_added_at_a(world);
	world_handshake(world, 2, R);
	cycle_wants(world, B, UPDATE);
	assert_at(world, B);
	world_handshake(world, 2, R);
	cycle_wants(world, B, "");
}

static void a_desired_value_that_changed_since_it_was_first_compared_is_a_difference(void **state)
{
	struct world *world = *state;
	peer_found_at_r(world);
	world_handshake(world, 2, "");
	cycle_wants(world, A, "");
	cycle_wants(world, A, "");
	cycle_wants(world, B, UPDATE);
	assert_at(world, B);
}

static void an_old_value_that_comes_back_is_a_change_too(void **state)
{
	struct world *world = *state;
	peer_added_at_a(world);
	cycle_wants(world, B, UPDATE);
	world_handshake(world, 2, R);
	cycle_wants(world, A, UPDATE);
	assert_at(world, A);
}

static void a_handshake_is_old_after_more_than_180_seconds(void **state)
{
	struct world *world = *state;
	peer_found_at_r(world);
	world_handshake(world, 2, "");
	world->now_s += 180;
	cycle_wants(world, A, "");
	world_restart(world);
	world->now_s += 1;
	cycle_wants(world, A, SET_UP "; " UPDATE);
	assert_at(world, A);
}

static void a_silent_peer_that_this_process_sees_for_the_first_time_gets_its_endpoint(void **state)
{
	struct world *world = *state;
	peer_found_at_r(world); /* and there never was a handshake */
	cycle_wants(world, A, UPDATE);
	assert_at(world, A);
	cycle_wants(world, A, "");
}

static void an_idle_peer_keeps_its_endpoint(void **state)
{
	struct world *world = *state;
	peer_added_at_a(world);
	world_handshake(world, 2, R);
	cycle_wants(world, A, "");
	world->now_s += 24 * 3600;
	cycle_wants(world, A, "");
	assert_at(world, R);
}

static void a_silent_peer_that_bytes_were_sent_to_gets_its_endpoint(void **state)
{
	struct world *world = *state;
	peer_added_at_a(world);
	world_handshake(world, 2, R);
	cycle_wants(world, A, "");
	world_sent(world, 2, 1);
	world->now_s += 181;
	cycle_wants(world, A, UPDATE);
	assert_at(world, A);
	cycle_wants(world, A, "");
}

static void bytes_sent_while_the_handshake_is_fresh_do_not_count(void **state)
{
	struct world *world = *state;
	peer_added_at_a(world);
	world_handshake(world, 2, R);
	cycle_wants(world, A, "");
	world_sent(world, 2, 1000);
	world->now_s += 180;
	cycle_wants(world, A, "");
}

static void bytes_sent_before_the_handshake_was_first_seen_do_not_count(void **state)
{
	struct world *world = *state;
	peer_added_at_a(world);
	world->now_s += 120;
	world_sent(world, 2, 1000);
	world_handshake(world, 2, R);
	cycle_wants(world, A, ""); /* this handshake is first seen at 1000 bytes */
	world->now_s += 600;
	cycle_wants(world, A, "");
	assert_at(world, R);
	world_sent(world, 2, 1);
	cycle_wants(world, A, UPDATE);
}

static void a_new_handshake_restarts_the_count(void **state)
{
	struct world *world = *state;
	peer_added_at_a(world);
	world_handshake(world, 2, R);
	cycle_wants(world, A, "");
	world_sent(world, 2, 50);
	world->now_s += 100;
	world_handshake(world, 2, S);
	cycle_wants(world, A, "");
	world->now_s += 181;
	cycle_wants(world, A, "");
	assert_at(world, S);
}

static void a_counter_that_went_back_counts_from_zero(void **state)
{
	struct world *world = *state;
	struct key_public key = key_of(2);
	peer_added_at_a(world);
	world->now_s += 10;
	world_handshake(world, 2, R);
	world_sent(world, 2, 1000);
	cycle_wants(world, A, ""); /* this handshake is first seen at 1000 bytes */
	fake_find(&world->fake, &key)->config.status.tx_bytes = 0;
	cycle_wants(world, A, "");
	world_sent(world, 2, 1000);
	world->now_s += 181;
	cycle_wants(world, A, UPDATE);
}

static void a_peer_without_a_handshake_gets_its_endpoint_again_once_bytes_were_sent(void **state)
{
	struct world *world = *state;
	cycle_wants(world, A, SET_UP "; add_peer 02");
	cycle_wants(world, A, "");
	world_set_peer(world, 2, R, IPS);
	cycle_wants(world, A, "");
	world_sent(world, 2, 148);
	cycle_wants(world, A, UPDATE);
}

static void an_absent_desired_endpoint_never_counts_as_a_difference(void **state)
{
	struct world *world = *state;
	peer_added_at_a(world);
	cycle_wants(world, "", "");
	world_sent(world, 2, 1000);
	world->now_s += 600;
	cycle_wants(world, "", "");
	world_restart(world);
	cycle_wants(world, "", SET_UP);
	assert_at(world, A);
}

static void an_endpoint_event_always_sets(void **state)
{
	struct world *world = *state;
	peer_added_at_a(world);
	world_handshake(world, 2, R);
	assert_int_equal(world_peer_event(world, "peer_endpoint_changed", "peer-2", 2, A, IPS), 0);
	assert_calls(world, "add_peer 02");
	assert_at(world, A);
	assert_int_equal(world_peer_event(world, "peer_endpoint_changed", "peer-2", 2, A, IPS), 0);
	assert_calls(world, "add_peer 02");
}

static void what_an_event_set_is_what_the_next_desired_value_is_compared_with(void **state)
{
	struct world *world = *state;
	peer_added_at_a(world);
	assert_int_equal(world_peer_event(world, "peer_endpoint_changed", "peer-2", 2, B, IPS), 0);
	world_handshake(world, 2, R);
	fake_forget_calls(&world->fake);
	cycle_wants(world, B, "");
	cycle_wants(world, A, UPDATE);
}

static void the_endpoint_history_of_a_peer_ends_with_the_peer(void **state)
{
	struct world *world = *state;
	struct state_document nobody = {0};
	peer_added_at_a(world);
	assert_int_equal(world_cycle(world, &nobody), 0);
	assert_calls(world, "remove_peer 02");
	world_set_peer(world, 2, R, IPS);
	world_handshake(world, 2, "");
	cycle_wants(world, B, ""); /* first compared, not changed */
}

static void the_endpoint_history_of_a_peer_ends_when_another_program_removes_it(void **state)
{
	struct world *world = *state;
	struct state_document nobody = {0};
	peer_added_at_a(world);
	fake_drop_peer(&world->fake, 2);
	assert_int_equal(world_cycle(world, &nobody), 0);
	world_set_peer(world, 2, R, IPS);
	world_handshake(world, 2, "");
	cycle_wants(world, B, "");
}

static void the_endpoint_history_of_a_peer_ends_when_an_event_removes_it(void **state)
{
	struct world *world = *state;
	peer_added_at_a(world);
	assert_int_equal(world_peer_removed_event(world, "peer-2"), 0);
	assert_calls(world, "remove_peer 02");
	world_set_peer(world, 2, R, IPS);
	world_handshake(world, 2, "");
	cycle_wants(world, B, "");
}

static void the_endpoint_history_ends_with_the_process(void **state)
{
	struct world *world = *state;
	peer_added_at_a(world);
	world_handshake(world, 2, R);
	world_restart(world);
	cycle_wants(world, B, SET_UP);
	assert_at(world, R);
}

static void a_desired_value_found_equal_to_the_device_s_counts_as_applied(void **state)
{
	struct world *world = *state;
	peer_found_at_r(world);
	world_handshake(world, 2, "");
	cycle_wants(world, A, ""); /* first compared */
	cycle_wants(world, R, ""); /* found equal: applied */
	world_handshake(world, 2, S);
	cycle_wants(world, R, "");
	cycle_wants(world, A, UPDATE); /* changed since then, though it was first compared */
}

static void a_value_that_could_not_be_set_stays_due(void **state)
{
	struct world *world = *state;
	peer_found_at_r(world); /* silent, seen for the first time */
	fake_fail(&world->fake,
		(struct fake_fault){.op = "update_peer", .key = 2, .error = -EIO, .times = 1});
	struct state_document document = {0};
	document_add(&document, "peer-2", 2, A, IPS);
	assert_int_not_equal(world_cycle(world, &document), 0);
	assert_calls(world, UPDATE " !EIO");
	world_handshake(world, 2, ""); /* neither silent nor new any more */
	cycle_wants(world, A, UPDATE);
	assert_at(world, A);
	world_handshake(world, 2, R);
	cycle_wants(world, A, "");
}

static void a_changed_value_that_could_not_be_set_stays_due(void **state)
{
	struct world *world = *state;
	peer_added_at_a(world);
	fake_fail(&world->fake,
		(struct fake_fault){.op = "update_peer", .key = 2, .error = -EIO, .times = 2});
	for (unsigned i = 0; i < 2; i++) {
		struct state_document document = {0};
		document_add(&document, "peer-2", 2, B, IPS);
		assert_int_not_equal(world_cycle(world, &document), 0);
		assert_calls(world, UPDATE " !EIO");
	}
	cycle_wants(world, B, UPDATE);
	assert_at(world, B);
}

static void what_an_event_could_not_set_stays_due(void **state)
{
	struct world *world = *state;
	peer_added_at_a(world);
	world_handshake(world, 2, R); /* it roamed: A alone would not be set */
	fake_fail(&world->fake,
		(struct fake_fault){.op = "add_peer", .key = 2, .error = -EIO, .times = 1});
	assert_int_not_equal(
		world_peer_event(world, "peer_endpoint_changed", "peer-2", 2, A, IPS), 0);
	fake_forget_calls(&world->fake);
	cycle_wants(world, A, UPDATE);
	assert_at(world, A);
}

static void an_absent_endpoint_first_compared_counts_as_a_value(void **state)
{
	struct world *world = *state;
	peer_found_at_r(world);
	world_handshake(world, 2, "");
	cycle_wants(world, "", "");
	cycle_wants(world, A, UPDATE);
	assert_at(world, A);
}

static void an_absent_endpoint_applied_with_an_add_counts_as_a_value(void **state)
{
	struct world *world = *state;
	cycle_wants(world, "", SET_UP "; add_peer 02");
	world_handshake(world, 2, R);
	cycle_wants(world, A, UPDATE);
}

static void adding_a_peer_does_not_count_as_seeing_it(void **state)
{
	struct world *world = *state;
	cycle_wants(world, A, SET_UP "; add_peer 02");
	world_set_peer(world, 2, R, IPS);
	cycle_wants(world, A, UPDATE); /* silent, and seen for the first time */
	world_set_peer(world, 2, R, IPS);
	cycle_wants(world, A, ""); /* silent, seen before, and nothing was sent */
}

static void an_event_s_add_does_not_count_as_seeing_either(void **state)
{
	struct world *world = *state;
	peer_found_at_r(world);
	assert_int_equal(world_peer_event(world, "peer_added", "peer-2", 2, A, IPS), 0);
	assert_calls(world, "add_peer 02");
	world_set_peer(world, 2, R, IPS);
	cycle_wants(world, A, UPDATE);
}

static void an_update_of_other_fields_leaves_the_endpoint_alone(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	peer_added_at_a(world);
	world_handshake(world, 2, R);
	document_add(&document, "peer-2", 2, A, "10.0.0.2/32,10.5.0.0/16")->config.psk =
		secret_of(0x33);
	assert_int_equal(world_cycle(world, &document), 0);
	assert_calls(world, "update_peer 02 allowed_ips,psk");
	assert_at(world, R);
}

static void a_zone_that_is_not_reported_is_not_compared(void **state)
{
	struct world *world = *state;
	cycle_wants(world, "[fe80::1%eth0]:51820", SET_UP "; add_peer 02");
	world_set_peer(world, 2, "[fe80::1]:51820", IPS);
	cycle_wants(world, "[fe80::1%eth0]:51820", "");
	world_restart(world);
	cycle_wants(world, "[fe80::1%eth0]:51820", SET_UP);
}

static void an_unreadable_device_does_not_count_as_seeing_its_peers(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	peer_found_at_r(world);
	document_add(&document, "peer-2", 2, A, IPS);
	fake_fail(&world->fake,
		(struct fake_fault){.op = "read_device", .key = -1, .error = -EIO, .times = 1});
	assert_int_not_equal(world_cycle(world, &document), 0);
	assert_calls(world, "");
	cycle_wants(world, A, UPDATE); /* still the first time */
}

static struct moment at_s(int64_t s)
{
	return (struct moment){s * INT64_C(1000000000), s * INT64_C(1000000000)};
}

/*
 * The peer roamed and makes handshakes there: a clock that jumps makes it neither silent nor alive.
 */
static void a_clock_that_jumps_makes_no_peer_silent(void **state)
{
	struct world *world = *state;
	peer_added_at_a(world);
	world_handshake(world, 2, R);
	cycle_wants(world, A, "");
	for (int64_t jump_s = -86400; jump_s <= 86400; jump_s += 86400) {
		world->now_s += jump_s - world->clock_jump_s;
		world->clock_jump_s = jump_s;
		world_sent(world, 2, 100);
		cycle_wants(world, A, "");
	}
	world->now_s += 180;
	cycle_wants(world, A, "");
	world->now_s += 1;
	cycle_wants(world, A, UPDATE);
}

/* The clock was set back since: the peer is silent after the usual time. */
static void a_handshake_from_the_future_ages_as_of_its_first_sight(void **state)
{
	struct world *world = *state;
	peer_found_at_r(world);
	world->now_s += 86400;
	world_handshake(world, 2, "");
	world->now_s -= 86400;
	cycle_wants(world, A, "");
	world_sent(world, 2, 100);
	world->now_s += 180;
	cycle_wants(world, A, "");
	world->now_s += 1;
	cycle_wants(world, A, UPDATE);
}

static void assert_is_due(
	const struct endpoint_history *memory, const char *desired, const char *actual, bool is_due)
{
	struct peer_config wanted = {.public_key = key_of(2), .endpoint = endpoint_of(desired)};
	struct peer_config there = {.public_key = key_of(2), .endpoint = endpoint_of(actual)};
	there.status.last_handshake_s = 1000;
	assert_int_equal(endpoint_history_is_due(memory, &wanted, &there, at_s(1001)), is_due);
}

static void only_what_could_not_be_set_is_due_whatever_the_peer_does(void **state)
{
	struct endpoint_history memory = {0};
	struct key_public key = key_of(2);
	struct endpoint b = endpoint_of(B);
	assert_int_equal(endpoint_history_failed(&memory, &key, &b), 0);
	assert_is_due(&memory, B, R, true);
	assert_is_due(&memory, B, B, false); /* it is there */
	assert_is_due(&memory, A, R, false);
	assert_is_due(&memory, "", R, false);
	endpoint_history_clear(&memory);
}

static void an_unresolved_name_is_not_compared(void **state)
{
	struct peer_config wanted = {.public_key = key_of(2),
		.endpoint = {.kind = ENDPOINT_NAME, .host = "vpn.example.org", .port = 1}};
	struct peer_config there = {.public_key = key_of(2), .endpoint = endpoint_of(R)};
	struct peer_table desired = {0}, actual = {0};
	struct endpoint_history memory = {0};
	assert_int_equal(peer_table_append(&desired, &wanted), 0);
	assert_int_equal(peer_table_append(&actual, &there), 0);
	assert_int_equal(endpoint_history_compared(&memory, &desired, &actual, at_s(1000)), 0);
	assert_int_equal(memory.count, 1);
	assert_false(memory.records[0].has_baseline);
	assert_false(memory.records[0].has_due);
	endpoint_history_clear(&memory);
	peer_table_clear(&desired);
	peer_table_clear(&actual);
}

/* A cycle with the desired endpoint `wanted` for peer 2, which the device has at R. */
static void compare(struct endpoint_history *memory, const char *wanted)
{
	struct peer_config desired_peer = {
		.public_key = key_of(2), .endpoint = endpoint_of(wanted)};
	struct peer_config actual_peer = {.public_key = key_of(2), .endpoint = endpoint_of(R)};
	struct peer_table desired = {0}, actual = {0};
	assert_int_equal(peer_table_append(&desired, &desired_peer), 0);
	assert_int_equal(peer_table_append(&actual, &actual_peer), 0);
	assert_int_equal(endpoint_history_compared(memory, &desired, &actual, at_s(1000)), 0);
	peer_table_clear(&desired);
	peer_table_clear(&actual);
}

static void assert_baseline(const struct endpoint_history *memory, const char *expected)
{
	struct key_public key = key_of(2);
	const struct endpoint *baseline = endpoint_history_baseline(memory, &key);
	assert_string_equal(baseline ? endpoint_format(baseline).text : "", expected);
}

static void an_endpoint_applied_between_two_cycles_is_known_to_the_later(void **state)
{
	struct endpoint_history memory = {0};
	struct key_public key = key_of(2);
	struct endpoint a = endpoint_of(A);
	assert_int_equal(endpoint_history_applied(&memory, &key, &a, true), 0);
	compare(&memory, B);
	assert_baseline(&memory, A);
	endpoint_history_clear(&memory);
}

static void a_peer_that_comes_back_has_no_endpoint_history(void **state)
{
	struct endpoint_history memory = {0};
	struct key_public key = key_of(2);
	struct endpoint b = endpoint_of(B);
	compare(&memory, A);
	assert_baseline(&memory, A);
	endpoint_history_forget(&memory, &key);
	assert_baseline(&memory, "");
	assert_int_equal(endpoint_history_failed(&memory, &key, &b), 0);
	assert_baseline(&memory, "");
	assert_is_due(&memory, B, R, true);
	endpoint_history_forget(&memory, &key);
	compare(&memory, B);
	assert_baseline(&memory, B);
	endpoint_history_clear(&memory);
	/* A peer that no cycle has compared. */
	assert_int_equal(endpoint_history_failed(&memory, &key, &b), 0);
	endpoint_history_forget(&memory, &key);
	endpoint_history_forget(&memory, &key);
	assert_is_due(&memory, B, R, false);
}

/* Another program removed the peer and added it again: its counters start at zero. */
static void peer_counts_anew(struct world *world, uint64_t bytes)
{
	struct key_public key = key_of(2);
	struct peer_config *peer = &fake_find(&world->fake, &key)->config;
	assert_true(bytes < peer->status.tx_bytes);
	peer->status.tx_bytes = bytes;
}

static void a_counter_that_was_reset_counts_from_zero(void **state)
{
	struct world *world = *state;
	peer_added_at_a(world);
	world->now_s++; /* another handshake */
	world_handshake(world, 2, R);
	world_sent(world, 2, 500);
	cycle_wants(world, A, "");
	world->now_s += 600;
	peer_counts_anew(world, 0);
	cycle_wants(world, A, ""); /* nothing was sent since */
	world_sent(world, 2, 100);
	cycle_wants(world, A, UPDATE);
}

static void a_counter_that_was_reset_and_grew_counts_at_once(void **state)
{
	struct world *world = *state;
	peer_added_at_a(world);
	world->now_s++; /* another handshake */
	world_handshake(world, 2, R);
	world_sent(world, 2, 500);
	cycle_wants(world, A, "");
	world->now_s += 600;
	peer_counts_anew(world, 100);
	cycle_wants(world, A, UPDATE);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_peer_that_roamed_keeps_its_endpoint),
		WORLD_TEST(a_clock_that_jumps_makes_no_peer_silent),
		WORLD_TEST(a_handshake_from_the_future_ages_as_of_its_first_sight),
		WORLD_TEST(a_desired_value_that_changed_since_it_was_applied_is_a_difference),
		WORLD_TEST(
			a_desired_value_that_changed_since_it_was_first_compared_is_a_difference),
		WORLD_TEST(an_old_value_that_comes_back_is_a_change_too),
		WORLD_TEST(a_handshake_is_old_after_more_than_180_seconds),
		WORLD_TEST(
			a_silent_peer_that_this_process_sees_for_the_first_time_gets_its_endpoint),
		WORLD_TEST(an_idle_peer_keeps_its_endpoint),
		WORLD_TEST(a_silent_peer_that_bytes_were_sent_to_gets_its_endpoint),
		WORLD_TEST(bytes_sent_while_the_handshake_is_fresh_do_not_count),
		WORLD_TEST(bytes_sent_before_the_handshake_was_first_seen_do_not_count),
		WORLD_TEST(a_new_handshake_restarts_the_count),
		WORLD_TEST(a_counter_that_went_back_counts_from_zero),
		WORLD_TEST(a_peer_without_a_handshake_gets_its_endpoint_again_once_bytes_were_sent),
		WORLD_TEST(an_absent_desired_endpoint_never_counts_as_a_difference),
		WORLD_TEST(an_endpoint_event_always_sets),
		WORLD_TEST(what_an_event_set_is_what_the_next_desired_value_is_compared_with),
		WORLD_TEST(the_endpoint_history_of_a_peer_ends_with_the_peer),
		WORLD_TEST(the_endpoint_history_of_a_peer_ends_when_another_program_removes_it),
		WORLD_TEST(the_endpoint_history_of_a_peer_ends_when_an_event_removes_it),
		WORLD_TEST(the_endpoint_history_ends_with_the_process),
		WORLD_TEST(a_desired_value_found_equal_to_the_device_s_counts_as_applied),
		WORLD_TEST(a_value_that_could_not_be_set_stays_due),
		WORLD_TEST(a_changed_value_that_could_not_be_set_stays_due),
		WORLD_TEST(what_an_event_could_not_set_stays_due),
		WORLD_TEST(an_absent_endpoint_first_compared_counts_as_a_value),
		WORLD_TEST(an_absent_endpoint_applied_with_an_add_counts_as_a_value),
		WORLD_TEST(adding_a_peer_does_not_count_as_seeing_it),
		WORLD_TEST(an_event_s_add_does_not_count_as_seeing_either),
		WORLD_TEST(an_update_of_other_fields_leaves_the_endpoint_alone),
		WORLD_TEST(a_zone_that_is_not_reported_is_not_compared),
		WORLD_TEST(an_unreadable_device_does_not_count_as_seeing_its_peers),
		WORLD_TEST(only_what_could_not_be_set_is_due_whatever_the_peer_does),
		WORLD_TEST(an_unresolved_name_is_not_compared),
		WORLD_TEST(an_endpoint_applied_between_two_cycles_is_known_to_the_later),
		WORLD_TEST(a_peer_that_comes_back_has_no_endpoint_history),
		WORLD_TEST(a_counter_that_was_reset_counts_from_zero),
		WORLD_TEST(a_counter_that_was_reset_and_grew_counts_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
