/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The desired peers: a state document with pending events applied and conflicts resolved. Peers of
 * unusable entries are retained as they are on the device. Pure: the result depends only on the
 * inputs.
 *
 * Rules:
 *  - Of entries with the same id the first in the document counts.
 *  - An entry with the node's id under another key is rejected.
 *  - A peer with the node's own key is left out. That is no conflict if it has the node's id too; a
 *    node without an id has that of the first such peer.
 *  - The host route to the node's mesh address is removed from every peer except retained ones.
 *  - Retained peers claim what they have on the device before all others. The others follow in byte
 *    order of their ids: a peer whose key is already claimed is left out, and a prefix that is
 *    already claimed is removed from the peer.
 */
#pragma once

#include "identity.h"
#include "peer_index.h"
#include "peer_table.h"
#include "pending_events.h"

struct desired_input {
	const struct state_document *document;
	const struct pending_events *pending; /* may be NULL */
	const struct peer_table *actual;
	const struct peer_names *names; /* known ids; may be NULL */
	const struct identity *identity;
	const struct name_lookup *lookup; /* for plan_compute; NULL: do not resolve host names */
};

/* A peer that stays on the device as it is because its entry is unusable. */
struct retained_peer {
	const char *id;                   /* NULL if neither the entry nor the index has one */
	const struct peer_config *actual; /* borrowed from the device */
	const char *error;                /* of the entry */
};

enum conflict_kind {
	CONFLICT_ID,          /* two entries with one id */
	CONFLICT_KEY,         /* two ids with one key */
	CONFLICT_PREFIX,      /* two ids with one prefix */
	CONFLICT_OWN_ID,      /* a peer has this node's id, under another key */
	CONFLICT_OWN_KEY,     /* a peer has this node's key, under another id */
	CONFLICT_OWN_ADDRESS, /* a peer claims the host route to this node's mesh address */
};

#define CONFLICT_WINNER_SELF "this node"

/* Limit of the list, which has conflicts of ids first and of prefixes last. Conflicts above it are
 * resolved and counted. */
#define CONFLICTS_MAX 65536

struct conflict {
	enum conflict_kind kind;
	const char *winner; /* id; key in base64 if the id is unknown; or CONFLICT_WINNER_SELF */
	const char *loser;  /* id; key in base64 if the id is this node's */
	const char *about;  /* the id, key or prefix that both claim */
};

struct desired {
	struct peer_table peers;        /* sealed; without retained peers */
	struct retained_peer *retained; /* sorted by key */
	size_t retained_count;
	const struct peer_entry **unusable; /* without repeated ids */
	size_t unusable_count;
	size_t nameless_count; /* unusable entries with neither a key nor a known id */
	struct conflict *conflicts;
	size_t conflict_count;
	size_t further_conflict_count;
	struct arena arena;
};

/* Compute the desired peers. `*ret` borrows from everything that `input` points to. Return 0, or
 * -ENOMEM with `*ret` unchanged. */
int desired_resolve(const struct desired_input *input, struct desired *ret);
const char *conflict_kind_name(enum conflict_kind kind);
void desired_clear(struct desired *desired);
