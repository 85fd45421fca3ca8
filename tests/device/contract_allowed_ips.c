/* SPDX-License-Identifier: Apache-2.0 */
/* Allowed IPs: which peer has which prefix. */
#include "contract_checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct peer_config *peer_with(
	struct device_fixture *fixture, unsigned number, const char *allowed_ips)
{
	return fixture_peer(
		fixture, (struct test_peer){.number = number, .allowed_ips = allowed_ips});
}

/* Add a peer with `first`, update it to `second`, and check it. */
static void update_allowed_ips(
	struct device_fixture *fixture, const char *first, const char *second)
{
	struct peer_config *wanted = peer_with(fixture, 2, second);
	fixture_create(fixture);
	fixture_add(fixture, peer_with(fixture, 2, first));
	fixture_read(fixture);
	fixture_update(fixture, wanted, PEER_FIELD_ALLOWED_IPS);
	fixture_expect_peer(fixture, wanted);
}

static void allowed_ips_grow(struct device_fixture *fixture, const struct contract_bed *bed)
{
	update_allowed_ips(fixture, "10.1.0.0/24", "10.0.0.0/8,10.1.0.0/24,fd00::/8");
}

static void allowed_ips_shrink(struct device_fixture *fixture, const struct contract_bed *bed)
{
	update_allowed_ips(fixture, "10.0.0.0/8,10.1.0.0/24,fd00::/8", "10.1.0.0/24");
}

static void allowed_ips_are_exchanged(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	update_allowed_ips(fixture, "10.1.0.0/24,10.2.0.0/24", "10.2.0.0/24,10.3.0.0/24");
}

static void allowed_ips_all_go(struct device_fixture *fixture, const struct contract_bed *bed)
{
	update_allowed_ips(fixture, "10.1.0.0/24,fd00::/8", "");
}

static void default_routes_and_nested_prefixes_read_back(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *wide = peer_with(fixture, 2, "0.0.0.0/0,::/0,10.0.0.0/8");
	struct peer_config *narrow = peer_with(fixture, 3, "10.1.0.0/16,10.1.2.3,2001:db8::1");
	fixture_create(fixture);
	fixture_add(fixture, wide);
	fixture_add(fixture, narrow);
	fixture_expect_peer(fixture, wide);
	fixture_expect_peer(fixture, narrow);
}

static void mapped_prefixes_and_host_bits_read_back_in_canonical_form(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *peer =
		peer_with(fixture, 2, "::ffff:10.0.0.0/120,10.5.6.7/16,fd05::6/64");
	fixture_create(fixture);
	fixture_add(fixture, peer);
	fixture_expect_peer(fixture, peer);
	struct prefix expected = test_prefix("10.0.0.0/24");
	assert_true(peer_has_allowed_ip(peer, &expected));
}

static void a_hundred_allowed_ips_fit_one_peer(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	char list[2000] = "";
	for (unsigned i = 0; i < 100; i++)
		snprintf(list + strlen(list), sizeof list - strlen(list), "%s10.0.%u.0/24",
			i ? "," : "", i);
	struct peer_config *peer = peer_with(fixture, 2, list);
	assert_int_equal(peer->allowed_ip_count, 100);
	fixture_create(fixture);
	fixture_add(fixture, peer);
	fixture_expect_peer(fixture, peer);
}

static void a_prefix_given_to_a_peer_leaves_the_other(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *first = peer_with(fixture, 2, "10.1.0.0/24,10.2.0.0/24");
	struct peer_config *second = peer_with(fixture, 3, "10.1.0.0/24");
	fixture_create(fixture);
	fixture_add(fixture, first);
	fixture_add(fixture, second);
	fixture_expect_peer(fixture, second);
	fixture_expect_peer(fixture, peer_with(fixture, 2, "10.2.0.0/24"));
	fixture_update(fixture, first, PEER_FIELD_ALLOWED_IPS);
	fixture_expect_peer(fixture, first);
	fixture_expect_peer(fixture, peer_with(fixture, 3, ""));
}

static void prefixes_swap_between_two_peers(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *first = peer_with(fixture, 2, "10.2.0.0/24");
	struct peer_config *second = peer_with(fixture, 3, "10.1.0.0/24");
	fixture_create(fixture);
	fixture_add(fixture, peer_with(fixture, 2, "10.1.0.0/24"));
	fixture_add(fixture, peer_with(fixture, 3, "10.2.0.0/24"));
	fixture_read(fixture);
	fixture_update(fixture, first, PEER_FIELD_ALLOWED_IPS);
	fixture_update(fixture, second, PEER_FIELD_ALLOWED_IPS);
	fixture_expect_peer(fixture, first);
	fixture_expect_peer(fixture, second);
}

static const struct contract_check checks[] = {
	CONTRACT_CHECK(allowed_ips_grow),
	CONTRACT_CHECK(allowed_ips_shrink),
	CONTRACT_CHECK(allowed_ips_are_exchanged),
	CONTRACT_CHECK(allowed_ips_all_go),
	CONTRACT_CHECK(default_routes_and_nested_prefixes_read_back),
	CONTRACT_CHECK(mapped_prefixes_and_host_bits_read_back_in_canonical_form),
	CONTRACT_CHECK(a_hundred_allowed_ips_fit_one_peer),
	CONTRACT_CHECK(a_prefix_given_to_a_peer_leaves_the_other),
	CONTRACT_CHECK(prefixes_swap_between_two_peers),
};

struct contract_list contract_allowed_ip_checks(void)
{
	return CONTRACT_LIST(checks);
}
