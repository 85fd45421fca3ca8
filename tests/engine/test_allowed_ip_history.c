/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event that names its peer's previous allowed IPs saves a read of the device. The device of
 * these tests trusts the list: it removes a prefix that the previous list names and the new one
 * does not from whichever peer has it, and does not set one that both name.
 */
#include "harness.h"

#include "converged.h"

#include <stdio.h>

static int event(
	struct world *world, unsigned char key, const char *endpoint, const char *allowed_ips)
{
	char id[16];
	snprintf(id, sizeof id, "peer-%u", key);
	return world_peer_event(world, "peer_endpoint_changed", id, key, endpoint, allowed_ips);
}

/* The event succeeds, and its peer was known or not. */
static void event_finds(
	struct world *world, bool is_known, unsigned char key, const char *allowed_ips)
{
	unsigned known = world->fake.known_count, unknown = world->fake.unknown_count;
	assert_int_equal(event(world, key, "", allowed_ips), 0);
	assert_int_equal(world->fake.known_count, known + is_known);
	assert_int_equal(world->fake.unknown_count, unknown + !is_known);
}

static void a_peer_that_a_cycle_left_is_known(void **state)
{
	struct world *world = *state;
	unsigned read_count = world->fake.read_count;
	event_finds(world, true, 2, "10.0.0.2/32");
	event_finds(world, true, 3, "10.0.0.3/32,10.3.0.0/16");
	event_finds(world, true, 3, "10.3.0.0/16");
	assert_int_equal(world->fake.read_count, read_count);
	assert_peers(world, "02 ips=10.0.0.2/32; 03 ips=10.3.0.0/16");
	/* One peer that the cycle found unchanged, and one that it changed. */
	assert_int_equal(cycle_wants(world, "23"), 0);
	event_finds(world, true, 2, "10.0.0.2/32,10.2.0.0/16");
	event_finds(world, true, 3, "10.0.0.3/32,10.3.0.0/16");
	assert_peers(world, "02 ips=10.0.0.2/32,10.2.0.0/16; 03 ips=10.0.0.3/32,10.3.0.0/16");
}

static void a_peer_that_an_event_added_is_known(void **state)
{
	struct world *world = *state;
	assert_int_equal(event(world, 4, "", "10.0.0.4/32"), 0);
	event_finds(world, true, 4, "10.0.0.4/32,10.4.0.0/16");
	event_finds(world, true, 4, "");
	event_finds(world, true, 4, "10.0.0.4/32");
	assert_peers(world, "02 ips=10.0.0.2/32; 03 ips=10.0.0.3/32; 04 ips=10.0.0.4/32");
}

static void before_the_first_cycle_nothing_is_known(void **state)
{
	struct world *world = *state;
	world_restart(world);
	event_finds(world, false, 2, "10.0.0.2/32");
	event_finds(world, true, 2, "10.0.0.2/32");
	event_finds(world, false, 3, "10.0.0.3/32");
}

static void a_prefix_that_moved_is_not_taken_from_where_it_is(void **state)
{
	struct world *world = *state;
	event_finds(world, true, 3, "10.0.0.2/32,10.0.0.3/32");
	event_finds(world, true, 2, "10.2.0.0/16");
	assert_peers(world, "02 ips=10.2.0.0/16; 03 ips=10.0.0.2/32,10.0.0.3/32");
}

static void a_prefix_that_moved_is_given_back_by_a_later_event(void **state)
{
	struct world *world = *state;
	event_finds(world, true, 3, "10.0.0.2/32,10.0.0.3/32");
	event_finds(world, true, 2, "10.0.0.2/32");
	assert_peers(world, "02 ips=10.0.0.2/32; 03 ips=10.0.0.3/32");
	event_finds(world, true, 3, "10.0.0.3/32");
	event_finds(world, true, 3, "10.0.0.2/32,10.0.0.3/32");
	assert_peers(world, "02; 03 ips=10.0.0.2/32,10.0.0.3/32");
}

static void a_peer_whose_operation_failed_is_not_known(void **state)
{
	struct world *world = *state;
	fails(world, "add_peer", 2, -EIO, 1);
	assert_int_equal(event(world, 2, "", "10.2.0.0/16"), -EIO);
	event_finds(world, false, 2, "10.0.0.2/32");
	event_finds(world, true, 2, "10.0.0.2/32");
	event_finds(world, true, 3, "10.0.0.3/32");
}

