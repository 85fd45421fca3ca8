/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices and operation lists for tests of the kernel's controller, written briefly or drawn at
 * random. Everything lives until peer_world_clear.
 */
#pragma once

#include "diff.h"
#include "kernel_model.h"

struct peer_world {
	struct arena arena;
	struct peer_table actual, desired;
	struct peer_diff diff;
	uint32_t random; /* state of the random numbers; any seed but 0 */
};

void peer_world_clear(struct peer_world *world);

/* From 0 to `below` - 1. */
unsigned world_roll(struct peer_world *world, unsigned below);
/* Any 32 bytes can be a key. */
struct key_public world_key(unsigned number);

/* A peer of the key with that number; prefixes with commas between. Lives as long as the world. */
struct world_peer {
	unsigned number;
	const char *allowed_ips;
	const char *endpoint;
	unsigned psk;
	unsigned keepalive_s;
};
struct peer_config *world_peer(struct peer_world *world, struct world_peer peer);
void world_put(struct peer_table *table, const struct peer_config *peer);

/*
 * Draw a device and its desired form: peers that stay, change, go and come, whose prefixes stay,
 * move, go and come.
 */
void world_draw(struct peer_world *world);
/* Seals both tables and makes the list of operations. */
void world_diff(struct peer_world *world);

/* A zone that is a number names that index, "out" names 3, and all others nothing. */
int world_zone_index(const char *zone, uint32_t *ret);
/* Not random: it makes the key of that number. */
#define TEMPORARY_NUMBER 0x6e
void world_random_bytes(void *buffer, size_t size);

/* Limits that let everything into one message. */
struct wg_limits world_limits(void);
struct wg_apply world_apply(struct kernel_model *model, struct wg_limits limits);

/* The device is the desired one: peers, fields, prefixes, and endpoints where one is desired. */
void world_expect(const struct kernel_model *model, const struct peer_table *desired);
