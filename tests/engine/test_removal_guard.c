/* SPDX-License-Identifier: Apache-2.0 */
/* The guard against mass removal: what it withholds, until when, and what it logs. */
#include "harness.h"

#include "converged.h"

/*
 * peer-2 to peer-6 on the device, each desired by one fetch; half of them may be removed at once.
 */
static int guarded_setup(void **state)
{
	if (world_setup(state) != 0)
		return -1;
	struct world *world = *state;
	world->reconciler.guard.max_percent = 50;
	assert_int_equal(cycle_wants(world, "23456"), 0);
	fake_forget_calls(&world->fake);
	world_forget_logs(world);
	assert_drift(world, "peer_added peer peer-2; peer_added peer peer-3; peer_added peer "
			    "peer-4; peer_added peer peer-5; peer_added peer peer-6");
	return 0;
}
#define GUARDED_TEST(name) cmocka_unit_test_setup_teardown(name, guarded_setup, world_teardown)

static const char held_back[] = "Mass removal withheld";
static const char held_no_more[] = "Mass removal no longer withheld";

static void without_a_guard_all_peers_may_be_removed_at_once(void **state)
{
	struct world *world = *state;
	world->reconciler.guard.max_percent = 0;
	assert_int_equal(cycle_wants(world, ""), 0);
	assert_peers(world, "");
	assert_not_logged(world, "Mass removal");
}

static void up_to_the_share_peers_are_removed_at_once_and_no_more(void **state)
{
	static const struct {
		int max_percent;
		const char *wanted;
		bool holds;
	} rows[] = {
		{100, "", false},
		{99, "", true},
		{80, "2", false},
		{79, "2", true},
		{60, "23", false},
		{59, "23", true},
		{20, "2345", false},
		{19, "2345", true},
		{1, "2345", true},
		{1, "23456", false},
	};
	struct world *world = *state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		world->reconciler.guard.max_percent = rows[i].max_percent;
		assert_int_equal(cycle_wants(world, rows[i].wanted), 0);
		assert_int_equal(world->reconciler.guard.withheld_count != 0, rows[i].holds);
		assert_int_equal(
			world->fake.peer_count, rows[i].holds ? 5 : strlen(rows[i].wanted));
		assert_int_equal(cycle_wants(world, "23456"), 0);
	}
}

static void the_same_answer_again_confirms_the_removals(void **state)
{
	struct world *world = *state;
	assert_int_equal(cycle_wants(world, "2"), 0);
	assert_calls(world, "");
	assert_drift(world, NULL);
	assert_int_equal(cycle_wants(world, "2"), 0);
	assert_calls(world, "remove_peer 03; remove_peer 04; remove_peer 05; remove_peer 06");
	assert_drift(world, "peer_removed peer peer-3; peer_removed peer peer-4; peer_removed "
			    "peer peer-5; peer_removed peer peer-6");
}

static void not_modified_is_the_same_answer_again(void **state)
{
	struct world *world = *state;
	assert_int_equal(cycle_wants(world, ""), 0);
	assert_calls(world, "");
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_peers(world, "");
}

static void the_same_peers_in_another_order_and_at_other_places_are_the_same_answer(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	assert_int_equal(cycle_wants(world, "23"), 0);
	document_add(&document, "peer-3", 3, "192.0.2.3:3", "10.0.0.3/32,10.3.0.0/16");
	document_add(&document, "peer-2", 2, "192.0.2.2:2", "10.0.0.2/32");
	assert_int_equal(world_cycle(world, &document), 0);
	assert_int_equal(world->fake.peer_count, 2);
}

static void an_answer_that_still_grows_removes_no_peer(void **state)
{
	struct world *world = *state;
	assert_int_equal(cycle_wants(world, ""), 0);
	assert_int_equal(cycle_wants(world, "2"), 0);
	assert_int_equal(cycle_wants(world, "3"), 0);
	assert_int_equal(cycle_wants(world, "23"), 0);
	assert_int_equal(cycle_wants(world, "23456"), 0);
	assert_calls(world, "");
}

static void an_id_with_another_key_is_another_answer(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	assert_int_equal(cycle_wants(world, "2"), 0);
	document_add(&document, "peer-2", 3, "", "10.0.0.2/32");
	assert_int_equal(world_cycle(world, &document), 0);
	assert_int_equal(world->reconciler.guard.withheld_count, 4);
	document_add_unusable(&document, "peer-2", 0, "peers[0]: public_key: bad");
	assert_int_not_equal(world_cycle(world, &document), 0);
	assert_int_equal(world->fake.peer_count, 5);
}

