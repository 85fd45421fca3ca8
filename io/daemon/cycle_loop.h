/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schedule reconcile cycles on the event loop: one every interval, and one early when the source
 * has a new state, the link or its routes changed, or a host name resolves differently. One cycle
 * runs at a time; a request that comes meanwhile starts one more afterwards.
 *
 *     begin (interface up?) -> the source fetches -> names resolve, up to a deadline -> finish
 *
 * A slow fetch does not delay repairs: drift is repaired with the last good state if the fetch
 * takes longer than a moment.
 *
 * Begin, repair and finish are jobs of the loop.
 */
#pragma once

#include "endpoint_names.h"
#include "link_watch.h"
#include "loop.h"
#include "observer.h"
#include "problem.h"
#include "source.h"

/* All borrowed. */
struct cycle_loop_config {
	struct loop *loop;
	struct reconciler *reconciler;
	struct source source;
	const struct link_router *router; /* NULL: its routes are not watched */
	int64_t interval_ms;
	/* Called before a fetch begins, to handle the events that came before it. May be NULL. */
	void (*about_to_fetch)(void *impl);
	/* Called at the end of a cycle or repair with its error (after a repair, also while the
	 * last cycle's problem stands), and with -EINPROGRESS when the fetch is slow and no state
	 * is in force yet. */
	void (*ended)(void *impl, int error);
	void *impl;
};

/* Members are private. */
struct cycle_loop {
	struct cycle_loop_config config;
	int64_t slow_fetch_ms; /* after which a fetch counts as slow and the device is repaired */
	struct resolver resolver;
	struct loop_watch resolver_watch;
	struct link_watch link;
	struct loop_watch link_loop_watch;
	struct loop_timer cycle_timer;
	struct loop_timer names_timer;
	struct loop_timer slow_fetch_timer;
	struct loop_timer repair_timer;
	struct loop_timer retry_timer; /* for names that have no address */
	struct loop_job start_job;
	struct loop_job repair_job;
	struct loop_job finish_job;
	bool is_running;    /* between begin and finish */
	bool is_urgent;     /* the next cycle repairs without waiting for its fetch */
	bool is_answered;   /* the fetch is done, names may be pending */
	int64_t wanted_ms;  /* when the next cycle was requested for while this one runs */
	int64_t started_ms; /* when the last cycle or repair began */
	enum fetch_outcome outcome;
	struct state_document document; /* the answer's, until the reconciler takes it */
	char *error;                    /* the answer's */
	struct problem cycle_problem;
	struct problem names_problem;
};

/* Returns 0 or a negative errno. */
int cycle_loop_init(
	struct cycle_loop *cycles, const struct cycle_loop_config *config, struct diag *diag);
void cycle_loop_deinit(struct cycle_loop *cycles);
/* For the configurations of manager and source, also before cycle_loop_init. They
 * borrow `cycles`. */
struct name_lookup cycle_loop_lookup(struct cycle_loop *cycles);
struct observer cycle_loop_observer(struct cycle_loop *cycles);
struct source_listener cycle_loop_listener(struct cycle_loop *cycles);
/* Change the interval, beginning with the time to the next cycle. */
void cycle_loop_set_interval(struct cycle_loop *cycles, int64_t interval_ms);
/* Begin a cycle within `delay_ms`. */
void cycle_loop_want(struct cycle_loop *cycles, int64_t delay_ms);
