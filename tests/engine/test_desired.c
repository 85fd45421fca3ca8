/* SPDX-License-Identifier: Apache-2.0 */
/* From a state document to the desired peers: conflicts and events. */
#include "harness.h"

#include "asked.h"

static void without_conflicts_the_desired_peers_are_those_of_the_document(void **state)
{
	struct asked *asked = *state;
	struct peer_entry *entry = asked_wants(asked, "b", 2, "10.0.0.2/32,10.2.0.0/16");
	entry->config.endpoint = endpoint_of("198.51.100.2:1");
	entry->config.psk = secret_of(0x22);
	entry->config.persistent_keepalive_s = 25;
	asked_wants(asked, "a", 3, "");
	asked_wants(asked, "c", 1, "10.0.0.1/32");
	assert_wanted(asked, "01 ips=10.0.0.1/32; "
			     "02 endpoint=198.51.100.2:1 ips=10.0.0.2/32,10.2.0.0/16 psk=22 "
			     "keepalive=25; 03");
	assert_conflicts(asked, "");
	assert_kept(asked, "");
	assert_string_equal(asked->desired.peers.peers[0].id, "c");
}

static void an_empty_document_desires_no_peer(void **state)
{
	struct asked *asked = *state;
	device_has(asked, "a", 1, "10.0.0.1/32");
	assert_wanted(asked, "");
	assert_kept(asked, "");
}

static void a_key_already_claimed_leaves_the_later_id_out(void **state)
{
	struct asked *asked = *state;
	asked_wants(asked, "b", 1, "10.0.0.2/32");
	asked_wants(asked, "a", 1, "10.0.0.1/32");
	asked_wants(asked, "c", 1, "10.0.0.3/32");
	assert_wanted(asked, "01 ips=10.0.0.1/32");
	assert_conflicts(asked, "public_key 01: a beats b; public_key 01: a beats c");
}

static void the_loser_of_a_key_claims_no_prefix(void **state)
{
	struct asked *asked = *state;
	asked_wants(asked, "a", 1, "10.0.0.1/32");
	asked_wants(asked, "b", 1, "10.0.0.3/32");
	asked_wants(asked, "c", 3, "10.0.0.3/32");
	assert_wanted(asked, "01 ips=10.0.0.1/32; 03 ips=10.0.0.3/32");
	assert_conflicts(asked, "public_key 01: a beats b");
}

static void the_loser_of_a_prefix_keeps_its_others(void **state)
{
	struct asked *asked = *state;
	asked_wants(asked, "b", 1, "10.0.0.1/32,10.5.0.0/16,10.6.0.0/16");
	asked_wants(asked, "a", 2, "10.0.0.2/32,10.5.0.0/16");
	asked_wants(asked, "c", 3, "10.5.0.0/16");
	assert_wanted(asked, "01 ips=10.0.0.1/32,10.6.0.0/16; "
			     "02 ips=10.0.0.2/32,10.5.0.0/16; 03");
	assert_conflicts(
		asked, "allowed_ip 10.5.0.0/16: a beats b; allowed_ip 10.5.0.0/16: a beats c");
}

static void nested_prefixes_are_legal(void **state)
{
	struct asked *asked = *state;
	asked_wants(asked, "a", 1, "10.0.0.0/8,0.0.0.0/0");
	asked_wants(asked, "b", 2, "10.1.0.0/16,::/0");
	assert_wanted(asked, "01 ips=0.0.0.0/0,10.0.0.0/8; 02 ips=10.1.0.0/16,::/0");
	assert_conflicts(asked, "");
}

static void ids_are_ordered_by_their_bytes(void **state)
{
	struct asked *asked = *state;
	asked_wants(asked, "peer-10", 1, "10.0.0.1/32");
	asked_wants(asked, "peer-2", 2, "10.0.0.1/32");
	asked_wants(asked, "Peer-3", 3, "10.0.0.1/32");
	asked_wants(asked, "\xc3\xa9", 4, "10.0.0.1/32");
	assert_wanted(asked, "01; 02; 03 ips=10.0.0.1/32; 04");
	assert_conflicts(asked, "allowed_ip 10.0.0.1/32: Peer-3 beats peer-10; "
				"allowed_ip 10.0.0.1/32: Peer-3 beats peer-2; "
				"allowed_ip 10.0.0.1/32: Peer-3 beats \xc3\xa9");
}

