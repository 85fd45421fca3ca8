/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The changes after which every allowed IP has a route to the interface, and no other route of ours
 * exists. Pure: sorted tables in, sorted lists out.
 *
 * Routes of other programs are never changed. If one has a destination that a peer claims, ours is
 * not added. These routes are withheld:
 *  - a route that would send packets of the tunnels themselves, or those to the control plane, into
 *    a tunnel,
 *  - a default route, unless it goes into a table of its own,
 *  - every IPv6 route, if the interface cannot have any.
 */
#pragma once

#include "peer_table.h"
#include "router.h"

struct route_policy {
	bool manage_defaults;           /* the table is not the main one */
	bool mark_keeps_out;            /* packets with the device's mark bypass the table */
	int mtu;                        /* configured MTU; 0: do not change it */
	const struct ip *protected_ips; /* the control plane's addresses; borrowed */
	size_t protected_ip_count;
};

enum route_refusal_reason {
	ROUTE_REFUSED_FOREIGN, /* another program's route has the destination */
	ROUTE_REFUSED_DEFAULT, /* a default route, and the table is the main one */
	ROUTE_REFUSED_COVERS,  /* the destination covers `covered` */
};

struct route_refusal {
	struct prefix destination;
	enum route_refusal_reason reason;
	struct ip covered;
};

struct route_plan {
	struct prefix *adds; /* sorted */
	size_t add_count;
	struct prefix *removes; /* sorted */
	size_t remove_count;
	size_t unchanged_count;
	struct route_refusal *refusals; /* by destination */
	size_t refusal_count;
	/* Why all IPv6 routes are withheld, and how many; they are not in `refusals`. */
	enum ipv6_obstacle ipv6_obstacle;
	size_t ipv6_withheld_count;
	bool is_blind; /* made without reading the table: adding a route may return -EEXIST */
};

/*
 * Plan the routes for the allowed IPs of `peers`. The first `desired_count` are desired peers: no
 * route may cover their endpoints. The others have the endpoints that the device reports; those do
 * not matter, because a peer chooses its own by where it sends from. Return 0, or -ENOMEM with
 * `*ret` unchanged.
 */
int route_plan_compute(const struct peer_config *const *peers, size_t peer_count,
	size_t desired_count, const struct route_table *actual, const struct route_policy *policy,
	struct route_plan *ret);

/* The text of a refusal, such as "another route has this destination". */
struct route_refusal_text {
	char text[120];
};
struct route_refusal_text route_refusal_format(const struct route_refusal *refusal);

void route_plan_clear(struct route_plan *plan);
