/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events that no fetch has overtaken yet. A state whose fetch began before an event was
 * handled does not undo it: for that peer the event wins, until a fetch that began after it
 * succeeds ("not modified" counts). Order is counted, not read off a clock.
 */
#pragma once

#include "state_document.h"

/* What cannot be noted within that is refused, whatever was noted before staying so. */
#define EVENT_OVERLAY_BYTES_MAX ((size_t)64 << 20)

struct overlay_peer {
	char *id;
	uint64_t order; /* when the event was handled */
	bool removed;   /* else `entry` is what the event says */
	struct peer_entry entry;
	struct arena arena;
};

struct event_overlay {
	uint64_t order;             /* counts events and fetches */
	uint64_t fetch_order;       /* of the fetch that began last */
	struct overlay_peer *peers; /* sorted by id */
	size_t count;
	size_t capacity;
	size_t bytes;     /* what the peers take, about */
	size_t bytes_max; /* zero: the default */
};

/* The event said that the peer is as `entry` (usable, with an id). Returns 0, -ENOMEM, or -ENOBUFS
 * for what would take more than the limit. */
int event_overlay_set(struct event_overlay *overlay, const struct peer_entry *entry);
/* The event said that the peer is gone. Returns the same. */
int event_overlay_remove(struct event_overlay *overlay, const char *id);
/* An event about no peer was handled: returns its place in the order. */
uint64_t event_overlay_count(struct event_overlay *overlay);
/* A fetch begins: returns its place in the order. */
uint64_t event_overlay_fetch_begin(struct event_overlay *overlay);
/* The fetch that began at `order` succeeded: events before it are overtaken. */
void event_overlay_fetch_done(struct event_overlay *overlay, uint64_t order);
/* What an event says of that id, or NULL. */
const struct overlay_peer *event_overlay_find(const struct event_overlay *overlay, const char *id);
void event_overlay_clear(struct event_overlay *overlay);
