/*
 * The control plane's stream of signed events: opened, kept open with a backoff, resumed behind the
 * last event that is done with. Each event is parsed, verified and dispatched as it comes.
 */
#pragma once

#include "api_stream.h"
#include "backoff.h"
#include "clock.h"
#include "control_plane.h"
#include "events.h"

struct event_feed {
	struct control_plane *plane;
	struct loop *loop;
	struct event_dispatcher *dispatcher;
	struct clock clock;
	/* An event was accepted and handled. */
	void (*handled)(void *impl);
	void *impl;

	struct api_call *stream; /* NULL: none is open or being opened */
	struct loop_timer retry_timer;
	struct backoff backoff;
	char *last_event_id; /* NULL: none */
	bool is_open;
	bool is_stopped;      /* the control plane wants no stream from us (403, 404) */
	int64_t retry_min_ms; /* as the stream asked for */
	int64_t changed_ms;   /* when it was last opened, or went down */
	struct condition stream_trouble;
	struct condition event_trouble;
};

void event_feed_init(struct event_feed *feed, struct control_plane *plane, struct loop *loop,
	struct event_dispatcher *dispatcher, struct clock clock);
void event_feed_deinit(struct event_feed *feed);
/* Opens the stream, if it is not open already. After a stop, only this opens it again. */
void event_feed_start(struct event_feed *feed);
/* How long there has been no stream; 0 while there is one. */
int64_t event_feed_down_ms(const struct event_feed *feed);
