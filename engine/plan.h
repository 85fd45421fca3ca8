/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a cycle would do, without doing it: the answer that `plan` prints and that the cycle
 * carries out.
 */
#pragma once

#include "desired.h"
#include "diff.h"
#include "interface_fsm.h"

struct plan {
	struct desired desired;
	struct peer_table actual; /* where peers are kept: a view of the device without them */
	struct peer_diff diff;    /* kept peers count as unchanged */
	/* Removals withheld, as any of these peers may be the one that an unusable entry means. */
	size_t withheld_count;
};

/*
 * `input` as for desired_resolve; `memory` and `now` as for diff_compute. Returns 0, or -ENOMEM
 * with `*ret` as before. `*ret` borrows from all inputs.
 */
int plan_compute(const struct desired_input *input, const struct endpoint_history *memory,
	struct moment now, struct plan *ret);
void plan_clear(struct plan *plan);

/*
 * The actions that Setup would take from `state` on, in order. Returns how many it wrote to `ret`,
 * which has room for INTERFACE_ACTION_COUNT.
 */
size_t plan_setup(enum interface_state state, const struct interface_config *config,
	enum interface_action *ret);
