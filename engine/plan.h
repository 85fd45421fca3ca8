/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a cycle has to do. The `plan` command prints it, the cycle executes it.
 */
#pragma once

#include "desired.h"
#include "diff.h"
#include "interface_fsm.h"

struct plan {
	struct desired desired;
	struct peer_table actual; /* the device without retained peers; empty if there are none */
	struct peer_diff diff;    /* retained peers count as unchanged */
	/* Removals withheld because an unusable entry may refer to any of these peers. */
	size_t withheld_count;
};

/*
 * Resolve the desired state and compute the operations. `input` as for desired_resolve; `history`
 * and `now` as for diff_compute. `*ret` borrows from all inputs. Return 0, or -ENOMEM with `*ret`
 * unchanged.
 */
int plan_compute(const struct desired_input *input, const struct endpoint_history *history,
	struct moment now, struct plan *ret);
void plan_clear(struct plan *plan);

/*
 * List the actions that Setup would run from `state` on, in order. `ret` has room for
 * INTERFACE_ACTION_COUNT. Return how many there are.
 */
size_t plan_setup(enum interface_state state, const struct interface_config *config,
	enum interface_action *ret);
