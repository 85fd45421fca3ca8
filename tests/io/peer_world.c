/* SPDX-License-Identifier: Apache-2.0 */
#include "peer_world.h"

#include "harness.h"

#include <stdio.h>

#define PEERS_MAX    6
#define PREFIXES_MAX 14

void peer_world_clear(struct peer_world *world)
{
	peer_diff_clear(&world->diff);
	peer_table_clear(&world->actual);
	peer_table_clear(&world->desired);
	arena_clear(&world->arena);
}

unsigned world_roll(struct peer_world *world, unsigned below)
{
	world->random ^= world->random << 13;
	world->random ^= world->random >> 17;
	world->random ^= world->random << 5;
	return world->random % below;
}

struct key_public world_key(unsigned number)
{
	return key_of((unsigned char)number);
}

static void allowed_ips_read(struct peer_world *world, const char *list, struct peer_config *peer)
{
	size_t length = strlen(list);
	struct prefix *prefixes = arena_alloc(&world->arena, (length + 1) * sizeof *prefixes);
	size_t count = 0;
	assert_non_null(prefixes);
	while (*list) {
		size_t end = strcspn(list, ",");
		assert_int_equal(prefix_parse(list, end, &prefixes[count++], NULL), 0);
		list += end + (list[end] == ',');
	}
	peer->allowed_ips = prefixes;
	peer->allowed_ip_count = (uint32_t)prefixes_normalize(prefixes, count);
}

struct peer_config *world_peer(struct peer_world *world, struct world_peer peer)
{
	struct peer_config *config = arena_alloc(&world->arena, sizeof *config);
	assert_non_null(config);
	config->public_key = world_key(peer.number);
	config->persistent_keepalive_s = (uint16_t)peer.keepalive_s;
	if (peer.psk)
		config->psk = secret_of((unsigned char)peer.psk);
	if (peer.endpoint)
		config->endpoint = endpoint_of(peer.endpoint);
	allowed_ips_read(world, peer.allowed_ips ? peer.allowed_ips : "", config);
	return config;
}

void world_put(struct peer_table *table, const struct peer_config *peer)
{
	assert_int_equal(peer_table_append(table, peer), 0);
}

/* Some nested in others, of both families. */
static struct prefix prefix_numbered(unsigned number)
{
	static const char *const prefixes[PREFIXES_MAX] = {"10.0.0.0/8", "10.1.0.0/16",
		"10.1.2.0/24", "10.1.2.3/32", "0.0.0.0/0", "::/0", "fd00::/8", "fd00:1::/32",
		"fd00:1::1/128", "192.168.0.0/16", "192.168.7.0/24", "2001:db8::/32",
		"2001:db8:7::/48", "172.16.0.0/12"};
	return prefix_of(prefixes[number]);
}

/* Each prefix has one owner, or none: number 0. */
static void owners_draw(struct peer_world *world, unsigned *owners)
{
	for (unsigned i = 0; i < PREFIXES_MAX; i++)
		owners[i] = world_roll(world, PEERS_MAX + 1);
}

/* Most prefixes stay where they are. */
static void owners_change(struct peer_world *world, unsigned *owners)
{
	for (unsigned i = 0; i < PREFIXES_MAX; i++)
		if (world_roll(world, 3) == 0)
			owners[i] = world_roll(world, PEERS_MAX + 1);
}

static void table_draw(struct peer_world *world, struct peer_table *table, const unsigned *owners)
{
	struct prefix prefixes[PREFIXES_MAX];
	for (unsigned number = 1; number <= PEERS_MAX; number++) {
		if (world_roll(world, 4) == 0)
			continue;
		struct peer_config peer = {
			.public_key = world_key(number),
			.persistent_keepalive_s = (uint16_t)(25 * world_roll(world, 2)),
			.endpoint = endpoint_of(
				world_roll(world, 2) ? "192.0.2.1:5" : "[2001:db8::1]:6"),
			.allowed_ips = prefixes,
		};
		if (world_roll(world, 2))
			peer.psk = secret_of((unsigned char)number);
		for (unsigned i = 0; i < PREFIXES_MAX; i++)
			if (owners[i] == number)
				prefixes[peer.allowed_ip_count++] = prefix_numbered(i);
		peer.allowed_ip_count =
			(uint32_t)prefixes_normalize(prefixes, peer.allowed_ip_count);
		world_put(table, &peer);
	}
}

void world_draw(struct peer_world *world)
{
	unsigned owners[PREFIXES_MAX];
	owners_draw(world, owners);
	table_draw(world, &world->actual, owners);
	owners_change(world, owners);
	table_draw(world, &world->desired, owners);
	world_diff(world);
}

void world_diff(struct peer_world *world)
{
	struct endpoint_history memory = {0};
	assert_int_equal(peer_table_seal(&world->actual, NULL), 0);
	assert_int_equal(peer_table_seal(&world->desired, NULL), 0);
	assert_int_equal(
		diff_compute(&world->desired, &world->actual, &memory,
			(struct moment){.wall_ns = 1000 * INT64_C(1000000000)}, &world->diff),
		0);
}

int world_zone_index(const char *zone, uint32_t *ret)
{
	if (strcmp(zone, "out") == 0)
		*ret = 3;
	else if (zone[0] >= '1' && zone[0] <= '9')
		*ret = (uint32_t)atoi(zone);
	else
		return -ENXIO;
	return 0;
}

void world_random_bytes(void *buffer, size_t size)
{
	memset(buffer, TEMPORARY_NUMBER, size);
}

struct wg_limits world_limits(void)
{
	return (struct wg_limits){SIZE_MAX, SIZE_MAX, SIZE_MAX, 1};
}

struct wg_apply world_apply(struct kernel_model *model, struct wg_limits limits)
{
	return (struct wg_apply){
		.channel = kernel_model_channel(model),
		.limits = limits,
		.random_bytes = world_random_bytes,
		.zone_index = world_zone_index,
		.peer_count_seen = model->peer_count,
	};
}

void world_expect(const struct kernel_model *model, const struct peer_table *desired)
{
	struct device device;
	kernel_model_read(model, &device);
	if (device.peers.count != desired->count)
		fail_msg("%zu peers instead of %zu:\n%s", device.peers.count, desired->count,
			model->log);
	for (size_t i = 0; i < desired->count; i++) {
		const struct peer_config *peer = &desired->peers[i];
		const struct peer_config *actual =
			peer_table_find(&device.peers, &peer->public_key);
		if (!actual || peer_config_difference(peer, actual) != 0 ||
			(peer->endpoint.kind != ENDPOINT_NONE &&
				!endpoint_equal(&peer->endpoint, &actual->endpoint)))
			fail_msg("peer %u differs:\n%s", peer->public_key.bytes[0], model->log);
	}
	device_clear(&device);
}
