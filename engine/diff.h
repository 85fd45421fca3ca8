/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What has to be done so that the actual peers become the desired ones. Pure: two sorted tables
 * in, three operation lists out, each sorted by public key; the same bytes for the same input.
 *
 * Order: removes, then updates, then adds. Called one by one in that order the end is right
 * whichever way prefixes move between peers: a removed peer gives its prefixes up first, and a
 * prefix set on one peer leaves the other by itself. A controller that takes whole lists may send
 * them otherwise if the end is the same and no prefix that is wanted before and after is absent
 * in between.
 */
#pragma once

#include "endpoint_history.h"
#include "peer_index.h"
#include "peer_table.h"

enum peer_op_kind {
	PEER_OP_REMOVE,
	PEER_OP_UPDATE, /* change `fields` of a peer that is there, and create none */
	PEER_OP_ADD,    /* set the peer whole, creating it if need be */
};

struct peer_op {
	enum peer_op_kind kind;
	unsigned fields;                   /* update: PEER_FIELD_* that differ; add: all */
	const struct peer_config *desired; /* borrowed; NULL for a remove */
	/* Borrowed. Of an add: NULL, or a peer that is taken to be there, whose key and allowed IPs
	 * are set and are as the caller remembers them. */
	const struct peer_config *actual;
};

/* "remove", "update" or "add". */
const char *peer_op_kind_name(enum peer_op_kind kind);
/* The key of the peer that the operation is about. */
const struct key_public *peer_op_key(const struct peer_op *op);

struct peer_diff {
	/* Removes, then updates, then adds; after them, and none of them, the removes that are held
	 * back. They borrow from the tables. */
	struct peer_op *ops;
	size_t remove_count;
	size_t update_count;
	size_t add_count;
	size_t unchanged_count;
	size_t held_count;
};

static inline size_t peer_diff_op_count(const struct peer_diff *diff)
{
	return diff->remove_count + diff->update_count + diff->add_count;
}

/*
 * `memory` and `now` decide about endpoints, which are seeds rather than state: see
 * endpoint_history.h. Returns 0, or -ENOMEM with `*ret` as before.
 */
int diff_compute(const struct peer_table *desired, const struct peer_table *actual,
	const struct endpoint_history *memory, struct moment now, struct peer_diff *ret);

/* The fields in which `desired` differs from `actual`, endpoints aside. */
unsigned peer_config_difference(
	const struct peer_config *desired, const struct peer_config *actual);

/* Holds the removes back: nobody goes. The peers count as unchanged too. */
void peer_diff_hold_removes(struct peer_diff *diff);
/* The same for peers whose key no id is known to have. Returns how many they are. */
size_t peer_diff_hold_unnamed(struct peer_diff *diff, const struct peer_names *names);

void peer_diff_clear(struct peer_diff *diff);
