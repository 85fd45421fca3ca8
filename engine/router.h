/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface to a routing table. A router manages one table. It recognizes its own routes by
 * their protocol number and their interface.
 *
 * Operations return 0 or a negative errno with the system's message in `diag`; -ENODEV means that
 * the interface does not exist.
 */
#pragma once

#include "ipv6_obstacle.h"
#include "prefix.h"

struct diag;

enum route_owner {
	ROUTE_OURS,         /* our protocol number, our interface */
	ROUTE_FOREIGN_HERE, /* another program's, to our interface */
	ROUTE_FOREIGN,      /* another program's, elsewhere */
};

struct route {
	struct prefix destination;
	enum route_owner owner;
};

/* Sorted by destination, then owner, without duplicates. */
struct route_table {
	struct route *routes;
	size_t count;
	size_t capacity;
	enum ipv6_obstacle ipv6_obstacle; /* why the interface can have no IPv6 routes */
};

/* Return 0 or -ENOMEM. */
int route_table_append(struct route_table *table, const struct route *route);
/* Sort and remove duplicates: a dump may list a route twice. */
void route_table_seal(struct route_table *table);
void route_table_clear(struct route_table *table);

struct router_ops {
	/* Read the table. `*ret` is written only on success. An interface that does not exist has
	 * no routes, which is no error. */
	int (*read_routes)(
		void *impl, const char *interface, struct route_table *ret, struct diag *diag);
	/* Add a route. -EEXIST if there is another route to the destination. */
	int (*add_route)(void *impl, const char *interface, const struct prefix *destination,
		struct diag *diag);
	/* Remove a route of ours. Succeed if it does not exist. */
	int (*remove_route)(void *impl, const char *interface, const struct prefix *destination,
		struct diag *diag);
};

struct router {
	const struct router_ops *ops; /* NULL: routes are not managed */
	void *impl;
};
