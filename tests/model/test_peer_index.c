/* SPDX-License-Identifier: Apache-2.0 */
/* Which id has which key, read by several threads. */
#include "harness.h"

#include "peer_index.h"

#include <stdatomic.h>
#include <stdio.h>

static int index_setup(void **state)
{
	struct peer_index *index = calloc(1, sizeof *index);
	if (!index)
		return -1;
	*state = index;
	return peer_index_init(index);
}

static int index_teardown(void **state)
{
	peer_index_deinit(*state);
	free(*state);
	return 0;
}

static void add(struct peer_index *index, const char *id, unsigned char byte)
{
	struct key_public key = key_of(byte);
	assert_int_equal(peer_index_add(index, id, &key), 0);
}

/* The first byte of the id's key, or -1. */
static int lookup(struct peer_index *index, const char *id)
{
	struct key_public key;
	return peer_index_lookup(index, id, &key) ? key.bytes[0] : -1;
}

static void an_id_that_was_added_is_found(void **state)
{
	struct peer_index *index = *state;
	add(index, "b", 2);
	add(index, "a", 1);
	add(index, "c", 3);
	assert_int_equal(lookup(index, "a"), 1);
	assert_int_equal(lookup(index, "b"), 2);
	assert_int_equal(lookup(index, "c"), 3);
	assert_int_equal(lookup(index, "d"), -1);
	assert_int_equal(lookup(index, ""), -1);
}

static void a_lookup_that_fails_leaves_the_result_unchanged(void **state)
{
	struct key_public key = key_of(7), before = key;
	assert_false(peer_index_lookup(*state, "nobody", &key));
	assert_memory_equal(&key, &before, sizeof key);
}

static void adding_again_overwrites(void **state)
{
	struct peer_index *index = *state;
	add(index, "a", 1);
	add(index, "a", 2);
	assert_int_equal(lookup(index, "a"), 2);
	assert_int_equal(index->count, 1);
}

static void updating_is_adding(void **state)
{
	struct peer_index *index = *state;
	struct key_public key = key_of(4);
	add(index, "a", 1);
	assert_int_equal(peer_index_update(index, "a", &key), 0);
	assert_int_equal(lookup(index, "a"), 4);
	assert_int_equal(peer_index_update(index, "new", &key), 0);
	assert_int_equal(lookup(index, "new"), 4);
}

static void removing_an_unknown_id_has_no_effect(void **state)
{
	struct peer_index *index = *state;
	add(index, "a", 1);
	add(index, "b", 2);
	peer_index_remove(index, "c");
	peer_index_remove(index, "a");
	peer_index_remove(index, "a");
	assert_int_equal(lookup(index, "a"), -1);
	assert_int_equal(lookup(index, "b"), 2);
}

static void loading_replaces_all(void **state)
{
	struct peer_index *index = *state;
	char b[] = "b", c[] = "c";
	struct peer_name names[] = {{c, key_of(3)}, {b, key_of(2)}};
	add(index, "a", 1);
	assert_int_equal(peer_index_load_from_peers(index, names, 2), 0);
	memset(b, 'x', 1); /* ids are copied */
	assert_int_equal(lookup(index, "a"), -1);
	assert_int_equal(lookup(index, "b"), 2);
	assert_int_equal(lookup(index, "c"), 3);
	add(index, "d", 4);
	add(index, "e", 5);
	assert_int_equal(lookup(index, "d"), 4);
	assert_int_equal(peer_index_load_from_peers(index, NULL, 0), 0);
	assert_int_equal(lookup(index, "b"), -1);
	add(index, "f", 6);
	assert_int_equal(lookup(index, "f"), 6);
}

static void of_two_equal_ids_loaded_the_last_counts(void **state)
{
	struct peer_index *index = *state;
	char a[] = "a", b[] = "b";
	struct peer_name names[] = {
		{a, key_of(1)}, {b, key_of(2)}, {a, key_of(3)}, {b, key_of(4)}, {a, key_of(5)}};
	assert_int_equal(peer_index_load_from_peers(index, names, 5), 0);
	assert_int_equal(lookup(index, "a"), 5);
	assert_int_equal(lookup(index, "b"), 4);
	assert_int_equal(index->count, 2);
}

