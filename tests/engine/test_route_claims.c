/* Which routes come and go with one peer, against an account that counts all peers each time. */
#include "harness.h"

#include "route_claims.h"

#define PEERS    6
#define PREFIXES 8
#define STEPS    4000

/* What each peer wants, a bit for each prefix; and what losers of conflicts want. */
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

/* Not in order, and perhaps one twice: a caller of the manager may send that. */
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
	struct conflict conflicts[2] = {{.kind = CONFLICT_KEY, .about = "no prefix"},
		{.kind = CONFLICT_PREFIX, .about = text.text}};
	unsigned bit = pick(account, PREFIXES), count = 0;
	account->losers = 1u << bit;
	text = prefix_format(&account->prefixes[bit]);
	for (unsigned i = 0; i < PEERS; i++)
		if (account->wants[i])
			peers[count++] = peer_make(account, i);
	assert_int_equal(route_claims_load(claims, peers, count, count, conflicts, 2), 0);
}

static void each_change_is_what_counting_all_peers_says(void **state)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_change_is_what_counting_all_peers_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
