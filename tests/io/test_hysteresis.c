/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often a problem that comes and goes is logged: at once if it does so rarely, seldom if it
 * does so all the time, and in the end the log is correct.
 */
#include "harness.h"
#include "hysteresis.h"
#include "problem.h"

#include <stdio.h>
#include <stdlib.h>

#define S_MS    INT64_C(1000)
#define HOUR_MS (3600 * S_MS)
#define DAY_MS  (24 * HOUR_MS)

/* A problem under test, and its state according to the log. */
struct watched {
	struct hysteresis hysteresis;
	int64_t now_ms;
	bool is_logged;
	int logged_text;
	unsigned lines;
};

/* Text 0: no problem. */
static void note(struct watched *watched, int text)
{
	hysteresis_note(
		&watched->hysteresis, watched->now_ms, text != 0, watched->logged_text != text);
	enum hysteresis_line line = hysteresis_take(&watched->hysteresis, watched->now_ms);
	if (line == HYSTERESIS_NONE)
		return;
	assert_int_equal(line == HYSTERESIS_PROBLEM, text != 0);
	/* No line repeats the one before it. */
	assert_false(watched->is_logged == (text != 0) && watched->logged_text == text);
	watched->is_logged = text != 0;
	if (text)
		watched->logged_text = text;
	watched->lines++;
}

static void assert_log_is_right(const struct watched *watched, int text)
{
	assert_int_equal(watched->is_logged, text != 0);
	if (text)
		assert_int_equal(watched->logged_text, text);
}

/* The source is polled every second of a day. */
static unsigned lines_of_a_day(int (*source)(int64_t now_ms, int64_t period_ms), int64_t period_ms)
{
	struct watched watched = {.now_ms = 1};
	for (; watched.now_ms < DAY_MS; watched.now_ms += S_MS)
		note(&watched, source(watched.now_ms, period_ms));
	/* Whatever its history, a state that lasts is logged. */
	for (int text = 2; text >= 0; text--) {
		for (int64_t end_ms = watched.now_ms + HOUR_MS + S_MS; watched.now_ms < end_ms;
			watched.now_ms += S_MS)
			note(&watched, text);
		assert_log_is_right(&watched, text);
	}
	return watched.lines;
}

static int alternating(int64_t now_ms, int64_t period_ms)
{
	return now_ms / period_ms % 2 ? 1 : 0;
}

static int changing(int64_t now_ms, int64_t period_ms)
{
	return 1 + (int)(now_ms / period_ms % 1000);
}

static int changing_and_going(int64_t now_ms, int64_t period_ms)
{
	return (int)(now_ms / period_ms % 4);
}

static int at_random(int64_t now_ms, int64_t period_ms)
{
	return rand() % period_ms ? 0 : 1 + rand() % 3;
}

static void a_problem_that_comes_and_goes_all_day_is_logged_a_few_times(void **state)
{
	unsigned half_minutes = lines_of_a_day(alternating, 30 * S_MS);
	assert_true(half_minutes >= 5 && half_minutes <= 20);
	for (int64_t period_ms = S_MS; period_ms < 4 * HOUR_MS; period_ms += 1 + period_ms / 3) {
		assert_true(lines_of_a_day(alternating, period_ms) <= 80);
		assert_true(lines_of_a_day(changing, period_ms) <= 60);
		assert_true(lines_of_a_day(changing_and_going, period_ms) <= 150);
	}
	srand(1);
	for (int64_t one_in = 2; one_in < 5000; one_in *= 3)
		assert_true(lines_of_a_day(at_random, one_in) <= 150);
}

static void a_problem_that_comes_and_goes_rarely_is_logged_each_time_and_at_once(void **state)
{
	struct watched watched = {.now_ms = 1};
	for (unsigned i = 0; i < 100; i++) {
		note(&watched, i % 2 ? 0 : 1);
		assert_log_is_right(&watched, i % 2 ? 0 : 1);
		assert_int_equal(watched.lines, i + 1);
		watched.now_ms += HOUR_MS;
	}
}

