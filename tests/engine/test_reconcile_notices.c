/* SPDX-License-Identifier: Apache-2.0 */
/* What a cycle logs and does about conflicts, unusable entries and signing keys. */
#include "harness.h"

#include "world.h"

#define IPS(n) "10.0.0." #n "/32"

/* An interface with peer-2 and peer-3, keys 02 and 03. */
static int converged_setup(void **state)
{
	struct state_document document = {0};
	if (world_setup(state) != 0)
		return -1;
	struct world *world = *state;
	document_add(&document, "peer-2", 2, "", IPS(2));
	document_add(&document, "peer-3", 3, "", IPS(3));
	assert_int_equal(world_cycle(world, &document), 0);
	fake_forget_calls(&world->fake);
	world_forget_logs(world);
	return 0;
}

static unsigned lines_with(const struct world *world, const char *part)
{
	unsigned count = 0;
	for (const char *at = world->logs; (at = strstr(at, part)); at += strlen(part))
		count++;
	return count;
}

/* peer-2 is desired, and the entry of peer-3 is unusable. */
static int cycle_with_spoilt_peer_3(struct world *world, const char *error)
{
	struct state_document document = {0};
	document_add(&document, "peer-2", 2, "", IPS(2));
	document_add_unusable(&document, "peer-3", 0, error);
	return world_cycle(world, &document);
}

static void an_unusable_entry_retains_its_peer_and_fails_the_cycle(void **state)
{
	struct world *world = *state;
	assert_int_not_equal(cycle_with_spoilt_peer_3(world, "peers[1] \"peer-3\": psk: bad"), 0);
	assert_calls(world, "");
	assert_contains(world->error, "peers[1] \"peer-3\": psk: bad");
	assert_index(world, "peer-2=02 peer-3=03");
	assert_logged(world, "error ");
	assert_logged(world, "peer-3");
	assert_logged(world, "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=");
}

static void the_peers_beside_an_unusable_entry_are_corrected(void **state)
{
	struct world *world = *state;
	fake_drop_peer(&world->fake, 2);
	world_set_peer(world, 9, "", IPS(9));
	assert_int_not_equal(cycle_with_spoilt_peer_3(world, "peers[1]: bad"), 0);
	assert_calls(world, "remove_peer 09; add_peer 02");
	assert_peers(world, "02 ips=10.0.0.2/32; 03 ips=10.0.0.3/32");
}

static void an_unusable_entry_keeps_changes_of_other_programs_to_its_peer(void **state)
{
	struct world *world = *state;
	world_set_peer(world, 3, "203.0.113.3:3", "10.0.0.33/32");
	assert_int_not_equal(cycle_with_spoilt_peer_3(world, "peers[1]: bad"), 0);
	assert_calls(world, "");
	assert_peers(world, "02 ips=10.0.0.2/32; 03 endpoint=203.0.113.3:3 ips=10.0.0.33/32");
}

static void an_unusable_entry_is_logged_when_it_appears_or_changes(void **state)
{
	struct world *world = *state;
	for (unsigned i = 0; i < 3; i++)
		assert_int_not_equal(cycle_with_spoilt_peer_3(world, "peers[1]: bad"), 0);
	assert_int_equal(lines_with(world, "peers[1]: bad"), 1);
	assert_int_not_equal(cycle_with_spoilt_peer_3(world, "peers[1]: worse"), 0);
	assert_int_equal(lines_with(world, "peers[1]: worse"), 1);
	assert_int_not_equal(world_cycle_not_modified(world), 0); /* it still fails each cycle */
	assert_contains(world->error, "peers[1]: worse");
	assert_int_equal(lines_with(world, "peers[1]: worse"), 1);
}

static void an_entry_that_is_usable_again_ends_the_retention(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	assert_int_not_equal(cycle_with_spoilt_peer_3(world, "peers[1]: bad"), 0);
	document_add(&document, "peer-2", 2, "", IPS(2));
	assert_int_equal(world_cycle(world, &document), 0);
	assert_calls(world, "remove_peer 03");
	assert_index(world, "peer-2=02");
}

static void a_new_process_retains_by_key_a_peer_that_it_does_not_know_by_id(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	world_restart(world);
	document_add(&document, "peer-2", 2, "", IPS(2));
	document_add_unusable(&document, "peer-3", 3, "peers[1]: bad");
	assert_int_not_equal(world_cycle(world, &document), 0);
	assert_peers(world, "02 ips=10.0.0.2/32; 03 ips=10.0.0.3/32");
	assert_index(world, "peer-2=02 peer-3=03");
}

/* peer-2 is desired; `count` other entries have neither a readable key nor a known id. */
static int cycle_with_nameless(struct world *world, unsigned count)
{
	struct state_document document = {0};
	document_add(&document, "peer-2", 2, "", IPS(2));
	for (unsigned i = 0; i < count; i++)
		document_add_unusable(&document, NULL, 0, "peers[1]: not an object");
	return world_cycle(world, &document);
}

