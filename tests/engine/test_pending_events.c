/* SPDX-License-Identifier: Apache-2.0 */
/* Events and fetches in the order of their numbers. */
#include "harness.h"

#include "pending_events.h"
#include "world.h"

#include <stdio.h>

static int pending_setup(void **state)
{
	*state = calloc(1, sizeof(struct pending_events));
	return *state ? 0 : -1;
}

static int pending_teardown(void **state)
{
	pending_events_clear(*state);
	free(*state);
	return 0;
}

static void event_adds(struct pending_events *pending, const char *id, unsigned char key)
{
	struct state_document document = {0};
	document_add(&document, id, key, "198.51.100.2:1", "10.0.0.2/32");
	assert_int_equal(pending_events_set(pending, &document.entries[0]), 0);
	state_document_clear(&document);
}

/* What exceeds the limit is rejected, and no pending event is lost. */
static void events_are_stored_up_to_a_limit(void **state)
{
	struct pending_events *pending = *state;
	struct state_document document = {0};
	document_add(&document, "c", 3, "", "10.0.0.3/32");
	event_adds(pending, "a", 1);
	size_t one = pending->bytes;
	event_adds(pending, "b", 2);
	assert_int_equal(pending->bytes, 2 * one);
	pending->bytes_max = 2 * one;
	assert_int_equal(pending_events_set(pending, &document.entries[0]), PENDING_EVENTS_NO_ROOM);
	assert_int_equal(pending_events_remove(pending, "c"), PENDING_EVENTS_NO_ROOM);
	assert_int_equal(pending->count, 2);
	/* An event that replaces another takes no more room. */
	event_adds(pending, "b", 4);
	assert_int_equal(pending->bytes, 2 * one);
	assert_int_equal(pending_events_remove(pending, "b"), 0);
	assert_true(pending->bytes < 2 * one);
	/* Nor over the limit, which restored events may exceed. */
	pending->bytes_max = 1;
	assert_int_equal(pending_events_remove(pending, "b"), 0);
	event_adds(pending, "a", 5);
	assert_int_equal(pending_events_set(pending, &document.entries[0]), PENDING_EVENTS_NO_ROOM);
	pending->bytes_max = pending->bytes;
	pending_events_fetch_done(pending, pending_events_fetch_begin(pending));
	assert_int_equal(pending->bytes, 0);
	assert_int_equal(pending_events_set(pending, &document.entries[0]), 0);
	assert_int_equal(pending->bytes, one);
	pending_events_clear(pending);
	assert_int_equal(pending->bytes, 0);
	assert_true(pending->bytes_max > one);
	assert_int_equal(PENDING_EVENTS_BYTES_MAX, 64 * 1024 * 1024);
	state_document_clear(&document);
}

/* The first byte of the key that an event gave the id; 0: removed; -1: no event. */
static int said_of(const struct pending_events *pending, const char *id)
{
	const struct pending_peer *peer = pending_events_find(pending, id);
	if (!peer)
		return -1;
	assert_string_equal(peer->id, id);
	if (peer->removed)
		return 0;
	assert_string_equal(peer->entry.id, id);
	assert_string_equal(peer->entry.config.id, id);
	return peer->entry.config.public_key.bytes[0];
}

static void an_event_is_there_until_a_fetch_that_began_after_it(void **state)
{
	struct pending_events *pending = *state;
	uint64_t before = pending_events_fetch_begin(pending);
	event_adds(pending, "a", 1);
	pending_events_fetch_done(pending, before);
	assert_int_equal(said_of(pending, "a"), 1);
	uint64_t after = pending_events_fetch_begin(pending);
	assert_int_equal(said_of(pending, "a"), 1);
	pending_events_fetch_done(pending, after);
	assert_int_equal(said_of(pending, "a"), -1);
}

static void of_two_events_about_one_peer_the_later_counts(void **state)
{
	struct pending_events *pending = *state;
	event_adds(pending, "a", 1);
	event_adds(pending, "a", 2);
	assert_int_equal(said_of(pending, "a"), 2);
	assert_int_equal(pending_events_remove(pending, "a"), 0);
	assert_int_equal(said_of(pending, "a"), 0);
	event_adds(pending, "a", 3);
	assert_int_equal(said_of(pending, "a"), 3);
	assert_int_equal(pending->count, 1);
}

static void a_later_event_about_a_peer_outlives_the_fetch_between(void **state)
{
	struct pending_events *pending = *state;
	event_adds(pending, "a", 1);
	uint64_t fetch = pending_events_fetch_begin(pending);
	event_adds(pending, "a", 2);
	pending_events_fetch_done(pending, fetch);
	assert_int_equal(said_of(pending, "a"), 2);
}

