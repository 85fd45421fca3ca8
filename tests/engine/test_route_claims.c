/* SPDX-License-Identifier: Apache-2.0 */
/* Which routes come and go with one peer, compared with a count over all peers each time. */
#include "harness.h"

#include "route_claims.h"

#define PEERS    6
#define PREFIXES 8
#define STEPS    4000

/* The prefixes that each peer claims, one bit each; and those that losers of conflicts claim. */
struct account {
	unsigned wants[PEERS];
	unsigned losers;
	struct prefix prefixes[PREFIXES];
	struct prefix lists[PEERS][PREFIXES];
	struct peer_config peers[PEERS];
	uint32_t random;
};

static unsigned pick(struct account *account, unsigned bound)
{
	account->random = account->random * 1664525u + 1013904223u;
	return (account->random >> 16) % bound;
}

static unsigned wanted(const struct account *account)
{
	unsigned all = account->losers;
	for (unsigned i = 0; i < PEERS; i++)
		all |= account->wants[i];
	return all;
}

/* Out of order, and one possibly twice: a caller of the manager may pass that. */
static struct peer_config *peer_make(struct account *account, unsigned index)
{
	struct peer_config *peer = &account->peers[index];
	*peer = (struct peer_config){.public_key = key_of((unsigned char)(index + 1)),
		.allowed_ips = account->lists[index]};
	for (unsigned bit = PREFIXES; bit-- > 0;)
		if (account->wants[index] & 1u << bit)
			account->lists[index][peer->allowed_ip_count++] = account->prefixes[bit];
	return peer;
}

static void assert_prefixes(
	const struct account *account, const struct prefix *list, size_t count, unsigned expected)
{
	unsigned found = 0;
	for (size_t i = 0; i < count; i++) {
		if (i)
			assert_true(prefix_compare(&list[i - 1], &list[i]) < 0);
		for (unsigned bit = 0; bit < PREFIXES; bit++)
			if (prefix_equal(&list[i], &account->prefixes[bit]))
				found |= 1u << bit;
	}
	assert_int_equal(found, expected);
}

static void assert_change(const struct account *account, struct route_plan *plan, unsigned before)
{
	unsigned after = wanted(account);
	assert_prefixes(account, plan->adds, plan->add_count, after & ~before);
	assert_prefixes(account, plan->removes, plan->remove_count, before & ~after);
	route_plan_clear(plan);
}

static void load(struct account *account, struct route_claims *claims)
{
	const struct peer_config *peers[PEERS];
	struct prefix_text text;
	struct conflict conflicts[] = {{.kind = CONFLICT_KEY, .about = "10.200.0.0/16"},
		{.kind = CONFLICT_PREFIX, .about = "no prefix"},
		{.kind = CONFLICT_PREFIX, .about = text.text}};
	unsigned bit = pick(account, PREFIXES), count = 0;
	account->losers = 1u << bit;
	text = prefix_format(&account->prefixes[bit]);
	for (unsigned i = 0; i < PEERS; i++)
		if (account->wants[i])
			peers[count++] = peer_make(account, i);
	assert_int_equal(route_claims_load(claims, peers, count, count, conflicts, 3), 0);
}

static void each_change_agrees_with_a_count_over_all_peers(void **state)
{
	struct route_policy policy = {.mark_keeps_out = true, .manage_defaults = true};
	struct account account = {.random = 1};
	struct route_claims claims = {0};
	for (unsigned i = 0; i < PEERS; i++)
		peer_make(&account, i);
	for (unsigned bit = 0; bit < PREFIXES; bit++) {
		account.prefixes[bit] = prefix_of(bit % 2 ? "10.0.0.0/16" : "fd00::/16");
		account.prefixes[bit].ip.bytes[1] = (uint8_t)bit;
	}
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned before = wanted(&account), peer = pick(&account, PEERS);
		struct route_plan plan = {0};
		if (pick(&account, 50) == 0) {
			load(&account, &claims);
			continue;
		}
		account.wants[peer] = pick(&account, 3) ? pick(&account, 1u << PREFIXES) : 0;
		if (account.wants[peer] || pick(&account, 2))
			assert_int_equal(route_claims_set(&claims, peer_make(&account, peer),
						 &policy, &plan),
				0);
		else
			assert_int_equal(
				route_claims_drop(&claims, &account.peers[peer].public_key, &plan),
				0);
		assert_change(&account, &plan, before);
	}
	route_claims_clear(&claims);
}

/* Two peers, each with an endpoint, and a third whose routes depend on `policy`. */
static void assert_allowed(const struct route_policy *policy, const char *endpoint,
	const char *destination, bool is_allowed)
{
	struct prefix prefix = prefix_of(destination);
	struct peer_config desired[2] = {
		{.public_key = key_of(2), .endpoint = endpoint_of("198.51.100.2:1")},
		{.public_key = key_of(1), .endpoint = endpoint_of("[2001:db8::1]:1")},
	};
	const struct peer_config *peers[] = {&desired[1], &desired[0]};
	struct peer_config peer = {.public_key = key_of(3),
		.endpoint = endpoint_of(endpoint),
		.allowed_ips = &prefix,
		.allowed_ip_count = 1};
	struct route_claims claims = {0};
	struct route_plan plan = {0};
	assert_int_equal(route_claims_load(&claims, peers, 2, 2, NULL, 0), 0);
	assert_int_equal(route_claims_set(&claims, &peer, policy, &plan), 0);
	assert_int_equal(plan.add_count, is_allowed);
	route_plan_clear(&plan);
	route_claims_clear(&claims);
}

static void a_route_over_a_desired_endpoint_is_withheld(void **state)
{
	struct route_policy policy = {0};
	static const char *const over[] = {"198.51.100.0/24", "198.51.100.2/32", "2001:db8::/32",
		"192.0.2.0/31", "192.0.0.0/8"};
	static const char *const beside[] = {"198.51.100.3/32", "198.51.100.0/31",
		"198.51.101.0/24", "2001:db8:1::/48", "192.0.2.2/31", "fd00::/8", "10.0.0.0/8"};
	for (size_t i = 0; i < COUNT_OF(over); i++)
		assert_allowed(&policy, "192.0.2.1:1", over[i], false);
	for (size_t i = 0; i < COUNT_OF(beside); i++) {
		assert_allowed(&policy, "192.0.2.1:1", beside[i], true);
		assert_allowed(&policy, "198.51.100.2:7", beside[i], true);
	}
	policy.mark_keeps_out = true;
	assert_allowed(&policy, "192.0.2.1:1", "198.51.100.0/24", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_route_over_a_desired_endpoint_is_withheld),
		cmocka_unit_test(each_change_agrees_with_a_count_over_all_peers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
