/* SPDX-License-Identifier: Apache-2.0 */
/* No block of memory that the engine frees has a preshared key in it. */
#include "harness.h"

#include "freed_memory.h"
#include "world.h"

#define SECRET_BYTE 0xa5

static struct peer_entry *with_secret(struct peer_entry *entry)
{
	entry->config.psk = secret_of(SECRET_BYTE);
	return entry;
}

static void document_make(struct state_document *document)
{
	static const char *const ids[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
	for (unsigned char i = 0; i < COUNT_OF(ids); i++)
		with_secret(document_add(
			document, ids[i], (unsigned char)(8 - i), "", "10.0.0.1/32,10.0.0.2/32"));
}

static void cycles_leave_no_psk_behind(void **state)
{
	void *fixture = NULL;
	struct state_document document = {0};
	freed_memory_watch(SECRET_BYTE, KEY_BYTES);
	assert_int_equal(world_setup(&fixture), 0);
	struct world *world = fixture;
	document_make(&document);
	assert_int_equal(world_cycle(world, &document), 0);
	document_make(&document);
	document_add_unusable(&document, "a", 8, "bad"); /* a second entry: ignored */
	assert_int_equal(world_cycle(world, &document), 0);
	document_add_unusable(&document, "a", 8, "bad"); /* retains a peer, removes the others */
	assert_int_not_equal(world_cycle(world, &document), 0);
	memset(&world->fake, 0, sizeof world->fake); /* the world is not under test */
	world_teardown(&fixture);
	assert_int_equal(freed_memory_hits(), 0);
}

static void pending_events_leave_no_psk_behind(void **state)
{
	struct pending_events pending = {0};
	struct state_document document = {0};
	freed_memory_watch(SECRET_BYTE, KEY_BYTES);
	document_make(&document);
	for (size_t i = 0; i < document.entry_count; i++)
		assert_int_equal(pending_events_set(&pending, &document.entries[i]), 0);
	assert_int_equal(pending_events_set(&pending, &document.entries[3]), 0);
	assert_int_equal(pending_events_remove(&pending, "c"), 0);
	pending_events_clear(&pending);
	state_document_clear(&document);
	assert_int_equal(freed_memory_hits(), 0);
}

/* A fetch overtakes all events but the last, which moves to the front. */
static void pending_events_that_a_fetch_overtook_leave_no_psk_behind(void **state)
{
	struct pending_events pending = {0};
	struct state_document document = {0};
	freed_memory_watch(SECRET_BYTE, KEY_BYTES);
	document_make(&document);
	for (size_t i = 0; i + 1 < document.entry_count; i++)
		assert_int_equal(pending_events_set(&pending, &document.entries[i]), 0);
	uint64_t fetch = pending_events_fetch_begin(&pending);
	assert_int_equal(
		pending_events_set(&pending, &document.entries[document.entry_count - 1]), 0);
	pending_events_fetch_done(&pending, fetch);
	assert_int_equal(pending.count, 1);
	pending_events_clear(&pending);
	state_document_clear(&document);
	assert_int_equal(freed_memory_hits(), 0);
}

static void a_plan_that_retains_peers_leaves_no_psk_behind(void **state)
{
	struct state_document document = {0};
	struct peer_table actual = {0};
	struct identity identity = world_identity();
	struct endpoint_history memory = {0};
	struct plan plan = {0};
	freed_memory_watch(SECRET_BYTE, KEY_BYTES);
	for (unsigned char key = 1; key < 9; key++) {
		struct peer_config peer = {
			.public_key = key_of(key), .psk = secret_of(SECRET_BYTE)};
		assert_int_equal(peer_table_append(&actual, &peer), 0);
	}
	assert_int_equal(peer_table_seal(&actual, NULL), 0);
	document_add_unusable(&document, "a", 4, "bad");
	struct desired_input input = {
		.document = &document, .actual = &actual, .identity = &identity};
	assert_int_equal(plan_compute(&input, &memory, (struct moment){0}, &plan), 0);
	assert_int_equal(plan.diff.remove_count, 7);
	plan_clear(&plan);
	peer_table_clear(&actual);
	state_document_clear(&document);
	assert_int_equal(freed_memory_hits(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cycles_leave_no_psk_behind),
		cmocka_unit_test(pending_events_leave_no_psk_behind),
		cmocka_unit_test(pending_events_that_a_fetch_overtook_leave_no_psk_behind),
		cmocka_unit_test(a_plan_that_retains_peers_leaves_no_psk_behind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
