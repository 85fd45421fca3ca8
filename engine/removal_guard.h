/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guard against mass removal: a control plane that has lost its peers, or is still gathering them,
 * answers with a state that is valid and far too short. A cycle that would remove more than
 * `max_percent` of the peers on the device removes nobody until two fetches in a row, in this
 * process's life, have named the same peers; all else it does.
 *
 * Two answers name the same peers if they have the same ids with the same keys: their order, and
 * what else they say of the peers, may differ. "Not modified" is the same answer again; a fetch
 * that fails is none. Events, which are signed each, do not pass through here.
 */
#pragma once

#include "diff.h"
#include "logger.h"
#include "state_document.h"

struct removal_guard {
	int max_percent;   /* 0: everything may go at once */
	bool is_confirmed; /* the answer in force came twice */
	size_t withheld_count; /* removals that the last cycle withheld */
};

/* A fetch answered with `next`, which takes the place of `last`; NULL: there was none. */
void removal_guard_document(struct removal_guard *guard, const struct state_document *last,
	const struct state_document *next);
/* A fetch answered that the last document still stands. */
void removal_guard_not_modified(struct removal_guard *guard);
/*
 * Holds the removals of `diff` back, if that is called for, on a device of `peer_count` peers.
 * Said when it begins, when their number changes, and when it ends.
 */
void removal_guard_apply(struct removal_guard *guard, struct peer_diff *diff, size_t peer_count,
	const struct logger *logger);
