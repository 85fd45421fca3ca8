/* SPDX-License-Identifier: Apache-2.0 */
#include "route_claims.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* `array` with room for `wanted` elements, one at least; NULL when out of memory. */
static void *array_reserve(void *array, size_t *capacity, size_t wanted, size_t size)
{
	if (wanted <= *capacity)
		return array;
	size_t next = wanted > *capacity * 2 ? wanted : *capacity * 2;
	void *grown = reallocarray(array, next, size);
	if (grown)
		*capacity = next;
	return grown;
}

/* Room for so many more of each. */
static int claims_reserve(
	struct route_claims *claims, size_t more, size_t more_claimants, size_t more_endpoints)
{
	struct route_claim *list = array_reserve(
		claims->claims, &claims->capacity, claims->count + more + 1, sizeof *list);
	if (!list)
		return -ENOMEM;
	claims->claims = list;
	struct route_claimant *claimants =
		array_reserve(claims->claimants, &claims->claimant_capacity,
			claims->claimant_count + more_claimants + 1, sizeof *claimants);
	if (!claimants)
		return -ENOMEM;
	claims->claimants = claimants;
	struct ip *endpoints = array_reserve(claims->endpoints, &claims->endpoint_capacity,
		claims->endpoint_count + more_endpoints + 1, sizeof *endpoints);
	if (!endpoints)
		return -ENOMEM;
	claims->endpoints = endpoints;
	return 0;
}

static int compare_claims(const void *a, const void *b)
{
	const struct route_claim *x = a, *y = b;
	return prefix_compare(&x->destination, &y->destination);
}

static struct route_claim *claim_find(
	const struct route_claims *claims, const struct prefix *destination)
{
	struct route_claim wanted = {.destination = *destination};
	if (!claims->count)
		return NULL;
	return bsearch(
		&wanted, claims->claims, claims->count, sizeof *claims->claims, compare_claims);
}

