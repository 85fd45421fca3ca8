/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When cycles happen, on the event loop: every interval, and early when the source, the link, its
 * routes or a host name says that there is something to do. One cycle runs at a time; what comes
 * meanwhile makes one more.
 *
 *     begin (interface up?) -> the source fetches -> names resolve, up to a deadline -> finish
 *
 * A fetch delays no repair: what is put right without it waits for it a moment at most, and is then
 * done with the last good state.
 *
 * Begin, repair and finish are jobs of the loop.
 */
#pragma once

#include "endpoint_names.h"
#include "link_watch.h"
#include "loop.h"
#include "problem.h"
#include "recorder.h"
#include "source.h"

struct cycle_loop {
	struct loop *loop;
	struct reconciler *reconciler;
	struct source source;      /* to be set before the first cycle */
	struct recorder *recorder; /* NULL: nobody records */
	int64_t interval_ms;
	int64_t patience_ms; /* after which a fetch is slow, and the device put right without it */
	/* Called before a fetch begins: what was there before is to be done. May be NULL. */
	void (*about_to_fetch)(void *impl);
	/* Called when a cycle has ended, well or not, or is held up: -EINPROGRESS if there is no
	 * state in force yet. */
	void (*ended)(void *impl, int error);
	void *impl;

	/* The rest is the loop's own. */
	struct resolver resolver;
	struct loop_watch resolver_watch;
	struct link_watch link;
	struct loop_watch link_loop_watch;
	struct loop_timer cycle_timer;
	struct loop_timer names_timer;
	struct loop_timer patience_timer;
	struct loop_timer repair_timer;
	struct loop_timer retry_timer; /* for names that have no address */
	struct loop_job start_job;
	struct loop_job repair_job;
	struct loop_job finish_job;
	bool is_running;    /* between begin and finish */
	bool is_urgent;     /* the next cycle is not to wait for its fetch */
	bool is_answered;   /* the fetch is done, names may be pending */
	int64_t wanted_ms;  /* meanwhile: when the next is due, if that is before the interval ends
			     */
	int64_t started_ms; /* when the last one, or the last repair, began */
	enum fetch_outcome outcome;
	struct state_document document; /* the answer's, until it is handed over */
	char *error;                    /* the answer's */
	struct problem cycle_problem;
	struct problem names_problem;
};

/*
 * Borrows all, and becomes the reconciler's observer. `router`, or NULL, is whose routes are
 * watched.
 */
int cycle_loop_init(struct cycle_loop *cycles, struct loop *loop, struct reconciler *reconciler,
	const struct link_router *router, int64_t interval_ms, struct diag *diag);
void cycle_loop_deinit(struct cycle_loop *cycles);
/* For a source. */
struct source_listener cycle_loop_listener(struct cycle_loop *cycles);
/* A cycle begins in so many ms, if none begins sooner. */
void cycle_loop_want(struct cycle_loop *cycles, int64_t delay_ms);
