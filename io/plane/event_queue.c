/* SPDX-License-Identifier: Apache-2.0 */
#include "event_queue.h"

#include <stdlib.h>

/* The canonical text contains the payload a second time; all other members are small. */
static size_t event_bytes(const struct queued_event *event)
{
	return sizeof *event + event->envelope.payload.length + event->envelope.canonical.length;
}

bool event_queue_is_full(const struct event_queue *queue)
{
	return queue->bytes >= EVENT_QUEUE_BYTES_MAX;
}

void event_queue_put(struct event_queue *queue, struct queued_event *event)
{
	event->next = NULL;
	if (queue->last)
		queue->last->next = event;
	else
		queue->first = event;
	queue->last = event;
	queue->count++;
	queue->bytes += event_bytes(event);
}

struct queued_event *event_queue_take(struct event_queue *queue)
{
	struct queued_event *event = queue->first;
	if (!event)
		return NULL;
	queue->first = event->next;
	if (!queue->first)
		queue->last = NULL;
	queue->count--;
	queue->bytes -= event_bytes(event);
	return event;
}

void event_queue_clear(struct event_queue *queue)
{
	struct queued_event *event;
	while ((event = event_queue_take(queue)))
		queued_event_free(event);
}

void queued_event_free(struct queued_event *event)
{
	if (event)
		envelope_clear(&event->envelope);
	free(event);
}
