/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event loop on one thread: descriptors and timers with callbacks, which must be short, and
 * jobs, which may be long. A long job calls loop_turn now and then, which serves descriptors and
 * timers but runs no other job.
 *
 *     loop_init(&loop, &diag);
 *     loop_watch_add(&loop, &watch, fd, EPOLLIN, on_ready, impl);
 *     loop_timer_set(&loop, &timer, 1000, on_timeout, impl);
 *     loop_job_add(&loop, &job, on_job, impl);
 *     loop_run(&loop, &diag);          until a callback calls loop_stop
 *     loop_deinit(&loop);
 *
 * The caller owns watches, timers and jobs. It zeroes them before their first use, and removes or
 * cancels them before it frees them. Callbacks may add, change, remove, set and cancel any of them,
 * their own included. A removed watch is never called again, not even for events that the kernel
 * has already reported. The thread sleeps while there is nothing to do.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct diag;

struct loop_watch {
	int fd;
	bool is_added;
	/* `events` are epoll's; EPOLLERR and EPOLLHUP come even if they were not asked for. */
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
/* loop_turn does nothing within this time after the last turn. */
#define LOOP_TURN_MS 10

/* Members are private. */
struct loop {
	int epoll_fd;
	bool is_stopping;
	struct loop_timer *timers;                /* by due time */
	struct epoll_event ready[LOOP_READY_MAX]; /* reported by epoll, not yet dispatched */
	int ready_count;
	struct loop_job *jobs; /* in the order in which they run */
	int64_t turned_ns;     /* when descriptors and timers were last served */
};

/* Returns 0 or a negative errno. */
int loop_init(struct loop *loop, struct diag *diag);
void loop_deinit(struct loop *loop);

/* Run until loop_stop, which may come before loop_run. Returns 0 or a negative errno. */
int loop_run(struct loop *loop, struct diag *diag);
/* Make loop_run return as soon as the current callback or job is done. */
void loop_stop(struct loop *loop);
bool loop_is_stopping(const struct loop *loop);
/* For a job: serve the descriptors that are ready and the timers that are due, without waiting. */
void loop_turn(struct loop *loop);

/*
 * Call `on_ready` whenever the descriptor is ready (level-triggered). The caller keeps the
 * descriptor and must remove the watch before closing it. Returns 0 or a negative errno: -EPERM for
 * a descriptor that epoll cannot watch.
 */
int loop_watch_add(struct loop *loop, struct loop_watch *watch, int fd, uint32_t events,
	void (*on_ready)(void *impl, uint32_t events), void *impl);
int loop_watch_change(struct loop *loop, struct loop_watch *watch, uint32_t events);
/* No effect on a watch that is not added. */
void loop_watch_remove(struct loop *loop, struct loop_watch *watch);

/*
 * Call `on_timeout` once, `delay_ms` from now or a little later, never within this call. Setting a
 * timer again replaces its time and callback. Timers that are due at the same time fire in the
 * order in which they were set.
 */
void loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t delay_ms,
	void (*on_timeout)(void *impl), void *impl);
/* No effect on a timer that is not set. */
void loop_timer_cancel(struct loop *loop, struct loop_timer *timer);

/*
 * Run the job once, from loop_run only, after the jobs added before it. Descriptors and timers are
 * served between two jobs. No effect on a job that is already waiting.
 */
void loop_job_add(struct loop *loop, struct loop_job *job, void (*run)(void *impl), void *impl);
/* No effect on a job that is not waiting. */
void loop_job_cancel(struct loop *loop, struct loop_job *job);

/* The boot clock: monotonic, and it advances while the machine is suspended. */
int64_t loop_now_ms(void);
