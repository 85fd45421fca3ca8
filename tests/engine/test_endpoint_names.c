/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host name as the desired endpoint: which of its addresses a peer gets, and when, over whole
 * cycles. Name servers answer in any order, with some of the addresses, or not at all.
 */
#include "harness.h"

#include "world.h"

#include <errno.h>
#include <stdio.h>

#define A    "198.51.100.2"
#define B    "198.51.100.77"
#define C    "2001:db8::7"
#define R    "203.0.113.50:1024"

#define PORT ":51820"
#define SET_UP                                                                                     \
	"create_interface plexd0 51820; configure_address plexd0 10.100.0.1/32; "                  \
	"set_interface_up plexd0"
#define UPDATE "update_peer 02 endpoint"

#define NAME   "peer.example"
#define OTHER  "other.example"

/* The answers of the name servers for the two names; NULL: none. */
static const char *name_answer, *other_answer;

static size_t addresses(void *impl, const char *host, const struct ip **ret)
{
	static struct ip ips[3];
	const char *answer = strcmp(host, NAME) == 0 ? name_answer : other_answer;
	size_t count = 0;
	char copy[128], *rest = copy;
	snprintf(copy, sizeof copy, "%s", answer ? answer : "");
	for (char *text = strsep(&rest, " "); text && *text; text = strsep(&rest, " "))
		ips[count++] = ip_of(text);
	*ret = ips;
	return count;
}

static int set_up(void **state)
{
	name_answer = other_answer = NULL;
	int error = world_setup(state);
	struct world *world = *state;
	world->manager.lookup = (struct name_lookup){.addresses = addresses};
	return error;
}

/* `where`: a host name, or an address with its port. */
static void want_port(struct state_document *document, const char *id, unsigned char key,
	const char *where, uint16_t port)
{
	char ips[20];
	bool is_name = strstr(where, "example") != NULL;
	snprintf(ips, sizeof ips, "10.0.0.%u/32", key);
	struct peer_entry *entry = document_add(document, id, key, is_name ? "" : where, ips);
	if (is_name)
		entry->config.endpoint =
			(struct endpoint){.kind = ENDPOINT_NAME, .host = where, .port = port};
}

static void want(
	struct state_document *document, const char *id, unsigned char key, const char *where)
{
	want_port(document, id, key, where, 51820);
}

/* A cycle with peer 02 at that endpoint; then the calls are exactly these. */
static void cycle_wants(struct world *world, const char *where, const char *calls)
{
	struct state_document document = {0};
	want(&document, "peer-2", 2, where);
	assert_int_equal(world_cycle(world, &document), 0);
	assert_calls(world, calls);
}

/* The same with peer 03 at the same name. */
static void cycle_wants_both(struct world *world, const char *calls)
{
	struct state_document document = {0};
	want(&document, "peer-2", 2, NAME);
	want(&document, "peer-3", 3, NAME);
	assert_int_equal(world_cycle(world, &document), 0);
	assert_calls(world, calls);
}

static void assert_at(struct world *world, unsigned char key, const char *endpoint)
{
	struct key_public public_key = key_of(key);
	struct fake_peer *peer = fake_find(&world->fake, &public_key);
	assert_non_null(peer);
	assert_string_equal(endpoint_format(&peer->config.endpoint).text, endpoint);
}

/* Peer 02 was added at the first address of the answer and has just made a handshake from there. */
static void peer_alive(struct world *world, const char *answer)
{
	name_answer = answer;
	cycle_wants(world, NAME, SET_UP "; add_peer 02");
	world_handshake(world, 2, "");
	cycle_wants(world, NAME, "");
}

static void peer_falls_silent(struct world *world)
{
	world->now_s += 181;
	world_sent(world, 2, 100);
}

