/* SPDX-License-Identifier: Apache-2.0 */
#include "peer_index.h"

#include "array.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

struct indexed_peer {
	struct key_public public_key;
	const char *id;
	char text[]; /* holds `id` */
};

static int compare_by_id(const void *a, const void *b)
{
	const struct indexed_peer *x = a, *y = b;
	return strcmp(x->id, y->id);
}

static int index_compare_keys(const void *a, const void *b)
{
	const struct indexed_peer *x = a, *y = b;
	int order = key_public_compare(&x->public_key, &y->public_key);
	return order ? order : strcmp(x->id, y->id);
}

int peer_index_init(struct peer_index *index)
{
	*index = (struct peer_index){0};
	return -pthread_rwlock_init(&index->lock, NULL);
}

static void leave(void *peer)
{
}

static void trees_free(struct peer_index *index)
{
	tdestroy(index->by_key, leave);
	tdestroy(index->by_id, free);
}

void peer_index_deinit(struct peer_index *index)
{
	trees_free(index);
	pthread_rwlock_destroy(&index->lock);
	*index = (struct peer_index){0};
}

/* Return the tree node of `id`, or NULL. */
static struct indexed_peer **index_node_find(const struct peer_index *index, const char *id)
{
	const struct indexed_peer wanted = {.id = id};
	return tfind(&wanted, &index->by_id, compare_by_id);
}

/* Add the mapping or replace the key of `id`. Return 0, or -ENOMEM with the index unchanged. */
static int index_put(struct peer_index *index, const char *id, const struct key_public *key)
{
	struct indexed_peer **node = index_node_find(index, id), *old = node ? *node : NULL;
	if (old && key_public_equal(&old->public_key, key))
		return 0;
	size_t size = strlen(id) + 1;
	struct indexed_peer *peer = malloc(sizeof *peer + size);
	if (!peer)
		return -ENOMEM;
	*peer = (struct indexed_peer){*key, peer->text};
	memcpy(peer->text, id, size);
	if (!tsearch(peer, &index->by_key, index_compare_keys)) {
		free(peer);
		return -ENOMEM;
	}
	if (old) {
		*node = peer;
		tdelete(old, &index->by_key, index_compare_keys);
		free(old);
		return 0;
	}
	if (!tsearch(peer, &index->by_id, compare_by_id)) {
		tdelete(peer, &index->by_key, index_compare_keys);
		free(peer);
		return -ENOMEM;
	}
	index->count++;
	return 0;
}

int peer_index_add(struct peer_index *index, const char *id, const struct key_public *key)
{
	pthread_rwlock_wrlock(&index->lock);
	int error = index_put(index, id, key);
	pthread_rwlock_unlock(&index->lock);
	return error;
}

int peer_index_update(struct peer_index *index, const char *id, const struct key_public *key)
{
	return peer_index_add(index, id, key);
}

void peer_index_remove(struct peer_index *index, const char *id)
{
	pthread_rwlock_wrlock(&index->lock);
	struct indexed_peer **node = index_node_find(index, id);
	if (node) {
		struct indexed_peer *peer = *node;
		tdelete(peer, &index->by_key, index_compare_keys);
		tdelete(peer, &index->by_id, compare_by_id);
		free(peer);
		index->count--;
	}
	pthread_rwlock_unlock(&index->lock);
}

bool peer_index_lookup(struct peer_index *index, const char *id, struct key_public *ret)
{
	pthread_rwlock_rdlock(&index->lock);
	struct indexed_peer **node = index_node_find(index, id);
	if (node)
		*ret = (*node)->public_key;
	pthread_rwlock_unlock(&index->lock);
	return node;
}

/* Match a peer that has the wanted key and another id. The peer with the wanted id sorts to `side`
 * of them. */
static int compare_others(const void *wanted, const void *peer, int side)
{
	const struct indexed_peer *x = wanted, *y = peer;
	int order = key_public_compare(&x->public_key, &y->public_key);
	return order ? order : strcmp(x->id, y->id) == 0 ? side : 0;
}

static int compare_before(const void *wanted, const void *peer)
{
	return compare_others(wanted, peer, -1);
}

static int compare_behind(const void *wanted, const void *peer)
{
	return compare_others(wanted, peer, 1);
}

bool peer_index_has_other(struct peer_index *index, const char *id, const struct key_public *key)
{
	const struct indexed_peer wanted = {.public_key = *key, .id = id};
	pthread_rwlock_rdlock(&index->lock);
	bool found = tfind(&wanted, &index->by_key, compare_before) ||
		     tfind(&wanted, &index->by_key, compare_behind);
	pthread_rwlock_unlock(&index->lock);
	return found;
}

static void names_free(struct peer_name *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i].id);
	free(names);
}

/* A walk over the tree in id order that compares it with a list in the same order. */
struct comparison {
	const struct peer_name *names;
	size_t at;
	bool is_same;
};

static void comparison_step(const void *node, VISIT visit, void *closure)
{
	struct comparison *walk = closure;
	const struct indexed_peer *peer = *(const struct indexed_peer *const *)node;
	if (visit != postorder && visit != leaf)
		return;
	const struct peer_name *name = &walk->names[walk->at++];
	walk->is_same = walk->is_same && strcmp(name->id, peer->id) == 0 &&
			key_public_equal(&name->public_key, &peer->public_key);
}