static void a_fetch_that_fails_is_no_answer(void **state)
{
	struct world *world = *state;
	assert_int_equal(cycle_wants(world, "2"), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_int_not_equal(world_cycle_fetch_failed(world, "timeout"), 0);
	assert_calls(world, "");
	assert_int_equal(
		cycle_wants(world, "2"), 0); /* and does not count as a fetch between two */
	assert_int_equal(world->fake.peer_count, 1);
}

static void adds_and_updates_go_on_meanwhile(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	wants(&document, 2)->config.persistent_keepalive_s = 25;
	wants(&document, 7);
	assert_int_equal(world_cycle(world, &document), 0);
	assert_calls(world, "update_peer 02 persistent_keepalive; add_peer 07");
}

static void a_peer_whose_removal_is_withheld_keeps_its_id(void **state)
{
	struct world *world = *state;
	assert_int_equal(cycle_wants(world, "2"), 0);
	assert_index(world, "peer-2=02 peer-3=03 peer-4=04 peer-5=05 peer-6=06");
	assert_int_equal(world_peer_removed_event(world, "peer-5"), 0);
	assert_calls(world, "remove_peer 05"); /* an event is signed, and no cycle */
}

static void a_confirmed_answer_removes_peers_of_other_programs_at_once(void **state)
{
	struct world *world = *state;
	assert_int_equal(world_cycle_not_modified(world), 0);
	for (unsigned char key = 10; key < 20; key++)
		world_set_peer(world, key, "", "");
	assert_int_not_equal(world_cycle_fetch_failed(world, "timeout"), 0);
	assert_int_equal(world->fake.peer_count, 5);
}

static void a_new_process_needs_two_fetches_of_its_own(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	assert_int_equal(world_cycle_not_modified(world), 0);
	world_restart(world);
	world->reconciler.guard.max_percent = 50;
	wants(&document, 2);
	reconciler_preload(&world->reconciler, &document);
	assert_int_not_equal(world_cycle_fetch_failed(world, "timeout"), 0);
	fake_forget_calls(&world->fake);
	assert_int_equal(
		cycle_wants(world, "2"), 0); /* fetches of the earlier process do not count */
	assert_calls(world, "");
	assert_int_equal(cycle_wants(world, "2"), 0);
	assert_int_equal(world->fake.peer_count, 1);
}

static void withheld_removals_are_logged_once_with_their_number_and_when_they_end(void **state)
{
	struct world *world = *state;
	assert_int_equal(cycle_wants(world, "2"), 0);
	assert_logged(world, held_back);
	assert_logged(world, "removals=4 peers=5 max_removal_percent=50");
	world_forget_logs(world);
	assert_int_not_equal(world_cycle_fetch_failed(world, "timeout"), 0);
	assert_int_equal(cycle_wants(world, "3"), 0);
	assert_not_logged(world, "Mass removal");
	assert_int_equal(cycle_wants(world, "3"), 0);
	assert_logged(world, held_no_more);
	world_forget_logs(world);
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_not_logged(world, "Mass removal");
}

/* Returns whether a guard takes one document for the other. */
/* Those known by an id are still too many; the other one is not counted among them. */
static void removals_withheld_for_a_nameless_entry_are_not_withheld_twice(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	for (unsigned i = 0; i < 2; i++) {
		world_set_peer(world, 9, "", "");
		document_add_unusable(&document, NULL, 0, "peers[0]: bad");
		assert_int_not_equal(world_cycle(world, &document), 0);
		assert_int_equal(world->reconciler.guard.withheld_count, i ? 0 : 5);
		assert_int_equal(world->fake.peer_count, i ? 1 : 6);
	}
	assert_logged(world, "Mass removal withheld removals=5");
	assert_logged(world, "withheld for unusable entries count=1");
}

static bool are_the_same_answer(struct state_document *a, struct state_document *b)
{
	struct removal_guard guard = {.max_percent = 50};
	removal_guard_document(&guard, a, b);
	state_document_clear(a);
	state_document_clear(b);
	return guard.is_confirmed;
}

static void entries_without_an_id_or_a_key_are_compared_too(void **state)
{
	static const struct {
		const char *ids[2];
		unsigned char keys[2];
		bool same;
	} rows[] = {
		{{NULL, NULL}, {2, 2}, true},
		{{NULL, NULL}, {2, 3}, false},
		{{NULL, NULL}, {0, 0}, true},
		{{NULL, NULL}, {0, 2}, false},
		{{NULL, NULL}, {2, 0}, false},
		{{"a", NULL}, {2, 2}, false},
		{{NULL, "a"}, {2, 2}, false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct state_document documents[2] = {{0}};
		for (int j = 0; j < 2; j++) {
			document_add_unusable(
				&documents[j], rows[i].ids[j], rows[i].keys[j], "bad");
			document_add(&documents[j], "z", 9, "", "");
		}
		assert_int_equal(are_the_same_answer(&documents[0], &documents[1]), rows[i].same);
	}
}

static void two_answers_without_peers_are_the_same(void **state)
{
	struct state_document documents[2] = {{0}};
	assert_true(are_the_same_answer(&documents[0], &documents[1]));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		GUARDED_TEST(without_a_guard_all_peers_may_be_removed_at_once),
		GUARDED_TEST(up_to_the_share_peers_are_removed_at_once_and_no_more),
		GUARDED_TEST(the_same_answer_again_confirms_the_removals),
		GUARDED_TEST(not_modified_is_the_same_answer_again),
		GUARDED_TEST(
			the_same_peers_in_another_order_and_at_other_places_are_the_same_answer),
		GUARDED_TEST(an_answer_that_still_grows_removes_no_peer),
		GUARDED_TEST(an_id_with_another_key_is_another_answer),
		GUARDED_TEST(a_fetch_that_fails_is_no_answer),
		GUARDED_TEST(adds_and_updates_go_on_meanwhile),
		GUARDED_TEST(a_peer_whose_removal_is_withheld_keeps_its_id),
		GUARDED_TEST(a_confirmed_answer_removes_peers_of_other_programs_at_once),
		GUARDED_TEST(a_new_process_needs_two_fetches_of_its_own),
		GUARDED_TEST(withheld_removals_are_logged_once_with_their_number_and_when_they_end),
		GUARDED_TEST(removals_withheld_for_a_nameless_entry_are_not_withheld_twice),
		GUARDED_TEST(entries_without_an_id_or_a_key_are_compared_too),
		GUARDED_TEST(two_answers_without_peers_are_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