static void an_address_in_use_stays_in_whatever_order_the_answers_come(void **state)
{
	static const char *const orders[] = {A " " B " " C, A " " C " " B, B " " A " " C,
		B " " C " " A, C " " A " " B, C " " B " " A, A, A " " B, B " " A, C " " A};
	struct world *world = *state;
	peer_alive(world, A " " B " " C);
	for (unsigned age = 0; age < 3; age++) { /* alive, idle, silent */
		for (size_t i = 0; i < COUNT_OF(orders); i++) {
			name_answer = orders[i];
			cycle_wants(world, NAME, "");
			assert_at(world, 2, A PORT);
		}
		if (age == 0)
			world->now_s += 181;
		else
			world_sent(world, 2, 100);
	}
}

static void a_new_answer_counts_for_silent_peers_of_that_name_only(void **state)
{
	struct world *world = *state;
	name_answer = A " " B;
	cycle_wants_both(world, SET_UP "; add_peer 02; add_peer 03");
	world_handshake(world, 2, "");
	cycle_wants_both(world, "");
	world_sent(world, 3, 148);
	name_answer = C " " B;
	world->now_s += 60;
	cycle_wants_both(world, "update_peer 03 endpoint");
	assert_at(world, 2, A PORT);
	assert_at(world, 3, "[" C "]" PORT);
	name_answer = B " " C;
	cycle_wants_both(world, "");
}

static void an_idle_peer_is_not_written_whatever_its_name_becomes(void **state)
{
	static const char *const answers[] = {B, C, A, C " " B};
	struct world *world = *state;
	peer_alive(world, A);
	world->now_s += 1000;
	for (size_t i = 0; i < 40; i++) {
		name_answer = answers[i % COUNT_OF(answers)];
		world->now_s += 60;
		cycle_wants(world, NAME, "");
	}
	assert_at(world, 2, A PORT);
	/* Packets are sent: now the silence counts. */
	world_sent(world, 2, 1);
	cycle_wants(world, NAME, UPDATE);
	assert_at(world, 2, "[" C "]" PORT);
}

static void a_silent_peer_gets_a_new_answer_once(void **state)
{
	struct world *world = *state;
	peer_alive(world, A);
	peer_falls_silent(world);
	cycle_wants(world, NAME, ""); /* it is at an address of its name */
	name_answer = B;
	cycle_wants(world, NAME, UPDATE);
	for (unsigned i = 0; i < 5; i++) {
		world->now_s += 60;
		world_sent(world, 2, 148);
		cycle_wants(world, NAME, "");
	}
	assert_at(world, 2, B PORT);
}

static void a_peer_that_roamed_and_fell_silent_gets_what_was_applied_last(void **state)
{
	struct world *world = *state;
	peer_alive(world, B);
	name_answer = A " " B;
	world_handshake(world, 2, R);
	cycle_wants(world, NAME, "");
	assert_at(world, 2, R);
	peer_falls_silent(world);
	cycle_wants(world, NAME, UPDATE);
	assert_at(world, 2, B PORT);
}

static void a_peer_that_roamed_to_an_address_of_its_name_is_there(void **state)
{
	struct world *world = *state;
	peer_alive(world, A " " B);
	world_handshake(world, 2, B PORT);
	peer_falls_silent(world);
	cycle_wants(world, NAME, "");
	/* With another port it is elsewhere. */
	world_handshake(world, 2, B ":1");
	peer_falls_silent(world);
	cycle_wants(world, NAME, "");
	world_sent(world, 2, 1);
	cycle_wants(world, NAME, UPDATE);
	assert_at(world, 2, B PORT);
}

static void a_peer_whose_name_is_not_resolved_is_added_and_gets_its_endpoint_later(void **state)
{
	struct world *world = *state;
	cycle_wants(world, NAME, SET_UP "; add_peer 02");
	assert_at(world, 2, "");
	cycle_wants(world, NAME, "");
	name_answer = A " " B;
	assert_int_equal(world_cycle_fetch_failed(world, "away"), -EIO);
	assert_calls(world, UPDATE);
	assert_at(world, 2, A PORT);
	name_answer = B " " A;
	cycle_wants(world, NAME, "");
}

