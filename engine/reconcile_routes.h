/*
 * The routes' part of a cycle: what allowed IPs want against the table as it is.
 */
#pragma once

#include "logger.h"
#include "plan.h"
#include "route_plan.h"

struct diag;

/* A router that is not there (`ops` NULL) plans nothing. Returns 0 or a negative errno. */
int reconcile_routes_plan(const struct router *router, const struct route_policy *policy,
	const char *interface, const struct plan *plan, struct route_plan *ret, struct diag *diag);

/*
 * Adds, then removes. One that fails stops no other: it is logged, added to `failures` and taken
 * out of the plan, which then holds what was done. Returns 0 or a negative errno.
 */
int reconcile_routes_apply(const struct router *router, const char *interface,
	struct route_plan *plan, const struct logger *logger, struct diag *failures);
