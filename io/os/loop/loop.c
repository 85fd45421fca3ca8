/* SPDX-License-Identifier: Apache-2.0 */
#include "loop.h"

#include "diag.h"

#include <errno.h>
#include <limits.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t loop_now_ms(void)
{
	return now_ns() / NS_PER_MS;
}

int loop_init(struct loop *loop, struct diag *diag)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);
	if (fd < 0)
		return diag_wrap(diag, diag_fail_errno(diag, -errno), "epoll");
	*loop = (struct loop){.epoll_fd = fd};
	return 0;
}

void loop_deinit(struct loop *loop)
{
	close(loop->epoll_fd);
	*loop = (struct loop){.epoll_fd = -1};
}

void loop_stop(struct loop *loop)
{
	loop->is_stopping = true;
}

bool loop_is_stopping(const struct loop *loop)
{
	return loop->is_stopping;
}

static int watch_control(
	struct loop *loop, struct loop_watch *watch, int operation, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};
	return epoll_ctl(loop->epoll_fd, operation, watch->fd, &event) < 0 ? -errno : 0;
}

int loop_watch_add(struct loop *loop, struct loop_watch *watch, int fd, uint32_t events,
	void (*on_ready)(void *impl, uint32_t events), void *impl)
{
	*watch = (struct loop_watch){.fd = fd, .on_ready = on_ready, .impl = impl};
	int error = watch_control(loop, watch, EPOLL_CTL_ADD, events);
	watch->is_added = !error;
	return error;
}

int loop_watch_change(struct loop *loop, struct loop_watch *watch, uint32_t events)
{
	return watch_control(loop, watch, EPOLL_CTL_MOD, events);
}

void loop_watch_remove(struct loop *loop, struct loop_watch *watch)
{
	if (!watch->is_added)
		return;
	watch_control(loop, watch, EPOLL_CTL_DEL, 0);
	watch->is_added = false;
	for (int i = 0; i < loop->ready_count; i++)
		if (loop->ready[i].data.ptr == watch)
			loop->ready[i].data.ptr = NULL;
}

void loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t delay_ms,
	void (*on_timeout)(void *impl), void *impl)
{
	loop_timer_cancel(loop, timer);
	int64_t delay_ns =
		delay_ms > INT64_MAX / 2 / NS_PER_MS ? INT64_MAX / 2 : delay_ms * NS_PER_MS;
	*timer = (struct loop_timer){
		.due_ns = now_ns() + delay_ns,
		.is_set = true,
		.on_timeout = on_timeout,
		.impl = impl,
	};
	struct loop_timer **place = &loop->timers;
	while (*place && (*place)->due_ns <= timer->due_ns)
		place = &(*place)->next;
	timer->next = *place;
	*place = timer;
}

void loop_timer_cancel(struct loop *loop, struct loop_timer *timer)
{
	if (!timer->is_set)
		return;
	struct loop_timer **place = &loop->timers;
	while (*place != timer)
		place = &(*place)->next;
	*place = timer->next;
	timer->next = NULL;
	timer->is_set = false;
}

void loop_job_add(struct loop *loop, struct loop_job *job, void (*run)(void *impl), void *impl)
{
	if (job->is_waiting)
		return;
	*job = (struct loop_job){.is_waiting = true, .run = run, .impl = impl};
	struct loop_job **place = &loop->jobs;
	while (*place)
		place = &(*place)->next;
	*place = job;
}

void loop_job_cancel(struct loop *loop, struct loop_job *job)
{
	if (!job->is_waiting)
		return;
	struct loop_job **place = &loop->jobs;
	while (*place != job)
		place = &(*place)->next;
	*place = job->next;
	job->next = NULL;
	job->is_waiting = false;
}

/* Rounded up: waking early would busy-loop until the timer expires. */
static int wait_ms(const struct loop *loop)
{
	if (loop->jobs)
		return 0;
	if (!loop->timers)
		return -1;
	int64_t left_ns = loop->timers->due_ns - now_ns();
	if (left_ns <= 0)
		return 0;
	int64_t left_ms = (left_ns + NS_PER_MS - 1) / NS_PER_MS;
	return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}

static void dispatch_ready(struct loop *loop)
{
	for (int i = 0; i < loop->ready_count && !loop->is_stopping; i++) {
		struct loop_watch *watch = loop->ready[i].data.ptr;
		if (watch)
			watch->on_ready(watch->impl, loop->ready[i].events);
	}
	/* epoll reports the rest again: it is level-triggered. */
	loop->ready_count = 0;
}

/* Timers that these callbacks set wait for the next turn, so that descriptors are served first. */
static void dispatch_due(struct loop *loop)
{
	int64_t start_ns = now_ns();
	while (loop->timers && loop->timers->due_ns <= start_ns && !loop->is_stopping) {
		struct loop_timer *timer = loop->timers;
		loop_timer_cancel(loop, timer);
		timer->on_timeout(timer->impl);
	}
}

static int serve(struct loop *loop, int timeout_ms, struct diag *diag)
{
	int count = epoll_wait(loop->epoll_fd, loop->ready, LOOP_READY_MAX, timeout_ms);
	int error = count < 0 && errno != EINTR ? -errno : 0;
	loop->ready_count = count > 0 ? count : 0;
	dispatch_ready(loop);
	dispatch_due(loop);
	loop->turned_ns = now_ns();
	return error ? diag_wrap(diag, diag_fail_errno(diag, error), "epoll") : 0;
}

/* Ignore an error: loop_run meets it again. */
void loop_turn(struct loop *loop)
{
	if (!loop->is_stopping && now_ns() - loop->turned_ns >= LOOP_TURN_MS * NS_PER_MS)
		(void)serve(loop, 0, NULL);
}

static void run_job(struct loop *loop)
{
	struct loop_job *job = loop->jobs;
	if (!job || loop->is_stopping)
		return;
	loop_job_cancel(loop, job);
	job->run(job->impl);
}

int loop_run(struct loop *loop, struct diag *diag)
{
	int error = 0;
	while (!loop->is_stopping && !error) {
		error = serve(loop, wait_ms(loop), diag);
		run_job(loop);
	}
	loop->is_stopping = false;
	return error;
}