static void a_peer_that_connected_before_its_name_was_resolved_stays_where_it_is(void **state)
{
	struct world *world = *state;
	cycle_wants(world, NAME, SET_UP "; add_peer 02");
	world_handshake(world, 2, R);
	cycle_wants(world, NAME, "");
	name_answer = A;
	cycle_wants(world, NAME, "");
	assert_at(world, 2, R);
	peer_falls_silent(world);
	cycle_wants(world, NAME, UPDATE);
	assert_at(world, 2, A PORT);
}

static void a_name_that_loses_its_answer_clears_nothing(void **state)
{
	struct world *world = *state;
	peer_alive(world, A);
	name_answer = NULL;
	cycle_wants(world, NAME, "");
	peer_falls_silent(world);
	cycle_wants(world, NAME, "");
	assert_at(world, 2, A PORT);
	world_handshake(world, 2, R);
	name_answer = A;
	cycle_wants(world, NAME, "");
	assert_at(world, 2, R);
}

static void a_peer_found_alive_elsewhere_stays_and_one_found_silent_does_not(void **state)
{
	for (unsigned is_silent = 0; is_silent < 2; is_silent++) {
		struct world *world = *state;
		assert_int_equal(manager_setup(&world->manager, NULL), 0);
		assert_calls(world, SET_UP);
		name_answer = A;
		world_set_peer(world, 2, R, "10.0.0.2/32");
		world_handshake(world, 2, "");
		world->now_s += is_silent ? 181 : 0;
		cycle_wants(world, NAME, is_silent ? UPDATE : "");
		name_answer = B;
		cycle_wants(world, NAME, "");
		assert_at(world, 2, is_silent ? A PORT : R);
		world_teardown(state);
		set_up(state);
	}
}

static void another_name_is_another_desired_value(void **state)
{
	struct world *world = *state;
	peer_alive(world, A);
	/* Not before there is an answer. */
	cycle_wants(world, OTHER, "");
	other_answer = B;
	cycle_wants(world, OTHER, UPDATE);
	assert_at(world, 2, B PORT);
	world_handshake(world, 2, R);
	cycle_wants(world, OTHER, "");
	/* An answer with the same addresses changes nothing, now or later. */
	name_answer = C " " B;
	cycle_wants(world, NAME, "");
	name_answer = C;
	cycle_wants(world, NAME, "");
	assert_at(world, 2, R);
}

static void another_port_is_another_desired_value(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	peer_alive(world, A);
	want_port(&document, "peer-2", 2, NAME, 7);
	assert_int_equal(world_cycle(world, &document), 0);
	assert_calls(world, UPDATE);
	assert_at(world, 2, A ":7");
}

static void an_address_that_replaces_a_name_is_compared_as_an_address(void **state)
{
	struct world *world = *state;
	peer_alive(world, A " " B);
	world_handshake(world, 2, R);
	cycle_wants(world, A PORT, "");
	cycle_wants(world, NAME, "");
	cycle_wants(world, B PORT, UPDATE);
	world_handshake(world, 2, R);
	name_answer = B " " A;
	cycle_wants(world, NAME, "");
	cycle_wants(world, B PORT, "");
	other_answer = C;
	cycle_wants(world, OTHER, UPDATE);
	assert_at(world, 2, "[" C "]" PORT);
}

static void another_name_that_could_not_be_set_stays_due(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	peer_alive(world, A);
	other_answer = B;
	fake_fail(&world->fake,
		(struct fake_fault){.op = "update_peer", .key = 2, .error = -EIO, .times = 1});
	want(&document, "peer-2", 2, OTHER);
	assert_int_equal(world_cycle(world, &document), -EIO);
	assert_calls(world, UPDATE " !EIO");
	other_answer = C; /* the answer changes its order meanwhile */
	cycle_wants(world, OTHER, UPDATE);
	assert_at(world, 2, "[" C "]" PORT);
	cycle_wants(world, OTHER, "");
}

static int event(struct world *world, const char *host)
{
	struct event_dispatcher dispatcher = world_dispatcher(world);
	struct state_document document = {0};
	struct diag diag = {0};
	want(&document, "peer-2", 2, host);
	int error = handle_peer_endpoint_changed(
		&dispatcher, (const char *)&document.entries[0], sizeof document.entries[0], &diag);
	diag_clear(&diag);
	state_document_clear(&document);
	return error;
}

