/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notices about the desired state: conflicts between peers, unusable entries, and the removals and
 * routes that are withheld because of them. Each is logged when it appears or changes, not in every
 * cycle.
 */
#pragma once

#include "logger.h"
#include "plan.h"
#include "route_plan.h"

/* Limit of lines per cycle. Further notices are logged in the next cycles if they still apply. */
#define NOTICES_PER_CYCLE_MAX 1000

struct notices {
	char **texts; /* notices of the last cycle that have been logged, sorted */
	size_t count;
};

/* Log the notices that are new since the last cycle. */
void notices_log(struct notices *notices, const struct logger *logger, const struct plan *plan,
	const struct route_plan *routes);
void notices_clear(struct notices *notices);