/* The operation may have completed all the same. */
static void a_peer_whose_prefix_it_may_have_taken_is_not_known_either(void **state)
{
	struct world *world = *state;
	fake_fail(&world->fake, (struct fake_fault){.op = "add_peer",
					.key = 3,
					.error = -EIO,
					.times = 1,
					.takes_effect = true});
	assert_int_equal(event(world, 3, "", "10.0.0.2/32"), -EIO);
	assert_peers(world, "02; 03 ips=10.0.0.2/32");
	event_finds(world, false, 2, "10.2.0.0/16");
	assert_peers(world, "02 ips=10.2.0.0/16; 03 ips=10.0.0.2/32");
	event_finds(world, true, 2, "10.0.0.2/32");
	assert_peers(world, "02 ips=10.0.0.2/32; 03");
}

static void a_peer_whose_removal_failed_is_not_known(void **state)
{
	struct world *world = *state;
	fails(world, "remove_peer", 2, -EIO, 1);
	assert_int_equal(world_peer_removed_event(world, "peer-2"), -EIO);
	event_finds(world, false, 2, "10.2.0.0/16");
	assert_peers(world, "02 ips=10.2.0.0/16; 03 ips=10.0.0.3/32");
}

static void a_peer_whose_operation_failed_in_a_cycle_is_not_known(void **state)
{
	struct world *world = *state;
	event_finds(world, true, 2, "10.2.0.0/16");
	fails(world, "update_peer", 2, -EIO, 1);
	assert_int_not_equal(cycle_wants(world, "23"), 0);
	event_finds(world, false, 2, "10.2.0.0/16");
	event_finds(world, true, 3, "10.3.0.0/16");
}

/* Whatever the result of the operation that was to take its prefix. */
static void a_peer_that_lost_a_prefix_to_one_that_failed_is_not_known(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	document_add(&document, "peer-2", 2, "", "10.2.0.0/16");
	document_add(&document, "peer-3", 3, "198.51.100.3:1", "10.0.0.3/32");
	document_add(&document, "peer-4", 4, "", "10.0.0.2/32");
	fails(world, "add_peer", 4, -EIO, 1);
	assert_int_not_equal(world_cycle(world, &document), 0);
	event_finds(world, false, 2, "10.2.0.0/16");
	event_finds(world, true, 3, "10.0.0.3/32");
}

/* Its prefix may have gone to another desired peer. */
static void a_peer_whose_removal_is_withheld_is_not_known(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	world->reconciler.guard.max_percent = 10;
	document_add(&document, "peer-3", 3, "", "10.0.0.2/32");
	document_add(&document, "peer-4", 4, "", "");
	assert_int_equal(world_cycle(world, &document), 0);
	assert_peers(world, "02; 03 ips=10.0.0.2/32; 04");
	event_finds(world, false, 2, "");
	event_finds(world, true, 3, "10.0.0.3/32");
	assert_peers(world, "02; 03 ips=10.0.0.3/32; 04");
}

static void a_new_interface_is_not_known(void **state)
{
	struct world *world = *state;
	fails(world, "add_peer", 3, -ENODEV, 1);
	assert_int_equal(event(world, 3, "", "10.0.0.3/32"), -ENODEV);
	event_finds(world, false, 2, "10.0.0.2/32");
	assert_int_equal(cycle_wants(world, "23"), 0);
	event_finds(world, true, 2, "10.0.0.2/32");
	manager_apply_event(&world->manager, INTERFACE_EVENT_LINK_LOST);
	assert_int_equal(manager_setup(&world->manager, NULL), 0);
	event_finds(world, false, 2, "10.0.0.2/32");
}

static void what_another_program_changed_is_repaired_by_the_next_cycle(void **state)
{
	struct world *world = *state;
	world_set_peer(world, 9, "", "10.0.0.2/32");
	event_finds(world, true, 2, "10.0.0.2/32,10.2.0.0/16");
	assert_peers(world, "02 ips=10.2.0.0/16; 03 ips=10.0.0.3/32; 09 ips=10.0.0.2/32");
	assert_int_equal(cycle_wants(world, "23"), 0);
	assert_peers(world, "02 ips=10.0.0.2/32; 03 ips=10.0.0.3/32");
}