static void an_event_sets_the_address_in_use_or_the_first(void **state)
{
	struct world *world = *state;
	name_answer = A " " B;
	assert_int_equal(manager_setup(&world->manager, NULL), 0);
	assert_calls(world, SET_UP);
	assert_int_equal(event(world, NAME), 0);
	assert_calls(world, "add_peer 02");
	assert_at(world, 2, A PORT);
	name_answer = B " " A;
	assert_int_equal(event(world, NAME), 0);
	assert_at(world, 2, A PORT);
	name_answer = B " " C;
	assert_int_equal(event(world, NAME), 0);
	assert_at(world, 2, B PORT);
	/* A missing answer does not remove an endpoint. */
	assert_int_equal(event(world, OTHER), 0);
	assert_at(world, 2, B PORT);
}

static void an_event_whose_name_has_no_answer_gets_it_in_a_cycle(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	assert_int_equal(world_cycle(world, &document), 0);
	assert_int_equal(event(world, NAME), 0);
	assert_at(world, 2, "");
	name_answer = A;
	assert_calls(world, SET_UP "; add_peer 02");
	assert_int_equal(world_cycle_fetch_failed(world, "away"), -EIO);
	assert_calls(world, UPDATE);
	assert_at(world, 2, A PORT);
}

static void without_a_lookup_a_name_is_left_as_it_is(void **state)
{
	struct endpoint_history memory = {0};
	struct name_lookup none = {0};
	struct peer_config peer = {.public_key = key_of(2),
		.endpoint = {.kind = ENDPOINT_NAME, .host = NAME, .port = 1}};
	endpoint_history_choose(&memory, &none, &peer, NULL, (struct moment){0});
	assert_int_equal(peer.endpoint.kind, ENDPOINT_NAME);
	assert_string_equal(peer.endpoint.host, NAME);
}

static void the_applied_endpoint_can_be_read(void **state)
{
	struct world *world = *state;
	struct key_public two = key_of(2), three = key_of(3);
	struct endpoint a = endpoint_of(A PORT);
	const struct endpoint_history *memory = &world->manager.endpoints;
	peer_alive(world, A);
	assert_true(endpoint_equal(endpoint_history_baseline(memory, &two), &a));
	assert_null(endpoint_history_baseline(memory, &three));
	struct endpoint_history failed = {0};
	assert_int_equal(endpoint_history_failed(&failed, &two, &a), 0);
	assert_null(endpoint_history_baseline(&failed, &two));
	struct peer_config peer = {.public_key = two,
		.endpoint = {.kind = ENDPOINT_NAME, .host = NAME, .port = 51820}};
	name_answer = C " " A;
	endpoint_history_choose(&failed, &world->manager.lookup, &peer, NULL, (struct moment){0});
	assert_string_equal(endpoint_format(&peer.endpoint).text, "[" C "]" PORT);
	endpoint_history_clear(&failed);
}

static void assert_silent(struct world *world, bool is_silent)
{
	struct key_public key = key_of(2);
	const struct peer_config *actual = &fake_find(&world->fake, &key)->config;
	assert_int_equal(
		endpoint_history_is_silent(&world->manager.endpoints, actual, world_now(world)),
		is_silent);
}

static void a_peer_is_silent_when_bytes_were_sent_and_no_handshake_followed(void **state)
{
	struct world *world = *state;
	peer_alive(world, A);
	world_sent(world, 2, 100);
	assert_silent(world, false);
	world->now_s += 180;
	assert_silent(world, false);
	world->now_s += 1;
	assert_silent(world, true);
	world_handshake(world, 2, "");
	cycle_wants(world, NAME, "");
	world->now_s += 1000;
	assert_silent(world, false); /* idle */
}

/* A random walk, compared with a second implementation of when a peer may be written. */
struct walk {
	uint32_t chance;
	int64_t handshake_s; /* 0: never */
	bool has_sent;       /* since a cycle saw that handshake */
	bool is_seen;        /* by a cycle, with that handshake */
};

