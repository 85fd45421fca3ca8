/* SPDX-License-Identifier: Apache-2.0 */
#include "sim_device.h"

#include "curve.h"
#include "ipv6_obstacle.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sim_device *sim_device_new(const char *name)
{
	struct sim_device *device = calloc(1, sizeof *device);
	if (!device)
		return NULL;
	snprintf(device->name, sizeof device->name, "%s", name);
	device->mtu = SIM_MTU_DEFAULT;
	return device;
}

static void peer_free(void *freed)
{
	struct sim_peer *peer = freed;
	key_secret_wipe(&peer->psk);
	free(peer);
}

void sim_device_free(struct sim_device *device)
{
	if (!device)
		return;
	tdestroy(device->peers, peer_free);
	tdestroy(device->allowed_ips, free);
	free(device->addresses);
	key_secret_wipe(&device->private_key);
	free(device);
}

void sim_device_set_private_key(struct sim_device *device, const struct key_secret *private_key)
{
	device->private_key = *private_key;
	device->public_key = (struct key_public){0};
	if (key_secret_is_zero(private_key))
		return;
	key_secret_clamp(&device->private_key);
	key_public_derive(&device->private_key, &device->public_key);
	sim_device_remove_peer(device, &device->public_key);
}

int sim_device_set_addresses(
	struct sim_device *device, const struct prefix *addresses, size_t count)
{
	struct prefix *copy = NULL;
	if (count > 0) {
		copy = malloc(count * sizeof *copy);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, addresses, count * sizeof *copy);
	}
	free(device->addresses);
	device->addresses = copy;
	device->address_count = count;
	return 0;
}

void sim_device_set_mtu(struct sim_device *device, int mtu)
{
	size_t kept = 0;
	device->mtu = mtu;
	for (size_t i = 0; i < device->address_count; i++)
		if (mtu >= IPV6_MTU_MIN || device->addresses[i].ip.family != IP_V6)
			device->addresses[kept++] = device->addresses[i];
	device->address_count = kept;
}

int sim_device_configure_address(
	struct sim_device *device, const struct prefix *address, bool keep_others)
{
	if (address->ip.family == IP_V6 && device->mtu < IPV6_MTU_MIN)
		return -EINVAL;
	struct prefix *left = malloc((device->address_count + 1) * sizeof *left);
	size_t count = 0;
	bool there = false;
	if (!left)
		return -ENOMEM;
	for (size_t i = 0; i < device->address_count; i++) {
		const struct prefix *old = &device->addresses[i];
		bool same = prefix_equal(old, address);
		there = there || same;
		if (same || keep_others || ip_is_link_local(&old->ip))
			left[count++] = *old;
	}
	if (!there)
		left[count++] = *address;
	free(device->addresses);
	device->addresses = left;
	device->address_count = count;
	return 0;
}

static int compare_peers(const void *a, const void *b)
{
	const struct sim_peer *x = a, *y = b;
	return key_public_compare(&x->public_key, &y->public_key);
}

static int compare_allowed_ips(const void *a, const void *b)
{
	const struct sim_allowed_ip *x = a, *y = b;
	return prefix_compare(&x->prefix, &y->prefix);
}

struct sim_peer *sim_device_find(const struct sim_device *device, const struct key_public *key)
{
	const struct sim_peer wanted = {.public_key = *key};
	struct sim_peer **found = tfind(&wanted, &device->peers, compare_peers);
	return found ? *found : NULL;
}

static struct sim_allowed_ip *find_allowed_ip(
	const struct sim_device *device, const struct prefix *prefix)
{
	struct sim_allowed_ip wanted = {.prefix = *prefix};
	prefix_mask(&wanted.prefix);
	struct sim_allowed_ip **found = tfind(&wanted, &device->allowed_ips, compare_allowed_ips);
	return found ? *found : NULL;
}

