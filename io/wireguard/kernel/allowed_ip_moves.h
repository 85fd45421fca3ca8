/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which prefixes an operation list moves between peers. Pure.
 */
#pragma once

#include "controller.h"

enum prefix_fate {
	PREFIX_KEPT,   /* both actual and desired */
	PREFIX_GAINED, /* desired only */
	PREFIX_LOST,   /* actual only */
};

/*
 * A sorted walk over the prefixes of an add or of an update of allowed IPs. It is empty for any
 * other operation.
 */
struct prefix_walk {
	const struct prefix *desired, *desired_end;
	const struct prefix *actual, *actual_end;
};

struct prefix_walk prefix_walk_begin(const struct peer_op *op);
/* Return the next prefix, or NULL at the end. */
const struct prefix *prefix_walk_next(struct prefix_walk *walk, enum prefix_fate *ret);

/* Whether the peer loses a prefix. */
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
 * Collect the prefixes that adds and updates gain. Operations whose result is an error are left
 * out; `results` may be NULL. Returns 0, or -ENOMEM with `*ret` unchanged.
 */
int prefix_gains_collect(const struct peer_op *ops, size_t op_count,
	const struct peer_op_result *results, struct prefix_gains *ret);
/* Find the last operation that gains the prefix. Returns false if none does. */
bool prefix_gains_find(
	const struct prefix_gains *gains, const struct prefix *prefix, size_t *ret_op);
void prefix_gains_clear(struct prefix_gains *gains);
