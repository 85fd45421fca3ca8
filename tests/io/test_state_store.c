/* SPDX-License-Identifier: Apache-2.0 */
/* When the last good state is written: soon, but not all the time if the disk is slow. */
#include "node_fixture.h"
#include "state_store.h"

#include <unistd.h>

#define DOCUMENT "{\"peers\":[]}"
#define EVENT_MS 5

static const char newer[] = "{\"peers\":null}";

static unsigned syncs, sync_ms;
static bool disk_is_full;

int __real_fsync(int fd);
int __wrap_fsync(int fd);

int __wrap_fsync(int fd)
{
	syncs++;
	usleep(sync_ms * 1000);
	errno = ENOSPC;
	return disk_is_full ? -1 : __real_fsync(fd);
}

static struct state_store store;
static struct loop_timer event_timer;
static unsigned events;

/* The engine takes a document with that text. Return whether it was stored. */
static bool document_comes(const char *text, size_t length)
{
	struct observer observer = state_store_observer(&store);
	state_store_hold_document(&store, text, length);
	assert_true(state_store_is_unsaved(&store));
	pending_events_fetch_done(
		&store.config.manager->pending, store.config.manager->pending.fetch_order);
	observer.document_taken(observer.impl, NULL);
	return !state_store_is_unsaved(&store);
}

static int set_up(void **state)
{
	node_set_up(state);
	struct node_fixture *node = *state;
	const struct state_store_config config = {
		.loop = &node->loop,
		.manager = &node->manager,
		.owner = {.directory = node->scratch->directory, .node_id = "n1", .source = "x"},
	};
	state_store_init(&store, &config);
	sync_ms = 0;
	disk_is_full = false;
	assert_true(document_comes(DOCUMENT, strlen(DOCUMENT)));
	syncs = events = 0;
	return 0;
}

static int tear_down(void **state)
{
	struct node_fixture *node = *state;
	loop_timer_cancel(&node->loop, &event_timer);
	state_store_deinit(&store);
	return node_tear_down(state);
}

/* Each removes another peer. */
static void on_event(void *impl)
{
	struct node_fixture *node = impl;
	char id[16];
	snprintf(id, sizeof id, "%u", ++events);
	assert_int_equal(pending_events_remove(&node->manager.pending, id), 0);
	state_store_save_peers(&store);
	loop_timer_set(&node->loop, &event_timer, EVENT_MS, on_event, node);
}

static bool is_written(void *impl)
{
	return !store.timer.is_set;
}

static void assert_all_kept(struct node_fixture *node)
{
	struct cached_state found;
	struct state_store_file cache;
	state_store_file_init(&cache, &store.cache.owner);
	assert_int_equal(state_store_file_load(&cache, &node->wire, &found, NULL), 0);
	assert_int_equal(found.peers.pending.count, events);
	cached_state_clear(&found);
}

static void an_event_is_stored_soon(void **state)
{
	struct node_fixture *node = *state;
	for (unsigned i = 0; i < 3; i++) {
		on_event(node);
		loop_timer_cancel(&node->loop, &event_timer);
		node_wait(node, is_written, NULL);
		assert_all_kept(node);
	}
}

static void a_slow_disk_is_not_written_to_all_the_time(void **state)
{
	struct node_fixture *node = *state;
	sync_ms = 10;
	on_event(node);
	node_run_for(node, 1000);
	/* Two each time, for the file and for its directory. */
	assert_true(syncs >= 2 && syncs <= 2 * 4);
	loop_timer_cancel(&node->loop, &event_timer);
	node_wait(node, is_written, NULL);
	assert_all_kept(node);
}

static void pending_writes_are_done_at_the_end(void **state)
{
	struct node_fixture *node = *state;
	on_event(node);
	assert_int_equal(syncs, 0);
	state_store_deinit(&store);
	assert_all_kept(node);
}

static void events_are_not_stored_beside_a_document_that_supersedes_them(void **state)
{
	struct node_fixture *node = *state;
	on_event(node);
	loop_timer_cancel(&node->loop, &event_timer);
	node_wait(node, is_written, NULL);
	pending_events_fetch_begin(&node->manager.pending);
	/* A document that is only held supersedes none. */
	state_store_hold_document(&store, DOCUMENT, strlen(DOCUMENT));
	state_store_save_peers(&store);
	node_wait(node, is_written, NULL);
	assert_all_kept(node);
	/* Nor does one that was not stored. */
	disk_is_full = true;
	assert_false(document_comes(newer, strlen(newer)));
	disk_is_full = false;
	state_store_save_peers(&store);
	node_wait(node, is_written, NULL);
	assert_all_kept(node);
	assert_true(document_comes(newer, strlen(newer)));
	events = 0;
	assert_all_kept(node);
}

/*
 * A document that the disk has no room for is a problem until it is written, whatever happens
 * meanwhile.
 */
static void a_document_that_was_not_stored_is_a_problem_until_one_is(void **state)
{
	struct node_fixture *node = *state;
	disk_is_full = true;
	assert_false(document_comes(newer, strlen(newer)));
	disk_is_full = false;
	on_event(node);
	loop_timer_cancel(&node->loop, &event_timer);
	node_wait(node, is_written, NULL);
	assert_true(problem_is_raised(&store.write_problem));
	assert_true(document_comes(newer, strlen(newer)));
	assert_false(problem_is_raised(&store.write_problem));
	assert_all_kept(node);
}

static void a_restored_document_that_is_too_large_is_in_force_with_a_warning(void **state)
{
	struct node_fixture *node = *state;
	size_t length = (size_t)1 << 20;
	char *text = malloc(length + 3);
	struct reconciler reconciler;
	assert_non_null(text);
	memset(text, ' ', length + 3);
	memcpy(text, DOCUMENT, strlen(DOCUMENT) - 1);
	for (size_t more = 0; more < 2; more++) {
		text[length - 1] = more ? ' ' : '}';
		text[length - 1 + more] = '}';
		assert_true(document_comes(text, length + more));
		store.config.document_bytes_max = length;
		reconciler_init(&reconciler, &(struct reconciler_config){.manager = &node->manager,
						     .clock = node->clock});
		assert_int_equal(state_store_restore(&store, &node->wire, &reconciler, NULL), 0);
		assert_true(reconciler.has_document);
		fflush(node->log_file);
		assert_int_equal(node_logged(node, "Cached state exceeds limits "
						   "error=over 1 MiB (--max-state-mib)"),
			more);
		reconciler_deinit(&reconciler);
	}
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_restored_document_that_is_too_large_is_in_force_with_a_warning),
		TEST(an_event_is_stored_soon),
		TEST(a_slow_disk_is_not_written_to_all_the_time),
		TEST(pending_writes_are_done_at_the_end),
		TEST(events_are_not_stored_beside_a_document_that_supersedes_them),
		TEST(a_document_that_was_not_stored_is_a_problem_until_one_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
