/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include "loop.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* A loop, a pair of connected sockets, and a letter for each event. */
struct fixture {
	struct loop loop;
	struct loop_watch near_watch;
	struct loop_watch far_watch;
	struct loop_timer timers[4];
	int near;
	int far;
	char story[32];
	struct loop_timer look_timer;
	size_t awaited_length;
};

static void tell(struct fixture *fixture, char what)
{
	size_t length = strlen(fixture->story);
	assert_true(length + 1 < sizeof fixture->story);
	fixture->story[length] = what;
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	int ends[2];
	assert_non_null(fixture);
	assert_int_equal(loop_init(&fixture->loop, NULL), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	fixture->near = ends[0];
	fixture->far = ends[1];
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	loop_deinit(&fixture->loop);
	close(fixture->near);
	close(fixture->far);
	free(fixture);
	return 0;
}

static void note_a(void *impl)
{
	tell(impl, 'a');
}

static void note_b(void *impl)
{
	tell(impl, 'b');
}

static void note_c(void *impl)
{
	tell(impl, 'c');
}

static void stop(void *impl)
{
	struct fixture *fixture = impl;
	loop_stop(&fixture->loop);
}

/* Runs until `delay_ms` from now. */
static void run_for(struct fixture *fixture, int64_t delay_ms)
{
	struct loop_timer timer = {0};
	loop_timer_set(&fixture->loop, &timer, delay_ms, stop, fixture);
	assert_int_equal(loop_run(&fixture->loop, NULL), 0);
	loop_timer_cancel(&fixture->loop, &timer);
}

#define PATIENCE_MS 10000

static void look(void *impl)
{
	struct fixture *fixture = impl;
	if (strlen(fixture->story) >= fixture->awaited_length)
		loop_stop(&fixture->loop);
	else
		loop_timer_set(&fixture->loop, &fixture->look_timer, 1, look, fixture);
}

/* Runs until all of it has happened, and a little longer. */
static void run_to(struct fixture *fixture, const char *story)
{
	fixture->awaited_length = strlen(story);
	loop_timer_set(&fixture->loop, &fixture->look_timer, 0, look, fixture);
	run_for(fixture, PATIENCE_MS);
	loop_timer_cancel(&fixture->loop, &fixture->look_timer);
	run_for(fixture, 2);
	assert_string_equal(fixture->story, story);
}

static void timers_expire_in_the_order_of_their_times(void **state)
{
	struct fixture *fixture = *state;
	loop_timer_set(&fixture->loop, &fixture->timers[2], 200, note_c, fixture);
	loop_timer_set(&fixture->loop, &fixture->timers[0], 0, note_a, fixture);
	loop_timer_set(&fixture->loop, &fixture->timers[1], 100, note_b, fixture);
	run_to(fixture, "abc");
}

static void jobs_run_one_after_another_and_once(void **state)
{
	struct fixture *fixture = *state;
	struct loop_job jobs[3] = {0};
	loop_job_add(&fixture->loop, &jobs[1], note_b, fixture);
	loop_job_add(&fixture->loop, &jobs[0], note_a, fixture);
	loop_job_add(&fixture->loop, &jobs[1], note_b, fixture);
	loop_job_add(&fixture->loop, &jobs[2], note_c, fixture);
	loop_job_cancel(&fixture->loop, &jobs[0]);
	loop_job_cancel(&fixture->loop, &jobs[0]);
	run_to(fixture, "bc");
	loop_job_add(&fixture->loop, &jobs[0], note_a, fixture);
	run_to(fixture, "bca");
}

struct repeated_job {
	struct loop_job job;
	struct fixture *fixture;
};

static void add_self_again(void *impl)
{
	struct repeated_job *repeated = impl;
	struct fixture *fixture = repeated->fixture;
	if (!fixture->story[0])
		loop_job_add(&fixture->loop, &repeated->job, add_self_again, repeated);
}

static void a_job_that_adds_itself_leaves_room_for_timers(void **state)
{
	struct fixture *fixture = *state;
	struct repeated_job repeated = {.fixture = fixture};
	loop_job_add(&fixture->loop, &repeated.job, add_self_again, &repeated);
	loop_timer_set(&fixture->loop, &fixture->timers[0], 3, note_a, fixture);
	run_to(fixture, "a");
}

static void on_near(void *impl, uint32_t events)
{
	struct fixture *fixture = impl;
	char byte;
	if (read(fixture->near, &byte, 1) == 1)
		tell(fixture, byte);
}

struct long_job {
	struct loop_job job;
	struct loop_job other;
	struct fixture *fixture;
};

static void take_long(void *impl)
{
	struct long_job *job = impl;
	struct fixture *fixture = job->fixture;
	tell(fixture, '[');
	loop_job_add(&fixture->loop, &job->other, note_b, fixture);
	loop_timer_set(&fixture->loop, &fixture->timers[0], 40, note_c, fixture);
	assert_int_equal(write(fixture->far, "x", 1), 1);
	for (int64_t end_ms = loop_now_ms() + PATIENCE_MS;
		strlen(fixture->story) < strlen("[xc") && loop_now_ms() < end_ms;)
		loop_turn(&fixture->loop);
	tell(fixture, ']');
}

static void within_a_job_descriptors_and_timers_are_served_and_no_other_job(void **state)
{
	struct fixture *fixture = *state;
	struct long_job job = {.fixture = fixture};
	assert_int_equal(loop_watch_add(&fixture->loop, &fixture->near_watch, fixture->near,
				 EPOLLIN, on_near, fixture),
		0);
	loop_job_add(&fixture->loop, &job.job, take_long, &job);
	run_to(fixture, "[xc]b");
}

static void turn_until_stopped(void *impl)
{
	struct fixture *fixture = impl;
	while (!loop_is_stopping(&fixture->loop))
		loop_turn(&fixture->loop);
	tell(fixture, 'a');
}

static void a_stop_within_a_job_ends_the_run_when_the_job_is_done(void **state)
{
	struct fixture *fixture = *state;
	struct loop_job jobs[2] = {0};
	loop_job_add(&fixture->loop, &jobs[0], turn_until_stopped, fixture);
	loop_job_add(&fixture->loop, &jobs[1], note_b, fixture);
	run_for(fixture, 20);
	assert_string_equal(fixture->story, "a");
	run_to(fixture, "ab");
}

static void a_timer_is_never_early(void **state)
{
	struct fixture *fixture = *state;
	for (int delay_ms = 0; delay_ms < 5; delay_ms++) {
		int64_t start_ms = loop_now_ms();
		run_for(fixture, delay_ms);
		assert_true(loop_now_ms() - start_ms >= delay_ms);
	}
}

static void a_timer_does_not_expire_within_the_call_that_sets_it(void **state)
{
	struct fixture *fixture = *state;
	loop_timer_set(&fixture->loop, &fixture->timers[0], 0, note_a, fixture);
	loop_timer_set(&fixture->loop, &fixture->timers[1], -60000, note_b, fixture);
	assert_string_equal(fixture->story, "");
	run_to(fixture, "ba");
}

static void a_timer_expires_once(void **state)
{
	struct fixture *fixture = *state;
	loop_timer_set(&fixture->loop, &fixture->timers[0], 1, note_a, fixture);
	run_to(fixture, "a");
	assert_false(fixture->timers[0].is_set);
}

static void a_cancelled_timer_does_not_expire(void **state)
{
	struct fixture *fixture = *state;
	loop_timer_set(&fixture->loop, &fixture->timers[0], 1, note_a, fixture);
	loop_timer_set(&fixture->loop, &fixture->timers[1], 1, note_b, fixture);
	loop_timer_cancel(&fixture->loop, &fixture->timers[0]);
	loop_timer_cancel(&fixture->loop, &fixture->timers[0]);
	loop_timer_cancel(&fixture->loop, &fixture->timers[3]);
	run_to(fixture, "b");
}

static void a_timer_set_again_counts_from_then(void **state)
{
	struct fixture *fixture = *state;
	loop_timer_set(&fixture->loop, &fixture->timers[0], 2, note_a, fixture);
	loop_timer_set(&fixture->loop, &fixture->timers[1], 4, note_b, fixture);
	loop_timer_set(&fixture->loop, &fixture->timers[0], 6, note_a, fixture);
	run_to(fixture, "ba");
}

static void cancel_second(void *impl)
{
	struct fixture *fixture = impl;
	tell(fixture, 'x');
	loop_timer_cancel(&fixture->loop, &fixture->timers[1]);
	loop_timer_set(&fixture->loop, &fixture->timers[2], 0, note_c, fixture);
}

static void a_callback_cancels_and_sets_other_timers(void **state)
{
	struct fixture *fixture = *state;
	loop_timer_set(&fixture->loop, &fixture->timers[0], 0, cancel_second, fixture);
	loop_timer_set(&fixture->loop, &fixture->timers[1], 0, note_b, fixture);
	run_to(fixture, "xc");
}

static void set_self_again(void *impl)
{
	struct fixture *fixture = impl;
	loop_timer_set(&fixture->loop, &fixture->timers[0], 0, set_self_again, fixture);
	if (fixture->story[0])
		loop_stop(&fixture->loop);
}

static void a_timer_that_sets_itself_leaves_room_for_descriptors(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(loop_watch_add(&fixture->loop, &fixture->near_watch, fixture->near,
				 EPOLLIN, on_near, fixture),
		0);
	loop_timer_set(&fixture->loop, &fixture->timers[0], 0, set_self_again, fixture);
	assert_int_equal(write(fixture->far, "r", 1), 1);
	assert_int_equal(loop_run(&fixture->loop, NULL), 0);
	assert_string_equal(fixture->story, "r");
	loop_timer_cancel(&fixture->loop, &fixture->timers[0]);
}

static void a_watched_descriptor_is_called_for_each_byte(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(loop_watch_add(&fixture->loop, &fixture->near_watch, fixture->near,
				 EPOLLIN, on_near, fixture),
		0);
	assert_int_equal(write(fixture->far, "one", 3), 3);
	run_to(fixture, "one");
	loop_watch_remove(&fixture->loop, &fixture->near_watch);
	assert_int_equal(write(fixture->far, "two", 3), 3);
	run_to(fixture, "one");
}

static void on_writable(void *impl, uint32_t events)
{
	struct fixture *fixture = impl;
	tell(fixture, events & EPOLLOUT ? 'w' : '?');
	assert_int_equal(loop_watch_change(&fixture->loop, &fixture->near_watch, 0), 0);
}

static void a_watch_can_be_changed(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(loop_watch_add(&fixture->loop, &fixture->near_watch, fixture->near,
				 EPOLLIN, on_writable, fixture),
		0);
	run_for(fixture, 2);
	assert_string_equal(fixture->story, "");
	assert_int_equal(loop_watch_change(&fixture->loop, &fixture->near_watch, EPOLLOUT), 0);
	run_to(fixture, "w");
}

/* Each watch has memory of its own that is freed with it, so that a sanitizer sees a late use. */
struct owned_watch {
	struct loop_watch watch;
	struct fixture *fixture;
	struct owned_watch *other;
};

static void remove_both(void *impl, uint32_t events)
{
	struct owned_watch *own = impl;
	struct fixture *fixture = own->fixture;
	tell(fixture, 'x');
	loop_watch_remove(&fixture->loop, &own->other->watch);
	loop_watch_remove(&fixture->loop, &own->watch);
	free(own->other);
	free(own);
}

static struct owned_watch *watch_new(struct fixture *fixture, int fd)
{
	struct owned_watch *own = calloc(1, sizeof *own);
	assert_non_null(own);
	own->fixture = fixture;
	assert_int_equal(
		loop_watch_add(&fixture->loop, &own->watch, fd, EPOLLIN, remove_both, own), 0);
	return own;
}

static void a_removed_watch_is_not_called_for_events_already_reported(void **state)
{
	struct fixture *fixture = *state;
	struct owned_watch *first = watch_new(fixture, fixture->near);
	struct owned_watch *second = watch_new(fixture, fixture->far);
	first->other = second;
	second->other = first;
	assert_int_equal(write(fixture->far, "1", 1), 1);
	assert_int_equal(write(fixture->near, "2", 1), 1);
	run_to(fixture, "x");
}

static void on_replacement(void *impl, uint32_t events)
{
	struct fixture *fixture = impl;
	tell(fixture, 'n');
	loop_watch_remove(&fixture->loop, &fixture->near_watch);
}

/* Reuse the number of the far descriptor. */
static void replace_far(void *impl, uint32_t events)
{
	struct fixture *fixture = impl;
	int ends[2];
	tell(fixture, 'x');
	loop_watch_remove(&fixture->loop, &fixture->near_watch);
	loop_watch_remove(&fixture->loop, &fixture->far_watch);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[0], fixture->far), fixture->far);
	assert_int_equal(loop_watch_add(&fixture->loop, &fixture->near_watch, fixture->far, EPOLLIN,
				 on_replacement, fixture),
		0);
	close(ends[0]);
	close(ends[1]);
}

