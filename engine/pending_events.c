/* SPDX-License-Identifier: Apache-2.0 */
#include "pending_events.h"

#include "array.h"
#include "secret_memory.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static void pending_peer_clear(struct pending_peer *peer)
{
	arena_clear(&peer->arena);
	free(peer->id);
}

static void pending_peer_free(struct pending_peer *peer)
{
	pending_peer_clear(peer);
	secret_free(peer, sizeof *peer);
}

/* Overhead of arena and allocator, estimated. */
#define PEER_OVERHEAD_BYTES 512

static size_t pending_peer_bytes(const struct pending_peer *peer)
{
	const struct peer_config *config = &peer->entry.config;
	size_t host = config->endpoint.kind == ENDPOINT_NAME ? strlen(config->endpoint.host) : 0;
	return sizeof *peer + PEER_OVERHEAD_BYTES + strlen(peer->id) + host +
	       config->allowed_ip_count * sizeof *config->allowed_ips;
}

static int pending_peer_compare(const void *a, const void *b)
{
	const struct pending_peer *x = a, *y = b;
	return strcmp(x->id, y->id);
}

static struct pending_peer *peer_lookup(const struct pending_events *pending, const char *id)
{
	const struct pending_peer wanted = {.id = (char *)id};
	struct pending_peer **found = tfind(&wanted, &pending->ids, pending_peer_compare);
	return found ? *found : NULL;
}

/* Append a peer whose id is new. */
static int pending_peer_append(struct pending_events *pending, struct pending_peer *peer)
{
	struct pending_peer **peers =
		array_grow(pending->peers, pending->count, &pending->capacity, sizeof(*peers));
	if (!peers)
		return -ENOMEM;
	pending->peers = peers;
	if (!tsearch(peer, &pending->ids, pending_peer_compare))
		return -ENOMEM;
	pending->peers[pending->count++] = peer;
	return 0;
}

/* Insert `peer`, or replace the older one with its id. Takes ownership on success. */
static int pending_put(struct pending_events *pending, struct pending_peer *peer)
{
	struct pending_peer *old = peer_lookup(pending, peer->id);
	size_t max = pending->bytes_max ? pending->bytes_max : PENDING_EVENTS_BYTES_MAX;
	size_t bytes = pending->bytes + pending_peer_bytes(peer);
	if (old)
		bytes -= pending_peer_bytes(old);
	if (bytes > max && bytes > pending->bytes)
		return PENDING_EVENTS_NO_ROOM;
	int error = old ? 0 : pending_peer_append(pending, peer);
	if (error)
		return error;
	peer->order = ++pending->order;
	pending->bytes = bytes;
	if (old) {
		pending_peer_clear(old);
		*old = *peer;
		secret_free(peer, sizeof *peer);
	}
	return 0;
}

/* Copy `entry` into `*ret`, which is secret memory, and what it points to into `arena`. */
static int entry_copy(const struct peer_entry *entry, struct arena *arena, struct peer_entry *ret)
{
	*ret = *entry;
	struct peer_config *config = &ret->config;
	size_t size = config->allowed_ip_count * sizeof *config->allowed_ips;
	ret->id = arena_strndup(arena, entry->id, strlen(entry->id));
	config->id = ret->id;
	if (!ret->id)
		return -ENOMEM;
	if (size) {
		void *prefixes = arena_alloc(arena, size);
		if (!prefixes)
			return -ENOMEM;
		config->allowed_ips = memcpy(prefixes, config->allowed_ips, size);
	}
	if (config->endpoint.kind == ENDPOINT_NAME) {
		const char *host = config->endpoint.host;
		config->endpoint.host = arena_strndup(arena, host, strlen(host));
		if (!config->endpoint.host)
			return -ENOMEM;
	}
	return 0;
}

/* Insert `peer` unless filling it failed with `error`. Free it on failure. */
static int pending_put_made(struct pending_events *pending, struct pending_peer *peer, int error)
{
	if (!error)
		error = pending_put(pending, peer);
	if (error)
		pending_peer_free(peer);
	return error;
}

static struct pending_peer *peer_make(const char *id)
{
	struct pending_peer *peer = secret_alloc(sizeof *peer);
	if (!peer)
		return NULL;
	peer->id = strdup(id);
	if (peer->id)
		return peer;
	pending_peer_free(peer);
	return NULL;
}

int pending_events_set(struct pending_events *pending, const struct peer_entry *entry)
{
	struct pending_peer *peer = peer_make(entry->id);
	if (!peer)
		return -ENOMEM;
	return pending_put_made(pending, peer, entry_copy(entry, &peer->arena, &peer->entry));
}

int pending_events_remove(struct pending_events *pending, const char *id)
{
	struct pending_peer *peer = peer_make(id);
	if (!peer)
		return -ENOMEM;
	peer->removed = true;
	return pending_put_made(pending, peer, 0);
}

uint64_t pending_events_count(struct pending_events *pending)
{
	return ++pending->order;
}

uint64_t pending_events_fetch_begin(struct pending_events *pending)
{
	pending->fetch_order = ++pending->order;
	return pending->fetch_order;
}

void pending_events_fetch_done(struct pending_events *pending, uint64_t order)
{
	size_t left = 0;
	for (size_t i = 0; i < pending->count; i++) {
		struct pending_peer *peer = pending->peers[i];
		if (peer->order > order) {
			pending->peers[left++] = peer;
			continue;
		}
		pending->bytes -= pending_peer_bytes(peer);
		tdelete(peer, &pending->ids, pending_peer_compare);
		pending_peer_free(peer);
	}
	pending->count = left;
}

const struct pending_peer *pending_events_find(const struct pending_events *pending, const char *id)
{
	return peer_lookup(pending, id);
}

static void pending_peer_spare(void *peer)
{
}

void pending_events_clear(struct pending_events *pending)
{
	tdestroy(pending->ids, pending_peer_spare);
	for (size_t i = 0; i < pending->count; i++)
		pending_peer_free(pending->peers[i]);
	free(pending->peers);
	*pending = (struct pending_events){.bytes_max = pending->bytes_max};
}
