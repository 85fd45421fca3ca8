/* SPDX-License-Identifier: Apache-2.0 */
#include "route_plan.h"

#include "array.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* A destination that is an allowed IP of a peer. */
struct wish {
	struct prefix destination;
	bool is_refused;
};

struct routing {
	const struct route_policy *policy;
	struct wish *wishes; /* sorted, no repeats */
	size_t wish_count;
	bool lengths_v4[33], lengths_v6[129]; /* which prefix lengths occur among the wishes */
	size_t refusal_capacity;
	struct route_plan out;
};

static int compare_wishes(const void *a, const void *b)
{
	const struct wish *x = a, *y = b;
	return prefix_compare(&x->destination, &y->destination);
}

static int wishes_collect(
	struct routing *routing, const struct peer_config *const *peers, size_t peer_count)
{
	size_t count = 0;
	for (size_t i = 0; i < peer_count; i++)
		count += peers[i]->allowed_ip_count;
	routing->wishes = calloc(count ? count : 1, sizeof *routing->wishes);
	if (!routing->wishes)
		return -ENOMEM;
	size_t at = 0;
	for (size_t i = 0; i < peer_count; i++)
		for (uint32_t j = 0; j < peers[i]->allowed_ip_count; j++)
			routing->wishes[at++].destination = peers[i]->allowed_ips[j];
	qsort(routing->wishes, count, sizeof *routing->wishes, compare_wishes);
	for (size_t i = 0; i < count; i++) {
		struct wish *wish = &routing->wishes[i];
		if (i > 0 && compare_wishes(wish, &routing->wishes[routing->wish_count - 1]) == 0)
			continue;
		routing->wishes[routing->wish_count++] = *wish;
		if (wish->destination.ip.family == IP_V4)
			routing->lengths_v4[wish->destination.length] = true;
		else
			routing->lengths_v6[wish->destination.length] = true;
	}
	return 0;
}

static int route_refuse(struct routing *routing, struct wish *wish,
	enum route_refusal_reason reason, const struct ip *covered)
{
	struct route_plan *out = &routing->out;
	if (wish->is_refused)
		return 0;
	struct route_refusal *refusals = array_grow(
		out->refusals, out->refusal_count, &routing->refusal_capacity, sizeof *refusals);
	if (!refusals)
		return -ENOMEM;
	out->refusals = refusals;
	wish->is_refused = true;
	struct route_refusal refusal = {.destination = wish->destination, .reason = reason};
	if (covered)
		refusal.covered = *covered;
	out->refusals[out->refusal_count++] = refusal;
	return 0;
}

static void ipv6_withhold(struct routing *routing, const struct route_table *actual)
{
	struct route_plan *out = &routing->out;
	enum ipv6_obstacle obstacle =
		ipv6_obstacle_with_mtu(actual->ipv6_obstacle, routing->policy->mtu);
	for (size_t i = 0; i < routing->wish_count && obstacle; i++) {
		struct wish *wish = &routing->wishes[i];
		if (wish->destination.ip.family != IP_V6)
			continue;
		wish->is_refused = true;
		out->ipv6_withheld_count++;
	}
	out->ipv6_obstacle = obstacle;
}

static int defaults_refuse(struct routing *routing)
{
	int error = 0;
	for (size_t i = 0; i < routing->wish_count && !error; i++)
		if (routing->wishes[i].destination.length == 0 && !routing->policy->manage_defaults)
			error = route_refuse(
				routing, &routing->wishes[i], ROUTE_REFUSED_DEFAULT, NULL);
	return error;
}

/* Refuse each wish that covers `ip`, with one search for each prefix length that occurs. */
static int covers_refuse(struct routing *routing, const struct ip *ip)
{
	const bool *lengths = ip->family == IP_V4 ? routing->lengths_v4 : routing->lengths_v6;
	int error = 0;
	for (unsigned length = 0; length <= ip_bits(ip) && !error; length++) {
		if (!lengths[length])
			continue;
		struct wish wanted = {.destination = {.ip = *ip, .length = (uint8_t)length}};
		prefix_mask(&wanted.destination);
		struct wish *wish = bsearch(&wanted, routing->wishes, routing->wish_count,
			sizeof *routing->wishes, compare_wishes);
		if (wish)
			error = route_refuse(routing, wish, ROUTE_REFUSED_COVERS, ip);
	}
	return error;
}

static int peer_covers_refuse(struct routing *routing, const struct peer_config *peer)
{
	return peer->endpoint.kind == ENDPOINT_IP ? covers_refuse(routing, &peer->endpoint.ip) : 0;
}

