/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The routes that peers claim by their allowed IPs: as of the last cycle, and as events have
 * changed them since. With it an event finds the routes to add and remove for its peer without
 * reading the device or the routing table.
 *
 * The route plans that it returns are made without reading the table (`is_blind`). Functions return
 * 0, or -ENOMEM with the claims unchanged; only the peer's endpoint may be recorded already.
 */
#pragma once

#include "desired.h"
#include "route_plan.h"

/* A destination and the number of peers that claim it, including the losers of a conflict. */
struct route_claim {
	struct prefix destination;
	uint32_t peer_count;
};

struct route_claimant {
	struct key_public public_key;
	struct prefix *destinations; /* sorted, without duplicates */
	size_t count;
};

struct route_claims {
	/* As of the last cycle; events change the elements in place. */
	struct route_claim *claims; /* sorted by destination; some have no peer left */
	size_t count;
	struct route_claimant *claimants; /* sorted by key; some have no destination left */
	size_t claimant_count;
	struct ip *endpoints; /* desired endpoints, sorted */
	size_t endpoint_count;
	/* Elements that events have added since, in trees (search.h). */
	void *added_claims;
	void *added_claimants;
	void *added_endpoints;
	enum ipv6_obstacle ipv6_obstacle; /* of the interface, as of the last cycle */
};

/* Replace all claims by those of a cycle: of `peers`, ordered as for route_plan_compute, and of the
 * losers of `conflicts`. */
int route_claims_load(struct route_claims *claims, const struct peer_config *const *peers,
	size_t peer_count, size_t desired_count, const struct conflict *conflicts,
	size_t conflict_count);
/* Replace the claims of one peer. `*ret` adds the routes that no peer claimed before and removes
 * those that no peer claims any more. */
int route_claims_set(struct route_claims *claims, const struct peer_config *peer,
	const struct route_policy *policy, struct route_plan *ret);
/* Drop the claims of one peer. `*ret` removes the routes that no peer claims any more. */
int route_claims_drop(
	struct route_claims *claims, const struct key_public *key, struct route_plan *ret);
void route_claims_clear(struct route_claims *claims);
