/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's routing table behind the engine's seam (engine/router.h), over rtnetlink.
 *
 * Our routes carry protocol ROUTE_PROTOCOL and lead to the interface; whatever else stands in the
 * table is foreign. The interface is looked up by name when routes are read, or when it is not
 * known or gone, and named by its index from then on.
 */
#pragma once

#include "link.h"
#include "router.h"

/* Not given to anybody in iproute2's rt_protos. */
#define ROUTE_PROTOCOL   158
#define ROUTE_TABLE_MAIN 254

struct link_router {
	struct link link;
	uint32_t table;
	/* Of the interface, as of the last read. */
	int index; /* 0: not there */
	enum ipv6_obstacle ipv6_obstacle;
};

/* In the network namespace that the thread is in now. Returns 0 or a negative errno. */
int link_router_open(struct link_router *router, uint32_t table, struct diag *diag);
void link_router_close(struct link_router *router);
/* Who changes its routes, as the kernel names it to those who watch them; 0: nobody yet. */
uint32_t link_router_port(const struct link_router *router);
/* Borrows `router`. */
struct router link_router(struct link_router *router);
