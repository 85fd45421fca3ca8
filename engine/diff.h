/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations that turn the actual peers into the desired ones. Pure: two sorted tables in,
 * three operation lists out, each sorted by public key; equal input gives equal output.
 *
 * The order is removes, updates, adds. Executed one by one in this order they lead to the desired
 * state however prefixes move between peers: a removed peer frees its prefixes first, and setting
 * a prefix on one peer takes it from the other. A controller that executes whole lists may use
 * another order if the result is the same and no prefix that is desired before and after is absent
 * in between.
 */
#pragma once

#include "endpoint_history.h"
#include "peer_index.h"
#include "peer_table.h"

enum peer_op_kind {
	PEER_OP_REMOVE,
	PEER_OP_UPDATE, /* change `fields` of an existing peer; never create one */
	PEER_OP_ADD,    /* set all fields; create the peer if it does not exist */
};

struct peer_op {
	enum peer_op_kind kind;
	unsigned fields;                   /* update: PEER_FIELD_* that differ; add: all */
	const struct peer_config *desired; /* borrowed; NULL for a remove */
	/* Borrowed. For an add: NULL, or the peer as the caller believes it to be on the device, of
	 * which only the key and the allowed IPs are set. */
	const struct peer_config *actual;
};

/* Return "remove", "update" or "add". */
const char *peer_op_kind_name(enum peer_op_kind kind);
/* Return the key of the peer that the operation changes. */
const struct key_public *peer_op_key(const struct peer_op *op);

struct peer_diff {
	/* Removes, updates, adds; the withheld removals follow and are in none of their counts.
	 * Operations borrow from the tables. */
	struct peer_op *ops;
	size_t remove_count;
	size_t update_count;
	size_t add_count;
	size_t unchanged_count;
	size_t withheld_count;
};

static inline size_t peer_diff_op_count(const struct peer_diff *diff)
{
	return diff->remove_count + diff->update_count + diff->add_count;
}

/*
 * Compute the operations. `history` and `now` decide whether an endpoint that differs is set, see
 * endpoint_history.h. Return 0, or -ENOMEM with `*ret` unchanged.
 */
int diff_compute(const struct peer_table *desired, const struct peer_table *actual,
	const struct endpoint_history *history, struct moment now, struct peer_diff *ret);

/* Return the fields in which `desired` differs from `actual`, except the endpoint. */
unsigned peer_config_difference(
	const struct peer_config *desired, const struct peer_config *actual);

/* Withhold all removals. Their peers also count as unchanged. */
void peer_diff_withhold_removes(struct peer_diff *diff);
/* Withhold the removals of peers whose id is unknown. Return how many they are. */
size_t peer_diff_withhold_unnamed(struct peer_diff *diff, const struct peer_names *names);

void peer_diff_clear(struct peer_diff *diff);