/* `count` prefixes, starting with the number `first`. */
static struct peer_config wide_peer(struct prefix *prefixes, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t number = first + i;
		prefixes[i] =
			(struct prefix){.ip = {.family = IP_V6, .bytes = {0xfd}}, .length = 128};
		for (int k = 0; k < 4; k++)
			prefixes[i].ip.bytes[12 + k] = (uint8_t)(number >> (24 - 8 * k));
	}
	return (struct peer_config){
		.public_key = key_of(2), .allowed_ips = prefixes, .allowed_ip_count = count};
}

static bool is_known(const struct allowed_ip_history *memory, unsigned char key)
{
	struct key_public wanted = key_of(key);
	uint32_t count;
	struct prefix *prefixes = allowed_ip_history_recall(memory, &wanted, &count);
	free(prefixes);
	return prefixes;
}

static void memory_of_changed_peers_does_not_grow(void **state)
{
	enum { COUNT = 1000 };
	static struct prefix prefixes[COUNT];
	struct allowed_ip_history memory = {0};
	struct peer_config bystander = {.public_key = key_of(3)};
	uint32_t first = 0;
	allowed_ip_history_set(&memory, &bystander);
	for (; is_known(&memory, 3); first += COUNT) {
		struct peer_config peer = wide_peer(prefixes, first, COUNT);
		allowed_ip_history_set(&memory, &peer);
		assert_true(memory.changed_bytes <= ALLOWED_IP_CHANGES_BYTES_MAX);
		assert_true(first < 1000 * COUNT);
	}
	assert_true(first > 100 * COUNT);
	assert_false(is_known(&memory, 2));
	/* Repeating the same events allocates nothing. */
	struct peer_config peer = wide_peer(prefixes, 0, COUNT);
	allowed_ip_history_set(&memory, &peer);
	size_t bytes = memory.changed_bytes;
	for (int i = 0; i < 1000; i++) {
		allowed_ip_history_set(&memory, &peer);
		allowed_ip_history_forget(&memory, &bystander.public_key);
		allowed_ip_history_set(&memory, &bystander);
	}
	assert_true(is_known(&memory, 2) && memory.changed_bytes < bytes + 1000);
	for (int i = 0; !memory.changed || is_known(&memory, 3); i++) {
		peer = wide_peer(prefixes, 1000000 + (uint32_t)i * COUNT, COUNT);
		allowed_ip_history_fail(&memory, &peer);
		assert_true(i < 1000);
	}
	allowed_ip_history_clear(&memory);
}

/*
 * Random events and cycles on few peers and few prefixes, some of which fail. What an event sets
 * takes effect, and nothing else changes.
 */
struct dice {
	uint32_t state;
};

static unsigned roll(struct dice *dice, unsigned below)
{
	dice->state = dice->state * 1664525u + 1013904223u;
	return (dice->state >> 8) % below;
}

static void draw_prefixes(struct dice *dice, char text[static 120])
{
	text[0] = '\0';
	for (unsigned i = 1; i <= 6; i++)
		if (roll(dice, 4) == 0)
			snprintf(text + strlen(text), 20, "%s10.0.0.%u/32", *text ? "," : "", i);
}

static void draw_fault(struct dice *dice, struct world *world)
{
	static const char *const ops[] = {"add_peer", "update_peer", "remove_peer"};
	world->fake.fault_count = 0;
	if (roll(dice, 5) == 0)
		fake_fail(&world->fake, (struct fake_fault){.op = ops[roll(dice, COUNT_OF(ops))],
						.key = -1,
						.error = -EIO,
						.spared = roll(dice, 2),
						.times = 1,
						.takes_effect = roll(dice, 2)});
}

static void draw_cycle(struct dice *dice, struct world *world)
{
	struct state_document document = {0};
	char id[16], prefixes[120];
	world->reconciler.guard.max_percent = roll(dice, 3) ? 0 : 20;
	if (roll(dice, 3) == 0) {
		world_cycle_not_modified(world);
		return;
	}
	for (unsigned i = 0; i < 6; i++) {
		unsigned char key = (unsigned char)(2 + roll(dice, 8));
		snprintf(id, sizeof id, "peer-%u", i);
		draw_prefixes(dice, prefixes);
		if (roll(dice, 8) == 0)
			document_add_unusable(&document, id, roll(dice, 2) ? key : 0, "bad");
		else if (roll(dice, 4))
			document_add(&document, id, key, "", prefixes);
	}
	world_cycle(world, &document);
}

