/* The nonces of accepted events. */
#include "harness.h"

#include "nonce_store.h"

#include <stdio.h>

static void what_was_added_is_held(void **state)
{
	struct nonce_store store = {0};
	assert_false(nonce_store_holds(&store, "a", 1));
	assert_int_equal(nonce_store_add(&store, "a", 1, 10), 0);
	assert_true(nonce_store_holds(&store, "a", 1));
	assert_false(nonce_store_holds(&store, "b", 1));
	assert_false(nonce_store_holds(&store, "aa", 2));
	assert_false(nonce_store_holds(&store, "", 0));
	nonce_store_clear(&store);
	assert_false(nonce_store_holds(&store, "a", 1));
}

static void a_prefix_of_a_nonce_is_another_nonce(void **state)
{
	struct nonce_store store = {0};
	static const char text[] = "\0\0\0\0";
	for (size_t length = 1; length <= 4; length++)
		assert_int_equal(nonce_store_add(&store, text, length, 10), 0);
	assert_int_equal(store.count, 4);
	nonce_store_expire(&store, 11);
	for (size_t length = 1; length <= 4; length++)
		assert_false(nonce_store_holds(&store, text, length));
	nonce_store_clear(&store);
}

static void texts_are_copied(void **state)
{
	struct nonce_store store = {0};
	char text[] = "nonce";
	assert_int_equal(nonce_store_add(&store, text, 5, 10), 0);
	memset(text, 'x', 5);
	assert_true(nonce_store_holds(&store, "nonce", 5));
	assert_false(nonce_store_holds(&store, "xxxxx", 5));
	nonce_store_clear(&store);
}

static void each_is_dropped_once_its_time_is_past(void **state)
{
	struct nonce_store store = {0};
	char text[12];
	for (int i = 0; i < 500; i++) { /* in a mixed order of texts and times */
		int length = snprintf(text, sizeof text, "%d", i * 7 % 500);
		assert_int_equal(nonce_store_add(&store, text, (size_t)length, i * 7 % 500), 0);
	}
	for (int now = 0; now <= 500; now += 50) {
		nonce_store_expire(&store, now);
		for (int i = 0; i < 500; i++) {
			int length = snprintf(text, sizeof text, "%d", i);
			assert_int_equal(nonce_store_holds(&store, text, (size_t)length), i >= now);
		}
	}
	assert_int_equal(store.count, 0);
	nonce_store_clear(&store);
}

static void a_nonce_that_is_there_already_stays_as_it_was(void **state)
{
	struct nonce_store store = {0};
	assert_int_equal(nonce_store_add(&store, "a", 1, 10), 0);
	assert_int_equal(nonce_store_add(&store, "a", 1, 99), 0);
	assert_int_equal(store.count, 1);
	nonce_store_expire(&store, 11);
	assert_int_equal(store.count, 0);
	nonce_store_clear(&store);
}

static void the_empty_text_is_a_nonce_like_others(void **state)
{
	struct nonce_store store = {0};
	assert_int_equal(nonce_store_add(&store, "", 0, 10), 0);
	assert_true(nonce_store_holds(&store, "", 0));
	assert_false(nonce_store_holds(&store, "a", 1));
	nonce_store_clear(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_added_is_held),
		cmocka_unit_test(a_prefix_of_a_nonce_is_another_nonce),
		cmocka_unit_test(texts_are_copied),
		cmocka_unit_test(each_is_dropped_once_its_time_is_past),
		cmocka_unit_test(a_nonce_that_is_there_already_stays_as_it_was),
		cmocka_unit_test(the_empty_text_is_a_nonce_like_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
