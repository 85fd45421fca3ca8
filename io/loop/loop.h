/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread waiting for many things: descriptors and timers, each with a callback, which is short,
 * and jobs, which may be long. A job calls loop_turn now and then: descriptors and timers are
 * served within it, other jobs are not.
 *
 *     loop_init(&loop, &diag);
 *     loop_watch_add(&loop, &watch, fd, EPOLLIN, on_ready, impl);
 *     loop_timer_set(&loop, &timer, 1000, on_timeout, impl);
 *     loop_job_add(&loop, &job, on_job, impl);
 *     loop_run(&loop, &diag);          until a callback calls loop_stop
 *     loop_deinit(&loop);
 *
 * Watches, timers and jobs are the caller's memory, zeroed before their first use, and must be
 * removed or cancelled before it goes away. Callbacks may add, change, remove, set and cancel
 * whatever they like, themselves included: what was removed is not called any more, not even for
 * events that the system had already reported. While there is nothing to do the thread sleeps.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct diag;

struct loop_watch {
	int fd;
	bool is_added;
	/* `events` are those of epoll, EPOLLERR and EPOLLHUP among them even if not asked for. */
	void (*on_ready)(void *impl, uint32_t events);
	void *impl;
};

struct loop_timer {
	int64_t due_ns;
	bool is_set;
	void (*on_timeout)(void *impl);
	void *impl;
	struct loop_timer *next;
};

struct loop_job {
	bool is_waiting;
	void (*run)(void *impl);
	void *impl;
	struct loop_job *next;
};

#define LOOP_READY_MAX 32
/* Turns that come sooner after one another do nothing. */
#define LOOP_TURN_MS 10

/* Members are the loop's own. */
struct loop {
	int epoll_fd;
	bool is_stopping;
	struct loop_timer *timers;                /* the first due first */
	struct epoll_event ready[LOOP_READY_MAX]; /* reported, not yet handed on */
	int ready_count;
	struct loop_job *jobs; /* the first to run first */
	int64_t turned_ns;     /* when descriptors and timers were last served */
};

/* Returns 0 or what the system said. */
int loop_init(struct loop *loop, struct diag *diag);
void loop_deinit(struct loop *loop);

/* Returns 0 after loop_stop, which may have come before, or a negative errno. */
int loop_run(struct loop *loop, struct diag *diag);
/* loop_run returns once the callback or the job that runs now is done. */
void loop_stop(struct loop *loop);
bool loop_is_stopping(const struct loop *loop);
/* For a job: serves what is ready and due, without waiting. */
void loop_turn(struct loop *loop);

/*
 * Level-triggered. The descriptor stays the caller's and is closed after the watch is removed, not
 * before. Returns 0 or a negative errno: -EPERM for a descriptor that cannot be waited for.
 */
int loop_watch_add(struct loop *loop, struct loop_watch *watch, int fd, uint32_t events,
	void (*on_ready)(void *impl, uint32_t events), void *impl);
int loop_watch_change(struct loop *loop, struct loop_watch *watch, uint32_t events);
/* No effect on one that is not added. */
void loop_watch_remove(struct loop *loop, struct loop_watch *watch);

/*
 * Once, `delay_ms` from now or a little later, never within this call; one that was set is set
 * anew. Timers due at the same time come in the order in which they were set.
 */
void loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t delay_ms,
	void (*on_timeout)(void *impl), void *impl);
/* No effect on one that is not set. */
void loop_timer_cancel(struct loop *loop, struct loop_timer *timer);

/*
 * Runs once, from loop_run alone and after the jobs that were added before; between two jobs
 * descriptors and timers are served. No effect on one that is waiting.
 */
void loop_job_add(struct loop *loop, struct loop_job *job, void (*run)(void *impl), void *impl);
/* No effect on one that is not waiting. */
void loop_job_cancel(struct loop *loop, struct loop_job *job);

/* Monotonic, from an arbitrary start. */
int64_t loop_now_ms(void);
