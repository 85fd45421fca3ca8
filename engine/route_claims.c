/* SPDX-License-Identifier: Apache-2.0 */
#include "route_claims.h"

#include "array.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare_claims(const void *a, const void *b)
{
	const struct route_claim *x = a, *y = b;
	return prefix_compare(&x->destination, &y->destination);
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

/* Return an element of the array of the last cycle or of the tree of added ones, or NULL. */
static void *element_find(const void *wanted, const void *array, size_t count, size_t size,
	void *const *added, int (*compare)(const void *a, const void *b))
{
	void *element = count ? bsearch(wanted, array, count, size, compare) : NULL;
	if (element)
		return element;
	void **found = tfind(wanted, added, compare);
	return found ? *found : NULL;
}

static void *element_add(
	const void *copied, size_t size, void **added, int (*compare)(const void *a, const void *b))
{
	void *element = malloc(size);
	if (!element)
		return NULL;
	memcpy(element, copied, size);
	if (tsearch(element, added, compare))
		return element;
	free(element);
	return NULL;
}

static struct route_claim *claim_find(
	const struct route_claims *claims, const struct prefix *destination)
{
	const struct route_claim wanted = {.destination = *destination};
	return element_find(&wanted, claims->claims, claims->count, sizeof wanted,
		&claims->added_claims, compare_claims);
}

static struct route_claimant *claimant_find(
	const struct route_claims *claims, const struct key_public *key)
{
	const struct route_claimant wanted = {.public_key = *key};
	return element_find(&wanted, claims->claimants, claims->claimant_count, sizeof wanted,
		&claims->added_claimants, compare_claimants);
}

/* Return the position of the first desired endpoint of the last cycle that is not before `ip`. */
static size_t endpoint_position(const struct route_claims *claims, const struct ip *ip)
{
	return array_search(claims->endpoints, claims->endpoint_count, sizeof *claims->endpoints,
		ip, compare_endpoints);
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

/* Append a claim of one peer for each destination. claims_seal merges them. */
static void claims_append(struct route_claims *claims, const struct prefix *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		claims->claims[claims->count++] =
			(struct route_claim){.destination = list[i], .peer_count = 1};
}

/* Sort the claims and merge those with the same destination. */
static void claims_seal(struct route_claims *claims)
{
	size_t merged = 0;
	qsort(claims->claims, claims->count, sizeof *claims->claims, compare_claims);
	for (size_t i = 0; i < claims->count; i++) {
		if (merged && compare_claims(&claims->claims[merged - 1], &claims->claims[i]) == 0)
			claims->claims[merged - 1].peer_count++;
		else
			claims->claims[merged++] = claims->claims[i];
	}
	claims->count = merged;
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
	claims->claims = calloc(room + 1, sizeof *claims->claims);
	claims->claimants = calloc(peer_count + 1, sizeof *claims->claimants);
	claims->endpoints = calloc(desired_count + 1, sizeof *claims->endpoints);
	if (!claims->claims || !claims->claimants || !claims->endpoints)
		return -ENOMEM;
	for (size_t i = 0; i < peer_count; i++) {
		struct route_claimant *claimant = &claims->claimants[i];
		if (claimant_make(peers[i], claimant) != 0)
			return -ENOMEM;
		claims->claimant_count++;
		claims_append(claims, claimant->destinations, claimant->count);
	}
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

/* Count one peer fewer for the destination. Return whether no peer is left. */
static bool claim_count_down(struct route_claims *claims, const struct prefix *destination)
{
	struct route_claim *claim = claim_find(claims, destination);
	if (--claim->peer_count > 0)
		return false;
	/* A claim of the last cycle stays in its array, with no peer. */
	if (tdelete(claim, &claims->added_claims, compare_claims))
		free(claim);
	return true;
}

/* Count one peer fewer for each destination. Write those that no peer claims any more to `removes`
 * and return how many there are. */
static size_t claims_count_down(struct route_claims *claims, const struct prefix *list,
	size_t count, struct prefix *removes)
{
	size_t remove_count = 0;
	for (size_t i = 0; i < count; i++)
		if (claim_count_down(claims, &list[i]))
			removes[remove_count++] = list[i];
	return remove_count;
}

/* Count one peer more for each destination. Write those that no peer claimed before to `adds`.
 * Return 0, or -ENOMEM with all counts unchanged. */
static int claims_count_up(struct route_claims *claims, const struct prefix *list, size_t count,
	struct prefix *adds, size_t *ret_add_count)
{
	size_t add_count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct route_claim none = {.destination = list[i]};
		struct route_claim *claim = claim_find(claims, &list[i]);
		if (!claim)
			claim = element_add(
				&none, sizeof none, &claims->added_claims, compare_claims);
		if (!claim) {
			while (i-- > 0)
				claim_count_down(claims, &list[i]);
			return -ENOMEM;
		}
		if (claim->peer_count++ == 0)
			adds[add_count++] = list[i];
	}
	*ret_add_count = add_count;
	return 0;
}

/* Compare a prefix with an endpoint; an endpoint that the prefix covers is equal. */
static int compare_covered(const void *wanted, const void *endpoint)
{
	const struct prefix *prefix = wanted;
	return prefix_covers(prefix, endpoint) ? 0 : ip_compare(&prefix->ip, endpoint);
}

/* Return whether a cycle would withhold the route too, by the rules of route_plan.h. */
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
	if (tfind(destination, &claims->added_endpoints, compare_covered))
		return true;
	/* Host bits are zero, so the addresses that it covers begin at its own. */
	size_t at = endpoint_position(claims, &destination->ip);
	return at < claims->endpoint_count && prefix_covers(destination, &claims->endpoints[at]);
}

static void withheld_drop(const struct route_claims *claims, const struct route_policy *policy,
	struct route_plan *plan)
{
	size_t left = 0;
	for (size_t i = 0; i < plan->add_count; i++)
		if (!is_withheld(claims, policy, &plan->adds[i]))
			plan->adds[left++] = plan->adds[i];
	plan->add_count = left;
}

static int endpoint_add(struct route_claims *claims, const struct endpoint *endpoint)
{
	const struct ip *ip = &endpoint->ip;
	if (endpoint->kind != ENDPOINT_IP ||
		element_find(ip, claims->endpoints, claims->endpoint_count, sizeof *ip,
			&claims->added_endpoints, compare_endpoints))
		return 0;
	return element_add(ip, sizeof *ip, &claims->added_endpoints, compare_endpoints) ? 0
											: -ENOMEM;
}

/* Return the claimant with that key; create one if there is none. NULL when out of memory. */
static struct route_claimant *claimant_obtain(
	struct route_claims *claims, const struct key_public *key)
{
	const struct route_claimant none = {.public_key = *key};
	struct route_claimant *claimant = claimant_find(claims, key);
	return claimant ? claimant
			: element_add(
				  &none, sizeof none, &claims->added_claimants, compare_claimants);
}

/* Allocate the lists of the plan. */
static int plan_reserve(struct route_plan *plan, size_t add_count, size_t remove_count)
{
	plan->adds = calloc(add_count + 1, sizeof *plan->adds);
	plan->removes = calloc(remove_count + 1, sizeof *plan->removes);
	return plan->adds && plan->removes ? 0 : -ENOMEM;
}

int route_claims_set(struct route_claims *claims, const struct peer_config *peer,
	const struct route_policy *policy, struct route_plan *ret)
{
	struct route_claimant next = {0};
	struct route_plan plan = {.is_blind = true};
	struct route_claimant *claimant = claimant_obtain(claims, &peer->public_key);
	int error = claimant ? claimant_make(peer, &next) : -ENOMEM;
	if (!error)
		error = plan_reserve(&plan, next.count, claimant->count);
	if (!error)
		error = endpoint_add(claims, &peer->endpoint);
	if (!error)
		error = claims_count_up(
			claims, next.destinations, next.count, plan.adds, &plan.add_count);
	if (error) {
		free(next.destinations);
		route_plan_clear(&plan);
		return error;
	}
	plan.remove_count =
		claims_count_down(claims, claimant->destinations, claimant->count, plan.removes);
	free(claimant->destinations);
	*claimant = next;
	withheld_drop(claims, policy, &plan);
	*ret = plan;
	return 0;
}

int route_claims_drop(
	struct route_claims *claims, const struct key_public *key, struct route_plan *ret)
{
	struct route_claimant *claimant = claimant_find(claims, key);
	struct route_plan plan = {.is_blind = true};
	if (!claimant)
		return 0;
	if (plan_reserve(&plan, 0, claimant->count) != 0) {
		route_plan_clear(&plan);
		return -ENOMEM;
	}
	plan.remove_count =
		claims_count_down(claims, claimant->destinations, claimant->count, plan.removes);
	free(claimant->destinations);
	/* A claimant of the last cycle stays in its array, with no destination. */
	if (tdelete(claimant, &claims->added_claimants, compare_claimants))
		free(claimant);
	else
		*claimant = (struct route_claimant){.public_key = *key};
	*ret = plan;
	return 0;
}

static void claimant_free(void *freed)
{
	struct route_claimant *claimant = freed;
	free(claimant->destinations);
	free(claimant);
}

void route_claims_clear(struct route_claims *claims)
{
	for (size_t i = 0; i < claims->claimant_count; i++)
		free(claims->claimants[i].destinations);
	free(claims->claimants);
	free(claims->claims);
	free(claims->endpoints);
	tdestroy(claims->added_claims, free);
	tdestroy(claims->added_claimants, claimant_free);
	tdestroy(claims->added_endpoints, free);
	*claims = (struct route_claims){0};
}
