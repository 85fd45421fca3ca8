/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The routing tables of the simulated host. A table has one route to a destination, and a route
 * goes with the interface that it leads to.
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
	char interface[INTERFACE_NAME_MAX + 1]; /* that it leads to; empty: any other */
};

struct sim_route_node {
	struct sim_route route;
	struct sim_route_node *previous, *next;
};

struct sim_routes {
	struct sim_route_node *first, *last; /* a list of all, as they came */
	void *by_place;                      /* a tree (search.h) of them */
};

/* "10.2.0.0/16 254 unicast". False if `text` is none. */
bool sim_route_parse(const char *text, struct sim_route *ret);
struct sim_route_text {
	char text[PREFIX_TEXT_SIZE + 32];
};
struct sim_route_text sim_route_format(const struct sim_route *route);

/* The route that has the place of `route`, or NULL. */
struct sim_route *sim_routes_find(const struct sim_routes *routes, const struct sim_route *route);
/* Takes the place of another. Returns 0 or -ENOMEM. */
int sim_routes_set(struct sim_routes *routes, const struct sim_route *route);
/* No effect if there is none in its place. */
void sim_routes_remove(struct sim_routes *routes, const struct sim_route *route);
/* Those through an interface, of that family (IP_NONE: both). */
void sim_routes_drop(struct sim_routes *routes, const char *interface, enum ip_family family);
void sim_routes_clear(struct sim_routes *routes);
