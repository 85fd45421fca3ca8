/* SPDX-License-Identifier: Apache-2.0 */
/* Memory and work have limits, whatever the input. */
#include "harness.h"

#include "asked.h"
#include "notices.h"

#include <errno.h>
#include <stdio.h>

/* Entries with distinct ids: "00000" and so on. */
static void want_many(struct asked *asked, size_t count, unsigned char key, const char *allowed_ips)
{
	char id[24];
	for (size_t i = 0; i < count; i++) {
		snprintf(id, sizeof id, "%05zu", i);
		asked_wants(asked, id, key, allowed_ips);
	}
}

static void assert_listed(const struct asked *asked, size_t listed_count, size_t further_count)
{
	assert_int_equal(asked->desired.conflict_count, listed_count);
	assert_int_equal(asked->desired.further_conflict_count, further_count);
}

static void conflicts_are_listed_up_to_a_limit_and_settled_beyond(void **state)
{
	for (size_t over = 0; over <= 1; over++) {
		struct asked *asked = *state;
		want_many(asked, CONFLICTS_MAX + 1 + over, 1, "10.0.0.1/32");
		asked_wants(asked, "own", WORLD_OWN_KEY, "");
		resolve(asked);
		assert_listed(asked, CONFLICTS_MAX, 1 + over);
		assert_int_equal(asked->desired.peers.count, 1);
		assert_string_equal(asked->desired.peers.peers[0].id, "00000");
		asked_teardown(state);
		asked_setup(state);
	}
}

static void prefixes_beyond_the_limit_are_settled_too(void **state)
{
	struct asked *asked = *state;
	want_many(asked, CONFLICTS_MAX + 1, 1, "");
	asked_wants(asked, "a", 2, "10.0.0.1/32");
	asked_wants(asked, "b", 3, "10.0.0.1/32");
	resolve(asked);
	assert_listed(asked, CONFLICTS_MAX, 1);
	assert_string_equal(peers_text(asked->desired.peers.peers, asked->desired.peers.count).text,
		"01; 02 ips=10.0.0.1/32; 03");
}

static void the_node_s_id_is_counted_when_the_list_is_full(void **state)
{
	struct asked *asked = *state;
	asked_wants(asked, WORLD_NODE_ID, 2, "");
	asked_wants(asked, "a", 1, "");
	for (size_t i = 0; i < CONFLICTS_MAX; i++)
		spoilt(asked, "a", 0);
	resolve(asked);
	assert_listed(asked, CONFLICTS_MAX, 1);
	assert_int_equal(asked->desired.peers.count, 1);
}

/* Comparing each with all before it would take minutes. */
static void an_id_may_be_repeated_any_number_of_times(void **state)
{
	struct asked *asked = *state;
	asked_wants(asked, "a", 1, "10.0.0.1/32");
	for (size_t i = 0; i < 3 * CONFLICTS_MAX; i++)
		spoilt(asked, "a", 0);
	resolve(asked);
	assert_listed(asked, CONFLICTS_MAX, 2 * CONFLICTS_MAX);
	assert_string_equal(asked->desired.conflicts[CONFLICTS_MAX - 1].winner, "peers[0]");
	assert_string_equal(asked->desired.conflicts[CONFLICTS_MAX - 1].loser, "peers[65536]");
	assert_int_equal(asked->desired.peers.count, 1);
	assert_int_equal(asked->desired.unusable_count, 0);
}

/* The number of lines of each kind since the last check. */
struct heard {
	unsigned conflicts, further, unusable, deferred, kept;
	char count[24];
};

static void hear(void *sink, enum log_level level, const char *message,
	const struct log_field *fields, unsigned field_count)
{
	struct heard *heard = sink;
	heard->conflicts += strcmp(message, "Peers conflict") == 0;
	heard->further += strcmp(message, "Conflicts omitted") == 0;
	heard->unusable += strcmp(message, "Peer entry unusable") == 0;
	heard->deferred += strcmp(message, "Notice limit reached") == 0;
	for (unsigned i = 0; i < field_count; i++) {
		heard->kept += strcmp(fields[i].key, "retained") == 0 && fields[i].value;
		if (strcmp(fields[i].key, "count") == 0 || strcmp(fields[i].key, "deferred") == 0)
			snprintf(heard->count, sizeof heard->count, "%s", fields[i].value);
	}
}

static struct heard say(struct notices *notices, const struct asked *asked)
{
	static const struct route_plan no_routes;
	struct heard heard = {0};
	struct logger logger = {.write = hear, .sink = &heard};
	struct plan plan = {.desired = asked->desired};
	notices_log(notices, &logger, &plan, &no_routes);
	return heard;
}