static void a_descriptor_number_used_again_gets_no_old_events(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(loop_watch_add(&fixture->loop, &fixture->near_watch, fixture->near,
				 EPOLLIN, replace_far, fixture),
		0);
	assert_int_equal(loop_watch_add(&fixture->loop, &fixture->far_watch, fixture->far, EPOLLIN,
				 replace_far, fixture),
		0);
	assert_int_equal(write(fixture->far, "1", 1), 1);
	assert_int_equal(write(fixture->near, "2", 1), 1);
	/* Its writer closed, which is an event of its own. */
	run_to(fixture, "xn");
}

static void a_file_cannot_be_waited_for(void **state)
{
	struct fixture *fixture = *state;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(
		loop_watch_add(&fixture->loop, &fixture->near_watch, fd, EPOLLIN, on_near, fixture),
		-EPERM);
	loop_watch_remove(&fixture->loop, &fixture->near_watch);
	close(fd);
}

static void stop_on_ready(void *impl, uint32_t events)
{
	struct fixture *fixture = impl;
	tell(fixture, 's');
	loop_stop(&fixture->loop);
}

static void a_stop_leaves_the_rest_for_the_next_run(void **state)
{
	struct fixture *fixture = *state;
	loop_watch_add(&fixture->loop, &fixture->near_watch, fixture->near, EPOLLIN, stop_on_ready,
		fixture);
	loop_watch_add(
		&fixture->loop, &fixture->far_watch, fixture->far, EPOLLIN, stop_on_ready, fixture);
	assert_int_equal(write(fixture->far, "1", 1), 1);
	assert_int_equal(write(fixture->near, "2", 1), 1);
	assert_int_equal(loop_run(&fixture->loop, NULL), 0);
	assert_string_equal(fixture->story, "s");
	assert_int_equal(loop_run(&fixture->loop, NULL), 0);
	assert_string_equal(fixture->story, "ss");
}

