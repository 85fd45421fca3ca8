/* SPDX-License-Identifier: Apache-2.0 */
/* No block of memory is freed with a preshared key in it, raw or in base64. */
#include "harness.h"

#include "freed_memory.h"
#include "scratch.h"
#include "state_file.h"
#include "state_store_file.h"
#include "state_wire.h"

#include <sodium.h>
#include <stdio.h>

/* 32 bytes of 0x55, which in base64 is a run of V. */
#define PSK_BYTE 0x55
#define PSK      "VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVU="
#define KEY_2    "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
#define PEER(id)                                                                                   \
	"{\"id\":\"" id "\",\"public_key\":\"" KEY_2 "\",\"allowed_ips\":[],\"psk\":\"" PSK "\"}"
#define DOCUMENT "{\"peers\":[" PEER("a") "," PEER("b") "]}"

static const struct peer_wire_options options;

static void pending_fill(struct pending_events *pending)
{
	struct state_document document = {0};
	assert_int_equal(state_wire_read(DOCUMENT, strlen(DOCUMENT), &options, &document, NULL), 0);
	for (size_t i = 0; i < document.entry_count; i++)
		assert_int_equal(pending_events_set(pending, &document.entries[i]), 0);
	state_document_clear(&document);
}

static void store_and_load(struct scratch *scratch)
{
	struct state_store_file_owner owner = {.directory = scratch->directory, .source = "/f"};
	struct state_store_file cache;
	struct pending_events none = {0}, pending = {0};
	struct peer_names names = {0};
	struct cached_state found;
	state_store_file_init(&cache, &owner);
	pending_fill(&pending);
	assert_int_equal(state_store_file_store_document(&cache, DOCUMENT, strlen(DOCUMENT),
				 &(struct state_store_peers){&none, &names}, NULL),
		0);
	assert_int_equal(state_store_file_store_peers(
				 &cache, &(struct state_store_peers){&pending, &names}, NULL),
		0);
	pending_events_clear(&pending);
	assert_int_equal(state_store_file_load(&cache, &options, &found, NULL), 0);
	assert_null(found.fault);
	assert_int_equal(found.peers.pending.count, 2);
	cached_state_clear(&found);
	/* And when reading stops half-way. */
	FILE *file = fopen(scratch_path(scratch, "last_events.json").text, "r+");
	assert_non_null(file);
	assert_int_equal(fseek(file, -3, SEEK_END), 0);
	fputs(",7]}", file);
	fclose(file);
	assert_int_equal(state_store_file_load(&cache, &options, &found, NULL), 0);
	assert_non_null(found.fault);
	assert_contains(found.fault, "events: [2]: neither \"removed\" nor \"peer\"");
	cached_state_clear(&found);
}

static void the_check_finds_the_keys(void **state)
{
	static const unsigned char bytes[] = {'V', PSK_BYTE};
	for (size_t i = 0; i < sizeof bytes; i++) {
		freed_memory_watch(bytes[i], KEY_BYTES);
		char *volatile block = malloc(100);
		assert_non_null(block);
		memset(block, bytes[i], KEY_BYTES);
		free(block);
		assert_int_equal(freed_memory_hits(), 1);
	}
}

static void the_cache_leaves_no_key_behind(void **state)
{
	static const unsigned char bytes[] = {'V', PSK_BYTE};
	for (size_t i = 0; i < sizeof bytes; i++) {
		freed_memory_watch(bytes[i], KEY_BYTES);
		store_and_load(*state);
		assert_int_equal(freed_memory_hits(), 0);
	}
}

static void a_state_file_leaves_no_key_behind(void **state)
{
	struct state_file file;
	struct file_text text;
	enum state_file_outcome outcome;
	struct scratch_path path = scratch_path(*state, "f");
	scratch_write(*state, "f", DOCUMENT);
	freed_memory_watch('V', KEY_BYTES);
	assert_int_equal(state_file_open(&file, path.text, 0, NULL), 0);
	assert_int_equal(state_file_read(&file, &outcome, &text, NULL), 0);
	file_text_clear(&text);
	assert_int_equal(state_file_read(&file, &outcome, &text, NULL), 0);
	assert_int_equal(outcome, STATE_FILE_UNCHANGED);
	scratch_chmod(*state, "f", 0622);
	assert_int_equal(state_file_read(&file, &outcome, &text, NULL), -EACCES);
	state_file_close(&file);
	assert_int_equal(freed_memory_hits(), 0);
}

#define SECRETS_TEST(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SECRETS_TEST(the_cache_leaves_no_key_behind),
		SECRETS_TEST(a_state_file_leaves_no_key_behind),
		/* Last, since it leaves keys in memory that another test might get. */
		SECRETS_TEST(the_check_finds_the_keys),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
