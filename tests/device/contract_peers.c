/* SPDX-License-Identifier: Apache-2.0 */
/* One peer: add, update, remove, and each of its fields but allowed IPs. */
#include "contract_checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* The same peer before and after: every field differs. */
static const struct test_peer before = {
	.number = 2,
	.endpoint = "192.0.2.2:1000",
	.allowed_ips = "10.2.0.0/24,fd02::/64",
	.psk = 8,
	.keepalive_s = 25,
};
static const struct test_peer after = {
	.number = 2,
	.endpoint = "[2001:db8::2]:2000",
	.allowed_ips = "10.3.0.0/24",
	.psk = 9,
	.keepalive_s = 60,
};

static void a_peer_reads_back_as_it_was_added(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *peer = fixture_peer(fixture, before);
	fixture_create(fixture);
	fixture_add(fixture, peer);
	fixture_expect_peer(fixture, peer);
	const struct peer_config *actual =
		peer_table_find(&fixture->device.peers, &peer->public_key);
	assert_int_equal(actual->status.last_handshake_s, 0);
}

static void a_peer_without_anything_reads_back_empty(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *peer = fixture_peer(fixture, (struct test_peer){.number = 2});
	fixture_create(fixture);
	fixture_add(fixture, peer);
	fixture_expect_peer(fixture, peer);
}

static void adding_a_peer_again_sets_it_whole(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *peer = fixture_peer(fixture, after);
	fixture_create(fixture);
	fixture_add(fixture, fixture_peer(fixture, before));
	fixture_add(fixture, peer);
	fixture_expect_peer(fixture, peer);
	fixture_add(fixture, peer);
	fixture_expect_peer(fixture, peer);
	fixture_expect_peer_count(fixture, 1);
}

static void adding_clears_what_the_peer_no_longer_has_but_its_endpoint(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *bare = fixture_peer(fixture, (struct test_peer){.number = 2});
	struct peer_config *peer = fixture_peer(fixture, before);
	fixture_create(fixture);
	fixture_add(fixture, peer);
	fixture_add(fixture, bare);
	bare->endpoint = peer->endpoint;
	fixture_expect_peer(fixture, bare);
}

static void adding_a_known_peer_sets_it_whole(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct test_peer grown = before, shrunk = before;
	grown.allowed_ips = "10.2.0.0/24,10.9.0.0/24,fd02::/64";
	shrunk.allowed_ips = "10.9.0.0/24";
	const struct test_peer turns[] = {before, grown, shrunk, after, after};
	struct peer_config *other = fixture_peer(
		fixture, (struct test_peer){.number = 3, .allowed_ips = "10.4.0.0/24"});
	fixture_create(fixture);
	fixture_add(fixture, other);
	fixture_add(fixture, fixture_peer(fixture, before));
	for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++) {
		struct peer_config *peer = fixture_peer(fixture, turns[i]);
		fixture_read(fixture);
		fixture_add_known(fixture, peer);
		fixture_expect_peer(fixture, peer);
	}
	fixture_expect_peer(fixture, other);
	fixture_expect_peer_count(fixture, 2);
}

static void adding_a_known_peer_takes_a_prefix_from_another(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *peer = fixture_peer(
		fixture, (struct test_peer){.number = 2, .allowed_ips = "10.2.0.0/24,10.3.0.0/24"});
	fixture_create(fixture);
	fixture_add(fixture, fixture_peer(fixture, before));
	fixture_add(fixture,
		fixture_peer(fixture,
			(struct test_peer){.number = 3, .allowed_ips = "10.3.0.0/24,10.4.0.0/24"}));
	fixture_read(fixture);
	fixture_add_known(fixture, peer);
	peer->endpoint = fixture_peer(fixture, before)->endpoint;
	fixture_expect_peer(fixture, peer);
	fixture_expect_peer(fixture, fixture_peer(fixture, (struct test_peer){.number = 3,
								   .allowed_ips = "10.4.0.0/24"}));
}

static void adding_a_known_peer_that_is_gone_sets_it_whole(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *peer = fixture_peer(fixture, before);
	fixture_create(fixture);
	fixture_add(fixture, peer);
	fixture_read(fixture);
	fixture_remove(fixture, peer);
	fixture_add_known(fixture, peer);
	fixture_expect_peer(fixture, peer);
	fixture_expect_peer_count(fixture, 1);
}

static void field_copy(struct peer_config *to, const struct peer_config *from, unsigned field)
{
	if (field & PEER_FIELD_ENDPOINT)
		to->endpoint = from->endpoint;
	if (field & PEER_FIELD_PSK)
		to->psk = from->psk;
	if (field & PEER_FIELD_PERSISTENT_KEEPALIVE)
		to->persistent_keepalive_s = from->persistent_keepalive_s;
	if (field & PEER_FIELD_ALLOWED_IPS) {
		to->allowed_ips = from->allowed_ips;
		to->allowed_ip_count = from->allowed_ip_count;
	}
}

/* Every mask, none and all included. */
static void an_update_changes_the_fields_of_its_mask_and_no_others(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *wanted = fixture_peer(fixture, after);
	fixture_create(fixture);
	for (unsigned fields = 0; fields <= PEER_FIELDS_ALL; fields++) {
		struct peer_config *expected = fixture_peer(fixture, before);
		fixture_add(fixture, expected);
		fixture_expect_peer(fixture, expected);
		fixture_update(fixture, wanted, fields);
		field_copy(expected, wanted, fields);
		fixture_expect_peer(fixture, expected);
	}
	fixture_expect_peer_count(fixture, 1);
}

