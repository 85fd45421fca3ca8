/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is odd about the desired state, said when it appears or changes rather than in every cycle:
 * conflicts between peers, entries that cannot be used, and what is left undone for them.
 */
#pragma once

#include "logger.h"
#include "plan.h"
#include "route_plan.h"

/* So many lines a cycle; what is left then is said in the cycles to come, if it still stands. */
#define NOTICES_PER_CYCLE_MAX 1000

struct notices {
	char **texts; /* what stood in the last cycle and has been said, sorted */
	size_t count;
};

/* Logs what did not stand in the last cycle. */
void notices_log(struct notices *notices, const struct logger *logger, const struct plan *plan,
	const struct route_plan *routes);
void notices_clear(struct notices *notices);
