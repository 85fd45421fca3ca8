/* SPDX-License-Identifier: Apache-2.0 */
/* No block of memory is freed with a secret in it. */
#include "harness.h"

#include "freed_memory.h"
#include "identity.h"
#include "peer_table.h"
#include "state_document.h"

#define SECRET_BYTE 0xa5

static struct key_secret secret(void)
{
	return secret_of(SECRET_BYTE);
}

static void the_watch_sees_a_secret_that_is_freed(void **state)
{
	freed_memory_watch(SECRET_BYTE, KEY_BYTES);
	unsigned char *volatile block = malloc(100);
	assert_non_null(block);
	memset(block, SECRET_BYTE, KEY_BYTES);
	free(block);
	assert_int_equal(freed_memory_hits(), 1);
}

static void a_peer_table_leaves_no_psk_behind(void **state)
{
	freed_memory_watch(SECRET_BYTE, KEY_BYTES);
	struct peer_table table = {0};
	for (unsigned char key = 200; key > 0; key--) {
		struct prefix prefix = prefix_of("10.0.0.0/8");
		struct peer_config peer = {.public_key = key_of(key == SECRET_BYTE ? 0 : key),
			.psk = secret(),
			.id = "peer",
			.allowed_ips = &prefix,
			.allowed_ip_count = 1};
		assert_int_equal(peer_table_append(&table, &peer), 0);
	}
	assert_int_equal(peer_table_seal(&table, NULL), 0);
	peer_table_clear(&table);
	assert_int_equal(freed_memory_hits(), 0);
}

static void a_state_document_leaves_no_psk_behind(void **state)
{
	freed_memory_watch(SECRET_BYTE, KEY_BYTES);
	struct state_document document = {0};
	for (unsigned i = 0; i < 100; i++)
		state_document_append(&document)->config.psk = secret();
	state_document_clear(&document);
	assert_int_equal(freed_memory_hits(), 0);
}

static void a_secret_arena_is_wiped_before_it_goes(void **state)
{
	freed_memory_watch(SECRET_BYTE, KEY_BYTES);
	struct arena arena = {.is_secret = true};
	for (size_t size = 32; size < 100000; size = size * 3 / 2) {
		void *memory = arena_alloc(&arena, size);
		assert_non_null(memory);
		memset(memory, SECRET_BYTE, size);
	}
	arena_clear(&arena);
	assert_int_equal(freed_memory_hits(), 0);
}

static void an_identity_is_wiped_where_it_stands(void **state)
{
	struct identity identity = {.node_id = strdup("node-1"), .private_key = secret()};
	identity_clear(&identity);
	assert_false(memory_holds_run(&identity, sizeof identity, SECRET_BYTE, 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_watch_sees_a_secret_that_is_freed),
		cmocka_unit_test(a_peer_table_leaves_no_psk_behind),
		cmocka_unit_test(a_state_document_leaves_no_psk_behind),
		cmocka_unit_test(a_secret_arena_is_wiped_before_it_goes),
		cmocka_unit_test(an_identity_is_wiped_where_it_stands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
