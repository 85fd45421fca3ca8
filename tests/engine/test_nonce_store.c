/* SPDX-License-Identifier: Apache-2.0 */
/* The nonces of accepted events. */
#include "harness.h"

#include "nonce_store.h"

#include <stdio.h>

#define SECOND NONCE_SWEEP_NS

/* Both clocks agree. */
static struct moment at(int64_t ns)
{
	return (struct moment){ns, ns};
}

static bool holds(const struct nonce_store *store, const char *text, size_t length, int64_t now_ns)
{
	return nonce_store_find(store, text, length, at(now_ns)) != NULL;
}

static int add(struct nonce_store *store, const char *text, size_t length, int64_t now_ns,
	int64_t expires_ns)
{
	return nonce_store_add(store, text, length, at(now_ns), at(expires_ns));
}

static void what_was_added_is_held(void **state)
{
	struct nonce_store store = {0};
	assert_false(holds(&store, "a", 1, 0));
	assert_int_equal(add(&store, "a", 1, 0, 10), 0);
	assert_true(holds(&store, "a", 1, 0));
	assert_false(holds(&store, "b", 1, 0));
	assert_false(holds(&store, "aa", 2, 0));
	assert_false(holds(&store, "", 0, 0));
	nonce_store_clear(&store);
	assert_false(holds(&store, "a", 1, 0));
}

static void a_prefix_of_a_nonce_is_another_nonce(void **state)
{
	struct nonce_store store = {0};
	static const char text[] = "\0\0\0\0";
	for (size_t length = 1; length <= 4; length++)
		assert_int_equal(add(&store, text, length, 0, 10), 0);
	assert_int_equal(store.count, 4);
	nonce_store_expire(&store, at(11));
	for (size_t length = 1; length <= 4; length++)
		assert_false(holds(&store, text, length, 11));
	nonce_store_clear(&store);
}

static void texts_are_copied(void **state)
{
	struct nonce_store store = {0};
	char text[] = "nonce";
	assert_int_equal(add(&store, text, 5, 0, 10), 0);
	memset(text, 'x', 5);
	assert_true(holds(&store, "nonce", 5, 0));
	assert_false(holds(&store, "xxxxx", 5, 0));
	nonce_store_clear(&store);
}

static int add_number(
	struct nonce_store *store, unsigned number, int64_t now_ns, int64_t expires_ns)
{
	char text[12];
	int length = snprintf(text, sizeof text, "%u", number);
	return add(store, text, (size_t)length, now_ns, expires_ns);
}

static bool holds_number(const struct nonce_store *store, unsigned number, int64_t now_ns)
{
	char text[12];
	int length = snprintf(text, sizeof text, "%u", number);
	return holds(store, text, (size_t)length, now_ns);
}

static void each_is_dropped_after_its_time(void **state)
{
	struct nonce_store store = {0};
	for (unsigned i = 0; i < 500; i++) /* in a mixed order of texts and times */
		assert_int_equal(add_number(&store, i * 7 % 500, 0, i * 7 % 500), 0);
	for (int now = 0; now <= 500; now += 50) {
		/* It may have been dropped or not. */
		for (unsigned i = 0; i < 500; i++)
			assert_int_equal(holds_number(&store, i, now), (int)i >= now);
		nonce_store_expire(&store, at(now));
		for (unsigned i = 0; i < 500; i++)
			assert_int_equal(holds_number(&store, i, now), (int)i >= now);
		assert_int_equal(store.count, 500 - now);
	}
	nonce_store_clear(&store);
}

static void a_nonce_is_accepted_again_after_its_time(void **state)
{
	struct nonce_store store = {0};
	assert_int_equal(add(&store, "a", 1, 0, 10), 0);
	assert_int_equal(add(&store, "a", 1, 10, 99), NONCE_KNOWN);
	assert_false(holds(&store, "a", 1, 11));
	assert_int_equal(add(&store, "a", 1, 11, 20), 0);
	assert_int_equal(store.count, 1);
	assert_true(holds(&store, "a", 1, 20));
	assert_false(holds(&store, "a", 1, 21));
	nonce_store_clear(&store);
}

static void the_empty_text_is_a_nonce_like_others(void **state)
{
	struct nonce_store store = {0};
	assert_int_equal(add(&store, "", 0, 0, 10), 0);
	assert_true(holds(&store, "", 0, 0));
	assert_false(holds(&store, "a", 1, 0));
	nonce_store_clear(&store);
}

static void expired_nonces_are_dropped_gradually(void **state)
{
	struct nonce_store store = {0};
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(add_number(&store, i, 0, i), 0);
	assert_int_equal(add_number(&store, 100, SECOND - 1, SECOND), 0);
	assert_int_equal(store.count, 101);
	assert_int_equal(add_number(&store, 101, SECOND, SECOND), 0);
	assert_int_equal(store.count, 2);
	nonce_store_clear(&store);
}