static void a_stop_before_the_run_counts(void **state)
{
	struct fixture *fixture = *state;
	loop_stop(&fixture->loop);
	assert_int_equal(loop_run(&fixture->loop, NULL), 0);
	run_for(fixture, 1);
}

static int64_t cpu_now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void a_loop_with_nothing_to_do_sleeps(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(loop_watch_add(&fixture->loop, &fixture->near_watch, fixture->near,
				 EPOLLIN, on_near, fixture),
		0);
	int64_t start_ms = loop_now_ms(), start_us = cpu_now_us();
	run_for(fixture, 300);
	int64_t passed_ms = loop_now_ms() - start_ms, used_us = cpu_now_us() - start_us;
	assert_true(used_us < passed_ms * 1000 / 4);
}

static void on_alarm(int number)
{
}

static void a_signal_does_not_end_the_run(void **state)
{
	struct fixture *fixture = *state;
	struct sigaction action = {.sa_handler = on_alarm}, before;
	struct itimerval often = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
	sigaction(SIGALRM, &action, &before);
	setitimer(ITIMER_REAL, &often, NULL);
	loop_timer_set(&fixture->loop, &fixture->timers[0], 30, note_a, fixture);
	run_to(fixture, "a");
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &before, NULL);
}

static void on_any(void *impl, uint32_t events)
{
}

