/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which peer ID of the control plane has which public key on the device. Safe to use from several
 * threads. Texts given are copied.
 */
#pragma once

#include "key.h"

#include <pthread.h>

struct diag;

struct peer_name {
	char *id;
	struct key_public public_key;
};

struct peer_index {
	pthread_rwlock_t lock;
	void *by_id;  /* a tree (search.h) */
	void *by_key; /* of the same, by key, then id */
	size_t count;
};

int peer_index_init(struct peer_index *index);
void peer_index_deinit(struct peer_index *index);

/* Adds the mapping or overwrites it. Returns 0 or -ENOMEM, the index then being as before. */
int peer_index_add(struct peer_index *index, const char *id, const struct key_public *key);
/* No effect if the id is unknown. */
void peer_index_remove(struct peer_index *index, const char *id);
/* False, and `*ret` untouched, if the id is unknown. */
bool peer_index_lookup(struct peer_index *index, const char *id, struct key_public *ret);
/* Whether an id other than `id` has this key. */
bool peer_index_has_other(struct peer_index *index, const char *id, const struct key_public *key);
/* As add; said where the id is known to have had another key. */
int peer_index_update(struct peer_index *index, const char *id, const struct key_public *key);
/* Replaces all. Of two equal ids the last counts. Returns 0 or -ENOMEM, the index as before. */
int peer_index_load_from_peers(
	struct peer_index *index, const struct peer_name *names, size_t count);

/* The names as they are now, to be searched both ways. */
struct peer_names {
	struct peer_name *names;         /* sorted by id */
	const struct peer_name **by_key; /* sorted by key, then id */
	size_t count;
};
int peer_index_snapshot(struct peer_index *index, struct peer_names *ret);
/* The first id that has this key, or NULL. */
const char *peer_names_find(const struct peer_names *names, const struct key_public *key);
/* The key that this id has, or NULL. */
const struct key_public *peer_names_lookup(const struct peer_names *names, const char *id);
void peer_names_clear(struct peer_names *names);
