/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of peers in an array sorted by public key. Both desired and actual peers are stored so.
 *
 *     struct peer_table table = {0};
 *     peer_table_reserve(&table, count);     optional, saves memory and time
 *     peer_table_append(&table, &peer);      any number of times, in any order
 *     peer_table_seal(&table, &diag);        sorts once; the table is read-only from here on
 *     peer_table_find(&table, &key);
 *     peer_table_clear(&table);
 *
 * The table owns everything that its peers point to. Sealing lays out prefixes in the order of the
 * peers, so that a diff of two tables reads memory sequentially.
 */
#pragma once

#include "arena.h"
#include "peer_config.h"

struct peer_table {
	struct peer_config *peers;
	size_t count;
	size_t capacity;
	struct arena arena;
	bool sealed;
};

/* Make room for `count` peers in total. Return 0, or -ENOMEM with the table unchanged. */
int peer_table_reserve(struct peer_table *table, size_t count);
/* Copy `peer` and what it points to. Return 0, or -ENOMEM with the table unchanged. */
int peer_table_append(struct peer_table *table, const struct peer_config *peer);

/* Result of peer_table_seal: two peers have the same key, which the text names. */
#define PEER_TABLE_DUPLICATE 1

/* Sort the table. Return 0, PEER_TABLE_DUPLICATE or -ENOMEM. */
int peer_table_seal(struct peer_table *table, struct diag *diag);

/* Return the peer with that key, or NULL. The table must be sealed. */
const struct peer_config *peer_table_find(
	const struct peer_table *table, const struct key_public *key);

/* Wipe and free; the table is zero afterwards. */
void peer_table_clear(struct peer_table *table);
