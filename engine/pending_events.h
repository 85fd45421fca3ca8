/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pending events: those newer than the fetch in force. A state document whose fetch began before an
 * event was handled does not undo the event. The event decides about its peer until a fetch that
 * began after it succeeds, with "not modified" or a document. A counter gives the order, not a
 * clock.
 */
#pragma once

#include "state_document.h"

/* Default limit. An event above it is rejected; earlier ones stay. */
#define PENDING_EVENTS_BYTES_MAX ((size_t)64 << 20)

struct pending_peer {
	char *id;
	uint64_t order; /* of the event */
	bool removed;   /* false: `entry` is the peer as the event describes it */
	struct peer_entry entry;
	struct arena arena;
};

/* Result of functions that add an event: the limit is reached. */
#define PENDING_EVENTS_NO_ROOM 1

struct pending_events {
	uint64_t order;              /* counts events and fetches */
	uint64_t fetch_order;        /* of the latest fetch */
	struct pending_peer **peers; /* one for each id, unordered */
	void *ids;                   /* the same peers, a tree (search.h) */
	size_t count;
	size_t capacity;
	size_t bytes;     /* memory of the peers, estimated */
	size_t bytes_max; /* limit; 0: the default */
};

/* Record an event that describes a peer. `entry` is usable and has an id. Return 0,
 * PENDING_EVENTS_NO_ROOM or -ENOMEM. */
int pending_events_set(struct pending_events *pending, const struct peer_entry *entry);
/* Record an event that removes a peer. Return the same. */
int pending_events_remove(struct pending_events *pending, const char *id);
/* Count an event that is not about a peer. Return its place in the order. */
uint64_t pending_events_count(struct pending_events *pending);
/* Count a fetch that begins. Return its place in the order. */
uint64_t pending_events_fetch_begin(struct pending_events *pending);
/* Drop the events before the fetch that began at `order` and has succeeded. */
void pending_events_fetch_done(struct pending_events *pending, uint64_t order);
/* Return the pending event about that id, or NULL. */
const struct pending_peer *pending_events_find(
	const struct pending_events *pending, const char *id);
void pending_events_clear(struct pending_events *pending);
