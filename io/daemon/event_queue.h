/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verified events that wait for their turn, in the order in which they came.
 */
#pragma once

#include "clock.h"
#include "envelope.h"

/* What the payloads of those that wait may take. */
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

/* Whether there is no room for another. */
bool event_queue_is_full(const struct event_queue *queue);
/* Takes the event over, which calloc made. */
void event_queue_put(struct event_queue *queue, struct queued_event *event);
/* The first, for queued_event_free; NULL if there is none. */
struct queued_event *event_queue_take(struct event_queue *queue);
void event_queue_clear(struct event_queue *queue);
void queued_event_free(struct queued_event *event);
