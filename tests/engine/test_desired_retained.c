/* SPDX-License-Identifier: Apache-2.0 */
/* Peers that stay on the device because of unusable entries. */
#include "harness.h"

#include "asked.h"

#include <stdio.h>

static void a_peer_known_by_its_id_is_retained_for_an_unusable_entry(void **state)
{
	struct asked *asked = *state;
	device_has(asked, "a", 7, "10.0.0.7/32");
	device_has(asked, "b", 8, "10.0.0.8/32");
	spoilt(asked, "a", 0);
	assert_wanted(asked, "");
	assert_kept(asked, "07 a");
	assert_string_equal(asked->desired.retained[0].error, "peers[0]: bad");
}

static void a_peer_known_by_its_key_is_retained_for_an_unusable_entry(void **state)
{
	struct asked *asked = *state;
	device_has(asked, NULL, 7, "10.0.0.7/32");
	spoilt(asked, "a", 7);
	assert_wanted(asked, "");
	assert_kept(asked, "07 a");
}

static void an_entry_with_a_known_id_and_another_key_retains_both(void **state)
{
	struct asked *asked = *state;
	device_has(asked, "a", 7, "10.0.0.7/32");
	device_has(asked, "x", 8, "10.0.0.8/32");
	spoilt(asked, "a", 8);
	assert_wanted(asked, "");
	assert_kept(asked, "07 a; 08 x");
}

static void a_retained_peer_is_retained_once(void **state)
{
	struct asked *asked = *state;
	device_has(asked, "a", 7, "10.0.0.7/32");
	spoilt(asked, "a", 7);
	spoilt(asked, "b", 7);
	spoilt(asked, "d", 7);
	spoilt(asked, NULL, 7);
	assert_wanted(asked, "");
	assert_kept(asked, "07 a");
}

/* The key of an entry without one reads as zero, and a device may have a peer with that key. */
static void an_entry_without_a_key_retains_no_peer_whose_key_is_zero(void **state)
{
	struct asked *asked = *state;
	device_has(asked, NULL, 0, "10.0.0.7/32");
	device_has(asked, "a", 7, "10.0.0.7/32");
	spoilt(asked, "a", 0);
	assert_wanted(asked, "");
	assert_kept(asked, "07 a");
}

static void only_peers_on_the_device_are_retained(void **state)
{
	struct asked *asked = *state;
	struct key_public key = key_of(7);
	assert_int_equal(peer_index_add(&asked->index, "a", &key), 0);
	spoilt(asked, "a", 8);
	assert_wanted(asked, "");
	assert_kept(asked, "");
	assert_int_equal(asked->desired.unusable_count, 1);
}

static void a_retained_peer_s_prefixes_count_as_claimed_before_all_others(void **state)
{
	struct asked *asked = *state;
	device_has(asked, "z", 7, "10.0.0.7/32,10.7.0.0/16");
	spoilt(asked, "z", 0);
	asked_wants(asked, "a", 1, "10.0.0.1/32,10.7.0.0/16");
	assert_wanted(asked, "01 ips=10.0.0.1/32");
	assert_kept(asked, "07 z");
	assert_conflicts(asked, "allowed_ip 10.7.0.0/16: z beats a");
}

static void a_retained_peer_without_an_id_is_named_by_its_key(void **state)
{
	struct asked *asked = *state;
	device_has(asked, NULL, 7, "10.0.0.7/32");
	spoilt(asked, NULL, 7);
	asked_wants(asked, "a", 1, "10.0.0.7/32");
	assert_wanted(asked, "01");
	assert_conflicts(asked,
		"allowed_ip 10.0.0.7/32: BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc= beats a");
}

static void a_usable_entry_that_claims_a_retained_key_is_applied(void **state)
{
	struct asked *asked = *state;
	device_has(asked, "a", 7, "10.0.0.7/32");
	spoilt(asked, "a", 0);
	asked_wants(asked, "b", 7, "10.0.0.8/32");
	assert_wanted(asked, "07 ips=10.0.0.8/32");
	assert_kept(asked, "");
	assert_conflicts(asked, "");
}