/* Create an allowed IP that does not exist yet, without an owner. Returns 0 or -ENOMEM. */
static int make_allowed_ip(struct sim_device *device, const struct prefix *prefix)
{
	struct sim_allowed_ip *ip = calloc(1, sizeof *ip);
	if (!ip)
		return -ENOMEM;
	ip->prefix = *prefix;
	prefix_mask(&ip->prefix);
	if (!tsearch(ip, &device->allowed_ips, compare_allowed_ips)) {
		free(ip);
		return -ENOMEM;
	}
	device->allowed_ip_count++;
	return 0;
}

/* Remove it from its owner, if it has one. */
static void disown_allowed_ip(struct sim_allowed_ip *ip)
{
	if (!ip->owner)
		return;
	if (ip->previous)
		ip->previous->next = ip->next;
	else
		ip->owner->allowed_ips = ip->next;
	if (ip->next)
		ip->next->previous = ip->previous;
	ip->owner->allowed_ip_count--;
	ip->owner = NULL;
}

static void give_allowed_ip(struct sim_allowed_ip *ip, struct sim_peer *owner)
{
	disown_allowed_ip(ip);
	ip->owner = owner;
	ip->previous = NULL;
	ip->next = owner->allowed_ips;
	if (ip->next)
		ip->next->previous = ip;
	owner->allowed_ips = ip;
	owner->allowed_ip_count++;
}

static void drop_allowed_ip(struct sim_device *device, struct sim_allowed_ip *ip)
{
	tdelete(ip, &device->allowed_ips, compare_allowed_ips);
	device->allowed_ip_count--;
	free(ip);
}

static void drop_allowed_ips(struct sim_device *device, struct sim_peer *owner)
{
	struct sim_allowed_ip *next;
	for (struct sim_allowed_ip *ip = owner->allowed_ips; ip; ip = next) {
		next = ip->next;
		drop_allowed_ip(device, ip);
	}
	owner->allowed_ips = NULL;
	owner->allowed_ip_count = 0;
}

static struct sim_peer *create_peer(struct sim_device *device, const struct key_public *key)
{
	struct sim_peer *peer = calloc(1, sizeof *peer);
	if (!peer)
		return NULL;
	peer->public_key = *key;
	if (!tsearch(peer, &device->peers, compare_peers)) {
		free(peer);
		return NULL;
	}
	device->peer_count++;
	return peer;
}

/* All of them exist already. */
static void set_allowed_ips(
	struct sim_device *device, struct sim_peer *peer, const struct peer_config *config)
{
	struct sim_peer before = {.allowed_ips = NULL};
	while (peer->allowed_ips)
		give_allowed_ip(peer->allowed_ips, &before);
	for (size_t i = 0; i < config->allowed_ip_count; i++)
		give_allowed_ip(find_allowed_ip(device, &config->allowed_ips[i]), peer);
	drop_allowed_ips(device, &before);
}

static void set_fields(struct sim_device *device, struct sim_peer *peer,
	const struct peer_config *config, unsigned fields)
{
	if ((fields & PEER_FIELD_ENDPOINT) && config->endpoint.kind != ENDPOINT_NONE)
		peer->endpoint = config->endpoint;
	if (fields & PEER_FIELD_PSK)
		peer->psk = config->psk;
	if (fields & PEER_FIELD_PERSISTENT_KEEPALIVE)
		peer->persistent_keepalive_s = config->persistent_keepalive_s;
	if (fields & PEER_FIELD_ALLOWED_IPS)
		set_allowed_ips(device, peer, config);
}

static int reserve_allowed_ips(struct sim_device *device, const struct peer_config *config)
{
	int error = 0;
	for (size_t i = 0; i < config->allowed_ip_count && !error; i++)
		if (!find_allowed_ip(device, &config->allowed_ips[i]))
			error = make_allowed_ip(device, &config->allowed_ips[i]);
	return error;
}

static void abandon_allowed_ips(struct sim_device *device, const struct peer_config *config)
{
	for (size_t i = 0; i < config->allowed_ip_count; i++) {
		struct sim_allowed_ip *ip = find_allowed_ip(device, &config->allowed_ips[i]);
		if (ip && !ip->owner)
			drop_allowed_ip(device, ip);
	}
}