static uint32_t chance(struct walk *walk, uint32_t below)
{
	walk->chance = walk->chance * 1664525 + 1013904223;
	return (walk->chance >> 16) % below;
}

static void walk_step(struct walk *walk, struct world *world)
{
	static const char *const answers[] = {
		A, B, C, A " " B, B " " A, C " " B " " A, A " " C " " B, NULL};
	switch (chance(walk, 6)) {
	case 0:
	case 1:
		name_answer = answers[chance(walk, COUNT_OF(answers))];
		break;
	case 2:
		world->now_s += 100;
		break;
	case 3:
		world_sent(world, 2, 10);
		walk->has_sent = walk->has_sent || walk->is_seen;
		break;
	case 4:
		world->now_s++;
		world_handshake(world, 2, chance(walk, 2) ? R : "");
		walk->handshake_s = world->now_s;
		walk->has_sent = walk->is_seen = false;
		break;
	default:
		world->now_s += 10;
	}
}

static void only_a_silent_peer_or_one_without_an_endpoint_is_written(void **state)
{
	unsigned updates = 0, silences = 0;
	for (uint32_t seed = 1; seed <= 200; seed++) {
		struct world *world = *state;
		struct walk walk = {.chance = seed};
		struct key_public key = key_of(2);
		name_answer = seed % 2 ? A : NULL;
		cycle_wants(world, NAME, SET_UP "; add_peer 02");
		for (unsigned step = 0; step < 60; step++) {
			walk_step(&walk, world);
			struct endpoint before = fake_find(&world->fake, &key)->config.endpoint;
			bool is_old = !walk.handshake_s || world->now_s - walk.handshake_s > 180;
			bool is_silent = is_old && (walk.has_sent || !walk.is_seen);
			bool is_there = strstr(name_answer ? name_answer : "",
						ip_format(&before.ip).text) &&
					before.port == 51820;
			bool is_due = name_answer && !is_there &&
				      (is_silent || before.kind == ENDPOINT_NONE);
			/* The first cycle that sees a peer which never had a handshake. */
			cycle_wants(world, NAME, is_due ? UPDATE : "");
			walk.is_seen = true;
			updates += is_due;
			silences += is_silent;
		}
		world_teardown(state);
		set_up(state);
	}
	assert_true(updates > 500 && silences > updates);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_address_in_use_stays_in_whatever_order_the_answers_come),
		TEST(a_new_answer_counts_for_silent_peers_of_that_name_only),
		TEST(an_idle_peer_is_not_written_whatever_its_name_becomes),
		TEST(a_silent_peer_gets_a_new_answer_once),
		TEST(a_peer_that_roamed_and_fell_silent_gets_what_was_applied_last),
		TEST(a_peer_that_roamed_to_an_address_of_its_name_is_there),
		TEST(a_peer_whose_name_is_not_resolved_is_added_and_gets_its_endpoint_later),
		TEST(a_peer_that_connected_before_its_name_was_resolved_stays_where_it_is),
		TEST(a_name_that_loses_its_answer_clears_nothing),
		TEST(a_peer_found_alive_elsewhere_stays_and_one_found_silent_does_not),
		TEST(another_name_is_another_desired_value),
		TEST(another_port_is_another_desired_value),
		TEST(an_address_that_replaces_a_name_is_compared_as_an_address),
		TEST(another_name_that_could_not_be_set_stays_due),
		TEST(an_event_sets_the_address_in_use_or_the_first),
		TEST(an_event_whose_name_has_no_answer_gets_it_in_a_cycle),
		TEST(without_a_lookup_a_name_is_left_as_it_is),
		TEST(the_applied_endpoint_can_be_read),
		TEST(a_peer_is_silent_when_bytes_were_sent_and_no_handshake_followed),
		TEST(only_a_silent_peer_or_one_without_an_endpoint_is_written),
	};
	return cmocka_run_group_tests_name("endpoint names", tests, NULL, NULL);
}