static const struct fake_peer *before_find(
	const struct fake_controller *before, const struct key_public *key)
{
	for (size_t i = 0; i < before->peer_count; i++)
		if (key_public_equal(&before->peers[i].config.public_key, key))
			return &before->peers[i];
	return NULL;
}

/* The peer has these, and each other peer its previous ones without them. */
static void assert_came_about(struct world *world, const struct fake_controller *before,
	unsigned char key, const char *allowed_ips, uint32_t seed)
{
	struct arena arena = {0};
	struct peer_config wanted = peer_of(&arena, key, "", allowed_ips);
	for (size_t i = 0; i < world->fake.peer_count; i++) {
		struct fake_peer *peer = &world->fake.peers[i];
		const struct fake_peer *old = before_find(before, &peer->config.public_key);
		struct prefix left[FAKE_PREFIXES_MAX] = {0};
		struct peer_config expected = {.allowed_ips = left};
		for (uint32_t k = 0; old && k < old->config.allowed_ip_count; k++)
			if (!peer_has_allowed_ip(&wanted, &old->allowed_ips[k]))
				left[expected.allowed_ip_count++] = old->allowed_ips[k];
		if (peer->config.public_key.bytes[0] == key)
			expected = wanted;
		peer->config.allowed_ips = peer->allowed_ips;
		if (!peer_allowed_ips_equal(&expected, &peer->config))
			fail_msg("seed %u: peer %02x after %02x was given %s: %s", seed,
				peer->config.public_key.bytes[0], key, allowed_ips,
				fake_peers_text(&world->fake).text);
	}
	arena_clear(&arena);
}

static void draw_event(struct dice *dice, struct world *world, uint32_t seed)
{
	static const char *const types[] = {
		"peer_added", "peer_endpoint_changed", "peer_key_rotated"};
	struct fake_controller before = world->fake;
	unsigned char key = (unsigned char)(2 + roll(dice, 8));
	char id[16], prefixes[120];
	draw_prefixes(dice, prefixes);
	snprintf(id, sizeof id, "peer-%u", roll(dice, 6));
	if (roll(dice, 6) == 0)
		world_peer_removed_event(world, id);
	else if (world_peer_event(
			 world, types[roll(dice, COUNT_OF(types))], id, key, "", prefixes) == 0)
		assert_came_about(world, &before, key, prefixes, seed);
}

static void an_event_takes_effect_and_nothing_else_changes(void **state)
{
	unsigned known = 0, unknown = 0;
	for (uint32_t seed = 1; seed <= 2000; seed++) {
		struct world *world = *state;
		struct dice dice = {seed * 2654435761u};
		for (int step = 0; step < 30; step++) {
			world_forget_logs(world);
			draw_fault(&dice, world);
			if (roll(&dice, 40) == 0)
				fake_drop_interface(&world->fake);
			else if (roll(&dice, 5) == 0)
				draw_cycle(&dice, world);
			else
				draw_event(&dice, world, seed);
		}
		known += world->fake.known_count;
		unknown += world->fake.unknown_count;
		world_teardown(state);
		converged_setup(state);
	}
	print_message("# %u of %u peers were known\n", known, known + unknown);
	assert_true(known > unknown);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONVERGED_TEST(a_peer_that_a_cycle_left_is_known),
		CONVERGED_TEST(a_peer_that_an_event_added_is_known),
		CONVERGED_TEST(before_the_first_cycle_nothing_is_known),
		CONVERGED_TEST(a_prefix_that_moved_is_not_taken_from_where_it_is),
		CONVERGED_TEST(a_prefix_that_moved_is_given_back_by_a_later_event),
		CONVERGED_TEST(a_peer_whose_operation_failed_is_not_known),
		CONVERGED_TEST(a_peer_whose_prefix_it_may_have_taken_is_not_known_either),
		CONVERGED_TEST(a_peer_whose_removal_failed_is_not_known),
		CONVERGED_TEST(a_peer_whose_operation_failed_in_a_cycle_is_not_known),
		CONVERGED_TEST(a_peer_that_lost_a_prefix_to_one_that_failed_is_not_known),
		CONVERGED_TEST(a_peer_whose_removal_is_withheld_is_not_known),
		CONVERGED_TEST(a_new_interface_is_not_known),
		CONVERGED_TEST(what_another_program_changed_is_repaired_by_the_next_cycle),
		cmocka_unit_test(memory_of_changed_peers_does_not_grow),
		CONVERGED_TEST(an_event_takes_effect_and_nothing_else_changes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