static void a_peer_with_the_own_key_is_left_out_and_claims_nothing(void **state)
{
	struct asked *asked = *state;
	asked_wants(asked, "a", WORLD_OWN_KEY, "10.0.0.1/32");
	asked_wants(asked, "b", 2, "10.0.0.1/32");
	assert_wanted(asked, "02 ips=10.0.0.1/32");
	assert_conflicts(asked, "own_key ee: this node beats a");
}

#define KEY_2_TEXT "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="

static void the_node_s_own_entry_is_left_out_and_not_reported(void **state)
{
	struct asked *asked = *state;
	asked_wants(asked, WORLD_NODE_ID, WORLD_OWN_KEY, "10.100.0.1/32,10.0.0.1/32");
	asked_wants(asked, "b", 2, "10.0.0.1/32");
	assert_wanted(asked, "02 ips=10.0.0.1/32");
	assert_conflicts(asked, "");
}

/* Either of them may be the node; both cannot. */
static void a_node_without_an_id_has_that_of_the_first_entry_with_its_key(void **state)
{
	struct asked *asked = *state;
	asked->identity.node_id = NULL;
	asked_wants(asked, "b", WORLD_OWN_KEY, "10.0.0.1/32");
	assert_wanted(asked, "");
	assert_conflicts(asked, "");
	asked_wants(asked, "a", WORLD_OWN_KEY, "10.0.0.1/32");
	assert_wanted(asked, "");
	assert_conflicts(asked, "own_key ee: this node beats b");
}

static void an_entry_with_the_node_s_id_under_another_key_is_rejected(void **state)
{
	struct asked *asked = *state;
	asked_wants(asked, WORLD_NODE_ID, 2, "10.0.0.1/32");
	assert_wanted(asked, "");
	assert_conflicts(asked, "own_id node-1: this node beats " KEY_2_TEXT);
	asked_wants(asked, "z", 2, "10.0.0.1/32"); /* it claims neither key nor prefix */
	assert_wanted(asked, "02 ips=10.0.0.1/32");
	assert_conflicts(asked, "own_id node-1: this node beats " KEY_2_TEXT);
}

static void an_event_with_the_node_s_id_under_another_key_is_no_peer_either(void **state)
{
	struct asked *asked = *state;
	struct state_document event = {0};
	document_add(&event, WORLD_NODE_ID, 2, "", "10.0.0.1/32");
	assert_int_equal(pending_events_set(&asked->pending, &event.entries[0]), 0);
	state_document_clear(&event);
	asked_wants(asked, WORLD_NODE_ID, WORLD_OWN_KEY, "");
	assert_wanted(asked, "");
	assert_conflicts(asked, "own_id node-1: this node beats " KEY_2_TEXT);
}

/* Neither a prefix that covers the address nor another address in that prefix. */
static void the_host_route_to_the_node_s_address_is_taken_from_every_peer(void **state)
{
	struct asked *asked = *state;
	asked_wants(asked, "a", 1, "10.100.0.1/32");
	asked_wants(asked, "b", 2, "10.100.0.0/16,10.100.0.1/32,10.100.0.2/32");
	asked_wants(asked, "c", 3, "10.100.0.0/31,::/0");
	assert_wanted(asked, "01; 02 ips=10.100.0.0/16,10.100.0.2/32; 03 ips=10.100.0.0/31,::/0");
	assert_conflicts(asked, "own_address 10.100.0.1/32: this node beats a; "
				"own_address 10.100.0.1/32: this node beats b");
	asked->identity.mesh_ip = ip_of("fd00::1");
	asked_wants(asked, "d", 4, "fd00::1/128,fd00::2/128");
	assert_wanted(asked, "01 ips=10.100.0.1/32; 02 ips=10.100.0.0/16,10.100.0.2/32; "
			     "03 ips=10.100.0.0/31,::/0; 04 ips=fd00::2/128");
	assert_conflicts(asked, "allowed_ip 10.100.0.1/32: a beats b; "
				"own_address fd00::1/128: this node beats d");
}

