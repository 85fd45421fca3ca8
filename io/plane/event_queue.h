/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verified events that wait to be handled, in the order in which they arrived.
 */
#pragma once

#include "clock.h"
#include "envelope.h"

/* The queue is full when its events take this much. */
#define EVENT_QUEUE_BYTES_MAX ((size_t)16 << 20)

struct queued_event {
	struct envelope envelope;
	struct moment arrived;
	struct queued_event *next;
};

struct event_queue {
	struct queued_event *first;
	struct queued_event *last;
	size_t count;
	size_t bytes;
};

/* Whether there is no room for another event. */
bool event_queue_is_full(const struct event_queue *queue);
/* Append an event allocated with calloc, and take it over. */
void event_queue_put(struct event_queue *queue, struct queued_event *event);
/* Take the first event off; NULL if there is none. Free it with queued_event_free. */
struct queued_event *event_queue_take(struct event_queue *queue);
void event_queue_clear(struct event_queue *queue);
void queued_event_free(struct queued_event *event);
