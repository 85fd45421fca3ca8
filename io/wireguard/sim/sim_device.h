/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A WireGuard interface in memory that follows the kernel's rules:
 *
 * - a private key is clamped when it is set, and a peer with its public key is removed;
 * - a peer with the device's own public key is ignored without an error;
 * - host bits of an allowed IP are masked, and setting one on a peer removes it from any other;
 * - with an MTU under 1280 there are no IPv6 addresses;
 * - an absent endpoint leaves the endpoint unchanged, a zero psk clears the psk, a persistent
 *   keepalive of 0 turns it off.
 *
 * It also simulates the peers: handshakes, roaming, bytes sent. It has no clock.
 */
#pragma once

#include "device.h"
#include "interface_config.h"

#define SIM_MTU_DEFAULT 1420

struct sim_peer {
	struct key_public public_key;
	struct key_secret psk;
	struct endpoint endpoint; /* never a host name; the text of an unusable one is borrowed */
	uint16_t persistent_keepalive_s;
	struct peer_status status;
	struct sim_allowed_ip *allowed_ips; /* a list, in no order */
	size_t allowed_ip_count;
};

/* Cryptokey routing: each prefix has one owner. */
struct sim_allowed_ip {
	struct prefix prefix;
	struct sim_peer *owner;
	struct sim_allowed_ip *previous, *next; /* of the owner's */
};

struct sim_device {
	char name[INTERFACE_NAME_MAX + 1];
	struct key_secret private_key; /* clamped; zero: none */
	struct key_public public_key;  /* of private_key; zero: none */
	uint16_t listen_port;
	int mtu;
	bool up;
	struct prefix *addresses; /* in the order in which they were set */
	size_t address_count;
	void *peers; /* a tree (search.h) by key */
	size_t peer_count;
	void *allowed_ips; /* a tree by prefix */
	size_t allowed_ip_count;
};

/* Create an interface that is down and has no settings. Returns NULL if out of memory. */
struct sim_device *sim_device_new(const char *name);
/* NULL is allowed. */
void sim_device_free(struct sim_device *device);

void sim_device_set_private_key(struct sim_device *device, const struct key_secret *private_key);
/* Replace all addresses. Returns 0, or -ENOMEM with the device unchanged. */
int sim_device_set_addresses(
	struct sim_device *device, const struct prefix *addresses, size_t count);
/* An MTU under 1280 removes the IPv6 addresses. */
void sim_device_set_mtu(struct sim_device *device, int mtu);
/*
 * Add the address and, unless `keep_others`, remove all others but link-local ones. Returns as
 * above, and -EINVAL for an IPv6 address with an MTU under 1280.
 */
int sim_device_configure_address(
	struct sim_device *device, const struct prefix *address, bool keep_others);

/*
 * Set the fields of the mask (PEER_FIELD_*) on a peer; allowed IPs are replaced as a set. A missing
 * peer is created if `create`, and otherwise ignored. Returns 0, -ENOMEM, or -EINVAL for a host
 * name as an endpoint. On failure the device is unchanged.
 */
int sim_device_set_peer(
	struct sim_device *device, const struct peer_config *peer, unsigned fields, bool create);
/* Remove the peer if it exists. */
void sim_device_remove_peer(struct sim_device *device, const struct key_public *key);
/* Return the peer, borrowed until the peers change, or NULL. */
struct sim_peer *sim_device_find(const struct sim_device *device, const struct key_public *key);

/* Simulate a handshake with the peer at that time, from `endpoint` unless it is NULL. */
void sim_device_handshake(struct sim_device *device, const struct key_public *key,
	const struct endpoint *endpoint, int64_t now_s);
/* Count bytes as sent to the peer. */
void sim_device_sent(struct sim_device *device, const struct key_public *key, uint64_t bytes);

/* Copy the whole device, as a controller reads it. Returns 0, or -ENOMEM with `*ret` unchanged. */
int sim_device_read(const struct sim_device *device, struct device *ret);
