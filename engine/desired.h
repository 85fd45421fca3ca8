/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a state document to the peers that the device shall have: events not yet overtaken are laid
 * over it, unusable entries keep what they have on the device, conflicts are settled. Pure, and
 * independent of history but for what the inputs say.
 *
 * Rules: of two entries with one id the first in the document counts. A peer with the node's own
 * key is left out, and is no conflict if its id is the node's too; where no id was given to the
 * node, it is that of the first such peer. An entry with the node's id under another key is
 * rejected, and the host route to the node's address is taken from every peer. Going through the
 * ids in byte order, a key already claimed leaves the later peer out, a prefix already claimed is
 * taken from the later peer. A peer that is kept for an unusable entry claims what it has on the
 * device before all others.
 */
#pragma once

#include "identity.h"
#include "peer_index.h"
#include "peer_table.h"
#include "pending_events.h"

struct desired_input {
	const struct state_document *document;
	const struct pending_events *overlay; /* may be NULL */
	const struct peer_table *actual;
	const struct peer_names *names; /* ids known so far; may be NULL */
	const struct identity *identity;
	const struct name_lookup *lookup; /* for plan_compute; NULL: names are left as they are */
};

/* A peer that stays on the device as it is, for the sake of an entry that cannot be used. */
struct retained_peer {
	const char *id;                   /* NULL if neither entry nor index knows it */
	const struct peer_config *actual; /* borrowed from the device */
	const char *error;
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

/* So many are listed, those of ids first, of prefixes last; more are settled and only counted. */
#define CONFLICTS_MAX 65536

struct conflict {
	enum conflict_kind kind;
	const char *winner; /* id, or key in base64 where no id is known; CONFLICT_WINNER_SELF */
	const char *loser;  /* id; where that is this node's, the key in base64 */
	const char *about;  /* the id, key or prefix in question */
};

struct desired {
	struct peer_table peers;        /* what is wanted, sealed; kept peers are not in it */
	struct retained_peer *retained; /* sorted by key */
	size_t retained_count;
	const struct peer_entry **unusable; /* entries that count and cannot be used */
	size_t unusable_count;
	size_t nameless_count; /* those of them that may mean any peer: no key, no known id */
	struct conflict *conflicts;
	size_t conflict_count;
	size_t further_conflict_count;
	struct arena arena;
};

/* Returns 0, or -ENOMEM with `*ret` as before. `*ret` borrows from all that `input` names. */
int desired_resolve(const struct desired_input *input, struct desired *ret);
const char *conflict_kind_name(enum conflict_kind kind);
void desired_clear(struct desired *desired);
