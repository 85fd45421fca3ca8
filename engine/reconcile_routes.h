/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of a reconcile cycle that changes routes: the routes of allowed IPs against the table.
 */
#pragma once

#include "logger.h"
#include "pause.h"
#include "plan.h"
#include "route_claims.h"
#include "route_plan.h"

struct diag;

/* Plan the route changes. Without a router (`ops` NULL) the plan is empty. Return 0 or a negative
 * errno. */
int reconcile_routes_plan(const struct router *router, const struct route_policy *policy,
	const char *interface, const struct plan *plan, struct route_plan *ret, struct diag *diag);

/* Record the claims of the plan's peers for later events. `routes` is the plan of their routes.
 * Return 0 or -ENOMEM. */
int reconcile_routes_note(const struct router *router, const struct plan *plan,
	const struct route_plan *routes, struct route_claims *claims);

/*
 * Remove routes, before the peers are changed, and add routes, after. A failed change does not stop
 * the others; it is logged, added to `failures` (or NULL) and removed from the plan, which then
 * lists what was done. Return 0 or a negative errno; -ECANCELED, without a failure, if `pause` (or
 * NULL) ended the work.
 */
int reconcile_routes_remove(const struct router *router, const char *interface,
	struct route_plan *plan, const struct pause *pause, const struct logger *logger,
	struct diag *failures);
int reconcile_routes_add(const struct router *router, const char *interface,
	struct route_plan *plan, const struct pause *pause, const struct logger *logger,
	struct diag *failures);
