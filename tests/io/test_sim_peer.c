/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <sodium.h>

#include "sim_world.h"

static void a_key_equal_to_a_peers_removes_that_peer(void **state)
{
	struct world *world = *state;
	struct sim_device *device = sim_controller_create(&world->sim, NAME);
	struct key_secret own = secret_key(1);
	struct prefix ip = prefix("10.0.0.1/32");
	struct peer_config peer = {.allowed_ips = &ip, .allowed_ip_count = 1};
	key_public_derive(&own, &peer.public_key);
	assert_int_equal(sim_device_set_peer(device, &peer, PEER_FIELDS_ALL, true), 0);
	assert_int_equal(device->peer_count, 1);
	assert_int_equal(create(world), 0);
	assert_int_equal(device->peer_count, 0);
	assert_int_equal(device->allowed_ip_count, 0);
}

static void a_peer_with_the_own_key_is_ignored_without_an_error(void **state)
{
	struct world *world = *state;
	assert_int_equal(create(world), 0);
	struct peer_config peer = {0};
	struct key_secret own = secret_key(1);
	key_public_derive(&own, &peer.public_key);
	assert_int_equal(put(world, PEER_OP_ADD, 0, &peer), 0);
	assert_int_equal(sim_controller_find(&world->sim, NAME)->peer_count, 0);
}

static void an_allowed_ip_has_one_owner(void **state)
{
	struct world *world = *state;
	assert_int_equal(create(world), 0);
	struct prefix first[] = {prefix("10.1.2.3/16"), prefix("10.2.0.0/16")};
	struct prefix second[] = {prefix("10.1.0.0/16")};
	struct peer_config a = {
		.public_key = public_key(2), .allowed_ips = first, .allowed_ip_count = 2};
	struct peer_config b = {
		.public_key = public_key(3), .allowed_ips = second, .allowed_ip_count = 1};
	assert_int_equal(put(world, PEER_OP_ADD, 0, &a), 0);
	assert_int_equal(put(world, PEER_OP_ADD, 0, &b), 0);
	struct device device = read_back(world);
	const struct peer_config *left = &device.peers.peers[0];
	const struct peer_config *right = &device.peers.peers[1];
	assert_int_equal(left->allowed_ip_count, 1);
	assert_string_equal(prefix_format(&left->allowed_ips[0]).text, "10.2.0.0/16");
	assert_int_equal(right->allowed_ip_count, 1);
	assert_string_equal(prefix_format(&right->allowed_ips[0]).text, "10.1.0.0/16");
	device_clear(&device);
}

static void allowed_ips_are_read_back_masked_and_sorted_peer_by_peer(void **state)
{
	struct world *world = *state;
	assert_int_equal(create(world), 0);
	struct prefix ips[3][3] = {
		{prefix("fd00::5/64"), prefix("10.9.0.1/16"), prefix("10.0.0.0/8")},
		{{{{0}}}},
		{prefix("192.0.2.77/24"), prefix("10.1.0.0/16"), prefix("10.1.0.1/16")},
	};
	const uint8_t keys[] = {7, 2, 5};
	const uint32_t counts[] = {3, 0, 3};
	for (size_t i = 0; i < 3; i++) {
		struct peer_config peer = {.public_key = public_key(keys[i]),
			.allowed_ips = ips[i],
			.allowed_ip_count = counts[i]};
		assert_int_equal(put(world, PEER_OP_ADD, 0, &peer), 0);
	}
	struct device device = read_back(world);
	static const char *const expected[3][4] = {{NULL}, {"10.1.0.0/16", "192.0.2.0/24"},
		{"10.0.0.0/8", "10.9.0.0/16", "fd00::/64"}};
	assert_int_equal(device.peers.count, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct peer_config *peer = &device.peers.peers[i];
		for (size_t j = 0; j < peer->allowed_ip_count; j++)
			assert_string_equal(
				prefix_format(&peer->allowed_ips[j]).text, expected[i][j]);
		assert_null(expected[i][peer->allowed_ip_count]);
	}
	device_clear(&device);
}

static void setting_a_peer_whole_replaces_what_it_names_and_keeps_its_endpoint(void **state)
{
	struct world *world = *state;
	assert_int_equal(create(world), 0);
	struct prefix ips[] = {prefix("10.1.0.0/16"), prefix("10.2.0.0/16")};
	struct peer_config peer = {
		.public_key = public_key(2),
		.psk = secret_key(7),
		.endpoint = endpoint("198.51.100.2:51820"),
		.allowed_ips = ips,
		.allowed_ip_count = 2,
		.persistent_keepalive_s = 25,
	};
	assert_int_equal(put(world, PEER_OP_ADD, 0, &peer), 0);
	struct peer_config bare = {
		.public_key = public_key(2), .allowed_ips = ips, .allowed_ip_count = 1};
	assert_int_equal(put(world, PEER_OP_ADD, 0, &bare), 0);
	struct device device = read_back(world);
	const struct peer_config *read = &device.peers.peers[0];
	assert_int_equal(read->allowed_ip_count, 1);
	assert_true(key_secret_is_zero(&read->psk));
	assert_int_equal(read->persistent_keepalive_s, 0);
	assert_string_equal(endpoint_format(&read->endpoint).text, "198.51.100.2:51820");
	device_clear(&device);
}

