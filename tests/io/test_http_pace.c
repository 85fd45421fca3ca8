/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which exchanges may go on: all whose bytes arrive often and fast enough, in whatever pieces; none
 * of the others for long.
 */
#include "harness.h"
#include "http_pace.h"

#include <stdlib.h>

#define IDLE_MS   4000
#define LOOK_MS   (IDLE_MS / 8)
#define RATE      100
#define WINDOW_MS (HTTP_PACE_WINDOW * IDLE_MS)

static const struct http_pace_limits limits = {.idle_ms = IDLE_MS, .least_rate = RATE};

/* A piece of `bytes` every `gap_ms`, of which each `useful_one_in` is useful; 0: none. */
struct source {
	int64_t gap_ms;
	uint64_t bytes;
	unsigned useful_one_in;
};

struct outcome {
	enum http_pace_verdict verdict;
	int64_t end_ms; /* when it was cut */
	uint64_t useful;
};

/* The exchange as it goes on for `total_ms`, if it is not cut. */
static struct outcome exchange(const struct source *source, int64_t total_ms, int64_t look_ms)
{
	/* On a reused connection, and at any time. */
	struct http_pace_counts counts = {.moved = 7000, .useful = 5000};
	const int64_t start_ms = 123456;
	struct http_pace pace;
	http_pace_begin(&pace, start_ms, &counts);
	for (int64_t at_ms = 1; at_ms <= total_ms; at_ms++) {
		if (at_ms % source->gap_ms == 0) {
			counts.moved += source->bytes;
			if (source->useful_one_in &&
				at_ms / source->gap_ms % source->useful_one_in == 0)
				counts.useful += source->bytes * source->useful_one_in;
		}
		if (at_ms % look_ms != 0)
			continue;
		enum http_pace_verdict verdict =
			http_pace_check(&pace, &limits, start_ms + at_ms, &counts);
		if (verdict != HTTP_PACE_GOOD)
			return (struct outcome){verdict, at_ms, counts.useful - 5000};
	}
	return (struct outcome){.end_ms = total_ms, .useful = counts.useful - 5000};
}

static void an_exchange_that_is_fast_enough_is_never_cut(void **state)
{
	for (int64_t gap_ms = 1; gap_ms < IDLE_MS - LOOK_MS; gap_ms += 1 + gap_ms / 7) {
		/* Twice the rate: a window may begin just behind a piece. */
		uint64_t bytes = (uint64_t)(2 * RATE * gap_ms + 999) / 1000;
		const struct source source = {gap_ms, bytes, 1};
		assert_int_equal(
			exchange(&source, 20 * WINDOW_MS, LOOK_MS).verdict, HTTP_PACE_GOOD);
	}
}

static void a_body_that_is_useful_only_in_large_pieces_is_not_cut(void **state)
{
	/* A record of 16 KiB at 200 bytes a second takes longer than the idle time. */
	const struct http_pace_limits slow = {.idle_ms = 30000, .least_rate = RATE};
	struct http_pace_counts counts = {0};
	struct http_pace pace;
	http_pace_begin(&pace, 0, &counts);
	for (int64_t at_ms = 0; at_ms < 3600 * 1000; at_ms += 100) {
		counts.moved += 20;
		counts.useful = counts.moved / 16384 * 16384;
		assert_int_equal(http_pace_check(&pace, &slow, at_ms, &counts), HTTP_PACE_GOOD);
	}
}

static void an_exchange_that_does_not_move_is_cut_after_the_idle_time(void **state)
{
	for (int64_t look_ms = 1; look_ms <= LOOK_MS; look_ms *= 2) {
		const struct source silent = {INT64_MAX, 0, 0};
		struct outcome outcome = exchange(&silent, 10 * WINDOW_MS, look_ms);
		assert_int_equal(outcome.verdict, HTTP_PACE_IDLE);
		assert_true(outcome.end_ms >= IDLE_MS && outcome.end_ms < IDLE_MS + look_ms);
	}
}

/* However it behaves, an exchange that was not cut has reached the minimum rate. */
static void an_exchange_that_is_too_slow_is_cut(void **state)
{
	srand(1);
	unsigned cut = 0;
	for (int i = 0; i < 2000; i++) {
		const struct source source = {
			1 + rand() % IDLE_MS, (uint64_t)(rand() % 500), (unsigned)(rand() % 4)};
		int64_t total_ms = 1 + rand() % (6 * WINDOW_MS);
		struct outcome outcome = exchange(&source, total_ms, LOOK_MS);
		int64_t counted_ms = outcome.end_ms - 2 * WINDOW_MS;
		cut += outcome.verdict == HTTP_PACE_SLOW;
		if (counted_ms > 0)
			assert_true(outcome.useful * 1000 >= (uint64_t)counted_ms * RATE);
	}
	assert_true(cut > 100);
	const struct source drip = {IDLE_MS - LOOK_MS, 1, 1};
	struct outcome outcome = exchange(&drip, 10 * WINDOW_MS, LOOK_MS);
	assert_int_equal(outcome.verdict, HTTP_PACE_SLOW);
	assert_int_equal(outcome.end_ms, WINDOW_MS);
}

static void another_connection_starts_again(void **state)
{
	struct http_pace_counts counts = {.moved = 90000, .useful = 90000};
	struct http_pace pace;
	http_pace_begin(&pace, 0, &counts);
	counts = (struct http_pace_counts){.moved = 10, .useful = 10};
	assert_int_equal(http_pace_check(&pace, &limits, IDLE_MS, &counts), HTTP_PACE_GOOD);
	counts.moved++;
	assert_int_equal(http_pace_check(&pace, &limits, WINDOW_MS, &counts), HTTP_PACE_GOOD);
	counts.moved++;
	assert_int_equal(http_pace_check(&pace, &limits, 2 * WINDOW_MS, &counts), HTTP_PACE_SLOW);
}

static void without_limits_nothing_is_cut(void **state)
{
	const struct http_pace_limits none = {.least_rate = RATE};
	struct http_pace_counts counts = {0};
	struct http_pace pace;
	http_pace_begin(&pace, 0, &counts);
	for (int64_t at_ms = 1; at_ms < INT64_MAX / 4; at_ms *= 2)
		assert_int_equal(http_pace_check(&pace, &none, at_ms, &counts), HTTP_PACE_GOOD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exchange_that_is_fast_enough_is_never_cut),
		cmocka_unit_test(a_body_that_is_useful_only_in_large_pieces_is_not_cut),
		cmocka_unit_test(an_exchange_that_does_not_move_is_cut_after_the_idle_time),
		cmocka_unit_test(an_exchange_that_is_too_slow_is_cut),
		cmocka_unit_test(another_connection_starts_again),
		cmocka_unit_test(without_limits_nothing_is_cut),
	};
	return cmocka_run_group_tests_name("http_pace", tests, NULL, NULL);
}
