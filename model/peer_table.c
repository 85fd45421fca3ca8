/* SPDX-License-Identifier: Apache-2.0 */
#include "peer_table.h"

#include "array.h"
#include "diag.h"
#include "secret_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Copy the texts that a peer points to. Return 0 or -ENOMEM. */
static int peer_copy_texts(struct peer_config *peer, struct arena *arena)
{
	if (peer->id) {
		peer->id = arena_strndup(arena, peer->id, strlen(peer->id));
		if (!peer->id)
			return -ENOMEM;
	}
	if (endpoint_has_host(&peer->endpoint)) {
		peer->endpoint.host =
			arena_strndup(arena, peer->endpoint.host, strlen(peer->endpoint.host));
		if (!peer->endpoint.host)
			return -ENOMEM;
	}
	return 0;
}

int peer_table_reserve(struct peer_table *table, size_t count)
{
	if (count <= table->capacity)
		return 0;
	if (count > SIZE_MAX / sizeof *table->peers)
		return -ENOMEM;
	struct peer_config *peers = secret_grow(table->peers, table->capacity * sizeof *peers,
		table->count * sizeof *peers, count * sizeof *peers);
	if (!peers)
		return -ENOMEM;
	table->peers = peers;
	table->capacity = count;
	return 0;
}

int peer_table_append(struct peer_table *table, const struct peer_config *peer)
{
	if (table->count == table->capacity) {
		int error = peer_table_reserve(table, table->capacity + table->capacity / 2 + 16);
		if (error)
			return error;
	}
	struct peer_config *copy = &table->peers[table->count];
	*copy = *peer;
	int error = peer_copy_texts(copy, &table->arena);
	if (error)
		return error;
	if (peer->allowed_ip_count) {
		size_t size = peer->allowed_ip_count * sizeof *peer->allowed_ips;
		struct prefix *prefixes = arena_alloc(&table->arena, size);
		if (!prefixes)
			return -ENOMEM;
		copy->allowed_ips = memcpy(prefixes, peer->allowed_ips, size);
	}
	table->count++;
	table->sealed = false;
	return 0;
}

static int peer_compare_any(const void *a, const void *b)
{
	const struct peer_config *const *x = a, *const *y = b;
	return key_public_compare(&(*x)->public_key, &(*y)->public_key);
}

static bool is_sorted(const struct peer_table *table)
{
	for (size_t i = 1; i < table->count; i++)
		if (key_public_compare(
			    &table->peers[i - 1].public_key, &table->peers[i].public_key) > 0)
			return false;
	return true;
}

/*
 * Resolve the cycle of the permutation that begins at `first`: fill each free place with the peer
 * that belongs there, which frees the next place. `order[i]` points to the peer that belongs at i;
 * it is updated on the way, so that a cycle is resolved only once.
 */
static void peers_rotate(struct peer_config *peers, struct peer_config **order, size_t first)
{
	struct peer_config displaced = peers[first];
	size_t free_place = first;
	while (order[free_place] != &peers[first]) {
		size_t from = (size_t)(order[free_place] - peers);
		peers[free_place] = peers[from];
		order[free_place] = &peers[free_place];
		free_place = from;
	}
	peers[free_place] = displaced;
	order[free_place] = &peers[free_place];
	key_secret_wipe(&displaced.psk);
}

/* Sorts pointers, as qsort would leave copies of preshared keys in its working memory. */
static int peer_table_sort(struct peer_table *table)
{
	struct peer_config **order = calloc(table->count, sizeof *order);
	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < table->count; i++)
		order[i] = &table->peers[i];
	qsort(order, table->count, sizeof *order, peer_compare_any);
	for (size_t i = 0; i < table->count; i++)
		peers_rotate(table->peers, order, i);
	free(order);
	return 0;
}

/* Lay out the allowed IPs contiguously, in the order of the peers. */
static int peer_table_pack(struct peer_table *table)
{
	size_t prefix_count = 0;
	for (size_t i = 0; i < table->count; i++)
		prefix_count += table->peers[i].allowed_ip_count;
	if (prefix_count == 0)
		return 0;
	struct prefix *next = arena_alloc(&table->arena, prefix_count * sizeof *next);
	if (!next)
		return -ENOMEM;
	for (size_t i = 0; i < table->count; i++) {
		struct peer_config *peer = &table->peers[i];
		if (peer->allowed_ip_count)
			memcpy(next, peer->allowed_ips, peer->allowed_ip_count * sizeof *next);
		peer->allowed_ips = next;
		next += peer->allowed_ip_count;
	}
	return 0;
}

int peer_table_seal(struct peer_table *table, struct diag *diag)
{
	if (!is_sorted(table)) {
		int error = peer_table_sort(table);
		if (!error)
			error = peer_table_pack(table);
		if (error)
			return error;
	}
	for (size_t i = 1; i < table->count; i++) {
		const struct key_public *key = &table->peers[i].public_key;
		if (key_public_equal(key, &table->peers[i - 1].public_key))
			return diag_fail(diag, PEER_TABLE_DUPLICATE, "duplicate peer %s",
				key_public_format(key).text);
	}
	table->sealed = true;
	return 0;
}

static int compare_key_to_peer(const void *key, const void *peer)
{
	return key_public_compare(key, &((const struct peer_config *)peer)->public_key);
}

const struct peer_config *peer_table_find(
	const struct peer_table *table, const struct key_public *key)
{
	size_t at = array_search(
		table->peers, table->count, sizeof *table->peers, key, compare_key_to_peer);
	if (at == table->count || !key_public_equal(&table->peers[at].public_key, key))
		return NULL;
	return &table->peers[at];
}

void peer_table_clear(struct peer_table *table)
{
	secret_free(table->peers, table->capacity * sizeof *table->peers);
	arena_clear(&table->arena);
	*table = (struct peer_table){0};
}