static void nonces_are_accepted_up_to_the_limit(void **state)
{
	struct nonce_store store = {.max = 3};
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(add_number(&store, i, 0, (i + 1) * SECOND), 0);
	/* A full store accepts no other nonce and forgets none, for as long as it is full. */
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(add_number(&store, 3 + i, SECOND, 9 * SECOND), NONCE_NO_ROOM);
		assert_int_equal(add_number(&store, i % 3, SECOND, 9 * SECOND), NONCE_KNOWN);
		assert_int_equal(store.count, 3);
	}
	/* The time of the first is past. */
	assert_int_equal(add_number(&store, 3, 2 * SECOND, 9 * SECOND), 0);
	assert_int_equal(add_number(&store, 4, 2 * SECOND, 9 * SECOND), NONCE_NO_ROOM);
	assert_false(holds_number(&store, 0, 2 * SECOND));
	for (unsigned i = 1; i <= 3; i++)
		assert_true(holds_number(&store, i, 2 * SECOND));
	nonce_store_clear(&store);
	assert_int_equal(store.max, 3);
}

static void a_repeated_nonce_needs_no_more_room(void **state)
{
	struct nonce_store store = {.max = 1, .swept_ns = 5};
	assert_int_equal(add(&store, "a", 1, 5, 10), 0);
	assert_int_equal(add(&store, "b", 1, 11, 20), NONCE_NO_ROOM);
	assert_int_equal(add(&store, "a", 1, 11, 20), 0);
	assert_int_equal(store.count, 1);
	nonce_store_clear(&store);
}

/* A signer without restraint: ten times as many as fit, in no order. */
static void memory_has_a_limit_whatever_comes(void **state)
{
	enum { MAX = 5000 };
	struct nonce_store store = {.max = MAX};
	unsigned taken = 0;
	for (unsigned i = 0; i < 10 * MAX; i++) {
		int error = add_number(&store, i * 2654435761u, SECOND, 300 * SECOND);
		assert_int_equal(error, i < MAX ? 0 : NONCE_NO_ROOM);
		taken += error == 0;
	}
	assert_int_equal(taken, MAX);
	assert_int_equal(store.count, MAX);
	for (unsigned i = 0; i < 10 * MAX; i++)
		assert_int_equal(holds_number(&store, i * 2654435761u, 300 * SECOND), i < MAX);
	/* After their time there is as much room as before. */
	for (unsigned i = 0; i < MAX; i++)
		assert_int_equal(add_number(&store, i, 301 * SECOND, 600 * SECOND), 0);
	assert_int_equal(add_number(&store, MAX, 301 * SECOND, 600 * SECOND), NONCE_NO_ROOM);
	nonce_store_clear(&store);
}

/* One of the two clocks may jump. */
static void a_nonce_is_remembered_until_both_clocks_are_past(void **state)
{
	struct nonce_store store = {0};
	const struct moment until = {100, 1000};
	for (int64_t wall = 99; wall <= 101; wall++) {
		for (int64_t boot = 999; boot <= 1001; boot++) {
			const struct moment now = {wall, boot};
			bool is_past = wall == 101 && boot == 1001;
			nonce_store_clear(&store);
			assert_int_equal(nonce_store_add(&store, "a", 1, at(0), until), 0);
			assert_int_equal(nonce_store_find(&store, "a", 1, now) == NULL, is_past);
			nonce_store_expire(&store, now);
			assert_int_equal(store.count, !is_past);
			assert_int_equal(nonce_store_add(&store, "a", 1, now, until),
				is_past ? 0 : NONCE_KNOWN);
		}
	}
	nonce_store_clear(&store);
}

static void restored_nonces_ignore_the_limit_and_replace_others(void **state)
{
	struct nonce_store store = {.max = 1};
	assert_int_equal(nonce_store_put(&store, "a", 1, at(5)), 0);
	assert_int_equal(nonce_store_put(&store, "b", 1, at(6)), 0);
	assert_int_equal(nonce_store_put(&store, "a", 1, at(7)), 0);
	assert_int_equal(store.count, 2);
	assert_int_equal(nonce_store_find(&store, "a", 1, at(0))->wall_ns, 7);
	assert_int_equal(add(&store, "c", 1, 0, 9), NONCE_NO_ROOM);
	nonce_store_clear(&store);
}

static void a_thousand_a_second_fit_for_ten_minutes(void **state)
{
	struct nonce_store store = {0};
	assert_int_equal(nonce_store_max(&store), 600 * 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_added_is_held),
		cmocka_unit_test(a_prefix_of_a_nonce_is_another_nonce),
		cmocka_unit_test(texts_are_copied),
		cmocka_unit_test(each_is_dropped_after_its_time),
		cmocka_unit_test(a_nonce_is_accepted_again_after_its_time),
		cmocka_unit_test(the_empty_text_is_a_nonce_like_others),
		cmocka_unit_test(expired_nonces_are_dropped_gradually),
		cmocka_unit_test(nonces_are_accepted_up_to_the_limit),
		cmocka_unit_test(a_repeated_nonce_needs_no_more_room),
		cmocka_unit_test(memory_has_a_limit_whatever_comes),
		cmocka_unit_test(a_nonce_is_remembered_until_both_clocks_are_past),
		cmocka_unit_test(restored_nonces_ignore_the_limit_and_replace_others),
		cmocka_unit_test(a_thousand_a_second_fit_for_ten_minutes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