static const char withheld[] = "warn Removals withheld for unusable entries count=";

static void a_new_process_removes_no_peer_that_a_nameless_entry_may_mean(void **state)
{
	struct world *world = *state;
	world->drift_count = 0;
	world_restart(world);
	assert_int_equal(world_cycle_begin(world), 0);
	fake_forget_calls(&world->fake);
	for (unsigned i = 0; i < 3; i++)
		assert_int_not_equal(cycle_with_nameless(world, 1), 0);
	assert_int_not_equal(world_cycle_not_modified(world), 0);
	assert_calls(world, "");
	assert_index(world, "peer-2=02");
	assert_drift(world, NULL);
	assert_int_equal(lines_with(world, withheld), 1);
	assert_logged(world, "unusable entries count=1\n");
	world_set_peer(world, 9, "", IPS(9));
	assert_int_not_equal(cycle_with_nameless(world, 2), 0);
	assert_calls(world, "");
	assert_logged(world, "unusable entries count=2\n");
	assert_int_equal(cycle_with_nameless(world, 0), 0);
	assert_calls(world, "remove_peer 03; remove_peer 09");
	assert_int_equal(lines_with(world, withheld), 2);
}

static void a_nameless_entry_stops_no_removal_of_a_peer_known_by_its_id(void **state)
{
	struct world *world = *state;
	world->drift_count = 0;
	world_set_peer(world, 9, "", IPS(9));
	assert_int_not_equal(cycle_with_nameless(world, 1), 0);
	assert_calls(world, "remove_peer 03");
	assert_drift(world, "peer_removed peer peer-3");
	assert_index(world, "peer-2=02");
	assert_logged(world, "unusable entries count=1\n");
	assert_int_equal(world_cycle_fetch_failed(world, "timeout"), -EIO);
	assert_calls(world, "");
	assert_int_equal(lines_with(world, withheld), 1);
}

/* "b" loses a key, "c" a prefix, "own" has the node's key. */
static int cycle_with_conflicts(struct world *world, const char *winner)
{
	struct state_document document = {0};
	document_add(&document, winner, 2, "", IPS(2));
	document_add(&document, "b", 2, "", IPS(5));
	document_add(&document, "c", 4, "", "10.0.0.2/32,10.0.0.4/32");
	document_add(&document, "own", WORLD_OWN_KEY, "", IPS(6));
	return world_cycle(world, &document);
}

static void conflicts_do_not_fail_the_cycle(void **state)
{
	struct world *world = *state;
	assert_int_equal(cycle_with_conflicts(world, "a"), 0);
	assert_peers(world, "02 ips=10.0.0.2/32; 04 ips=10.0.0.4/32");
	assert_index(world, "a=02 c=04");
}

static void conflicts_are_logged_once_with_winner_and_loser(void **state)
{
	struct world *world = *state;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(cycle_with_conflicts(world, "a"), 0);
	assert_int_equal(lines_with(world, "winner=a loser=b"), 1);
	assert_int_equal(lines_with(world, "winner=a loser=c"), 1);
	assert_int_equal(lines_with(world, "loser=own"), 1);
	assert_int_equal(lines_with(world, "value=10.0.0.2/32"), 1);
	assert_int_equal(
		lines_with(world, "value=AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="), 1);
}

static void a_conflict_that_changes_or_comes_back_is_logged_again(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	assert_int_equal(cycle_with_conflicts(world, "a"), 0);
	assert_int_equal(cycle_with_conflicts(world, "aa"), 0);
	assert_int_equal(lines_with(world, "winner=aa loser=b"), 1);
	document_add(&document, "aa", 2, "", IPS(2));
	assert_int_equal(world_cycle(world, &document), 0);
	assert_int_equal(cycle_with_conflicts(world, "aa"), 0);
	assert_int_equal(lines_with(world, "winner=aa loser=b"), 2);
}

/* Signing keys of documents. */

static void document_signs_with(struct state_document *document, unsigned char key)
{
	document->has_signing_keys = true;
	document->signing_keys.current = key_of(key);
}

static void keys_of_a_document_come_into_force(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	document_signs_with(&document, 0x42);
	assert_int_equal(world_cycle(world, &document), 0);
	assert_int_equal(world->verifier.keys.current.bytes[0], 0x42);
	assert_int_equal(world_cycle(world, &document), 0); /* without keys: the old ones stay */
	assert_int_equal(world->verifier.keys.current.bytes[0], 0x42);
}