/* Where the peer stands or would stand. */
static size_t claimant_position(
	const struct route_claims *claims, const struct key_public *key, bool *ret_found)
{
	size_t low = 0, high = claims->claimant_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (key_public_compare(&claims->claimants[middle].public_key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_found = low < claims->claimant_count &&
		     key_public_equal(&claims->claimants[low].public_key, key);
	return low;
}

/* The first desired endpoint at or behind `ip`. */
static size_t endpoint_position(const struct route_claims *claims, const struct ip *ip)
{
	size_t low = 0, high = claims->endpoint_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (ip_compare(&claims->endpoints[middle], ip) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int claimant_make(const struct peer_config *peer, struct route_claimant *ret)
{
	struct prefix *copy = calloc(peer->allowed_ip_count + 1, sizeof *copy);
	if (!copy)
		return -ENOMEM;
	if (peer->allowed_ip_count)
		memcpy(copy, peer->allowed_ips, peer->allowed_ip_count * sizeof *copy);
	*ret = (struct route_claimant){
		.public_key = peer->public_key,
		.destinations = copy,
		.count = prefixes_normalize(copy, peer->allowed_ip_count),
	};
	return 0;
}

static int compare_claimants(const void *a, const void *b)
{
	const struct route_claimant *x = a, *y = b;
	return key_public_compare(&x->public_key, &y->public_key);
}

static int compare_endpoints(const void *a, const void *b)
{
	return ip_compare(a, b);
}

/* All that is in `list`, once each, one after the other: claims are made of it by sorting. */
static void claims_append(struct route_claims *claims, const struct prefix *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		claims->claims[claims->count++] =
			(struct route_claim){.destination = list[i], .peer_count = 1};
}

/* Sorts what was appended and counts repeats. */
static void claims_seal(struct route_claims *claims)
{
	size_t kept = 0;
	qsort(claims->claims, claims->count, sizeof *claims->claims, compare_claims);
	for (size_t i = 0; i < claims->count; i++) {
		if (kept && compare_claims(&claims->claims[kept - 1], &claims->claims[i]) == 0)
			claims->claims[kept - 1].peer_count++;
		else
			claims->claims[kept++] = claims->claims[i];
	}
	claims->count = kept;
}

static void losers_append(
	struct route_claims *claims, const struct conflict *conflicts, size_t conflict_count)
{
	for (size_t i = 0; i < conflict_count; i++) {
		const char *about = conflicts[i].about;
		struct prefix destination;
		if (conflicts[i].kind == CONFLICT_PREFIX &&
			prefix_parse(about, strlen(about), &destination, NULL) == 0)
			claims_append(claims, &destination, 1);
	}
}

static int claims_make(struct route_claims *claims, const struct peer_config *const *peers,
	size_t peer_count, size_t desired_count, const struct conflict *conflicts,
	size_t conflict_count)
{
	size_t room = conflict_count;
	for (size_t i = 0; i < peer_count; i++)
		room += peers[i]->allowed_ip_count;
	int error = claims_reserve(claims, room, peer_count, desired_count);
	for (size_t i = 0; i < peer_count && !error; i++) {
		error = claimant_make(peers[i], &claims->claimants[i]);
		claims->claimant_count += !error;
	}
	if (error)
		return error;
	for (size_t i = 0; i < peer_count; i++)
		claims_append(
			claims, claims->claimants[i].destinations, claims->claimants[i].count);
	losers_append(claims, conflicts, conflict_count);
	claims_seal(claims);
	for (size_t i = 0; i < desired_count; i++)
		if (peers[i]->endpoint.kind == ENDPOINT_IP)
			claims->endpoints[claims->endpoint_count++] = peers[i]->endpoint.ip;
	qsort(claims->claimants, peer_count, sizeof *claims->claimants, compare_claimants);
	qsort(claims->endpoints, claims->endpoint_count, sizeof *claims->endpoints,
		compare_endpoints);
	return 0;
}

int route_claims_load(struct route_claims *claims, const struct peer_config *const *peers,
	size_t peer_count, size_t desired_count, const struct conflict *conflicts,
	size_t conflict_count)
{
	struct route_claims loaded = {0};
	int error =
		claims_make(&loaded, peers, peer_count, desired_count, conflicts, conflict_count);
	if (error) {
		route_claims_clear(&loaded);
		return error;
	}
	route_claims_clear(claims);
	*claims = loaded;
	return 0;
}

/* One more peer wants each of `list`, for which there is room; `adds` gets the new ones. */
static size_t claims_count_up(
	struct route_claims *claims, const struct prefix *list, size_t count, struct prefix *adds)
{
	size_t add_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct route_claim *claim = claim_find(claims, &list[i]);
		if (claim)
			claim->peer_count++;
		else
			adds[add_count++] = list[i];
	}
	/* Both are sorted: one merge, from behind. */
	size_t from = claims->count, to = from + add_count, left = add_count;
	while (left) {
		if (from &&
			prefix_compare(&claims->claims[from - 1].destination, &adds[left - 1]) > 0)
			claims->claims[--to] = claims->claims[--from];
		else
			claims->claims[--to] =
				(struct route_claim){.destination = adds[--left], .peer_count = 1};
	}
	claims->count += add_count;
	return add_count;
}

/* One peer fewer wants each of `list`; `removes` gets those that nobody wants any more. */
static size_t claims_count_down(struct route_claims *claims, const struct prefix *list,
	size_t count, struct prefix *removes)
{
	size_t remove_count = 0, first = claims->count;
	for (size_t i = 0; i < count; i++) {
		struct route_claim *claim = claim_find(claims, &list[i]);
		if (--claim->peer_count > 0)
			continue;
		if (remove_count == 0) /* the list is sorted */
			first = (size_t)(claim - claims->claims);
		removes[remove_count++] = list[i];
	}
	size_t kept = first;
	for (size_t i = first; i < claims->count; i++)
		if (claims->claims[i].peer_count)
			claims->claims[kept++] = claims->claims[i];
	claims->count = kept;
	return remove_count;
}

/* What a cycle would withhold too. */
static bool is_withheld(const struct route_claims *claims, const struct route_policy *policy,
	const struct prefix *destination)
{
	if (destination->length == 0 && !policy->manage_defaults)
		return true;
	if (destination->ip.family == IP_V6 && claims->ipv6_obstacle)
		return true;
	if (policy->mark_keeps_out)
		return false;
	for (size_t i = 0; i < policy->protected_ip_count; i++)
		if (prefix_covers(destination, &policy->protected_ips[i]))
			return true;
	/* Host bits are zero: what it covers begins there. */
	size_t at = endpoint_position(claims, &destination->ip);
	return at < claims->endpoint_count && prefix_covers(destination, &claims->endpoints[at]);
}

static void withheld_drop(const struct route_claims *claims, const struct route_policy *policy,
	struct route_plan *plan)
{
	size_t kept = 0;
	for (size_t i = 0; i < plan->add_count; i++)
		if (!is_withheld(claims, policy, &plan->adds[i]))
			plan->adds[kept++] = plan->adds[i];
	plan->add_count = kept;
}

static void endpoint_insert(struct route_claims *claims, const struct ip *ip)
{
	size_t at = endpoint_position(claims, ip);
	if (at < claims->endpoint_count && ip_equal(&claims->endpoints[at], ip))
		return;
	memmove(&claims->endpoints[at + 1], &claims->endpoints[at],
		(claims->endpoint_count - at) * sizeof *claims->endpoints);
	claims->endpoints[at] = *ip;
	claims->endpoint_count++;
}

/* Memory for all that a change to one peer can need. */
static int change_prepare(struct route_claims *claims, const struct route_claimant *next,
	size_t old_count, struct route_plan *plan)
{
	plan->adds = calloc(next->count + 1, sizeof *plan->adds);
	plan->removes = calloc(old_count + 1, sizeof *plan->removes);
	return plan->adds && plan->removes ? claims_reserve(claims, next->count, 1, 1) : -ENOMEM;
}

/* Puts `next` in the place at `at`, of an older one (`found`) or between others. */
static void claimant_put(
	struct route_claims *claims, size_t at, bool found, const struct route_claimant *next)
{
	if (found) {
		free(claims->claimants[at].destinations);
	} else {
		memmove(&claims->claimants[at + 1], &claims->claimants[at],
			(claims->claimant_count - at) * sizeof *claims->claimants);
		claims->claimant_count++;
	}
	claims->claimants[at] = *next;
}

int route_claims_set(struct route_claims *claims, const struct peer_config *peer,
	const struct route_policy *policy, struct route_plan *ret)
{
	bool found;
	size_t at = claimant_position(claims, &peer->public_key, &found);
	struct route_claimant next = {0}, old = {0};
	struct route_plan plan = {.is_blind = true};
	if (found)
		old = claims->claimants[at];
	int error = claimant_make(peer, &next);
	if (!error)
		error = change_prepare(claims, &next, old.count, &plan);
	if (error) {
		free(next.destinations);
		route_plan_clear(&plan);
		return error;
	}
	plan.add_count = claims_count_up(claims, next.destinations, next.count, plan.adds);
	plan.remove_count = claims_count_down(claims, old.destinations, old.count, plan.removes);
	claimant_put(claims, at, found, &next);
	if (peer->endpoint.kind == ENDPOINT_IP)
		endpoint_insert(claims, &peer->endpoint.ip);
	withheld_drop(claims, policy, &plan);
	*ret = plan;
	return 0;
}

int route_claims_drop(
	struct route_claims *claims, const struct key_public *key, struct route_plan *ret)
{
	bool found;
	size_t at = claimant_position(claims, key, &found);
	struct route_plan plan = {.is_blind = true};
	if (!found)
		return 0;
	struct route_claimant *claimant = &claims->claimants[at];
	plan.removes = calloc(claimant->count + 1, sizeof *plan.removes);
	if (!plan.removes)
		return -ENOMEM;
	plan.remove_count =
		claims_count_down(claims, claimant->destinations, claimant->count, plan.removes);
	free(claimant->destinations);
	claims->claimant_count--;
	memmove(claimant, claimant + 1, (claims->claimant_count - at) * sizeof *claimant);
	*ret = plan;
	return 0;
}

void route_claims_clear(struct route_claims *claims)
{
	for (size_t i = 0; i < claims->claimant_count; i++)
		free(claims->claimants[i].destinations);
	free(claims->claimants);
	free(claims->claims);
	free(claims->endpoints);
	*claims = (struct route_claims){0};
}