static void a_node_without_an_address_claims_no_prefix(void **state)
{
	struct asked *asked = *state;
	asked->identity.mesh_ip = (struct ip){0};
	asked_wants(asked, "a", 1, "0.0.0.0/0,0.0.0.0/32,::/0,::/128,10.100.0.1/32");
	resolve(asked);
	assert_int_equal(asked->desired.peers.peers[0].allowed_ip_count, 5);
	assert_conflicts(asked, "");
}

/* As for every retained peer: bad input never tears down a tunnel. */
static void a_retained_peer_keeps_the_node_s_address(void **state)
{
	struct asked *asked = *state;
	device_has(asked, "z", 7, "10.100.0.1/32");
	spoilt(asked, "z", 0);
	asked_wants(asked, "a", 1, "10.100.0.1/32");
	assert_wanted(asked, "01");
	assert_kept(asked, "07 z");
	assert_conflicts(asked, "own_address 10.100.0.1/32: this node beats a");
}

static void an_unusable_entry_with_the_node_s_id_means_the_node(void **state)
{
	struct asked *asked = *state;
	spoilt(asked, WORLD_NODE_ID, 0);
	resolve(asked);
	assert_int_equal(asked->desired.unusable_count, 1);
	assert_int_equal(asked->desired.nameless_count, 0);
	asked->identity.node_id = NULL;
	resolve(asked);
	assert_int_equal(asked->desired.nameless_count, 1);
}

static void of_two_entries_with_one_id_the_first_counts(void **state)
{
	struct asked *asked = *state;
	asked_wants(asked, "a", 2, "10.0.0.2/32");
	asked_wants(asked, "a", 1, "10.0.0.1/32");
	asked_wants(asked, "a", 3, "10.0.0.3/32");
	assert_wanted(asked, "02 ips=10.0.0.2/32");
	assert_conflicts(asked, "id a: peers[0] beats peers[1]; id a: peers[0] beats peers[2]");
}

static void a_second_entry_with_an_id_claims_nothing(void **state)
{
	struct asked *asked = *state;
	asked_wants(asked, "a", 1, "10.0.0.1/32");
	asked_wants(asked, "a", 2, "10.0.0.2/32");
	asked_wants(asked, "b", 2, "10.0.0.2/32");
	assert_wanted(asked, "01 ips=10.0.0.1/32; 02 ips=10.0.0.2/32");
}

static void the_first_entry_with_an_id_counts_even_if_it_is_unusable(void **state)
{
	struct asked *asked = *state;
	device_has(asked, "a", 9, "10.0.0.9/32");
	spoilt(asked, "a", 0);
	asked_wants(asked, "a", 2, "10.0.0.2/32");
	assert_wanted(asked, "");
	assert_int_equal(asked->desired.unusable_count, 1);
	assert_kept(asked, "09 a");
}

static void a_later_entry_with_an_id_has_no_effect_if_it_is_unusable(void **state)
{
	struct asked *asked = *state;
	asked_wants(asked, "a", 2, "10.0.0.2/32");
	spoilt(asked, "a", 3);
	assert_wanted(asked, "02 ips=10.0.0.2/32");
	assert_int_equal(asked->desired.unusable_count, 0);
	assert_conflicts(asked, "id a: peers[0] beats peers[1]");
}

static void entries_without_an_id_are_not_one_entry(void **state)
{
	struct asked *asked = *state;
	device_has(asked, NULL, 4, "10.0.0.4/32");
	device_has(asked, NULL, 5, "10.0.0.5/32");
	spoilt(asked, NULL, 4);
	spoilt(asked, NULL, 5);
	spoilt(asked, NULL, 0);
	assert_wanted(asked, "");
	assert_int_equal(asked->desired.unusable_count, 3);
	assert_conflicts(asked, "");
	assert_kept(asked, "04 -; 05 -");
}

