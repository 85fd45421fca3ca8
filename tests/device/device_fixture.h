/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Peers and devices for tests of controllers: short ways to write them, and to check what a
 * controller reads. Every function fails the running test if something is wrong.
 */
#pragma once

#include "controller.h"

#define PORT_A 51821
#define PORT_B 51822

struct device_fixture {
	struct controller controller;
	const char *interface;
	struct key_secret private_key;
	struct key_public public_key;
	struct arena arena;   /* of the peers it made */
	struct device device; /* as last read */
};

/* A key that depends on `number` alone. */
struct key_secret test_secret(unsigned number);
struct key_public test_key(unsigned number);

void fixture_begin(
	struct device_fixture *fixture, struct controller controller, const char *interface);
void fixture_end(struct device_fixture *fixture);

/* As in a state document; `allowed_ips` with commas between, NULL and 0 meaning none. */
struct test_peer {
	unsigned number; /* of its key */
	const char *endpoint;
	const char *allowed_ips;
	unsigned psk; /* number of its preshared key */
	int keepalive_s;
};
/* In canonical form; valid as long as the fixture. */
struct peer_config *fixture_peer(struct device_fixture *fixture, struct test_peer peer);
struct prefix test_prefix(const char *text);

/* Steps that must succeed. */
void fixture_create(struct device_fixture *fixture);
void fixture_add(struct device_fixture *fixture, const struct peer_config *peer);
/* The same with a known peer, as last read. */
void fixture_add_known(struct device_fixture *fixture, const struct peer_config *peer);
/* Change `fields` of the peer as last read, or of an absent one. */
void fixture_update(
	struct device_fixture *fixture, const struct peer_config *peer, unsigned fields);
void fixture_remove(struct device_fixture *fixture, const struct peer_config *peer);

/* Read the device again. It is valid until the next read. */
const struct device *fixture_read(struct device_fixture *fixture);
/* Read the device; the peer is on it exactly as given, its endpoint too. */
void fixture_expect_peer(struct device_fixture *fixture, const struct peer_config *peer);
void fixture_expect_no_peer(struct device_fixture *fixture, const struct peer_config *peer);
void fixture_expect_peer_count(struct device_fixture *fixture, size_t count);
bool device_has_address(const struct device *device, const struct prefix *address);
