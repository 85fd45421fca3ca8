/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The routes that peers claim by their allowed IPs: as of the last cycle, and as events have
 * changed them since. With it an event finds the routes to add and remove for its peer without
 * reading the device or the routing table.
 *
 * What it returns is a route plan that was made without the table (`is_blind`). Functions return 0,
 * or -ENOMEM with the claims as before.
 */
#pragma once

#include "desired.h"
#include "route_plan.h"

/* A destination, and how many peers want it: the winner of a conflict and the losers. */
struct route_claim {
	struct prefix destination;
	uint32_t peer_count;
};

struct route_claimant {
	struct key_public public_key;
	struct prefix *destinations; /* sorted, no repeats */
	size_t count;
};

struct route_claims {
	/* As the last cycle found them; events change them in place. */
	struct route_claim *claims; /* sorted by destination; some without a peer */
	size_t count;
	struct route_claimant *claimants; /* sorted by key; some without destinations */
	size_t claimant_count;
	struct ip *endpoints; /* the desired ones, sorted */
	size_t endpoint_count;
	/* Those that only events brought, as trees (search.h) of the same. */
	void *added_claims;
	void *added_claimants;
	void *added_endpoints;
	enum ipv6_obstacle ipv6_obstacle; /* of the interface, as the last cycle found it */
};

/* A cycle wants the routes of these peers, in the order that route_plan_compute has them. The
 * losers of `conflicts` want theirs, too. */
int route_claims_load(struct route_claims *claims, const struct peer_config *const *peers,
	size_t peer_count, size_t desired_count, const struct conflict *conflicts,
	size_t conflict_count);
/* The peer now wants what `peer` says. `ret` gets what nobody wanted before and what nobody wants
 * any more. */
int route_claims_set(struct route_claims *claims, const struct peer_config *peer,
	const struct route_policy *policy, struct route_plan *ret);
/* The peer goes: `ret` gets what nobody wants any more. */
int route_claims_drop(
	struct route_claims *claims, const struct key_public *key, struct route_plan *ret);
void route_claims_clear(struct route_claims *claims);
