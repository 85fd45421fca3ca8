/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator of secrets, and how blocks grow. */
#include "harness.h"

#include "secret_memory.h"

static bool can_extend;
static unsigned extended;
static unsigned char given_back[8]; /* its value at that time */

static void *source_alloc(size_t size)
{
	return calloc(1, size);
}

static void source_free(void *memory, size_t size)
{
	memcpy(given_back, memory, sizeof given_back);
	free(memory);
}

static void *source_extend(void *memory, size_t size, size_t larger)
{
	extended++;
	return can_extend ? memory : NULL;
}

static const struct secret_memory_source source = {source_alloc, source_free, source_extend};

static int set_up(void **state)
{
	secret_memory_use(&source);
	extended = 0;
	memset(given_back, 0xff, sizeof given_back);
	return 0;
}

static int tear_down(void **state)
{
	secret_memory_use(NULL);
	return 0;
}

static void memory_that_can_be_extended_is_not_copied(void **state)
{
	can_extend = true;
	char *memory = secret_alloc(8);
	assert_ptr_equal(secret_grow(memory, 8, 8, 16), memory);
	assert_int_equal(extended, 1);
	secret_free(memory, 8);
}

static void other_memory_is_copied_and_wiped(void **state)
{
	static const unsigned char wiped[sizeof given_back];
	can_extend = false;
	char *memory = secret_alloc(8);
	memcpy(memory, "secret", 6);
	char *grown = secret_grow(memory, 8, 6, 16);
	assert_memory_equal(grown, "secret\0\0", 8);
	assert_int_equal(extended, 1);
	assert_memory_equal(given_back, wiped, sizeof wiped);
	secret_free(grown, 16);
}

static void the_first_allocation_extends_nothing(void **state)
{
	char *memory = secret_grow(NULL, 0, 0, 16);
	assert_non_null(memory);
	assert_int_equal(extended, 0);
	secret_free(memory, 16);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(memory_that_can_be_extended_is_not_copied),
		TEST(other_memory_is_copied_and_wiped),
		TEST(the_first_allocation_extends_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