static void a_retained_peer_is_neither_removed_nor_changed_by_the_plan(void **state)
{
	struct asked *asked = *state;
	struct endpoint_history memory = {0};
	struct plan plan = {0};
	device_has(asked, "a", 7, "10.0.0.7/32");
	device_has(asked, "b", 8, "10.0.0.8/32");
	device_has(asked, "c", 9, "10.0.0.9/32");
	spoilt(asked, "a", 0);
	spoilt(asked, "nobody", 9);
	asked_wants(asked, "d", 4, "10.0.0.4/32");
	resolve(asked);
	struct desired_input input = {
		.document = &asked->document,
		.actual = &asked->actual,
		.names = &asked->names,
		.identity = &asked->identity,
	};
	assert_int_equal(plan_compute(&input, &memory, (struct moment){0}, &plan), 0);
	assert_int_equal(plan.diff.remove_count, 1);
	assert_int_equal(peer_op_key(&plan.diff.ops[0])->bytes[0], 8);
	assert_int_equal(plan.diff.update_count, 0);
	assert_int_equal(plan.diff.add_count, 1);
	assert_int_equal(plan.diff.unchanged_count, 2);
	plan_clear(&plan);
}

static void of_several_entries_the_first_id_names_the_retained_peer(void **state)
{
	struct asked *asked = *state;
	device_has(asked, NULL, 7, "10.0.0.7/32");
	device_has(asked, "e", 8, "10.0.0.8/32"); /* known under another key than it names */
	spoilt(asked, "e", 7);
	spoilt(asked, NULL, 7);
	spoilt(asked, "c", 7);
	spoilt(asked, "b", 7);
	spoilt(asked, "d", 7);
	spoilt(asked, NULL, 7);
	assert_wanted(asked, "");
	assert_kept(asked, "07 b; 08 e");
}

static void without_an_index_a_peer_is_retained_by_its_key(void **state)
{
	struct peer_config there = {.public_key = key_of(7)};
	struct identity identity = world_identity();
	struct state_document document = {0};
	struct peer_table actual = {0};
	struct desired desired = {0};
	document_add_unusable(&document, NULL, 7, "bad");
	document_add_unusable(&document, "a", 8, "bad");
	assert_int_equal(peer_table_append(&actual, &there), 0);
	struct desired_input input = {
		.document = &document, .actual = &actual, .identity = &identity};
	assert_int_equal(desired_resolve(&input, &desired), 0);
	assert_int_equal(desired.retained_count, 1);
	assert_null(desired.retained[0].id);
	desired_clear(&desired);
	peer_table_clear(&actual);
	state_document_clear(&document);
}

/* The keys of operations, such as "06 07". */
struct keys_text {
	char text[64];
};

static struct keys_text keys_of(const struct peer_op *ops, size_t count)
{
	struct keys_text keys = {""};
	for (size_t i = 0; i < count; i++)
		snprintf(keys.text + strlen(keys.text), sizeof keys.text - strlen(keys.text),
			"%s%02x", i ? " " : "", peer_op_key(&ops[i])->bytes[0]);
	return keys;
}

/* 03 is changed, 04 added; 05 and 06 are known by id, 01, 07 and 08 are not. */
static void plan_with_spoilt(
	struct asked *asked, const char *id, unsigned char key, struct plan *ret)
{
	static const struct endpoint_history nothing;
	device_has(asked, NULL, 1, "");
	device_has(asked, "changed", 3, "");
	device_has(asked, "known", 5, "10.0.0.5/32");
	device_has(asked, "gone", 6, "");
	device_has(asked, NULL, 7, "10.0.0.7/32");
	device_has(asked, NULL, 8, "");
	asked_wants(asked, "changed", 3, "10.0.0.3/32");
	asked_wants(asked, "new", 4, "10.0.0.7/32");
	spoilt(asked, id, key);
	resolve(asked);
	struct desired_input input = {
		.document = &asked->document,
		.actual = &asked->actual,
		.names = &asked->names,
		.identity = &asked->identity,
	};
	assert_int_equal(plan_compute(&input, &nothing, (struct moment){0}, ret), 0);
}