static int all_covers_refuse(
	struct routing *routing, const struct peer_config *const *peers, size_t desired_count)
{
	const struct route_policy *policy = routing->policy;
	int error = 0;
	if (policy->mark_keeps_out)
		return 0;
	for (size_t i = 0; i < desired_count && !error; i++)
		error = peer_covers_refuse(routing, peers[i]);
	for (size_t i = 0; i < policy->protected_ip_count && !error; i++)
		error = covers_refuse(routing, &policy->protected_ips[i]);
	return error;
}

/* The routes that the table has for one destination. */
struct place {
	bool ours, foreign_here, foreign;
};

static struct place place_read(const struct route_table *actual, size_t *at)
{
	struct place place = {0};
	const struct prefix *destination = &actual->routes[*at].destination;
	for (; *at < actual->count; ++*at) {
		const struct route *route = &actual->routes[*at];
		if (prefix_compare(&route->destination, destination) != 0)
			break;
		place.ours |= route->owner == ROUTE_OURS;
		place.foreign_here |= route->owner == ROUTE_FOREIGN_HERE;
		place.foreign |= route->owner == ROUTE_FOREIGN;
	}
	return place;
}

/* `wish` is NULL if no peer claims the destination. */
static int place_settle(struct routing *routing, struct wish *wish,
	const struct prefix *destination, struct place place)
{
	struct route_plan *out = &routing->out;
	if (!wish || wish->is_refused) {
		if (place.ours)
			out->removes[out->remove_count++] = *destination;
		return 0;
	}
	if (place.ours || place.foreign_here) {
		out->unchanged_count++;
		return 0;
	}
	if (place.foreign)
		return route_refuse(routing, wish, ROUTE_REFUSED_FOREIGN, NULL);
	out->adds[out->add_count++] = *destination;
	return 0;
}

/* Walk over the sorted wishes and the sorted table. */
static int places_settle(struct routing *routing, const struct route_table *actual)
{
	size_t wish_at = 0, route_at = 0;
	int error = 0;
	while (!error && (wish_at < routing->wish_count || route_at < actual->count)) {
		struct wish *wish =
			wish_at < routing->wish_count ? &routing->wishes[wish_at] : NULL;
		const struct prefix *there =
			route_at < actual->count ? &actual->routes[route_at].destination : NULL;
		int order = !there ? -1 : !wish ? 1 : prefix_compare(&wish->destination, there);
		struct place place = {0};
		const struct prefix *destination = order <= 0 ? &wish->destination : there;
		if (order >= 0)
			place = place_read(actual, &route_at);
		if (order <= 0)
			wish_at++;
		error = place_settle(routing, order <= 0 ? wish : NULL, destination, place);
	}
	return error;
}

static int compare_refusals(const void *a, const void *b)
{
	const struct route_refusal *x = a, *y = b;
	return prefix_compare(&x->destination, &y->destination);
}

int route_plan_compute(const struct peer_config *const *peers, size_t peer_count,
	size_t desired_count, const struct route_table *actual, const struct route_policy *policy,
	struct route_plan *ret)
{
	struct routing routing = {.policy = policy};
	struct route_plan *out = &routing.out;
	int error = wishes_collect(&routing, peers, peer_count);
	if (!error) {
		out->adds = calloc(routing.wish_count + 1, sizeof *out->adds);
		out->removes = calloc(actual->count + 1, sizeof *out->removes);
		error = out->adds && out->removes ? 0 : -ENOMEM;
	}
	if (!error) {
		ipv6_withhold(&routing, actual);
		error = defaults_refuse(&routing);
	}
	if (!error)
		error = all_covers_refuse(&routing, peers, desired_count);
	if (!error)
		error = places_settle(&routing, actual);
	free(routing.wishes);
	if (error) {
		route_plan_clear(out);
		return error;
	}
	if (out->refusal_count)
		qsort(out->refusals, out->refusal_count, sizeof *out->refusals, compare_refusals);
	*ret = *out;
	return 0;
}

struct route_refusal_text route_refusal_format(const struct route_refusal *refusal)
{
	struct route_refusal_text text;
	switch (refusal->reason) {
	case ROUTE_REFUSED_FOREIGN:
		snprintf(text.text, sizeof text.text, "another route has this destination");
		break;
	case ROUTE_REFUSED_DEFAULT:
		snprintf(text.text, sizeof text.text,
			"a default route goes only into a table other than main");
		break;
	case ROUTE_REFUSED_COVERS:
		snprintf(text.text, sizeof text.text,
			"it covers %s, which the tunnels or the control plane need",
			ip_format(&refusal->covered).text);
		break;
	}
	return text;
}

void route_plan_clear(struct route_plan *plan)
{
	free(plan->adds);
	free(plan->removes);
	free(plan->refusals);
	*plan = (struct route_plan){0};
}
