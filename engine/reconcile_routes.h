/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The routes' part of a cycle: what allowed IPs want against the table as it is.
 */
#pragma once

#include "logger.h"
#include "pause.h"
#include "plan.h"
#include "route_claims.h"
#include "route_plan.h"

struct diag;

/* A router that is not there (`ops` NULL) plans nothing. Returns 0 or a negative errno. */
int reconcile_routes_plan(const struct router *router, const struct route_policy *policy,
	const char *interface, const struct plan *plan, struct route_plan *ret, struct diag *diag);

/* What the plan's peers want, for the events to come; `routes` is what was planned for them.
 * Returns 0 or -ENOMEM. */
int reconcile_routes_note(const struct router *router, const struct plan *plan,
	const struct route_plan *routes, struct route_claims *claims);

/*
 * The one before the peers are changed, the other after. A change that fails stops no other: it is
 * logged, added to `failures` (or NULL) and taken out of the plan, which then holds what was done.
 * Returns 0 or a negative errno: -ECANCELED, without a failure, if `pause` (or NULL) ended it.
 */
int reconcile_routes_remove(const struct router *router, const char *interface,
	struct route_plan *plan, const struct pause *pause, const struct logger *logger,
	struct diag *failures);
int reconcile_routes_add(const struct router *router, const char *interface,
	struct route_plan *plan, const struct pause *pause, const struct logger *logger,
	struct diag *failures);
