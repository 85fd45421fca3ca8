/* SPDX-License-Identifier: Apache-2.0 */
#include "pending_events.h"

#include "secret_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void pending_peer_free(struct pending_peer *peer)
{
	arena_clear(&peer->arena);
	key_secret_wipe(&peer->entry.config.psk);
	free(peer->id);
}

/* What arena and allocator take besides. */
#define PEER_OVERHEAD_BYTES 512

static size_t pending_peer_bytes(const struct pending_peer *peer)
{
	const struct peer_config *config = &peer->entry.config;
	size_t host = config->endpoint.kind == ENDPOINT_NAME ? strlen(config->endpoint.host) : 0;
	return sizeof *peer + PEER_OVERHEAD_BYTES + strlen(peer->id) + host +
	       config->allowed_ip_count * sizeof *config->allowed_ips;
}

static size_t overlay_position(
	const struct pending_events *overlay, const char *id, bool *ret_found)
{
	size_t low = 0, high = overlay->count;
	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(overlay->peers[middle].id, id);
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

static int overlay_grow(struct pending_events *overlay)
{
	if (overlay->count < overlay->capacity)
		return 0;
	size_t capacity = overlay->capacity ? overlay->capacity * 2 : 16;
	struct pending_peer *peers = secret_grow(overlay->peers, overlay->capacity * sizeof *peers,
		overlay->count * sizeof *peers, capacity * sizeof *peers);
	if (!peers)
		return -ENOMEM;
	overlay->peers = peers;
	overlay->capacity = capacity;
	return 0;
}

/* Puts `peer`, whose id is set, in the place of an older one with that id or where it belongs. */
static int overlay_put(struct pending_events *overlay, struct pending_peer *peer)
{
	bool found;
	size_t at = overlay_position(overlay, peer->id, &found);
	size_t max = overlay->bytes_max ? overlay->bytes_max : PENDING_EVENTS_BYTES_MAX;
	size_t bytes = overlay->bytes + pending_peer_bytes(peer);
	if (found)
		bytes -= pending_peer_bytes(&overlay->peers[at]);
	if (bytes > max && bytes > overlay->bytes)
		return -ENOBUFS;
	if (found) {
		pending_peer_free(&overlay->peers[at]);
	} else {
		int error = overlay_grow(overlay);
		if (error)
			return error;
		memmove(&overlay->peers[at + 1], &overlay->peers[at],
			(overlay->count - at) * sizeof *overlay->peers);
		overlay->count++;
	}
	peer->order = ++overlay->order;
	overlay->peers[at] = *peer;
	overlay->bytes = bytes;
	return 0;
}

/* A copy of `entry` whose pointers lead into `arena`. */
static int entry_copy(const struct peer_entry *entry, struct arena *arena, struct peer_entry *ret)
{
	struct peer_entry copy = *entry;
	struct peer_config *config = &copy.config;
	size_t size = config->allowed_ip_count * sizeof *config->allowed_ips;
	copy.id = arena_strndup(arena, entry->id, strlen(entry->id));
	config->id = copy.id;
	if (!copy.id)
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
	*ret = copy;
	return 0;
}

int pending_events_set(struct pending_events *overlay, const struct peer_entry *entry)
{
	struct pending_peer peer = {.id = strdup(entry->id)};
	int error = peer.id ? entry_copy(entry, &peer.arena, &peer.entry) : -ENOMEM;
	if (!error)
		error = overlay_put(overlay, &peer);
	if (error)
		pending_peer_free(&peer);
	return error;
}

int pending_events_remove(struct pending_events *overlay, const char *id)
{
	struct pending_peer peer = {.id = strdup(id), .removed = true};
	int error = peer.id ? overlay_put(overlay, &peer) : -ENOMEM;
	if (error)
		pending_peer_free(&peer);
	return error;
}

uint64_t pending_events_count(struct pending_events *overlay)
{
	return ++overlay->order;
}

uint64_t pending_events_fetch_begin(struct pending_events *overlay)
{
	overlay->fetch_order = ++overlay->order;
	return overlay->fetch_order;
}

void pending_events_fetch_done(struct pending_events *overlay, uint64_t order)
{
	size_t kept = 0;
	for (size_t i = 0; i < overlay->count; i++) {
		if (overlay->peers[i].order > order) {
			overlay->peers[kept++] = overlay->peers[i];
			continue;
		}
		overlay->bytes -= pending_peer_bytes(&overlay->peers[i]);
		pending_peer_free(&overlay->peers[i]);
	}
	/* Those that moved forward left copies behind. */
	if (kept < overlay->count)
		explicit_bzero(
			&overlay->peers[kept], (overlay->count - kept) * sizeof *overlay->peers);
	overlay->count = kept;
}

const struct pending_peer *pending_events_find(const struct pending_events *overlay, const char *id)
{
	bool found;
	size_t at = overlay_position(overlay, id, &found);
	return found ? &overlay->peers[at] : NULL;
}

void pending_events_clear(struct pending_events *overlay)
{
	for (size_t i = 0; i < overlay->count; i++)
		pending_peer_free(&overlay->peers[i]);
	secret_free(overlay->peers, overlay->capacity * sizeof *overlay->peers);
	*overlay = (struct pending_events){.bytes_max = overlay->bytes_max};
}