static void a_few_times_in_a_row_are_logged_at_once_too(void **state)
{
	struct watched watched = {.now_ms = DAY_MS};
	for (int i = 0; i < 5; i++) {
		note(&watched, 1);
		assert_log_is_right(&watched, 1);
		watched.now_ms += S_MS;
		note(&watched, 0);
		assert_log_is_right(&watched, 0);
		watched.now_ms += S_MS;
	}
	/* The next end is logged after it lasted a minute, the one after that two. */
	for (int minutes = 1; minutes <= 2; minutes++) {
		note(&watched, 1);
		assert_log_is_right(&watched, 1);
		note(&watched, 0);
		int64_t due_ms = watched.now_ms + minutes * 60 * S_MS;
		assert_true(hysteresis_due_ms(&watched.hysteresis) == due_ms);
		watched.now_ms = due_ms - 1;
		note(&watched, 0);
		assert_log_is_right(&watched, 1);
		watched.now_ms = due_ms;
		note(&watched, 0);
		assert_log_is_right(&watched, 0);
	}
	/* After an hour the history is forgotten. */
	watched.now_ms += HOUR_MS;
	note(&watched, 1);
	note(&watched, 0);
	assert_log_is_right(&watched, 0);
	assert_true(hysteresis_due_ms(&watched.hysteresis) == INT64_MAX);
}

static void an_end_that_does_not_last_is_not_logged(void **state)
{
	struct watched watched = {.now_ms = 1};
	for (int i = 0; i < 6; i++) {
		note(&watched, 1);
		note(&watched, 0);
	}
	unsigned lines = watched.lines;
	assert_log_is_right(&watched, 1);
	watched.now_ms += 59 * S_MS;
	note(&watched, 1);
	assert_true(hysteresis_due_ms(&watched.hysteresis) == INT64_MAX);
	watched.now_ms += HOUR_MS;
	note(&watched, 1);
	assert_int_equal(watched.lines, lines);
}

static char last_line[128];
static unsigned line_count;

static void log_write(void *sink, enum log_level level, const char *message,
	const struct log_field *fields, unsigned field_count)
{
	snprintf(last_line, sizeof last_line, "%s %s", message,
		field_count > 1 ? fields[1].value : "");
	line_count++;
}

static void on_time(void *impl)
{
	loop_stop(impl);
}

/* No further call is needed. */
static void a_line_that_was_not_due_is_logged_when_it_is(void **state)
{
	const struct logger logger = {.write = log_write};
	struct loop loop;
	struct loop_timer timer = {0};
	assert_int_equal(loop_init(&loop, NULL), 0);
	struct problem condition = {.name = "sky", .loop = &loop};
	problem_raise(&condition, &logger, "rain");
	for (int i = 0; i < 6; i++)
		problem_raise(&condition, &logger, i % 2 ? "rain" : "hail");
	assert_int_equal(line_count, 1 + 6);
	problem_raise(&condition, &logger, "snow");
	assert_int_equal(line_count, 1 + 6);
	assert_string_equal(last_line, "Problem rain");
	assert_true(problem_is_raised(&condition) && condition.timer.is_set);
	/* The minute is over. */
	condition.hysteresis.logged_ms -= 60 * S_MS - 20;
	problem_raise(&condition, &logger, "snow");
	assert_int_equal(line_count, 7);
	loop_timer_set(&loop, &timer, 200, on_time, &loop);
	assert_int_equal(loop_run(&loop, NULL), 0);
	assert_int_equal(line_count, 8);
	assert_string_equal(last_line, "Problem snow");
	problem_resolve(&condition, &logger);
	assert_string_equal(last_line, "Problem resolved ");
	assert_false(problem_is_raised(&condition));
	for (int i = 0; i < 6; i++) {
		problem_raise(&condition, &logger, "fog");
		problem_resolve(&condition, &logger);
	}
	assert_string_equal(last_line, "Problem fog");
	assert_false(problem_is_raised(&condition));
	condition.hysteresis.since_ms -= 60 * S_MS - 20;
	problem_resolve(&condition, &logger);
	assert_string_equal(last_line, "Problem fog");
	loop_timer_set(&loop, &timer, 200, on_time, &loop);
	assert_int_equal(loop_run(&loop, NULL), 0);
	assert_string_equal(last_line, "Problem resolved ");
	problem_raise(&condition, &logger, "fog");
	problem_clear(&condition);
	assert_null(loop.timers);
	loop_deinit(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_problem_that_comes_and_goes_all_day_is_logged_a_few_times),
		cmocka_unit_test(
			a_problem_that_comes_and_goes_rarely_is_logged_each_time_and_at_once),
		cmocka_unit_test(a_few_times_in_a_row_are_logged_at_once_too),
		cmocka_unit_test(an_end_that_does_not_last_is_not_logged),
		cmocka_unit_test(a_line_that_was_not_due_is_logged_when_it_is),
	};
	return cmocka_run_group_tests_name("hysteresis", tests, NULL, NULL);
}
