/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Implement the engine's router interface (engine/router.h) for the kernel's routing table, over
 * rtnetlink.
 *
 * Our routes carry protocol ROUTE_PROTOCOL and lead to the interface; all other routes in the table
 * are foreign. The interface's index is looked up whenever routes are read, and when a change finds
 * it unknown or gone.
 */
#pragma once

#include "link.h"
#include "router.h"

/* Not assigned in iproute2's rt_protos. */
#define ROUTE_PROTOCOL   158
#define ROUTE_TABLE_MAIN 254

struct link_router {
	struct link link;
	uint32_t table;
	/* Of the interface, as of the last read. */
	int index; /* 0: it does not exist */
	enum ipv6_obstacle ipv6_obstacle;
};

/* Open a socket in the calling thread's network namespace. Returns 0 or a negative errno. */
int link_router_open(struct link_router *router, uint32_t table, struct diag *diag);
void link_router_close(struct link_router *router);
/* The netlink port of our changes, by which a watcher recognizes them; 0: the socket is closed. */
uint32_t link_router_port(const struct link_router *router);
/* Return the engine's interface, which borrows `router`. */
struct router link_router(struct link_router *router);