static void a_cycle_logs_up_to_a_limit_and_the_next_one_the_rest(void **state)
{
	struct asked *asked = *state;
	struct notices notices = {0};
	char id[16];
	want_many(asked, 601, 1, "");
	for (unsigned i = 0; i < 402; i++) {
		snprintf(id, sizeof id, "spoilt-%u", i);
		spoilt(asked, id, 0);
		asked->document.entries[asked->document.entry_count - 1].error =
			arena_strndup(&asked->document.arena, id, strlen(id));
	}
	resolve(asked);
	struct heard heard = say(&notices, asked);
	assert_int_equal(heard.conflicts, 600);
	assert_int_equal(heard.unusable, NOTICES_PER_CYCLE_MAX - 600);
	assert_int_equal(heard.deferred, 1);
	assert_string_equal(heard.count, "2");
	heard = say(&notices, asked);
	assert_int_equal(heard.conflicts, 0);
	assert_int_equal(heard.unusable, 2);
	assert_int_equal(heard.deferred, 0);
	heard = say(&notices, asked);
	assert_int_equal(heard.conflicts + heard.unusable + heard.deferred, 0);
	notices_clear(&notices);
}

static void exactly_the_limit_is_logged_at_once(void **state)
{
	struct asked *asked = *state;
	struct notices notices = {0};
	want_many(asked, NOTICES_PER_CYCLE_MAX + 1, 1, "");
	resolve(asked);
	struct heard heard = say(&notices, asked);
	assert_int_equal(heard.conflicts, NOTICES_PER_CYCLE_MAX);
	assert_int_equal(heard.deferred, 0);
	notices_clear(&notices);
}

/* It uses no room among the lines of a cycle, and is not logged again later. */
static void logged_notices_are_not_repeated_however_many_are_new(void **state)
{
	struct asked *asked = *state;
	struct notices notices = {0};
	spoilt(asked, "old", 0);
	resolve(asked);
	assert_int_equal(say(&notices, asked).unusable, 1);
	want_many(asked, NOTICES_PER_CYCLE_MAX + 1, 1, "");
	resolve(asked);
	struct heard heard = say(&notices, asked);
	assert_int_equal(heard.conflicts, NOTICES_PER_CYCLE_MAX);
	assert_int_equal(heard.unusable + heard.deferred, 0);
	heard = say(&notices, asked);
	assert_int_equal(heard.conflicts + heard.unusable + heard.deferred, 0);
	notices_clear(&notices);
}

static void conflicts_that_are_only_counted_are_logged_as_a_number(void **state)
{
	struct asked *asked = *state;
	struct notices notices = {0};
	want_many(asked, 3, 1, "");
	resolve(asked);
	asked->desired.further_conflict_count = 7;
	struct heard heard = say(&notices, asked);
	assert_int_equal(heard.further, 1);
	assert_string_equal(heard.count, "7");
	assert_int_equal(say(&notices, asked).further, 0);
	asked->desired.further_conflict_count = 8;
	assert_int_equal(say(&notices, asked).further, 1);
	notices_clear(&notices);
}

/* Whatever the addresses of the errors, each entry is logged with the key retained for it. */
static void each_entry_is_logged_with_its_retained_key(void **state)
{
	struct asked *asked = *state;
	struct notices notices = {0};
	static const char *const ids[] = {"c", "a", "d", "b", "e"};
	for (unsigned char i = 0; i < COUNT_OF(ids); i++) {
		/* "e" is known by its id under one key, and names another. */
		device_has(asked, i == 4 ? "e" : NULL, 10 + i, "");
		spoilt(asked, ids[i], i == 4 ? 20 : 10 + i);
	}
	device_has(asked, NULL, 20, "");
	spoilt(asked, "f", 0);
	resolve(asked);
	assert_int_equal(asked->desired.retained_count, 6);
	struct heard heard = say(&notices, asked);
	assert_int_equal(heard.unusable, 6);
	assert_int_equal(heard.kept, 5);
	notices_clear(&notices);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ASKED_TEST(conflicts_are_listed_up_to_a_limit_and_settled_beyond),
		ASKED_TEST(prefixes_beyond_the_limit_are_settled_too),
		ASKED_TEST(the_node_s_id_is_counted_when_the_list_is_full),
		ASKED_TEST(an_id_may_be_repeated_any_number_of_times),
		ASKED_TEST(a_cycle_logs_up_to_a_limit_and_the_next_one_the_rest),
		ASKED_TEST(exactly_the_limit_is_logged_at_once),
		ASKED_TEST(logged_notices_are_not_repeated_however_many_are_new),
		ASKED_TEST(conflicts_that_are_only_counted_are_logged_as_a_number),
		ASKED_TEST(each_entry_is_logged_with_its_retained_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
