/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maps the control plane's peer IDs to public keys on the device. Thread-safe. Ids are copied.
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
	void *by_id;  /* tree (search.h), owns the peers */
	void *by_key; /* tree of the same peers, by key, then id */
	size_t count;
};

/* Return 0 or -ENOMEM. */
int peer_index_init(struct peer_index *index);
void peer_index_deinit(struct peer_index *index);

/* Add the mapping or overwrite it. Return 0, or -ENOMEM with the index unchanged. */
int peer_index_add(struct peer_index *index, const char *id, const struct key_public *key);
/* Remove the mapping. An unknown id has no effect. */
void peer_index_remove(struct peer_index *index, const char *id);
/* Look up the key of `id`. Return false, with `*ret` unchanged, if the id is unknown. */
bool peer_index_lookup(struct peer_index *index, const char *id, struct key_public *ret);
/* Return whether an id other than `id` has this key. */
bool peer_index_has_other(struct peer_index *index, const char *id, const struct key_public *key);
/* The same as peer_index_add, for callers that know the id. */
int peer_index_update(struct peer_index *index, const char *id, const struct key_public *key);
/* Replace the index. Of equal ids the last one counts. Return 0, or -ENOMEM with the index
 * unchanged. */
int peer_index_load_from_peers(
	struct peer_index *index, const struct peer_name *names, size_t count);

/* A copy of the index that can be searched by id and by key. */
struct peer_names {
	struct peer_name *names;         /* sorted by id */
	const struct peer_name **by_key; /* sorted by key, then id */
	size_t count;
};
/* Return 0 or -ENOMEM. */
int peer_index_snapshot(struct peer_index *index, struct peer_names *ret);
/* Return the first id that has this key, or NULL. */
const char *peer_names_find(const struct peer_names *names, const struct key_public *key);
/* Return the key of `id`, or NULL. */
const struct key_public *peer_names_lookup(const struct peer_names *names, const char *id);
void peer_names_clear(struct peer_names *names);