int sim_device_set_peer(
	struct sim_device *device, const struct peer_config *config, unsigned fields, bool create)
{
	struct sim_peer *peer;
	int error = 0;
	if (config->endpoint.kind == ENDPOINT_NAME)
		return -EINVAL;
	if (key_public_equal(&config->public_key, &device->public_key))
		return 0;
	peer = sim_device_find(device, &config->public_key);
	if (!peer && !create)
		return 0;
	if (fields & PEER_FIELD_ALLOWED_IPS)
		error = reserve_allowed_ips(device, config);
	if (!error && !peer) {
		peer = create_peer(device, &config->public_key);
		error = peer ? 0 : -ENOMEM;
	}
	if (error) {
		abandon_allowed_ips(device, config);
		return error;
	}
	set_fields(device, peer, config, fields);
	return 0;
}

void sim_device_remove_peer(struct sim_device *device, const struct key_public *key)
{
	struct sim_peer *peer = sim_device_find(device, key);
	if (!peer)
		return;
	drop_allowed_ips(device, peer);
	tdelete(peer, &device->peers, compare_peers);
	device->peer_count--;
	peer_free(peer);
}

void sim_device_handshake(struct sim_device *device, const struct key_public *key,
	const struct endpoint *endpoint, int64_t now_s)
{
	struct sim_peer *peer = sim_device_find(device, key);
	if (!peer)
		return;
	peer->status.last_handshake_s = now_s;
	if (endpoint)
		peer->endpoint = *endpoint;
}

void sim_device_sent(struct sim_device *device, const struct key_public *key, uint64_t bytes)
{
	struct sim_peer *peer = sim_device_find(device, key);
	if (peer)
		peer->status.tx_bytes += bytes;
}

static int sim_read_peer(const struct sim_peer *peer, struct peer_table *ret)
{
	struct prefix *prefixes = calloc(peer->allowed_ip_count + 1, sizeof *prefixes);
	size_t count = 0;
	if (!prefixes)
		return -ENOMEM;
	for (const struct sim_allowed_ip *ip = peer->allowed_ips; ip; ip = ip->next)
		prefixes[count++] = ip->prefix;
	struct peer_config config = {
		.public_key = peer->public_key,
		.psk = peer->psk,
		.endpoint = peer->endpoint,
		.allowed_ips = prefixes,
		.allowed_ip_count = (uint32_t)prefixes_normalize(prefixes, count),
		.persistent_keepalive_s = peer->persistent_keepalive_s,
		.status = peer->status,
	};
	int error = peer_table_append(ret, &config);
	key_secret_wipe(&config.psk);
	free(prefixes);
	return error;
}

struct reading {
	struct peer_table *peers;
	int error;
};

static void read_node(const void *node, VISIT visit, void *closure)
{
	struct reading *reading = closure;
	bool is_in_order = visit == postorder || visit == leaf;
	if (is_in_order && !reading->error)
		reading->error = sim_read_peer(*(struct sim_peer *const *)node, reading->peers);
}

static int sim_read_peers(const struct sim_device *device, struct peer_table *ret)
{
	struct reading reading = {.peers = ret};
	twalk_r(device->peers, read_node, &reading);
	return reading.error ? reading.error : peer_table_seal(ret, NULL);
}

int sim_device_read(const struct sim_device *device, struct device *ret)
{
	struct device copy = {
		.public_key = device->public_key,
		.listen_port = device->listen_port,
		.mtu = device->mtu,
		.up = device->up,
	};
	int error = 0;
	for (size_t i = 0; !error && i < device->address_count; i++)
		error = device_add_address(&copy, &device->addresses[i]);
	if (!error)
		error = sim_read_peers(device, &copy.peers);
	if (error) {
		device_clear(&copy);
		return error;
	}
	*ret = copy;
	return 0;
}
