/* SPDX-License-Identifier: Apache-2.0 */
/* Events and fetches in the order of their numbers. */
#include "harness.h"

#include "pending_events.h"
#include "world.h"

#include <stdio.h>

static int overlay_setup(void **state)
{
	*state = calloc(1, sizeof(struct pending_events));
	return *state ? 0 : -1;
}

static int overlay_teardown(void **state)
{
	pending_events_clear(*state);
	free(*state);
	return 0;
}

static void event_adds(struct pending_events *overlay, const char *id, unsigned char key)
{
	struct state_document document = {0};
	document_add(&document, id, key, "198.51.100.2:1", "10.0.0.2/32");
	assert_int_equal(pending_events_set(overlay, &document.entries[0]), 0);
	state_document_clear(&document);
}

/* What exceeds the limit is rejected, and no pending event is lost. */
static void events_are_stored_up_to_a_limit(void **state)
{
	struct pending_events *overlay = *state;
	struct state_document document = {0};
	document_add(&document, "c", 3, "", "10.0.0.3/32");
	event_adds(overlay, "a", 1);
	size_t one = overlay->bytes;
	event_adds(overlay, "b", 2);
	assert_int_equal(overlay->bytes, 2 * one);
	overlay->bytes_max = 2 * one;
	assert_int_equal(pending_events_set(overlay, &document.entries[0]), PENDING_EVENTS_NO_ROOM);
	assert_int_equal(pending_events_remove(overlay, "c"), PENDING_EVENTS_NO_ROOM);
	assert_int_equal(overlay->count, 2);
	/* An event that replaces another takes no more room. */
	event_adds(overlay, "b", 4);
	assert_int_equal(overlay->bytes, 2 * one);
	assert_int_equal(pending_events_remove(overlay, "b"), 0);
	assert_true(overlay->bytes < 2 * one);
	/* Nor over the limit, which restored events may exceed. */
	overlay->bytes_max = 1;
	assert_int_equal(pending_events_remove(overlay, "b"), 0);
	event_adds(overlay, "a", 5);
	assert_int_equal(pending_events_set(overlay, &document.entries[0]), PENDING_EVENTS_NO_ROOM);
	overlay->bytes_max = overlay->bytes;
	pending_events_fetch_done(overlay, pending_events_fetch_begin(overlay));
	assert_int_equal(overlay->bytes, 0);
	assert_int_equal(pending_events_set(overlay, &document.entries[0]), 0);
	assert_int_equal(overlay->bytes, one);
	pending_events_clear(overlay);
	assert_int_equal(overlay->bytes, 0);
	assert_true(overlay->bytes_max > one);
	assert_int_equal(PENDING_EVENTS_BYTES_MAX, 64 * 1024 * 1024);
	state_document_clear(&document);
}

/* The first byte of the key that an event gave the id; 0: removed; -1: no event. */
static int said_of(const struct pending_events *overlay, const char *id)
{
	const struct pending_peer *peer = pending_events_find(overlay, id);
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
	struct pending_events *overlay = *state;
	uint64_t before = pending_events_fetch_begin(overlay);
	event_adds(overlay, "a", 1);
	pending_events_fetch_done(overlay, before);
	assert_int_equal(said_of(overlay, "a"), 1);
	uint64_t after = pending_events_fetch_begin(overlay);
	assert_int_equal(said_of(overlay, "a"), 1);
	pending_events_fetch_done(overlay, after);
	assert_int_equal(said_of(overlay, "a"), -1);
}

static void of_two_events_about_one_peer_the_later_counts(void **state)
{
	struct pending_events *overlay = *state;
	event_adds(overlay, "a", 1);
	event_adds(overlay, "a", 2);
	assert_int_equal(said_of(overlay, "a"), 2);
	assert_int_equal(pending_events_remove(overlay, "a"), 0);
	assert_int_equal(said_of(overlay, "a"), 0);
	event_adds(overlay, "a", 3);
	assert_int_equal(said_of(overlay, "a"), 3);
	assert_int_equal(overlay->count, 1);
}

static void a_later_event_about_a_peer_outlives_the_fetch_between(void **state)
{
	struct pending_events *overlay = *state;
	event_adds(overlay, "a", 1);
	uint64_t fetch = pending_events_fetch_begin(overlay);
	event_adds(overlay, "a", 2);
	pending_events_fetch_done(overlay, fetch);
	assert_int_equal(said_of(overlay, "a"), 2);
}

static void a_fetch_removes_only_the_events_it_overtook(void **state)
{
	struct pending_events *overlay = *state;
	event_adds(overlay, "d", 1);
	event_adds(overlay, "b", 2);
	assert_int_equal(pending_events_remove(overlay, "e"), 0);
	uint64_t fetch = pending_events_fetch_begin(overlay);
	event_adds(overlay, "c", 3);
	assert_int_equal(pending_events_remove(overlay, "a"), 0);
	event_adds(overlay, "d", 4);
	pending_events_fetch_done(overlay, fetch);
	assert_int_equal(overlay->count, 3);
	assert_int_equal(said_of(overlay, "a"), 0);
	assert_int_equal(said_of(overlay, "b"), -1);
	assert_int_equal(said_of(overlay, "c"), 3);
	assert_int_equal(said_of(overlay, "d"), 4);
	assert_int_equal(said_of(overlay, "e"), -1);
}