static void an_update_changes_the_fields_of_its_mask_alone(void **state)
{
	struct world *world = *state;
	assert_int_equal(create(world), 0);
	struct prefix ip = prefix("10.1.0.0/16"), other_ip = prefix("10.2.0.0/16");
	struct peer_config peer = {
		.public_key = public_key(2),
		.psk = secret_key(7),
		.endpoint = endpoint("198.51.100.2:51820"),
		.allowed_ips = &ip,
		.allowed_ip_count = 1,
		.persistent_keepalive_s = 25,
	};
	struct peer_config other = {
		.public_key = public_key(2),
		.psk = secret_key(8),
		.endpoint = endpoint("198.51.100.3:51820"),
		.allowed_ips = &other_ip,
		.allowed_ip_count = 1,
		.persistent_keepalive_s = 5,
	};
	for (unsigned fields = 0; fields <= PEER_FIELDS_ALL; fields++) {
		assert_int_equal(put(world, PEER_OP_ADD, 0, &peer), 0);
		assert_int_equal(put(world, PEER_OP_UPDATE, fields, &other), 0);
		struct device device = read_back(world);
		const struct peer_config *read = &device.peers.peers[0];
		assert_int_equal(
			key_secret_equal(&read->psk, &other.psk), (fields & PEER_FIELD_PSK) != 0);
		assert_int_equal(endpoint_equal(&read->endpoint, &other.endpoint),
			(fields & PEER_FIELD_ENDPOINT) != 0);
		assert_int_equal(prefix_equal(&read->allowed_ips[0], &other_ip),
			(fields & PEER_FIELD_ALLOWED_IPS) != 0);
		assert_int_equal(read->persistent_keepalive_s,
			fields & PEER_FIELD_PERSISTENT_KEEPALIVE ? 5 : 25);
		device_clear(&device);
	}
}

static void an_update_of_a_missing_peer_creates_none(void **state)
{
	struct world *world = *state;
	assert_int_equal(create(world), 0);
	struct peer_config peer = {.public_key = public_key(2)};
	assert_int_equal(put(world, PEER_OP_UPDATE, PEER_FIELDS_ALL, &peer), 0);
	assert_int_equal(sim_controller_find(&world->sim, NAME)->peer_count, 0);
}

static void removing_a_missing_peer_is_no_error(void **state)
{
	struct world *world = *state;
	assert_int_equal(create(world), 0);
	struct key_public key = public_key(2);
	assert_int_equal(world->controller.ops->remove_peer(&world->sim, NAME, &key, NULL), 0);
}

static void removing_a_peer_frees_its_allowed_ips(void **state)
{
	struct world *world = *state;
	assert_int_equal(create(world), 0);
	struct prefix ip = prefix("10.1.0.0/16");
	struct peer_config peer = {
		.public_key = public_key(2), .allowed_ips = &ip, .allowed_ip_count = 1};
	assert_int_equal(put(world, PEER_OP_ADD, 0, &peer), 0);
	assert_int_equal(
		world->controller.ops->remove_peer(&world->sim, NAME, &peer.public_key, NULL), 0);
	struct sim_device *device = sim_controller_find(&world->sim, NAME);
	assert_int_equal(device->peer_count, 0);
	assert_int_equal(device->allowed_ip_count, 0);
}

static void a_host_name_is_no_endpoint_of_a_device(void **state)
{
	struct world *world = *state;
	assert_int_equal(create(world), 0);
	struct peer_config peer = {
		.public_key = public_key(2),
		.endpoint = {.kind = ENDPOINT_NAME, .host = "peer.example", .port = 1},
	};
	assert_int_equal(put(world, PEER_OP_ADD, 0, &peer), -EINVAL);
	assert_int_equal(sim_controller_find(&world->sim, NAME)->peer_count, 0);
}

static void many_peers_keep_their_prefixes_apart(void **state)
{
	struct world *world = *state;
	assert_int_equal(create(world), 0);
	for (unsigned i = 0; i < 500; i++) {
		unsigned shuffled = i * 7919 % 500;
		char text[24];
		snprintf(text, sizeof text, "10.%u.%u.0/24", shuffled / 256, shuffled % 256);
		struct prefix ip = prefix(text);
		struct peer_config peer = {.allowed_ips = &ip, .allowed_ip_count = 1};
		peer.public_key.bytes[0] = (uint8_t)(shuffled % 256);
		peer.public_key.bytes[1] = (uint8_t)(1 + shuffled / 256);
		assert_int_equal(put(world, PEER_OP_ADD, 0, &peer), 0);
	}
	struct device device = read_back(world);
	assert_int_equal(device.peers.count, 500);
	for (size_t i = 0; i < 500; i++) {
		const struct peer_config *peer = &device.peers.peers[i];
		assert_int_equal(peer->allowed_ip_count, 1);
		assert_int_equal(peer->allowed_ips[0].ip.bytes[2], peer->public_key.bytes[0]);
		assert_int_equal(peer->allowed_ips[0].ip.bytes[1], peer->public_key.bytes[1] - 1);
	}
	device_clear(&device);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_key_equal_to_a_peers_removes_that_peer),
		TEST(a_peer_with_the_own_key_is_ignored_without_an_error),
		TEST(an_allowed_ip_has_one_owner),
		TEST(allowed_ips_are_read_back_masked_and_sorted_peer_by_peer),
		TEST(setting_a_peer_whole_replaces_what_it_names_and_keeps_its_endpoint),
		TEST(an_update_changes_the_fields_of_its_mask_alone),
		TEST(an_update_of_a_missing_peer_creates_none),
		TEST(removing_a_missing_peer_is_no_error),
		TEST(removing_a_peer_frees_its_allowed_ips),
		TEST(a_host_name_is_no_endpoint_of_a_device),
		TEST(many_peers_keep_their_prefixes_apart),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