static bool index_is_same(
	const struct peer_index *index, const struct peer_name *names, size_t count)
{
	struct comparison walk = {.names = names, .is_same = true};
	if (index->count != count)
		return false;
	twalk_r(index->by_id, comparison_step, &walk);
	return walk.is_same;
}

/* By id; equal ids in array order, which qsort alone would not preserve. */
static int index_compare_ids(const void *a, const void *b)
{
	const struct peer_name *x = *(const struct peer_name *const *)a;
	const struct peer_name *y = *(const struct peer_name *const *)b;
	int order = strcmp(x->id, y->id);
	return order ? order : (x > y) - (x < y);
}

/* Return the names sorted by id, the last of equal ids only. NULL when out of memory. */
static struct peer_name *names_pick(const struct peer_name *names, size_t count, size_t *ret_count)
{
	const struct peer_name **order = calloc(count + 1, sizeof *order);
	struct peer_name *picked = calloc(count + 1, sizeof *picked);
	size_t picked_count = 0;
	for (size_t i = 0; order && i < count; i++)
		order[i] = &names[i];
	if (order && picked) {
		qsort(order, count, sizeof *order, index_compare_ids);
		for (size_t i = 0; i < count; i++)
			if (i + 1 == count || strcmp(order[i]->id, order[i + 1]->id) != 0)
				picked[picked_count++] = *order[i];
	} else {
		free(picked);
		picked = NULL;
	}
	free(order);
	*ret_count = picked_count;
	return picked;
}

static int index_replace(struct peer_index *index, const struct peer_name *names, size_t count)
{
	struct peer_index next = {0};
	int error = 0;
	for (size_t i = 0; !error && i < count; i++)
		error = index_put(&next, names[i].id, &names[i].public_key);
	if (error) {
		trees_free(&next);
		return error;
	}
	trees_free(index);
	index->by_id = next.by_id;
	index->by_key = next.by_key;
	index->count = next.count;
	return 0;
}

int peer_index_load_from_peers(
	struct peer_index *index, const struct peer_name *names, size_t count)
{
	size_t picked_count;
	struct peer_name *picked = names_pick(names, count, &picked_count);
	if (!picked)
		return -ENOMEM;
	pthread_rwlock_wrlock(&index->lock);
	int error = index_is_same(index, picked, picked_count)
			    ? 0
			    : index_replace(index, picked, picked_count);
	pthread_rwlock_unlock(&index->lock);
	free(picked);
	return error;
}

/* A copy in progress. When out of memory, `names` is NULL. */
struct copy {
	struct peer_name *names;
	size_t count;
};

static void copy_step(const void *node, VISIT visit, void *closure)
{
	struct copy *copy = closure;
	const struct indexed_peer *peer = *(const struct indexed_peer *const *)node;
	if ((visit != postorder && visit != leaf) || !copy->names)
		return;
	struct peer_name *name = &copy->names[copy->count];
	name->public_key = peer->public_key;
	name->id = strdup(peer->id);
	if (name->id) {
		copy->count++;
		return;
	}
	names_free(copy->names, copy->count);
	copy->names = NULL;
}

static int compare_keys(const void *a, const void *b)
{
	const struct peer_name *x = *(const struct peer_name *const *)a;
	const struct peer_name *y = *(const struct peer_name *const *)b;
	int order = key_public_compare(&x->public_key, &y->public_key);
	return order ? order : strcmp(x->id, y->id);
}

int peer_index_snapshot(struct peer_index *index, struct peer_names *ret)
{
	pthread_rwlock_rdlock(&index->lock);
	struct copy copy = {.names = calloc(index->count + 1, sizeof *copy.names)};
	twalk_r(index->by_id, copy_step, &copy);
	pthread_rwlock_unlock(&index->lock);
	const struct peer_name **by_key = calloc(copy.count + 1, sizeof *by_key);
	if (!copy.names || !by_key) {
		if (copy.names)
			names_free(copy.names, copy.count);
		free(by_key);
		return -ENOMEM;
	}
	for (size_t i = 0; i < copy.count; i++)
		by_key[i] = &copy.names[i];
	qsort(by_key, copy.count, sizeof *by_key, compare_keys);
	*ret = (struct peer_names){.names = copy.names, .by_key = by_key, .count = copy.count};
	return 0;
}

static int compare_key_to_name(const void *key, const void *name)
{
	return key_public_compare(key, &(*(const struct peer_name *const *)name)->public_key);
}

const char *peer_names_find(const struct peer_names *names, const struct key_public *key)
{
	size_t at = array_search(
		names->by_key, names->count, sizeof *names->by_key, key, compare_key_to_name);
	if (at == names->count || !key_public_equal(&names->by_key[at]->public_key, key))
		return NULL;
	return names->by_key[at]->id;
}

static int compare_id(const void *id, const void *name)
{
	return strcmp(id, ((const struct peer_name *)name)->id);
}

const struct key_public *peer_names_lookup(const struct peer_names *names, const char *id)
{
	const struct peer_name *name = NULL;
	if (names->count)
		name = bsearch(id, names->names, names->count, sizeof *name, compare_id);
	return name ? &name->public_key : NULL;
}

void peer_names_clear(struct peer_names *names)
{
	names_free(names->names, names->count);
	free(names->by_key);
	*names = (struct peer_names){0};
}