static void another_id_with_a_key_is_distinguished_from_the_same_one(void **state)
{
	struct peer_index *index = *state;
	struct key_public one = key_of(1), two = key_of(2);
	add(index, "a", 1);
	assert_false(peer_index_has_other(index, "a", &one));
	assert_true(peer_index_has_other(index, "b", &one));
	assert_false(peer_index_has_other(index, "b", &two));
	add(index, "z", 1);
	assert_true(peer_index_has_other(index, "a", &one));
}

/* Compared with an array of all ids: few ids and fewer keys, so that many share one. */
static void each_id_and_key_is_found_after_any_changes(void **state)
{
	enum { IDS = 12, KEYS = 4, STEPS = 20000 };
	struct peer_index *index = *state;
	unsigned char keys[IDS] = {0}; /* 0: none */
	uint32_t dice = 1;
	for (int step = 0; step < STEPS; step++) {
		dice = dice * 1664525u + 1013904223u;
		unsigned number = (dice >> 8) % IDS, byte = (dice >> 16) % (KEYS + 1);
		char id[] = {(char)('a' + number), '\0'};
		if (byte)
			add(index, id, (unsigned char)byte);
		else
			peer_index_remove(index, id);
		keys[number] = (unsigned char)byte;
		size_t count = 0;
		for (unsigned i = 0; i < IDS; i++) {
			char other[] = {(char)('a' + i), '\0'};
			assert_int_equal(lookup(index, other), keys[i] ? keys[i] : -1);
			count += keys[i] != 0;
		}
		assert_int_equal(index->count, count);
		for (unsigned key = 1; key <= KEYS; key++) {
			struct key_public wanted = key_of((unsigned char)key);
			bool has_other = false;
			for (unsigned i = 0; i < IDS; i++)
				has_other = has_other || (i != number && keys[i] == key);
			assert_int_equal(peer_index_has_other(index, id, &wanted), has_other);
		}
	}
}

static void a_snapshot_can_be_searched_both_ways_and_does_not_change(void **state)
{
	struct peer_index *index = *state;
	struct peer_names names;
	add(index, "z", 1);
	add(index, "a", 9);
	add(index, "m", 1);
	assert_int_equal(peer_index_snapshot(index, &names), 0);
	peer_index_remove(index, "z");
	add(index, "a", 3);
	struct key_public one = key_of(1), nine = key_of(9), three = key_of(3);
	assert_string_equal(peer_names_find(&names, &one), "m"); /* the first of two ids */
	assert_string_equal(peer_names_find(&names, &nine), "a");
	assert_null(peer_names_find(&names, &three));
	assert_true(key_public_equal(peer_names_lookup(&names, "z"), &one));
	assert_null(peer_names_lookup(&names, "y"));
	peer_names_clear(&names);
}

static void a_snapshot_of_nothing_finds_nothing(void **state)
{
	struct peer_names names;
	struct key_public key = key_of(1);
	assert_int_equal(peer_index_snapshot(*state, &names), 0);
	assert_null(peer_names_find(&names, &key));
	assert_null(peer_names_lookup(&names, "a"));
	peer_names_clear(&names);
	struct peer_names zero = {0};
	assert_null(peer_names_find(&zero, &key));
	assert_null(peer_names_lookup(&zero, "a"));
}

/* The work of each thread on the shared index. */
#define THREAD_COUNT 4
#define ROUND_COUNT  2000
struct worker {
	struct peer_index *index;
	unsigned number;
	atomic_uint *fault_count;
};

