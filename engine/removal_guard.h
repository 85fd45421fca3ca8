/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guard against mass removal. A control plane that lost its peers, or is still collecting them,
 * returns a state that is valid but far too short. A cycle that would remove more than
 * `max_percent` of the peers on the device withholds all removals until two successive fetches of
 * this process name the same peers. It makes all other changes.
 *
 * Two documents name the same peers if they have the same ids with the same keys, in any order and
 * whatever their other members. "Not modified" counts as the same document; a failed fetch does not
 * count. Removals by events, each of which is signed, are never withheld.
 */
#pragma once

#include "diff.h"
#include "logger.h"
#include "state_document.h"

struct removal_guard {
	int max_percent;       /* 0: no limit */
	bool is_confirmed;     /* two successive fetches named the same peers */
	size_t withheld_count; /* removals withheld in the last cycle */
};

/* Record that a fetch returned `next`, which replaces `last`. `last` is NULL if there was none. */
void removal_guard_document(struct removal_guard *guard, const struct state_document *last,
	const struct state_document *next);
/* Record that a fetch returned "not modified". */
void removal_guard_not_modified(struct removal_guard *guard);
/*
 * Withhold the removals of `diff` if there are too many for a device of `peer_count` peers. Log
 * when withholding begins, when the number of removals changes, and when it ends.
 */
void removal_guard_apply(struct removal_guard *guard, struct peer_diff *diff, size_t peer_count,
	const struct logger *logger);
