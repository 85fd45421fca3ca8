/* SPDX-License-Identifier: Apache-2.0 */
#include "backoff.h"
#include "harness.h"

static uint32_t draw(void *impl)
{
	return *(const uint32_t *)impl;
}

static struct random_source always(uint32_t *bits)
{
	return (struct random_source){.next = draw, .impl = bits};
}

#define MIDDLE (UINT32_MAX / 2)

static void waits_double_from_one_second_to_sixty(void **state)
{
	static const uint32_t expected_ms[] = {
		1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000};
	uint32_t bits = MIDDLE;
	struct random_source random = always(&bits);
	struct backoff backoff = {0};
	for (size_t i = 0; i < COUNT_OF(expected_ms); i++)
		assert_int_equal(backoff_next_ms(&backoff, &random), expected_ms[i]);
}

static void chance_takes_off_or_adds_a_quarter_at_most(void **state)
{
	static const uint32_t shortest_ms[] = {750, 1500, 3000, 6000, 12000, 24000, 45000, 45000};
	static const uint32_t longest_ms[] = {1250, 2500, 5000, 10000, 20000, 40000, 75000, 75000};
	uint32_t none = 0, all = UINT32_MAX;
	struct random_source low = always(&none), high = always(&all);
	struct backoff shorter = {0}, longer = {0};
	for (size_t i = 0; i < COUNT_OF(shortest_ms); i++) {
		assert_int_equal(backoff_next_ms(&shorter, &low), shortest_ms[i]);
		assert_int_equal(backoff_next_ms(&longer, &high), longest_ms[i]);
	}
}

static void chance_does_not_add_up(void **state)
{
	uint32_t all = UINT32_MAX, middle = MIDDLE;
	struct random_source high = always(&all), even = always(&middle);
	struct backoff backoff = {0};
	assert_int_equal(backoff_next_ms(&backoff, &high), 1250);
	assert_int_equal(backoff_next_ms(&backoff, &even), 2000);
}

static void a_reset_starts_over(void **state)
{
	uint32_t bits = MIDDLE;
	struct random_source random = always(&bits);
	struct backoff backoff = {0};
	for (size_t i = 0; i < 100; i++)
		backoff_next_ms(&backoff, &random);
	backoff_reset(&backoff);
	assert_int_equal(backoff_next_ms(&backoff, &random), 1000);
	assert_int_equal(backoff_next_ms(&backoff, &random), 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_double_from_one_second_to_sixty),
		cmocka_unit_test(chance_takes_off_or_adds_a_quarter_at_most),
		cmocka_unit_test(chance_does_not_add_up),
		cmocka_unit_test(a_reset_starts_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
