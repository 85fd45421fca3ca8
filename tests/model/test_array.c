/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays that grow, and arrays that are sorted. */
#include "harness.h"

#include "array.h"
#include "failing_memory.h"

static void an_array_grows_and_keeps_what_it_holds(void **state)
{
	int *numbers = NULL;
	size_t capacity = 0;
	for (size_t count = 0; count < 1000; count++) {
		numbers = array_grow(numbers, count, &capacity, sizeof *numbers);
		assert_non_null(numbers);
		assert_true(capacity > count && capacity < 2 * count + 10);
		numbers[count] = (int)count;
	}
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(numbers[i], i);
	free(numbers);
}

static void one_that_cannot_grow_stays_as_it_is(void **state)
{
	size_t capacity = 0;
	char *bytes = array_grow(NULL, 0, &capacity, 1);
	size_t full = capacity;
	bytes[0] = 'x';
	failing_memory_arm(0, false);
	assert_null(array_grow(bytes, full, &capacity, 1));
	failing_memory_disarm();
	assert_int_equal(capacity, full);
	assert_int_equal(bytes[0], 'x');
	free(bytes);
}

static int compare_numbers(const void *key, const void *element)
{
	int x = *(const int *)key, y = *(const int *)element;
	return (x > y) - (x < y);
}

/* Sorted arrays of up to six numbers from 0 to 6, whatever is repeated. */
static void the_first_element_that_is_not_before_the_key_is_found(void **state)
{
	for (unsigned seed = 0; seed < 7 * 7 * 7 * 7; seed++) {
		int numbers[6] = {0};
		size_t count = seed % 7;
		unsigned left = seed;
		for (size_t i = 0; i < count; i++, left /= 3)
			numbers[i] = (i ? numbers[i - 1] : 0) + (int)(left % 3);
		for (int key = -1; key < 14; key++) {
			size_t first = 0;
			while (first < count && numbers[first] < key)
				first++;
			assert_int_equal(array_search(numbers, count, sizeof *numbers, &key,
						 compare_numbers),
				first);
		}
	}
	assert_int_equal(array_search(NULL, 0, 4, NULL, compare_numbers), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_array_grows_and_keeps_what_it_holds),
		cmocka_unit_test(one_that_cannot_grow_stays_as_it_is),
		cmocka_unit_test(the_first_element_that_is_not_before_the_key_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