static void many_descriptors_are_all_served(void **state)
{
	enum { PAIRS = 3 * LOOP_READY_MAX };
	struct fixture *fixture = *state;
	struct loop_watch watches[PAIRS] = {0};
	int ends[PAIRS][2];
	for (int i = 0; i < PAIRS; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends[i]), 0);
		close(ends[i][1]);
		assert_int_equal(loop_watch_add(&fixture->loop, &watches[i], ends[i][0], EPOLLIN,
					 on_any, fixture),
			0);
	}
	/* Those are always ready: none delays this one. */
	assert_int_equal(loop_watch_add(&fixture->loop, &fixture->near_watch, fixture->near,
				 EPOLLIN, stop_on_ready, fixture),
		0);
	assert_int_equal(write(fixture->far, "1", 1), 1);
	assert_int_equal(loop_run(&fixture->loop, NULL), 0);
	assert_string_equal(fixture->story, "s");
	for (int i = 0; i < PAIRS; i++) {
		loop_watch_remove(&fixture->loop, &watches[i]);
		close(ends[i][0]);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(timers_expire_in_the_order_of_their_times),
		TEST(jobs_run_one_after_another_and_once),
		TEST(a_job_that_adds_itself_leaves_room_for_timers),
		TEST(within_a_job_descriptors_and_timers_are_served_and_no_other_job),
		TEST(a_stop_within_a_job_ends_the_run_when_the_job_is_done),
		TEST(a_timer_is_never_early),
		TEST(a_timer_does_not_expire_within_the_call_that_sets_it),
		TEST(a_timer_expires_once),
		TEST(a_cancelled_timer_does_not_expire),
		TEST(a_timer_set_again_counts_from_then),
		TEST(a_callback_cancels_and_sets_other_timers),
		TEST(a_timer_that_sets_itself_leaves_room_for_descriptors),
		TEST(a_watched_descriptor_is_called_for_each_byte),
		TEST(a_watch_can_be_changed),
		TEST(a_removed_watch_is_not_called_for_events_already_reported),
		TEST(a_descriptor_number_used_again_gets_no_old_events),
		TEST(a_file_cannot_be_waited_for),
		TEST(a_stop_leaves_the_rest_for_the_next_run),
		TEST(a_stop_before_the_run_counts),
		TEST(a_loop_with_nothing_to_do_sleeps),
		TEST(a_signal_does_not_end_the_run),
		TEST(many_descriptors_are_all_served),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