static void an_unusable_entry_claims_nothing(void **state)
{
	struct asked *asked = *state;
	spoilt(asked, "a", 2);
	asked_wants(asked, "b", 2, "10.0.0.2/32");
	assert_wanted(asked, "02 ips=10.0.0.2/32");
	assert_conflicts(asked, "");
	assert_kept(asked, "");
}

static void an_event_s_peer_replaces_the_document_s(void **state)
{
	struct asked *asked = *state;
	struct state_document event = {0};
	document_add(&event, "b", 12, "", "10.0.0.12/32");
	document_add(&event, "d", 14, "", "10.0.0.14/32");
	for (size_t i = 0; i < event.entry_count; i++)
		assert_int_equal(pending_events_set(&asked->pending, &event.entries[i]), 0);
	assert_int_equal(pending_events_remove(&asked->pending, "a"), 0);
	assert_int_equal(pending_events_remove(&asked->pending, "z"), 0);
	state_document_clear(&event);
	asked_wants(asked, "c", 3, "10.0.0.3/32");
	asked_wants(asked, "b", 2, "10.0.0.2/32");
	asked_wants(asked, "a", 1, "10.0.0.1/32");
	assert_wanted(asked, "03 ips=10.0.0.3/32; 0c ips=10.0.0.12/32; 0e ips=10.0.0.14/32");
	assert_conflicts(asked, "");
}

static void an_event_overrides_an_unusable_entry(void **state)
{
	struct asked *asked = *state;
	struct state_document event = {0};
	device_has(asked, "a", 1, "10.0.0.1/32");
	device_has(asked, "b", 2, "10.0.0.2/32");
	document_add(&event, "a", 12, "", "10.0.0.12/32");
	assert_int_equal(pending_events_set(&asked->pending, &event.entries[0]), 0);
	assert_int_equal(pending_events_remove(&asked->pending, "b"), 0);
	state_document_clear(&event);
	spoilt(asked, "a", 1);
	spoilt(asked, "b", 2);
	assert_wanted(asked, "0c ips=10.0.0.12/32");
	assert_int_equal(asked->desired.unusable_count, 0);
	assert_kept(asked, "");
}

static void a_peer_of_an_event_takes_part_in_conflicts(void **state)
{
	struct asked *asked = *state;
	struct state_document event = {0};
	document_add(&event, "b", 2, "", "10.0.0.1/32");
	document_add(&event, "own", WORLD_OWN_KEY, "", "10.0.0.1/32");
	for (size_t i = 0; i < event.entry_count; i++)
		assert_int_equal(pending_events_set(&asked->pending, &event.entries[i]), 0);
	state_document_clear(&event);
	asked_wants(asked, "c", 2, "10.0.0.3/32");
	asked_wants(asked, "a", 1, "10.0.0.1/32");
	assert_wanted(asked, "01 ips=10.0.0.1/32; 02");
	assert_conflicts(asked, "allowed_ip 10.0.0.1/32: a beats b; "
				"own_key ee: this node beats own; public_key 02: b beats c");
}

/* A document with every kind of conflict at once; ids do not repeat. */
static void mixed_entry(struct asked *asked, unsigned number)
{
	switch (number) {
	case 0:
		asked_wants(asked, "a", 1, "10.0.0.1/32,10.9.0.0/16");
		break;
	case 1:
		asked_wants(asked, "b", 1, "10.0.0.2/32");
		break;
	case 2:
		asked_wants(asked, "c", 3, "10.9.0.0/16,10.0.0.3/32,10.0.0.7/32");
		break;
	case 3:
		spoilt(asked, "d", 0);
		break;
	case 4:
		asked_wants(asked, "e", WORLD_OWN_KEY, "10.0.0.3/32");
		break;
	case 5:
		spoilt(asked, "f", 8);
		break;
	}
}

