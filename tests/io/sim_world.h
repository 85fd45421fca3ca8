/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated world for a test, and short ways to write it. */
#pragma once

#include "curve.h"
#include "diag.h"
#include "sim_controller.h"

#include <stdlib.h>
#include <string.h>

#define NAME "plexd0"

/* A simulated world and the calls that its recorder received, a line each. */
struct world {
	struct sim_controller sim;
	struct controller controller;
	char record[4096];
};

static inline void record(void *impl, enum sim_op op, const char *text)
{
	struct world *world = impl;
	size_t length = strlen(world->record);
	snprintf(world->record + length, sizeof world->record - length, "%s\n", text);
}

static inline int world_setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	assert_non_null(world);
	struct sim_recorder recorder = {.record = record, .impl = world};
	sim_controller_init(&world->sim, recorder);
	world->controller = sim_controller(&world->sim);
	*state = world;
	return 0;
}

static inline int world_teardown(void **state)
{
	struct world *world = *state;
	sim_controller_deinit(&world->sim);
	free(world);
	return 0;
}

static inline struct key_public public_key(uint8_t value)
{
	struct key_public key;
	memset(key.bytes, value, sizeof key.bytes);
	return key;
}

static inline struct key_secret secret_key(uint8_t value)
{
	struct key_secret key;
	memset(key.bytes, value, sizeof key.bytes);
	return key;
}

static inline struct prefix prefix(const char *text)
{
	struct prefix prefix;
	assert_int_equal(prefix_parse_address(text, strlen(text), &prefix, NULL), 0);
	return prefix;
}

static inline struct endpoint endpoint(const char *text)
{
	struct endpoint endpoint;
	char host[ENDPOINT_HOST_MAX + 1];
	assert_int_equal(endpoint_parse(text, strlen(text), host, &endpoint, NULL), 0);
	return endpoint;
}

static inline int create(struct world *world)
{
	struct key_secret key = secret_key(1);
	return world->controller.ops->create_interface(&world->sim, NAME, &key, 51820, NULL);
}

/* Adds or updates a peer through the controller. */
static inline int put(struct world *world, enum peer_op_kind kind, unsigned fields,
	const struct peer_config *peer)
{
	struct peer_op op = {.kind = kind, .fields = fields, .desired = peer};
	return world->controller.ops->add_peer(&world->sim, NAME, &op, NULL);
}

static inline struct device read_back(struct world *world)
{
	struct device device = {0};
	assert_int_equal(world->controller.ops->read_device(&world->sim, NAME, &device, NULL), 0);
	return device;
}

static inline void arrange_fault(struct world *world, struct sim_fault fault)
{
	assert_int_equal(sim_controller_fail(&world->sim, &fault), 0);
}