static void a_preshared_key_is_cleared(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *peer = fixture_peer(fixture, before);
	fixture_create(fixture);
	fixture_add(fixture, peer);
	fixture_read(fixture);
	memset(peer->psk.bytes, 0, sizeof peer->psk.bytes);
	fixture_update(fixture, peer, PEER_FIELD_PSK);
	fixture_expect_peer(fixture, peer);
}

static void a_keepalive_is_turned_off(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *peer = fixture_peer(fixture, before);
	fixture_create(fixture);
	fixture_add(fixture, peer);
	fixture_read(fixture);
	peer->persistent_keepalive_s = 0;
	fixture_update(fixture, peer, PEER_FIELD_PERSISTENT_KEEPALIVE);
	fixture_expect_peer(fixture, peer);
}

static void no_endpoint_leaves_the_endpoint_as_it_is(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *peer = fixture_peer(fixture, before);
	struct peer_config *without = fixture_peer(fixture, before);
	without->endpoint = (struct endpoint){0};
	fixture_create(fixture);
	fixture_add(fixture, peer);
	fixture_read(fixture);
	fixture_update(fixture, without, PEER_FIELD_ENDPOINT);
	fixture_expect_peer(fixture, peer);
}

static void ipv6_and_mapped_endpoints_read_back_in_canonical_form(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *v6 = fixture_peer(
		fixture, (struct test_peer){.number = 2, .endpoint = "[2001:db8::7]:65535"});
	struct peer_config *mapped = fixture_peer(
		fixture, (struct test_peer){.number = 3, .endpoint = "[::ffff:192.0.2.7]:1"});
	assert_int_equal(mapped->endpoint.ip.family, IP_V4);
	fixture_create(fixture);
	fixture_add(fixture, v6);
	fixture_add(fixture, mapped);
	fixture_expect_peer(fixture, v6);
	fixture_expect_peer(fixture, mapped);
}

static void the_nodes_own_key_is_ignored_without_an_error(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *self = fixture_peer(fixture, before);
	self->public_key = fixture->public_key;
	fixture_create(fixture);
	fixture_add(fixture, self);
	fixture_expect_peer_count(fixture, 0);
	fixture_update(fixture, self, PEER_FIELDS_ALL);
	fixture_expect_peer_count(fixture, 0);
	fixture_remove(fixture, self);
	fixture_expect_peer_count(fixture, 0);
}

static void an_update_of_a_missing_peer_makes_none(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *peer = fixture_peer(fixture, before);
	fixture_create(fixture);
	fixture_update(fixture, peer, PEER_FIELDS_ALL);
	fixture_expect_peer_count(fixture, 0);
}

static void removing_a_peer_leaves_the_others(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *gone = fixture_peer(fixture, before);
	struct peer_config *stays = fixture_peer(
		fixture, (struct test_peer){.number = 3, .allowed_ips = "10.4.0.0/24", .psk = 4});
	fixture_create(fixture);
	fixture_add(fixture, gone);
	fixture_add(fixture, stays);
	fixture_remove(fixture, gone);
	fixture_expect_no_peer(fixture, gone);
	fixture_expect_peer(fixture, stays);
}

static void removing_a_missing_peer_is_no_error_and_makes_none(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *peer = fixture_peer(fixture, before);
	fixture_create(fixture);
	fixture_remove(fixture, peer);
	fixture_expect_peer_count(fixture, 0);
}

static void a_peer_that_is_added_again_after_its_removal_remembers_nothing(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *bare = fixture_peer(fixture, (struct test_peer){.number = 2});
	fixture_create(fixture);
	fixture_add(fixture, fixture_peer(fixture, before));
	fixture_remove(fixture, bare);
	fixture_add(fixture, bare);
	fixture_expect_peer(fixture, bare);
}

static const struct contract_check checks[] = {
	CONTRACT_CHECK(a_peer_reads_back_as_it_was_added),
	CONTRACT_CHECK(a_peer_without_anything_reads_back_empty),
	CONTRACT_CHECK(adding_a_peer_again_sets_it_whole),
	CONTRACT_CHECK(adding_clears_what_the_peer_no_longer_has_but_its_endpoint),
	CONTRACT_CHECK(adding_a_known_peer_sets_it_whole),
	CONTRACT_CHECK(adding_a_known_peer_takes_a_prefix_from_another),
	CONTRACT_CHECK(adding_a_known_peer_that_is_gone_sets_it_whole),
	CONTRACT_CHECK(an_update_changes_the_fields_of_its_mask_and_no_others),
	CONTRACT_CHECK(a_preshared_key_is_cleared),
	CONTRACT_CHECK(a_keepalive_is_turned_off),
	CONTRACT_CHECK(no_endpoint_leaves_the_endpoint_as_it_is),
	CONTRACT_CHECK(ipv6_and_mapped_endpoints_read_back_in_canonical_form),
	CONTRACT_CHECK(the_nodes_own_key_is_ignored_without_an_error),
	CONTRACT_CHECK(an_update_of_a_missing_peer_makes_none),
	CONTRACT_CHECK(removing_a_peer_leaves_the_others),
	CONTRACT_CHECK(removing_a_missing_peer_is_no_error_and_makes_none),
	CONTRACT_CHECK(a_peer_that_is_added_again_after_its_removal_remembers_nothing),
};

struct contract_list contract_peer_checks(void)
{
	return CONTRACT_LIST(checks);
}
