/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of peers as an array sorted by public key: how desired and actual peers are kept.
 *
 *     struct peer_table table = {0};
 *     peer_table_reserve(&table, count);     if it is known, to save memory and time
 *     peer_table_append(&table, &peer);      any number of times, in any order
 *     peer_table_seal(&table, &diag);        sorts once; from here on it is read only
 *     peer_table_find(&table, &key);
 *     peer_table_clear(&table);
 *
 * The table owns all that its peers point to. Sealing lays prefixes out in the order of the peers,
 * so that a walk over two tables reads memory forward.
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

/* Makes room for so many peers in all. Returns 0 or -ENOMEM, the table then being as before. */
int peer_table_reserve(struct peer_table *table, size_t count);
/* Copies `peer` and what it points to. Returns 0 or -ENOMEM, the table then being as before. */
int peer_table_append(struct peer_table *table, const struct peer_config *peer);

/* Sorts. Returns 0, -ENOMEM, or -EEXIST with the key that stands there twice. */
int peer_table_seal(struct peer_table *table, struct diag *diag);

/* The peer with that key, or NULL. The table must be sealed. */
const struct peer_config *peer_table_find(
	const struct peer_table *table, const struct key_public *key);

/* Wipes and frees; back to the zero state. */
void peer_table_clear(struct peer_table *table);
