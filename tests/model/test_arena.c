/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is freed all at once. */
#include "harness.h"

#include "arena.h"

static void memory_is_zeroed_aligned_and_stays_where_it_is(void **state)
{
	struct arena arena = {0};
	unsigned char *pieces[600];
	for (size_t i = 0; i < COUNT_OF(pieces); i++) {
		pieces[i] = arena_alloc(&arena, i);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
		for (size_t j = 0; j < i; j++)
			assert_int_equal(pieces[i][j], 0);
		memset(pieces[i], (int)(i & 255), i);
	}
	for (size_t i = 0; i < COUNT_OF(pieces); i++)
		for (size_t j = 0; j < i; j++)
			assert_int_equal(pieces[i][j], i & 255);
	arena_clear(&arena);
}

static void a_piece_may_be_larger_than_a_block(void **state)
{
	struct arena arena = {0};
	char *small = arena_alloc(&arena, 10);
	char *large = arena_alloc(&arena, 3000000);
	char *after = arena_alloc(&arena, 10);
	assert_non_null(small);
	assert_non_null(large);
	assert_non_null(after);
	memset(large, 1, 3000000);
	assert_int_equal(small[9], 0);
	assert_int_equal(after[0], 0);
	arena_clear(&arena);
}

static void too_much_is_rejected_and_the_arena_stays_usable(void **state)
{
	struct arena arena = {0};
	for (size_t i = 0; i <= 128; i++)
		assert_null(arena_alloc(&arena, SIZE_MAX - i));
	assert_null(arena_strndup(&arena, "", SIZE_MAX));
	assert_non_null(arena_alloc(&arena, 1));
	arena_clear(&arena);
}

static void a_copied_text_ends_in_a_nul(void **state)
{
	struct arena arena = {0};
	assert_string_equal(arena_strndup(&arena, "peer-2 and more", 6), "peer-2");
	assert_string_equal(arena_strndup(&arena, "", 0), "");
	assert_string_equal(arena_strndup(&arena, NULL, 0), "");
	char *with_nul = arena_strndup(&arena, "a\0b", 3);
	assert_memory_equal(with_nul, "a\0b", 4);
	arena_clear(&arena);
}

static void a_cleared_arena_is_empty_and_can_be_used_anew(void **state)
{
	struct arena arena = {0};
	arena_clear(&arena);
	assert_non_null(arena_alloc(&arena, 1));
	arena_clear(&arena);
	assert_null(arena.blocks);
	assert_non_null(arena_alloc(&arena, 1));
	arena_clear(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_aligned_and_stays_where_it_is),
		cmocka_unit_test(a_piece_may_be_larger_than_a_block),
		cmocka_unit_test(too_much_is_rejected_and_the_arena_stays_usable),
		cmocka_unit_test(a_copied_text_ends_in_a_nul),
		cmocka_unit_test(a_cleared_arena_is_empty_and_can_be_used_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
