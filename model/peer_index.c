/* SPDX-License-Identifier: Apache-2.0 */
#include "peer_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int peer_index_init(struct peer_index *index)
{
	*index = (struct peer_index){0};
	return -pthread_rwlock_init(&index->lock, NULL);
}

static void names_free(struct peer_name *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i].id);
	free(names);
}

void peer_index_deinit(struct peer_index *index)
{
	names_free(index->names, index->count);
	pthread_rwlock_destroy(&index->lock);
	*index = (struct peer_index){0};
}

/* Where `id` stands or would stand. */
static size_t names_position(
	const struct peer_name *names, size_t count, const char *id, bool *ret_found)
{
	size_t low = 0, high = count;
	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(names[middle].id, id);
		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int index_insert(
	struct peer_index *index, size_t at, const char *id, const struct key_public *key)
{
	if (index->count == index->capacity) {
		size_t capacity = index->capacity ? index->capacity * 2 : 16;
		struct peer_name *names = reallocarray(index->names, capacity, sizeof *names);
		if (!names)
			return -ENOMEM;
		index->names = names;
		index->capacity = capacity;
	}
	char *copy = strdup(id);
	if (!copy)
		return -ENOMEM;
	memmove(&index->names[at + 1], &index->names[at],
		(index->count - at) * sizeof *index->names);
	index->names[at] = (struct peer_name){.id = copy, .public_key = *key};
	index->count++;
	return 0;
}

int peer_index_add(struct peer_index *index, const char *id, const struct key_public *key)
{
	int error = 0;
	bool found;
	pthread_rwlock_wrlock(&index->lock);
	size_t at = names_position(index->names, index->count, id, &found);
	if (found)
		index->names[at].public_key = *key;
	else
		error = index_insert(index, at, id, key);
	pthread_rwlock_unlock(&index->lock);
	return error;
}

int peer_index_update(struct peer_index *index, const char *id, const struct key_public *key)
{
	return peer_index_add(index, id, key);
}

void peer_index_remove(struct peer_index *index, const char *id)
{
	bool found;
	pthread_rwlock_wrlock(&index->lock);
	size_t at = names_position(index->names, index->count, id, &found);
	if (found) {
		free(index->names[at].id);
		index->count--;
		memmove(&index->names[at], &index->names[at + 1],
			(index->count - at) * sizeof *index->names);
	}
	pthread_rwlock_unlock(&index->lock);
}

bool peer_index_lookup(struct peer_index *index, const char *id, struct key_public *ret)
{
	bool found;
	pthread_rwlock_rdlock(&index->lock);
	size_t at = names_position(index->names, index->count, id, &found);
	if (found)
		*ret = index->names[at].public_key;
	pthread_rwlock_unlock(&index->lock);
	return found;
}

bool peer_index_has_other(struct peer_index *index, const char *id, const struct key_public *key)
{
	bool found = false;
	pthread_rwlock_rdlock(&index->lock);
	for (size_t i = 0; i < index->count && !found; i++)
		found = key_public_equal(&index->names[i].public_key, key) &&
			strcmp(index->names[i].id, id) != 0;
	pthread_rwlock_unlock(&index->lock);
	return found;
}

/* A deep copy; NULL when memory is out. */
static struct peer_name *names_copy(const struct peer_name *names, size_t count)
{
	struct peer_name *copy = calloc(count ? count : 1, sizeof *copy);
	if (!copy)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		copy[i].public_key = names[i].public_key;
		copy[i].id = strdup(names[i].id);
		if (!copy[i].id) {
			names_free(copy, i);
			return NULL;
		}
	}
	return copy;
}

/* By id; equal ids in the order of their places, which the sort must not lose. */
static int compare_ids(const void *a, const void *b)
{
	const struct peer_name *x = *(const struct peer_name *const *)a;
	const struct peer_name *y = *(const struct peer_name *const *)b;
	int order = strcmp(x->id, y->id);
	return order ? order : (x > y) - (x < y);
}

int peer_index_load_from_peers(
	struct peer_index *index, const struct peer_name *names, size_t count)
{
	const struct peer_name **order = calloc(count ? count : 1, sizeof *order);
	struct peer_name *picked = calloc(count ? count : 1, sizeof *picked);
	struct peer_name *copy = NULL;
	size_t kept = 0;
	if (!order || !picked)
		goto out;
	for (size_t i = 0; i < count; i++)
		order[i] = &names[i];
	qsort(order, count, sizeof *order, compare_ids);
	for (size_t i = 0; i < count; i++)
		if (i + 1 == count || strcmp(order[i]->id, order[i + 1]->id) != 0)
			picked[kept++] = *order[i];
	copy = names_copy(picked, kept);
	if (!copy)
		goto out;
	pthread_rwlock_wrlock(&index->lock);
	names_free(index->names, index->count);
	index->names = copy;
	index->count = kept;
	index->capacity = kept ? kept : 1; /* as names_copy made it */
	pthread_rwlock_unlock(&index->lock);
out:
	free(order);
	free(picked);
	return copy ? 0 : -ENOMEM;
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
	size_t count = index->count;
	struct peer_name *copy = names_copy(index->names, count);
	pthread_rwlock_unlock(&index->lock);
	const struct peer_name **by_key = calloc(count ? count : 1, sizeof *by_key);
	if (!copy || !by_key) {
		if (copy)
			names_free(copy, count);
		free(by_key);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		by_key[i] = &copy[i];
	qsort(by_key, count, sizeof *by_key, compare_keys);
	*ret = (struct peer_names){.names = copy, .by_key = by_key, .count = count};
	return 0;
}

const char *peer_names_find(const struct peer_names *names, const struct key_public *key)
{
	size_t low = 0, high = names->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (key_public_compare(&names->by_key[middle]->public_key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < names->count && key_public_equal(&names->by_key[low]->public_key, key))
		return names->by_key[low]->id;
	return NULL;
}

const struct key_public *peer_names_lookup(const struct peer_names *names, const char *id)
{
	bool found;
	size_t at = names_position(names->names, names->count, id, &found);
	return found ? &names->names[at].public_key : NULL;
}

void peer_names_clear(struct peer_names *names)
{
	names_free(names->names, names->count);
	free(names->by_key);
	*names = (struct peer_names){0};
}
