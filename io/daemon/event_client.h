/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control plane's stream of signed events: opened, kept open with a backoff, resumed behind the
 * last event that is done with. Each event is parsed and verified as it comes, and handled by a job
 * of the loop, one after another: never within a cycle.
 *
 * An event that may yet be believed (from the future, signed by a key that is not known yet) holds
 * the place to resume at behind it for five minutes of the boot clock; what comes next moves it on.
 */
#pragma once

#include "api_stream.h"
#include "backoff.h"
#include "clock.h"
#include "control_plane.h"
#include "event_queue.h"
#include "events.h"
#include "recorder.h"

/* Without a stream for this long, the state is pulled every EVENT_CLIENT_FETCH_MS. */
#define EVENT_CLIENT_LOST_MS  (5 * 60 * 1000)
#define EVENT_CLIENT_FETCH_MS (60 * 1000)

/* Events of one verdict. */
struct event_problem {
	struct problem problem;
	int64_t met_ms; /* when the last was refused */
};

struct event_client {
	struct control_plane *plane;
	struct loop *loop;
	struct event_dispatcher *dispatcher;
	struct clock clock;
	struct recorder *recorder; /* NULL: nobody records */
	/* An event was accepted and handled. */
	void (*handled)(void *impl);
	/* The event was `rotate_keys`. May be NULL. */
	void (*rotation_ordered)(void *impl);
	/* The stream was opened (is_open says so), or is gone. */
	void (*changed)(void *impl);
	void *impl;

	struct event_queue queue;
	struct loop_job handle_job;
	struct api_call *stream; /* NULL: none is open or being opened */
	struct loop_timer retry_timer;
	struct loop_timer proof_timer;
	struct backoff backoff;
	char *last_event_id;            /* NULL: none */
	int64_t cursor_frozen_until_ns; /* by the boot clock; 0: it is not held */
	bool is_open;
	bool is_stable;        /* it lasted, or brought an event */
	bool was_short_lived;  /* the last one that was opened was never proven */
	int64_t retry_min_ms;  /* as the stream asked for */
	int64_t not_before_ms; /* as the control plane asked for (Retry-After) */
	int64_t changed_ms;    /* when it was last opened, or went down */
	struct problem stream_problem;
	struct event_problem problems[VERDICT_FAULT + 1];
};

void event_client_init(struct event_client *client, struct control_plane *plane, struct loop *loop,
	struct event_dispatcher *dispatcher, struct clock clock);
void event_client_deinit(struct event_client *client);
/* Opens the stream now, if it is not open and the control plane did not ask for a pause. */
void event_client_start(struct event_client *client);
/* For a job: handles the events that have come so far. */
void event_client_handle_waiting(struct event_client *client);
/* How long to wait between two pulls of the state: `interval_ms`, or less while there is no stream.
 */
int64_t event_client_fetch_ms(const struct event_client *client, int64_t interval_ms);
