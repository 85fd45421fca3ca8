/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What has to be done so that every allowed IP has a route to the interface, and no route of ours
 * is left that nobody wants. Pure: sorted tables in, sorted lists out.
 *
 * Foreign routes are never touched. Where one has a wanted destination already it stays, and ours
 * is not added. A route is withheld that would lead the tunnels' own packets, or those to the
 * control plane, into a tunnel; a default route, unless it goes into a table of its own; and every
 * IPv6 route, if the interface takes none.
 */
#pragma once

#include "peer_table.h"
#include "router.h"

struct route_policy {
	bool manage_defaults;           /* the table is not the main one */
	bool mark_keeps_out;            /* the device's mark keeps its packets out of the table */
	int mtu;                        /* the interface gets; 0: it keeps what it has */
	const struct ip *protected_ips; /* beside endpoints: the control plane's; borrowed */
	size_t protected_ip_count;
};

enum route_refusal_reason {
	ROUTE_REFUSED_FOREIGN, /* somebody else's route has the destination */
	ROUTE_REFUSED_DEFAULT,
	ROUTE_REFUSED_COVERS, /* it covers `covered` */
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
	/* What keeps all IPv6 routes from the interface, and how many: those are no refusals. */
	enum ipv6_obstacle ipv6_obstacle;
	size_t ipv6_withheld_count;
	bool is_blind; /* made without the table: a route to add may find its place taken */
};

/*
 * The allowed IPs of `peers` want routes. The first `desired_count` of them are the desired
 * state's: their endpoints must not be covered. The others' endpoints are as the device has them: a
 * peer chooses that by where it sends from, so they decide nothing. Returns 0, or -ENOMEM with
 * `*ret` as before.
 */
int route_plan_compute(const struct peer_config *const *peers, size_t peer_count,
	size_t desired_count, const struct route_table *actual, const struct route_policy *policy,
	struct route_plan *ret);

/* Such as "it covers 198.51.100.2, which the tunnels or the control plane need". */
struct route_refusal_text {
	char text[120];
};
struct route_refusal_text route_refusal_format(const struct route_refusal *refusal);

void route_plan_clear(struct route_plan *plan);