static void a_fetch_removes_only_the_events_it_overtook(void **state)
{
	struct pending_events *pending = *state;
	event_adds(pending, "d", 1);
	event_adds(pending, "b", 2);
	assert_int_equal(pending_events_remove(pending, "e"), 0);
	uint64_t fetch = pending_events_fetch_begin(pending);
	event_adds(pending, "c", 3);
	assert_int_equal(pending_events_remove(pending, "a"), 0);
	event_adds(pending, "d", 4);
	pending_events_fetch_done(pending, fetch);
	assert_int_equal(pending->count, 3);
	assert_int_equal(said_of(pending, "a"), 0);
	assert_int_equal(said_of(pending, "b"), -1);
	assert_int_equal(said_of(pending, "c"), 3);
	assert_int_equal(said_of(pending, "d"), 4);
	assert_int_equal(said_of(pending, "e"), -1);
}

static void a_fetch_that_is_never_done_overtakes_nothing(void **state)
{
	struct pending_events *pending = *state;
	event_adds(pending, "a", 1);
	pending_events_fetch_begin(pending);
	pending_events_fetch_begin(pending);
	assert_int_equal(said_of(pending, "a"), 1);
}

/* A late answer of an old fetch does not undo the events that a newer one left. */
static void an_older_fetch_done_late_overtakes_only_what_came_before_it(void **state)
{
	struct pending_events *pending = *state;
	uint64_t first = pending_events_fetch_begin(pending);
	event_adds(pending, "a", 1);
	uint64_t second = pending_events_fetch_begin(pending);
	event_adds(pending, "b", 2);
	pending_events_fetch_done(pending, first);
	assert_int_equal(said_of(pending, "a"), 1);
	pending_events_fetch_done(pending, second);
	assert_int_equal(said_of(pending, "a"), -1);
	assert_int_equal(said_of(pending, "b"), 2);
}

static void every_event_and_fetch_has_its_own_place_in_the_order(void **state)
{
	struct pending_events *pending = *state;
	uint64_t first = pending_events_count(pending);
	uint64_t second = pending_events_fetch_begin(pending);
	event_adds(pending, "a", 1);
	uint64_t third = pending_events_count(pending);
	assert_true(first < second);
	assert_true(second < pending_events_find(pending, "a")->order);
	assert_true(pending_events_find(pending, "a")->order < third);
}

static void there_is_one_peer_for_each_id(void **state)
{
	static const char *const ids[] = {"m", "c", "x", "a", "n", "z", "b", "y", "", "aa"};
	struct pending_events *pending = *state;
	for (size_t round = 0; round < 4; round++)
		for (size_t i = 0; i < COUNT_OF(ids); i++)
			event_adds(pending, ids[i], (unsigned char)(i + 1));
	assert_int_equal(pending->count, COUNT_OF(ids));
	for (size_t i = 0; i < pending->count; i++)
		assert_ptr_equal(pending_events_find(pending, ids[i]), pending->peers[i]);
}

static void pending_events_own_their_peers(void **state)
{
	struct pending_events *pending = *state;
	char id[] = "peer-1", host[] = "vpn.example.org";
	struct prefix prefix = prefix_of("10.0.0.1/32"), wanted = prefix;
	struct peer_entry entry = {.id = id,
		.has_key = true,
		.config = {.id = id,
			.public_key = key_of(1),
			.endpoint = {.kind = ENDPOINT_NAME, .host = host, .port = 1},
			.allowed_ips = &prefix,
			.allowed_ip_count = 1}};
	assert_int_equal(pending_events_set(pending, &entry), 0);
	memset(id, 'x', sizeof id - 1);
	memset(host, 'x', sizeof host - 1);
	memset(&prefix, 0, sizeof prefix);
	const struct pending_peer *peer = pending_events_find(pending, "peer-1");
	assert_non_null(peer);
	assert_string_equal(peer->entry.config.endpoint.host, "vpn.example.org");
	assert_true(prefix_equal(&peer->entry.config.allowed_ips[0], &wanted));
}

static void there_may_be_many_events(void **state)
{
	struct pending_events *pending = *state;
	char id[8];
	for (unsigned char key = 1; key <= 100; key++) {
		snprintf(id, sizeof id, "%03u", 101u - key);
		event_adds(pending, id, key);
	}
	for (unsigned char key = 1; key <= 100; key++) {
		snprintf(id, sizeof id, "%03u", 101u - key);
		assert_int_equal(said_of(pending, id), key);
	}
}

#define PENDING_TEST(name) cmocka_unit_test_setup_teardown(name, pending_setup, pending_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PENDING_TEST(an_event_is_there_until_a_fetch_that_began_after_it),
		PENDING_TEST(of_two_events_about_one_peer_the_later_counts),
		PENDING_TEST(a_later_event_about_a_peer_outlives_the_fetch_between),
		PENDING_TEST(a_fetch_removes_only_the_events_it_overtook),
		PENDING_TEST(events_are_stored_up_to_a_limit),
		PENDING_TEST(a_fetch_that_is_never_done_overtakes_nothing),
		PENDING_TEST(an_older_fetch_done_late_overtakes_only_what_came_before_it),
		PENDING_TEST(every_event_and_fetch_has_its_own_place_in_the_order),
		PENDING_TEST(there_is_one_peer_for_each_id),
		PENDING_TEST(pending_events_own_their_peers),
		PENDING_TEST(there_may_be_many_events),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
