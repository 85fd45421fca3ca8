/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text/event-stream, read as the WHATWG HTML standard says. Bytes are pushed in as they come, cut
 * anywhere; events come out through callbacks. Memory is bounded: an event over the limit is
 * dropped and said to be, and the next one is read as if nothing had happened. One that does not
 * come to an end is an error. Bytes that are not UTF-8 are passed on as they are.
 *
 *     event_stream_init(&stream, size_max, &callbacks);
 *     event_stream_push(&stream, bytes, length);     for every piece that arrives
 *     event_stream_deinit(&stream);                  at the end: an unfinished event is dropped
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a callback is given lives for the call only; it must not touch the stream. */
struct stream_text {
	const char *text; /* not NUL-terminated */
	size_t length;
};

struct stream_event {
	bool is_dropped; /* it was over the limit: data and type are missing */
	struct stream_text data;
	struct stream_text type;    /* empty: "message" */
	bool has_id;                /* the event itself had an id; empty means to forget the last */
	struct stream_text last_id; /* its id, or that of the last event that had one */
};

struct event_stream_callbacks {
	void (*on_event)(void *impl, const struct stream_event *event);
	/* An id came without data: that is no event, though the last event id is now this. May be
	 * NULL. */
	void (*on_id)(void *impl, struct stream_text last_id);
	/* The server asks to wait this long before connecting again. May be NULL. */
	void (*on_retry)(void *impl, uint64_t retry_ms);
	void *impl;
};

/* The longest id, event type and retry; longer ones put their event over the limit. */
#define STREAM_FIELD_MAX 1024

struct stream_field {
	char text[STREAM_FIELD_MAX];
	size_t length;
};

/* Members are the parser's own. */
struct event_stream {
	struct event_stream_callbacks callbacks;
	size_t size_max;
	size_t block_length; /* bytes since the last empty line */
	char *data; /* of the event so far, a line feed after each line */
	size_t data_length;
	size_t data_capacity;
	struct stream_field type;
	struct stream_field last_id;
	struct stream_field value; /* of the line, unless it is data */
	bool value_is_over;
	char name[6]; /* of the line's field; as long as the longest known one */
	size_t name_length;
	uint8_t place;       /* within a line */
	uint8_t mark_length; /* bytes of a byte order mark passed, at the very start */
	bool at_start;
	bool after_return; /* a line feed now belongs to the line before */
	bool has_id;
	bool is_dropped;
};

/* Lines that go on for so many times the limit do not end. */
#define STREAM_ENDLESS_FACTOR 64

/* `size_max` bounds the data of one event, in bytes. */
void event_stream_init(struct event_stream *stream, size_t size_max,
	const struct event_stream_callbacks *callbacks);
/* Returns 0, -ENOMEM, or -EMSGSIZE for an event without end; the stream is then of no further use. */
int event_stream_push(struct event_stream *stream, const char *bytes, size_t length);
/* Wipes and frees. */
void event_stream_deinit(struct event_stream *stream);
