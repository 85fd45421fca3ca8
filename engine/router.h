/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seam to the routing table: what the engine asks of it. One router looks after one table, and
 * knows its own routes by the number they are marked with and the interface they lead to.
 *
 * Operations return 0 or a negative errno with what the system said in `diag`; -ENODEV means that
 * the interface is not there.
 */
#pragma once

#include "ipv6_obstacle.h"
#include "prefix.h"

struct diag;

enum route_owner {
	ROUTE_OURS,         /* our mark, our interface */
	ROUTE_FOREIGN_HERE, /* somebody else's, and leads to our interface all the same */
	ROUTE_FOREIGN,
};

struct route {
	struct prefix destination;
	enum route_owner owner;
};

/* Sorted by destination, then owner; no two alike. */
struct route_table {
	struct route *routes;
	size_t count;
	size_t capacity;
	enum ipv6_obstacle ipv6_obstacle; /* what keeps IPv6 routes from the interface */
};

/* Returns 0 or -ENOMEM. */
int route_table_append(struct route_table *table, const struct route *route);
/* Sorts and drops repeats: a dump may show a route twice. */
void route_table_seal(struct route_table *table);
void route_table_clear(struct route_table *table);

struct router_ops {
	/* The table as it is; on failure `*ret` is as before. An interface that is not there has no
	 * routes, which is no error. */
	int (*read_routes)(
		void *impl, const char *interface, struct route_table *ret, struct diag *diag);
	/* -EEXIST if another route has the place. */
	int (*add_route)(void *impl, const char *interface, const struct prefix *destination,
		struct diag *diag);
	/* Ours only; one that is gone counts as removed. */
	int (*remove_route)(void *impl, const char *interface, const struct prefix *destination,
		struct diag *diag);
};

struct router {
	const struct router_ops *ops; /* NULL: routes are nobody's business here */
	void *impl;
};