/* Without repeated ids, the order of the document has no effect. */
static void the_order_of_the_document_does_not_matter(void **state)
{
	unsigned tried = 0;
	for (unsigned code = 0; code < 46656; code++) {
		unsigned order[6], seen = 0, rest = code;
		for (unsigned i = 0; i < 6; i++, rest /= 6) {
			order[i] = rest % 6;
			seen |= 1u << order[i];
		}
		if (seen != 63)
			continue;
		void *fixture = NULL;
		assert_int_equal(asked_setup(&fixture), 0);
		struct asked *asked = fixture;
		device_has(asked, "d", 7, "10.0.0.7/32");
		device_has(asked, NULL, 8, "10.0.0.8/32");
		for (unsigned i = 0; i < 6; i++)
			mixed_entry(asked, order[i]);
		assert_wanted(asked, "01 ips=10.0.0.1/32,10.9.0.0/16; 03 ips=10.0.0.3/32");
		assert_kept(asked, "07 d; 08 f");
		assert_conflicts(asked, "allowed_ip 10.0.0.7/32: d beats c; "
					"allowed_ip 10.9.0.0/16: a beats c; "
					"own_key ee: this node beats e; "
					"public_key 01: a beats b");
		assert_int_equal(asked->desired.unusable_count, 2);
		asked_teardown(&fixture);
		tried++;
	}
	assert_int_equal(tried, 720);
}

static void history_does_not_decide_conflicts(void **state)
{
	struct asked *asked = *state;
	device_has(asked, "b", 1, "10.0.0.2/32"); /* b had the key first */
	asked_wants(asked, "b", 1, "10.0.0.2/32");
	asked_wants(asked, "a", 1, "10.0.0.1/32");
	assert_wanted(asked, "01 ips=10.0.0.1/32");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ASKED_TEST(without_conflicts_the_desired_peers_are_those_of_the_document),
		ASKED_TEST(an_empty_document_desires_no_peer),
		ASKED_TEST(a_key_already_claimed_leaves_the_later_id_out),
		ASKED_TEST(the_loser_of_a_key_claims_no_prefix),
		ASKED_TEST(the_loser_of_a_prefix_keeps_its_others),
		ASKED_TEST(nested_prefixes_are_legal),
		ASKED_TEST(ids_are_ordered_by_their_bytes),
		ASKED_TEST(a_peer_with_the_own_key_is_left_out_and_claims_nothing),
		ASKED_TEST(the_node_s_own_entry_is_left_out_and_not_reported),
		ASKED_TEST(a_node_without_an_id_has_that_of_the_first_entry_with_its_key),
		ASKED_TEST(an_entry_with_the_node_s_id_under_another_key_is_rejected),
		ASKED_TEST(an_event_with_the_node_s_id_under_another_key_is_no_peer_either),
		ASKED_TEST(the_host_route_to_the_node_s_address_is_taken_from_every_peer),
		ASKED_TEST(a_node_without_an_address_claims_no_prefix),
		ASKED_TEST(a_retained_peer_keeps_the_node_s_address),
		ASKED_TEST(an_unusable_entry_with_the_node_s_id_means_the_node),
		ASKED_TEST(of_two_entries_with_one_id_the_first_counts),
		ASKED_TEST(a_second_entry_with_an_id_claims_nothing),
		ASKED_TEST(the_first_entry_with_an_id_counts_even_if_it_is_unusable),
		ASKED_TEST(a_later_entry_with_an_id_has_no_effect_if_it_is_unusable),
		ASKED_TEST(entries_without_an_id_are_not_one_entry),
		ASKED_TEST(an_unusable_entry_claims_nothing),
		ASKED_TEST(an_event_s_peer_replaces_the_document_s),
		ASKED_TEST(an_event_overrides_an_unusable_entry),
		ASKED_TEST(a_peer_of_an_event_takes_part_in_conflicts),
		ASKED_TEST(the_order_of_the_document_does_not_matter),
		ASKED_TEST(history_does_not_decide_conflicts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
