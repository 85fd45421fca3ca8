/* Peers that are kept on the device for the sake of entries that cannot be used. */
#include "harness.h"

#include "asked.h"

static void a_peer_known_by_its_id_is_kept_for_an_unusable_entry(void **state)
{
	struct asked *asked = *state;
	device_has(asked, "a", 7, "10.0.0.7/32");
	device_has(asked, "b", 8, "10.0.0.8/32");
	spoilt(asked, "a", 0);
	assert_wanted(asked, "");
	assert_kept(asked, "07 a");
	assert_string_equal(asked->desired.kept[0].error, "peers[0]: bad");
}

static void a_peer_known_by_its_key_is_kept_for_an_unusable_entry(void **state)
{
	struct asked *asked = *state;
	device_has(asked, NULL, 7, "10.0.0.7/32");
	spoilt(asked, "a", 7);
	assert_wanted(asked, "");
	assert_kept(asked, "07 a");
}

static void an_entry_known_by_its_id_and_naming_another_key_keeps_both(void **state)
{
	struct asked *asked = *state;
	device_has(asked, "a", 7, "10.0.0.7/32");
	device_has(asked, "x", 8, "10.0.0.8/32");
	spoilt(asked, "a", 8);
	assert_wanted(asked, "");
	assert_kept(asked, "07 a; 08 x");
}

static void a_kept_peer_is_kept_once(void **state)
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

static void nothing_is_kept_that_is_not_on_the_device(void **state)
{
	struct asked *asked = *state;
	struct key_public key = key_of(7);
	assert_int_equal(peer_index_add(&asked->index, "a", &key), 0);
	spoilt(asked, "a", 8);
	assert_wanted(asked, "");
	assert_kept(asked, "");
	assert_int_equal(asked->desired.unusable_count, 1);
}

static void a_kept_peer_s_prefixes_count_as_claimed_before_all_others(void **state)
{
	struct asked *asked = *state;
	device_has(asked, "z", 7, "10.0.0.7/32,10.7.0.0/16");
	spoilt(asked, "z", 0);
	asked_wants(asked, "a", 1, "10.0.0.1/32,10.7.0.0/16");
	assert_wanted(asked, "01 ips=10.0.0.1/32");
	assert_kept(asked, "07 z");
	assert_conflicts(asked, "allowed_ip 10.7.0.0/16: z beats a");
}

static void a_kept_peer_without_an_id_is_named_by_its_key(void **state)
{
	struct asked *asked = *state;
	device_has(asked, NULL, 7, "10.0.0.7/32");
	spoilt(asked, NULL, 7);
	asked_wants(asked, "a", 1, "10.0.0.7/32");
	assert_wanted(asked, "01");
	assert_conflicts(asked,
		"allowed_ip 10.0.0.7/32: BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc= beats a");
}

static void a_usable_entry_that_wants_a_kept_key_is_applied(void **state)
{
	struct asked *asked = *state;
	device_has(asked, "a", 7, "10.0.0.7/32");
	spoilt(asked, "a", 0);
	asked_wants(asked, "b", 7, "10.0.0.8/32");
	assert_wanted(asked, "07 ips=10.0.0.8/32");
	assert_kept(asked, "");
	assert_conflicts(asked, "");
}

static void a_kept_peer_is_neither_removed_nor_changed_by_the_plan(void **state)
{
	struct asked *asked = *state;
	struct endpoint_memory memory = {0};
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
		.own_key = &asked->own_key,
	};
	assert_int_equal(plan_compute(&input, &memory, 0, &plan), 0);
	assert_int_equal(plan.diff.remove_count, 1);
	assert_int_equal(peer_op_key(&plan.diff.ops[0])->bytes[0], 8);
	assert_int_equal(plan.diff.update_count, 0);
	assert_int_equal(plan.diff.add_count, 1);
	assert_int_equal(plan.diff.unchanged_count, 2);
	plan_clear(&plan);
}

static void of_several_entries_the_first_id_names_the_kept_peer(void **state)
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

static void without_names_a_peer_is_kept_by_its_key(void **state)
{
	struct peer_config there = {.public_key = key_of(7)};
	struct key_public own_key = key_of(WORLD_OWN_KEY);
	struct state_document document = {0};
	struct peer_table actual = {0};
	struct desired desired = {0};
	document_add_unusable(&document, NULL, 7, "bad");
	document_add_unusable(&document, "a", 8, "bad");
	assert_int_equal(peer_table_append(&actual, &there), 0);
	struct desired_input input = {
		.document = &document, .actual = &actual, .own_key = &own_key};
	assert_int_equal(desired_resolve(&input, &desired), 0);
	assert_int_equal(desired.kept_count, 1);
	assert_null(desired.kept[0].id);
	desired_clear(&desired);
	peer_table_clear(&actual);
	state_document_clear(&document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ASKED_TEST(a_peer_known_by_its_id_is_kept_for_an_unusable_entry),
		ASKED_TEST(a_peer_known_by_its_key_is_kept_for_an_unusable_entry),
		ASKED_TEST(an_entry_known_by_its_id_and_naming_another_key_keeps_both),
		ASKED_TEST(a_kept_peer_is_kept_once),
		ASKED_TEST(nothing_is_kept_that_is_not_on_the_device),
		ASKED_TEST(a_kept_peer_s_prefixes_count_as_claimed_before_all_others),
		ASKED_TEST(a_kept_peer_without_an_id_is_named_by_its_key),
		ASKED_TEST(a_usable_entry_that_wants_a_kept_key_is_applied),
		ASKED_TEST(a_kept_peer_is_neither_removed_nor_changed_by_the_plan),
		ASKED_TEST(of_several_entries_the_first_id_names_the_kept_peer),
		ASKED_TEST(without_names_a_peer_is_kept_by_its_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
