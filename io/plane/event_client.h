/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Receive the control plane's stream of signed events: open it, reopen it with a backoff, and
 * resume after the last event that needs no redelivery (the cursor). Each event is parsed and
 * verified as it arrives; a job of the loop then handles one event at a time, never within a cycle.
 * A rotation of the signing keys is handled at once: later events are verified with the new keys.
 *
 * An event that may be accepted later (dated in the future, or signed by a key not known yet)
 * freezes the cursor before it for five minutes of the boot clock, so that a reconnect delivers it
 * again. After that the next event moves the cursor on.
 */
#pragma once

#include "api_stream.h"
#include "backoff.h"
#include "clock.h"
#include "control_plane.h"
#include "event_queue.h"
#include "observer.h"

/* After this long without a stream, the state is fetched every EVENT_CLIENT_FETCH_MS. */
#define EVENT_CLIENT_LOST_MS  (5 * 60 * 1000)
#define EVENT_CLIENT_FETCH_MS (60 * 1000)

/* The problem that events of one verdict are. */
struct event_problem {
	struct problem problem;
	int64_t met_ms; /* when the last was rejected */
};

/* All borrowed. */
struct event_client_config {
	struct control_plane *plane;
	struct loop *loop;
	struct event_dispatcher *dispatcher;
	struct clock clock;
	/* Called after an event was accepted and handled. May be NULL. */
	void (*handled)(void *impl);
	/* Called if that event was `rotate_keys`. May be NULL. */
	void (*rotation_ordered)(void *impl);
	/* Called when the stream was opened or closed (see is_open). May be NULL. */
	void (*changed)(void *impl);
	void *impl;
};

struct event_client {
	struct event_client_config config;
	struct event_queue queue;
	struct loop_job handle_job;
	struct api_call *stream; /* NULL: none is open or being opened */
	struct loop_timer retry_timer;
	struct loop_timer stable_timer;
	struct backoff backoff;
	char *last_event_id;            /* NULL: none */
	int64_t cursor_frozen_until_ns; /* boot clock; 0: not frozen */
	bool is_open;
	bool is_stable;        /* the stream lasted, or delivered a valid event */
	bool was_short_lived;  /* the last stream closed before it was stable */
	int64_t retry_min_ms;  /* requested by the stream (retry field) */
	int64_t not_before_ms; /* requested by the control plane (Retry-After) */
	int64_t changed_ms;    /* when the stream was last opened or closed */
	struct problem stream_problem;
	struct event_problem problems[VERDICT_FAULT + 1];
};

void event_client_init(struct event_client *client, const struct event_client_config *config);
void event_client_deinit(struct event_client *client);
/* Open the stream now, unless it is open or the control plane asked for a pause. */
void event_client_start(struct event_client *client);
/* For a job: handle the events that have arrived so far. */
void event_client_handle_waiting(struct event_client *client);
/* Return the time between two fetches of the state: `interval_ms`, or less while there is no
 * stream. */
int64_t event_client_fetch_ms(const struct event_client *client, int64_t interval_ms);