static void keys_that_were_rotated_during_the_fetch_outlive_its_document(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	struct signing_keys rotated = {.current = key_of(0x55)};
	struct event_dispatcher dispatcher = world_dispatcher(world);
	assert_int_equal(world_cycle_begin(world), 0);
	assert_int_equal(event_dispatch(&dispatcher, "signing_key_rotated", (const char *)&rotated,
				 sizeof rotated, NULL),
		0);
	document_signs_with(&document, 0x42);
	struct fetch_answer answer = {.outcome = FETCH_DOCUMENT, .document = &document};
	assert_int_equal(world_cycle_finish(world, &answer), 0);
	assert_int_equal(world->verifier.keys.current.bytes[0], 0x55);
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_int_equal(world->verifier.keys.current.bytes[0], 0x55);
	assert_int_not_equal(world_cycle_fetch_failed(world, "timeout"), 0);
	assert_int_equal(world->verifier.keys.current.bytes[0], 0x55);
	document_signs_with(&document, 0x42);
	assert_int_equal(world_cycle(world, &document), 0);
	assert_int_equal(world->verifier.keys.current.bytes[0], 0x42);
}

static void bad_keys_fail_the_cycle_and_not_the_peers(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	world->verifier.keys.current = key_of(0x42);
	document_add(&document, "peer-4", 4, "", IPS(4));
	document.signing_keys_error =
		arena_strndup(&document.arena, "signing_keys: current: 31 bytes", 31);
	assert_int_not_equal(world_cycle(world, &document), 0);
	assert_contains(world->error, "signing_keys: current: 31 bytes");
	assert_calls(world, "remove_peer 02; remove_peer 03; add_peer 04");
	assert_int_equal(world->verifier.keys.current.bytes[0], 0x42);
}

static void bad_keys_fail_each_cycle_until_another_document_is_in_force(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	document.signing_keys_error =
		arena_strndup(&document.arena, "signing_keys: current: 31 bytes", 31);
	for (unsigned i = 0; i < 3; i++) {
		int error = i ? world_cycle_not_modified(world) : world_cycle(world, &document);
		assert_int_equal(error, -EINVAL);
		assert_contains(world->error, "signing_keys: current: 31 bytes");
	}
	assert_int_equal(world_cycle_fetch_failed(world, "timeout"), -EIO);
	assert_contains(world->error, "timeout");
	assert_contains(world->error, "signing_keys: current: 31 bytes");
	assert_int_equal(world_cycle(world, &document), 0);
	assert_int_equal(world_cycle_not_modified(world), 0);
}

static void without_a_verifier_keys_are_ignored(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	world->reconciler.verifier = NULL;
	document_signs_with(&document, 0x42);
	assert_int_equal(world_cycle(world, &document), 0);
}

static void no_secret_is_logged_or_recorded_whatever_fails(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	struct key_public psk_as_text = key_of(0x5a), own = key_of(WORLD_OWN_KEY);
	document_add(&document, "peer-2", 2, "", IPS(2))->config.psk = secret_of(0x5a);
	document_add(&document, "peer-4", 4, "", IPS(4))->config.psk = secret_of(0x5a);
	fake_fail(&world->fake, (struct fake_fault){.key = -1, .error = -EIO, .times = 99});
	assert_int_not_equal(world_cycle(world, &document), 0);
	assert_contains(world->error, "peer-2");
	assert_contains(world->error, "peer-3");
	assert_contains(world->error, "peer-4");
	assert_not_logged(world, key_public_format(&psk_as_text).text);
	assert_not_logged(world, key_public_format(&own).text);
	assert_lacks(world->error, key_public_format(&psk_as_text).text);
	assert_lacks(world->error, key_public_format(&own).text);
}

#define CONVERGED_TEST(name) cmocka_unit_test_setup_teardown(name, converged_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONVERGED_TEST(an_unusable_entry_retains_its_peer_and_fails_the_cycle),
		CONVERGED_TEST(the_peers_beside_an_unusable_entry_are_corrected),
		CONVERGED_TEST(an_unusable_entry_keeps_changes_of_other_programs_to_its_peer),
		CONVERGED_TEST(an_unusable_entry_is_logged_when_it_appears_or_changes),
		CONVERGED_TEST(an_entry_that_is_usable_again_ends_the_retention),
		CONVERGED_TEST(a_new_process_retains_by_key_a_peer_that_it_does_not_know_by_id),
		CONVERGED_TEST(a_new_process_removes_no_peer_that_a_nameless_entry_may_mean),
		CONVERGED_TEST(a_nameless_entry_stops_no_removal_of_a_peer_known_by_its_id),
		CONVERGED_TEST(conflicts_do_not_fail_the_cycle),
		CONVERGED_TEST(conflicts_are_logged_once_with_winner_and_loser),
		CONVERGED_TEST(a_conflict_that_changes_or_comes_back_is_logged_again),
		CONVERGED_TEST(keys_of_a_document_come_into_force),
		CONVERGED_TEST(keys_that_were_rotated_during_the_fetch_outlive_its_document),
		CONVERGED_TEST(bad_keys_fail_the_cycle_and_not_the_peers),
		CONVERGED_TEST(bad_keys_fail_each_cycle_until_another_document_is_in_force),
		CONVERGED_TEST(without_a_verifier_keys_are_ignored),
		CONVERGED_TEST(no_secret_is_logged_or_recorded_whatever_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