/* Only an entry with neither a readable key nor a known id may mean any of the peers. */
static void an_entry_that_may_mean_any_peer_withholds_removals_of_unknown_ones(void **state)
{
	const struct {
		const char *id;
		unsigned char key;
		const char *removes, *held;
	} rows[] = {
		{NULL, 0, "05 06", "01 07 08"},
		{"nobody", 0, "05 06", "01 07 08"},
		{"known", 0, "01 06 07 08", ""},
		{NULL, 8, "01 05 06 07", ""},
		{"nobody", 8, "01 05 06 07", ""},
		{"known", 8, "01 06 07", ""},
		{NULL, 9, "01 05 06 07 08", ""}, /* a key that the device has not */
		{"nobody", 9, "01 05 06 07 08", ""},
		{"known", 9, "01 06 07 08", ""},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct plan plan = {0};
		asked_teardown(state);
		assert_int_equal(asked_setup(state), 0);
		plan_with_spoilt(*state, rows[i].id, rows[i].key, &plan);
		const struct peer_diff *diff = &plan.diff;
		size_t op_count = peer_diff_op_count(diff);
		assert_string_equal(keys_of(diff->ops, diff->remove_count).text, rows[i].removes);
		assert_string_equal(
			keys_of(diff->ops + diff->remove_count, op_count - diff->remove_count).text,
			"03 04");
		assert_string_equal(
			keys_of(diff->ops + op_count, diff->withheld_count).text, rows[i].held);
		assert_int_equal(plan.withheld_count, diff->withheld_count);
		assert_int_equal(diff->unchanged_count + diff->remove_count, 5);
		plan_clear(&plan);
	}
}

/* As `plan` calls it. */
static void without_an_index_an_entry_may_mean_any_peer(void **state)
{
	static const struct endpoint_history nothing;
	struct asked *asked = *state;
	struct plan plan = {0};
	device_has(asked, "known", 5, "");
	device_has(asked, NULL, 7, "");
	spoilt(asked, "known", 0);
	resolve(asked);
	struct desired_input input = {
		.document = &asked->document,
		.actual = &asked->actual,
		.identity = &asked->identity,
	};
	assert_int_equal(plan_compute(&input, &nothing, (struct moment){0}, &plan), 0);
	assert_int_equal(plan.withheld_count, 2);
	assert_int_equal(plan.diff.remove_count, 0);
	plan_clear(&plan);
}

/* It is not retained: a desired peer takes its prefix, as it would from a removed peer. */
static void a_peer_whose_removal_is_withheld_claims_nothing(void **state)
{
	struct asked *asked = *state;
	struct plan plan = {0};
	plan_with_spoilt(asked, NULL, 0, &plan);
	assert_kept(asked, "");
	assert_conflicts(asked, "");
	assert_string_equal(peers_text(plan.desired.peers.peers, plan.desired.peers.count).text,
		"03 ips=10.0.0.3/32; 04 ips=10.0.0.7/32");
	plan_clear(&plan);
}

static void an_entry_that_an_event_replaces_withholds_nothing(void **state)
{
	struct asked *asked = *state;
	struct plan plan = {0};
	assert_int_equal(pending_events_remove(&asked->pending, "nobody"), 0);
	plan_with_spoilt(asked, "nobody", 0, &plan);
	resolve(asked);
	assert_int_equal(asked->desired.nameless_count, 0);
	plan_clear(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ASKED_TEST(a_peer_known_by_its_id_is_retained_for_an_unusable_entry),
		ASKED_TEST(a_peer_known_by_its_key_is_retained_for_an_unusable_entry),
		ASKED_TEST(an_entry_with_a_known_id_and_another_key_retains_both),
		ASKED_TEST(a_retained_peer_is_retained_once),
		ASKED_TEST(an_entry_without_a_key_retains_no_peer_whose_key_is_zero),
		ASKED_TEST(only_peers_on_the_device_are_retained),
		ASKED_TEST(a_retained_peer_s_prefixes_count_as_claimed_before_all_others),
		ASKED_TEST(a_retained_peer_without_an_id_is_named_by_its_key),
		ASKED_TEST(a_usable_entry_that_claims_a_retained_key_is_applied),
		ASKED_TEST(a_retained_peer_is_neither_removed_nor_changed_by_the_plan),
		ASKED_TEST(an_entry_that_may_mean_any_peer_withholds_removals_of_unknown_ones),
		ASKED_TEST(without_an_index_an_entry_may_mean_any_peer),
		ASKED_TEST(a_peer_whose_removal_is_withheld_claims_nothing),
		ASKED_TEST(an_entry_that_an_event_replaces_withholds_nothing),
		ASKED_TEST(of_several_entries_the_first_id_names_the_retained_peer),
		ASKED_TEST(without_an_index_a_peer_is_retained_by_its_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