static void a_fetch_that_is_never_done_overtakes_nothing(void **state)
{
	struct pending_events *overlay = *state;
	event_adds(overlay, "a", 1);
	pending_events_fetch_begin(overlay);
	pending_events_fetch_begin(overlay);
	assert_int_equal(said_of(overlay, "a"), 1);
}

/* A late answer of an old fetch does not undo the events that a newer one left. */
static void an_older_fetch_done_late_overtakes_only_what_came_before_it(void **state)
{
	struct pending_events *overlay = *state;
	uint64_t first = pending_events_fetch_begin(overlay);
	event_adds(overlay, "a", 1);
	uint64_t second = pending_events_fetch_begin(overlay);
	event_adds(overlay, "b", 2);
	pending_events_fetch_done(overlay, first);
	assert_int_equal(said_of(overlay, "a"), 1);
	pending_events_fetch_done(overlay, second);
	assert_int_equal(said_of(overlay, "a"), -1);
	assert_int_equal(said_of(overlay, "b"), 2);
}

static void every_event_and_fetch_has_its_own_place_in_the_order(void **state)
{
	struct pending_events *overlay = *state;
	uint64_t first = pending_events_count(overlay);
	uint64_t second = pending_events_fetch_begin(overlay);
	event_adds(overlay, "a", 1);
	uint64_t third = pending_events_count(overlay);
	assert_true(first < second);
	assert_true(second < pending_events_find(overlay, "a")->order);
	assert_true(pending_events_find(overlay, "a")->order < third);
}

static void there_is_one_peer_for_each_id(void **state)
{
	static const char *const ids[] = {"m", "c", "x", "a", "n", "z", "b", "y", "", "aa"};
	struct pending_events *overlay = *state;
	for (size_t round = 0; round < 4; round++)
		for (size_t i = 0; i < COUNT_OF(ids); i++)
			event_adds(overlay, ids[i], (unsigned char)(i + 1));
	assert_int_equal(overlay->count, COUNT_OF(ids));
	for (size_t i = 0; i < overlay->count; i++)
		assert_ptr_equal(pending_events_find(overlay, ids[i]), overlay->peers[i]);
}

static void pending_events_own_their_peers(void **state)
{
	struct pending_events *overlay = *state;
	char id[] = "peer-1", host[] = "vpn.example.org";
	struct prefix prefix = prefix_of("10.0.0.1/32"), wanted = prefix;
	struct peer_entry entry = {.id = id,
		.has_key = true,
		.config = {.id = id,
			.public_key = key_of(1),
			.endpoint = {.kind = ENDPOINT_NAME, .host = host, .port = 1},
			.allowed_ips = &prefix,
			.allowed_ip_count = 1}};
	assert_int_equal(pending_events_set(overlay, &entry), 0);
	memset(id, 'x', sizeof id - 1);
	memset(host, 'x', sizeof host - 1);
	memset(&prefix, 0, sizeof prefix);
	const struct pending_peer *peer = pending_events_find(overlay, "peer-1");
	assert_non_null(peer);
	assert_string_equal(peer->entry.config.endpoint.host, "vpn.example.org");
	assert_true(prefix_equal(&peer->entry.config.allowed_ips[0], &wanted));
}

static void there_may_be_many_events(void **state)
{
	struct pending_events *overlay = *state;
	char id[8];
	for (unsigned char key = 1; key <= 100; key++) {
		snprintf(id, sizeof id, "%03u", 101u - key);
		event_adds(overlay, id, key);
	}
	for (unsigned char key = 1; key <= 100; key++) {
		snprintf(id, sizeof id, "%03u", 101u - key);
		assert_int_equal(said_of(overlay, id), key);
	}
}

#define OVERLAY_TEST(name) cmocka_unit_test_setup_teardown(name, overlay_setup, overlay_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OVERLAY_TEST(an_event_is_there_until_a_fetch_that_began_after_it),
		OVERLAY_TEST(of_two_events_about_one_peer_the_later_counts),
		OVERLAY_TEST(a_later_event_about_a_peer_outlives_the_fetch_between),
		OVERLAY_TEST(a_fetch_removes_only_the_events_it_overtook),
		OVERLAY_TEST(events_are_stored_up_to_a_limit),
		OVERLAY_TEST(a_fetch_that_is_never_done_overtakes_nothing),
		OVERLAY_TEST(an_older_fetch_done_late_overtakes_only_what_came_before_it),
		OVERLAY_TEST(every_event_and_fetch_has_its_own_place_in_the_order),
		OVERLAY_TEST(there_is_one_peer_for_each_id),
		OVERLAY_TEST(pending_events_own_their_peers),
		OVERLAY_TEST(there_may_be_many_events),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