/* Every key of an id of worker N consists of bytes N. */
static bool names_are_sound(const struct peer_names *names)
{
	for (size_t i = 0; i < names->count; i++) {
		struct key_public key = key_of((unsigned char)(names->names[i].id[0] - 'a'));
		if (!key_public_equal(&names->names[i].public_key, &key))
			return false;
		if (i > 0 && strcmp(names->names[i - 1].id, names->names[i].id) >= 0)
			return false;
	}
	return true;
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	struct key_public key = key_of((unsigned char)worker->number);
	for (unsigned round = 0; round < ROUND_COUNT; round++) {
		char id[16];
		struct key_public found;
		struct peer_names names;
		snprintf(id, sizeof id, "%c%u", 'a' + (int)worker->number, round % 20);
		if (peer_index_add(worker->index, id, &key) != 0 ||
			!peer_index_lookup(worker->index, id, &found) ||
			!key_public_equal(&found, &key))
			atomic_fetch_add(worker->fault_count, 1);
		if (peer_index_has_other(worker->index, "none", &key) == false)
			atomic_fetch_add(worker->fault_count, 1);
		if (round % 16 == 0) {
			if (peer_index_snapshot(worker->index, &names) != 0 ||
				!names_are_sound(&names))
				atomic_fetch_add(worker->fault_count, 1);
			else
				peer_names_clear(&names);
		}
		if (round % 3 == 0)
			peer_index_remove(worker->index, id);
	}
	return NULL;
}

static void several_threads_do_not_disturb_each_other(void **state)
{
	atomic_uint fault_count = 0;
	pthread_t threads[THREAD_COUNT];
	struct worker workers[THREAD_COUNT];
	for (unsigned i = 0; i < THREAD_COUNT; i++) {
		workers[i] = (struct worker){*state, i, &fault_count};
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (unsigned i = 0; i < THREAD_COUNT; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(fault_count, 0);
	/* Each worker removed an id if the last round with it was a multiple of 3. */
	for (unsigned i = 0; i < THREAD_COUNT; i++)
		for (unsigned slot = 0; slot < 20; slot++) {
			char id[16];
			unsigned last = ROUND_COUNT - 20 + slot;
			snprintf(id, sizeof id, "%c%u", 'a' + (int)i, slot);
			assert_int_equal(lookup(*state, id), last % 3 == 0 ? -1 : (int)i);
		}
}

/* Two complete loads, over and over, while other threads read: no reader sees half a load. */
static void *load(void *argument)
{
	struct worker *worker = argument;
	char ids[8][4];
	struct peer_name names[8];
	for (unsigned i = 0; i < 8; i++) {
		snprintf(ids[i], sizeof ids[i], "x%u", i);
		names[i] = (struct peer_name){ids[i], key_of((unsigned char)worker->number)};
	}
	for (unsigned round = 0; round < ROUND_COUNT; round++) {
		struct peer_names seen;
		if (peer_index_load_from_peers(worker->index, names, 8) != 0 ||
			peer_index_snapshot(worker->index, &seen) != 0) {
			atomic_fetch_add(worker->fault_count, 1);
			continue;
		}
		for (size_t i = 0; i < seen.count; i++)
			if (!key_public_equal(&seen.names[i].public_key, &seen.names[0].public_key))
				atomic_fetch_add(worker->fault_count, 1);
		if (seen.count != 8)
			atomic_fetch_add(worker->fault_count, 1);
		peer_names_clear(&seen);
	}
	return NULL;
}

static void a_load_is_seen_whole_or_not_at_all(void **state)
{
	atomic_uint fault_count = 0;
	pthread_t threads[2];
	struct worker workers[2] = {{*state, 1, &fault_count}, {*state, 2, &fault_count}};
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, load, &workers[i]), 0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(fault_count, 0);
}

#define INDEX_TEST(name) cmocka_unit_test_setup_teardown(name, index_setup, index_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		INDEX_TEST(an_id_that_was_added_is_found),
		INDEX_TEST(a_lookup_that_fails_leaves_the_result_unchanged),
		INDEX_TEST(adding_again_overwrites),
		INDEX_TEST(updating_is_adding),
		INDEX_TEST(removing_an_unknown_id_has_no_effect),
		INDEX_TEST(loading_replaces_all),
		INDEX_TEST(of_two_equal_ids_loaded_the_last_counts),
		INDEX_TEST(another_id_with_a_key_is_distinguished_from_the_same_one),
		INDEX_TEST(each_id_and_key_is_found_after_any_changes),
		INDEX_TEST(a_snapshot_can_be_searched_both_ways_and_does_not_change),
		INDEX_TEST(a_snapshot_of_nothing_finds_nothing),
		INDEX_TEST(several_threads_do_not_disturb_each_other),
		INDEX_TEST(a_load_is_seen_whole_or_not_at_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
