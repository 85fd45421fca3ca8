/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events that no fetch has overtaken yet. A state whose fetch began before an event was
 * handled does not undo it: for that peer the event wins, until a fetch that began after it
 * succeeds ("not modified" counts). Order is counted, not read off a clock.
 */
#pragma once

#include "state_document.h"

/* What cannot be noted within that is refused, whatever was noted before staying so. */
#define PENDING_EVENTS_BYTES_MAX ((size_t)64 << 20)

struct pending_peer {
	char *id;
	uint64_t order; /* when the event was handled */
	bool removed;   /* else `entry` is what the event says */
	struct peer_entry entry;
	struct arena arena;
};

#define PENDING_EVENTS_NO_ROOM 1

struct pending_events {
	uint64_t order;              /* counts events and fetches */
	uint64_t fetch_order;        /* of the fetch that began last */
	struct pending_peer **peers; /* one for each id, in no order */
	void *ids;                   /* the same, as a tree (search.h) */
	size_t count;
	size_t capacity;
	size_t bytes;     /* what the peers take, about */
	size_t bytes_max; /* zero: the default */
};

/* An event named the peer as it is in `entry` (usable, with an id). Return 0,
 * PENDING_EVENTS_NO_ROOM for what would exceed the limit, or -ENOMEM. */
int pending_events_set(struct pending_events *overlay, const struct peer_entry *entry);
/* The event said that the peer is gone. Returns the same. */
int pending_events_remove(struct pending_events *overlay, const char *id);
/* An event about no peer was handled: returns its place in the order. */
uint64_t pending_events_count(struct pending_events *overlay);
/* A fetch begins: returns its place in the order. */
uint64_t pending_events_fetch_begin(struct pending_events *overlay);
/* The fetch that began at `order` succeeded: events before it are overtaken. */
void pending_events_fetch_done(struct pending_events *overlay, uint64_t order);
/* What an event says of that id, or NULL. */
const struct pending_peer *pending_events_find(
	const struct pending_events *overlay, const char *id);
void pending_events_clear(struct pending_events *overlay);
