/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which prefixes change hands when a list of operations is carried out. Pure.
 */
#pragma once

#include "controller.h"

enum prefix_fate {
	PREFIX_KEPT,   /* the peer has it and keeps it */
	PREFIX_GAINED, /* the peer is to have it */
	PREFIX_LOST,   /* the peer has it and is not to have it */
};

/* A walk over the prefixes that an add or an update is about, in order; none if it is about none.
 */
struct prefix_walk {
	const struct prefix *desired, *desired_end;
	const struct prefix *actual, *actual_end;
};

struct prefix_walk prefix_walk_begin(const struct peer_op *op);
/* The next prefix, or NULL. */
const struct prefix *prefix_walk_next(struct prefix_walk *walk, enum prefix_fate *ret);

/* Whether the peer loses one. */
bool peer_op_loses_prefixes(const struct peer_op *op);

struct prefix_gain {
	const struct prefix *prefix; /* borrowed */
	size_t op;
};

/* Sorted by prefix, then operation. */
struct prefix_gains {
	struct prefix_gain *gains;
	size_t count;
};

/*
 * What adds and updates gain, those aside whose result is an error. `results` may be NULL. Returns
 * 0, or -ENOMEM with `*ret` as before.
 */
int prefix_gains_collect(const struct peer_op *ops, size_t op_count,
	const struct peer_op_result *results, struct prefix_gains *ret);
/* The last operation that gains the prefix. False if none does. */
bool prefix_gains_find(
	const struct prefix_gains *gains, const struct prefix *prefix, size_t *ret_op);
void prefix_gains_clear(struct prefix_gains *gains);
