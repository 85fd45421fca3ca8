/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A parser of text/event-stream, after the WHATWG HTML standard. The caller pushes bytes in pieces
 * of any size; callbacks receive the events. Memory is limited: the parser drops an event over the
 * limit, reports it as dropped, and goes on with the next. An event without end is an error. Bytes
 * that are not UTF-8 are passed on unchanged.
 *
 *     event_stream_init(&stream, size_max, &callbacks);
 *     event_stream_push(&stream, bytes, length);     for every piece that arrives
 *     event_stream_deinit(&stream);                  drops an unfinished event
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The texts are valid during the callback only. A callback must not touch the stream. */
struct stream_text {
	const char *text; /* not NUL-terminated */
	size_t length;
};

struct stream_event {
	bool is_dropped; /* over the limit: data and type are missing */
	struct stream_text data;
	struct stream_text type;    /* empty: "message" */
	bool has_id;                /* the event has an id; an empty one resets the last event id */
	struct stream_text last_id; /* its id, or that of the last event with an id */
};

struct event_stream_callbacks {
	void (*on_event)(void *impl, const struct stream_event *event);
	/* An id without data: there is no event, but the last event id changes. May be NULL. */
	void (*on_id)(void *impl, struct stream_text last_id);
	/* The server asks for this delay before the next connection. May be NULL. */
	void (*on_retry)(void *impl, uint64_t retry_ms);
	void *impl;
};

/* The longest id, event type and retry. A longer one puts its event over the limit. */
#define STREAM_FIELD_MAX 1024

struct stream_field {
	char text[STREAM_FIELD_MAX];
	size_t length;
};

/* Members are private. */
struct event_stream {
	struct event_stream_callbacks callbacks;
	size_t size_max;
	size_t block_length; /* bytes since the last empty line */
	char *data;          /* of the event so far, with a line feed after each line */
	size_t data_length;
	size_t data_capacity;
	struct stream_field type;
	struct stream_field last_id;
	struct stream_field value; /* of the line, unless its field is data */
	bool value_is_over;        /* longer than STREAM_FIELD_MAX */
	char name[6];              /* of the line's field; as long as the longest known name */
	size_t name_length;
	uint8_t place;       /* within a line */
	uint8_t mark_length; /* bytes of a byte order mark read at the start */
	bool at_start;
	bool after_return; /* a line feed now ends the same line */
	bool has_id;
	bool is_dropped;
};

/* An event longer than the limit times this counts as endless. */
#define STREAM_ENDLESS_FACTOR 64

/* `size_max` limits the data of one event, in bytes. */
void event_stream_init(struct event_stream *stream, size_t size_max,
	const struct event_stream_callbacks *callbacks);
/* Returns 0, -ENOMEM, or -EMSGSIZE for an endless event; after an error only deinit is allowed. */
int event_stream_push(struct event_stream *stream, const char *bytes, size_t length);
/* Wipe and free. */
void event_stream_deinit(struct event_stream *stream);
