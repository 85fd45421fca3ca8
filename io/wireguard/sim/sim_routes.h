/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The routing tables of the simulated host. A table has at most one route to a destination.
 * Deleting an interface deletes its routes.
 */
#pragma once

#include "interface_config.h"
#include "prefix.h"

#define SIM_ROUTE_TYPES(X)                                                                         \
	X(UNICAST, unicast)                                                                        \
	X(UNREACHABLE, unreachable)                                                                \
	X(THROW, throw)                                                                            \
	X(BLACKHOLE, blackhole)                                                                    \
	X(PROHIBIT, prohibit)

#define X(upper, lower) SIM_ROUTE_##upper,
enum sim_route_type { SIM_ROUTE_TYPES(X) SIM_ROUTE_TYPE_COUNT };
#undef X

struct sim_route {
	struct prefix destination;
	uint32_t table;
	enum sim_route_type type;
	bool is_ours;                           /* else another program's */
	char interface[INTERFACE_NAME_MAX + 1]; /* the outgoing interface; empty: another one */
};

struct sim_route_node {
	struct sim_route route;
	struct sim_route_node *previous, *next;
};

struct sim_routes {
	struct sim_route_node *first, *last; /* a list of all, in the order of their creation */
	void *by_place;                      /* a tree (search.h) by destination and table */
};

/* Parse text such as "10.2.0.0/16 254 unicast". Returns false if it is not a route. */
bool sim_route_parse(const char *text, struct sim_route *ret);
struct sim_route_text {
	char text[PREFIX_TEXT_SIZE + 32];
};
struct sim_route_text sim_route_format(const struct sim_route *route);

/* Return the route with the destination and table of `route`, or NULL. */
struct sim_route *sim_routes_find(const struct sim_routes *routes, const struct sim_route *route);
/* Add the route, or replace the one with its destination and table. Returns 0 or -ENOMEM. */
int sim_routes_set(struct sim_routes *routes, const struct sim_route *route);
/* Remove the route with the destination and table of `route`, if there is one. */
void sim_routes_remove(struct sim_routes *routes, const struct sim_route *route);
/* Remove the routes through an interface, of one family or of both (IP_NONE). */
void sim_routes_drop(struct sim_routes *routes, const char *interface, enum ip_family family);
void sim_routes_clear(struct sim_routes *routes);
