/* SPDX-License-Identifier: Apache-2.0 */
/* A plain routing table in memory for tests of the engine. */
#pragma once

#include "fake_controller.h"
#include "router.h"

#define FAKE_ROUTES_MAX 256

struct fake_router {
	struct route routes[FAKE_ROUTES_MAX];
	size_t count;
	enum ipv6_obstacle ipv6_obstacle;
	int read_error, change_error; /* what calls return */
	unsigned read_count;
	/* Routes added and removed: "+10.0.0.2/32 -10.0.0.3/32". */
	char calls[FAKE_TEXT_MAX];
	/* If set, a list that records these calls instead. */
	struct fake_controller *among;
};

/* Borrows `fake`. */
struct router fake_router(struct fake_router *fake);

/* What another program does. */
void fake_put_route(struct fake_router *fake, const char *destination, enum route_owner owner);
/* The calls since the last check are exactly these. */
void assert_route_calls(struct fake_router *fake, const char *calls);
/* The routes of plexwg are exactly these, sorted, between spaces. */
void assert_routes(const struct fake_router *fake, const char *destinations);
