/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation of the values fails in turn: the operation is rejected, and nothing is lost. */
#include "harness.h"

#include "failing_memory.h"
#include "peer_index.h"
#include "peer_table.h"
#include "state_document.h"

#include <stdio.h>

#define PREFIX_COUNT 300

/* Texts so long that two of them rarely share a block of an arena. */
struct long_texts {
	char id[PEER_ID_MAX + 1];
	char endpoint[ENDPOINT_HOST_MAX + 3];
	char prefixes[PREFIX_COUNT][20];
	const char *allowed_ips[PREFIX_COUNT];
};

static struct api_peer long_peer(struct long_texts *texts)
{
	memset(texts->id, 'x', PEER_ID_MAX);
	texts->id[PEER_ID_MAX] = '\0';
	for (size_t i = 0; i < ENDPOINT_HOST_MAX; i++)
		texts->endpoint[i] = i % 50 == 49 ? '.' : 'h';
	strcpy(texts->endpoint + ENDPOINT_HOST_MAX, ":1");
	for (int i = 0; i < PREFIX_COUNT; i++) {
		texts->allowed_ips[i] = texts->prefixes[i];
		snprintf(texts->prefixes[i], sizeof texts->prefixes[i], "10.0.%d.%d", i / 100,
			i % 100);
	}
	return (struct api_peer){
		.id = texts->id,
		.public_key = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=",
		.endpoint = texts->endpoint,
		.allowed_ips = texts->allowed_ips,
		.allowed_ip_count = PREFIX_COUNT,
		.persistent_keepalive_s = -1,
	};
}

/* So much of an arena is used already, which moves the start of the next block. */
#define TAKEN_STEP 100
#define TAKEN_END  1000

/* Returns how many allocations there were. */
static unsigned peer_fails_at_each(const struct api_peer *api, size_t taken)
{
	unsigned spared = 0;
	bool has_failed;
	do {
		struct arena arena = {0};
		assert_non_null(arena_alloc(&arena, taken));
		struct peer_config peer = {.persistent_keepalive_s = 77}, before = peer;
		failing_memory_arm(spared++, false);
		int error = peer_config_from_api(api, 0, &arena, &peer, NULL);
		has_failed = failing_memory_disarm();
		assert_int_equal(error, has_failed ? -ENOMEM : 0);
		if (has_failed)
			assert_memory_equal(&peer, &before, sizeof peer);
		arena_clear(&arena);
	} while (has_failed);
	return spared - 1;
}

static void a_peer_is_not_read_when_out_of_memory(void **state)
{
	struct long_texts texts;
	struct api_peer api = long_peer(&texts);
	unsigned most = 0;
	for (size_t taken = 0; taken < TAKEN_END; taken += TAKEN_STEP) {
		unsigned allocations = peer_fails_at_each(&api, taken);
		most = allocations > most ? allocations : most;
	}
	assert_true(most > 1);
}

static struct peer_config table_peer(struct long_texts *texts, unsigned char key)
{
	static struct prefix prefixes[PREFIX_COUNT];
	for (int i = 0; i < PREFIX_COUNT; i++)
		prefixes[i] = prefix_of(texts->prefixes[i]);
	return (struct peer_config){
		.id = texts->id,
		.public_key = key_of(key),
		.endpoint = {.kind = ENDPOINT_NAME, .host = texts->id, .port = 1},
		.allowed_ips = prefixes,
		.allowed_ip_count = PREFIX_COUNT,
	};
}

/* Returns -ENOMEM at the first that does not fit. */
static int table_fill(struct peer_table *table, struct long_texts *texts)
{
	for (unsigned char key = 20; key > 0; key--) { /* to be sorted by the seal */
		struct peer_config peer = table_peer(texts, key);
		size_t count = table->count;
		int error = peer_table_append(table, &peer);
		if (error) {
			assert_int_equal(table->count, count);
			return error;
		}
	}
	return peer_table_seal(table, NULL);
}

static void table_fails_at_each(struct long_texts *texts, size_t taken)
{
	unsigned spared = 0;
	bool has_failed;
	do {
		struct peer_table table = {0};
		assert_non_null(arena_alloc(&table.arena, taken));
		failing_memory_arm(spared++, false);
		int error = table_fill(&table, texts);
		has_failed = failing_memory_disarm();
		assert_int_equal(error, has_failed ? -ENOMEM : 0);
		peer_table_clear(&table);
	} while (has_failed);
	assert_true(spared > 3);
}

static void a_table_reports_when_out_of_memory(void **state)
{
	struct long_texts texts;
	long_peer(&texts);
	for (size_t taken = 0; taken < TAKEN_END; taken += TAKEN_STEP)
		table_fails_at_each(&texts, taken);
}

static void a_document_is_unchanged_when_out_of_memory(void **state)
{
	struct state_document document = {0};
	for (unsigned i = 0; i < 40; i++) {
		failing_memory_arm(0, false);
		struct peer_entry *entry = state_document_append(&document);
		if (failing_memory_disarm()) {
			assert_null(entry);
			assert_int_equal(document.entry_count, i);
			entry = state_document_append(&document);
		}
		assert_non_null(entry);
	}
	assert_int_equal(document.entry_count, 40);
	state_document_clear(&document);
}

static void a_snapshot_of_the_index_is_whole_or_not_made(void **state)
{
	struct peer_index index;
	bool has_failed = true;
	assert_int_equal(peer_index_init(&index), 0);
	for (unsigned char i = 1; i <= 3; i++) {
		char id[] = {'p', (char)('0' + i), '\0'};
		struct key_public key = key_of(i);
		assert_int_equal(peer_index_update(&index, id, &key), 0);
	}
	for (unsigned spared = 0; has_failed; spared++) {
		struct peer_names names = {.count = 77};
		failing_memory_arm(spared, false);
		int error = peer_index_snapshot(&index, &names);
		has_failed = failing_memory_disarm();
		assert_int_equal(error, has_failed ? -ENOMEM : 0);
		assert_int_equal(names.count, has_failed ? 77 : 3);
		if (!has_failed)
			peer_names_clear(&names);
	}
	peer_index_deinit(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_is_not_read_when_out_of_memory),
		cmocka_unit_test(a_table_reports_when_out_of_memory),
		cmocka_unit_test(a_document_is_unchanged_when_out_of_memory),
		cmocka_unit_test(a_snapshot_of_the_index_is_whole_or_not_made),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
