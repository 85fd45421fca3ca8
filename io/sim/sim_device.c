#include "sim_device.h"

#include "curve.h"
#include "ipv6_obstacle.h"

#include <errno.h>
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

static void peer_free(struct sim_peer *peer)
{
	key_secret_wipe(&peer->psk);
	free(peer);
}

void sim_device_free(struct sim_device *device)
{
	if (!device)
		return;
	for (size_t i = 0; i < device->peer_count; i++)
		peer_free(device->peers[i]);
	free(device->peers);
	free(device->allowed_ips);
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

/* Where the peer with that key is, or would be. */
static size_t peer_position(const struct sim_device *device, const struct key_public *key)
{
	size_t low = 0;
	size_t high = device->peer_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (key_public_compare(&device->peers[middle]->public_key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct sim_peer *sim_device_find(const struct sim_device *device, const struct key_public *key)
{
	size_t at = peer_position(device, key);
	if (at < device->peer_count && key_public_equal(&device->peers[at]->public_key, key))
		return device->peers[at];
	return NULL;
}

static size_t allowed_ip_position(const struct sim_device *device, const struct prefix *prefix)
{
	size_t low = 0;
	size_t high = device->allowed_ip_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (prefix_compare(&device->allowed_ips[middle].prefix, prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* There is room for one more. */
static void give_allowed_ip(
	struct sim_device *device, const struct prefix *given, const struct sim_peer *owner)
{
	struct prefix prefix = *given;
	struct sim_allowed_ip *ips = device->allowed_ips;
	size_t at;
	prefix_mask(&prefix);
	at = allowed_ip_position(device, &prefix);
	if (at == device->allowed_ip_count || !prefix_equal(&ips[at].prefix, &prefix)) {
		memmove(&ips[at + 1], &ips[at], (device->allowed_ip_count - at) * sizeof *ips);
		ips[at].prefix = prefix;
		device->allowed_ip_count++;
	}
	ips[at].owner = owner;
}

static void drop_allowed_ips(struct sim_device *device, const struct sim_peer *owner)
{
	size_t left = 0;
	for (size_t i = 0; i < device->allowed_ip_count; i++) {
		if (device->allowed_ips[i].owner != owner)
			device->allowed_ips[left++] = device->allowed_ips[i];
	}
	device->allowed_ip_count = left;
}

static int reserve_allowed_ips(struct sim_device *device, size_t more)
{
	size_t capacity = device->allowed_ip_count + more;
	struct sim_allowed_ip *ips;
	if (more == 0)
		return 0;
	ips = realloc(device->allowed_ips, capacity * sizeof *ips);
	if (!ips)
		return -ENOMEM;
	device->allowed_ips = ips;
	return 0;
}

static struct sim_peer *create_peer(struct sim_device *device, const struct key_public *key)
{
	size_t at = peer_position(device, key);
	struct sim_peer **peers;
	struct sim_peer *peer;
	peers = realloc(device->peers, (device->peer_count + 1) * sizeof *peers);
	if (!peers)
		return NULL;
	device->peers = peers;
	peer = calloc(1, sizeof *peer);
	if (!peer)
		return NULL;
	peer->public_key = *key;
	memmove(&peers[at + 1], &peers[at], (device->peer_count - at) * sizeof *peers);
	peers[at] = peer;
	device->peer_count++;
	return peer;
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
	if (fields & PEER_FIELD_ALLOWED_IPS) {
		drop_allowed_ips(device, peer);
		for (size_t i = 0; i < config->allowed_ip_count; i++)
			give_allowed_ip(device, &config->allowed_ips[i], peer);
	}
}

int sim_device_set_peer(
	struct sim_device *device, const struct peer_config *config, unsigned fields, bool create)
{
	struct sim_peer *peer;
	int error;
	if (config->endpoint.kind == ENDPOINT_NAME)
		return -EINVAL;
	if (key_public_equal(&config->public_key, &device->public_key))
		return 0;
	error = reserve_allowed_ips(device, config->allowed_ip_count);
	if (error)
		return error;
	peer = sim_device_find(device, &config->public_key);
	if (!peer && !create)
		return 0;
	if (!peer) {
		peer = create_peer(device, &config->public_key);
		if (!peer)
			return -ENOMEM;
	}
	set_fields(device, peer, config, fields);
	return 0;
}

void sim_device_remove_peer(struct sim_device *device, const struct key_public *key)
{
	struct sim_peer *peer = sim_device_find(device, key);
	size_t at = peer_position(device, key);
	if (!peer)
		return;
	drop_allowed_ips(device, peer);
	peer_free(peer);
	device->peer_count--;
	memmove(&device->peers[at], &device->peers[at + 1],
		(device->peer_count - at) * sizeof(struct sim_peer *));
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

/* The prefixes of each peer, one after the other, each peer's in order; `starts` says where. */
static void group_allowed_ips(
	const struct sim_device *device, size_t *starts, struct prefix *prefixes)
{
	for (size_t i = 0; i < device->allowed_ip_count; i++) {
		size_t at = peer_position(device, &device->allowed_ips[i].owner->public_key);
		starts[at + 1]++;
	}
	for (size_t i = 0; i < device->peer_count; i++)
		starts[i + 1] += starts[i];
	/* Filled from the back, so that each start ends up at its place. */
	for (size_t i = device->allowed_ip_count; i-- > 0;) {
		size_t at = peer_position(device, &device->allowed_ips[i].owner->public_key);
		prefixes[--starts[at + 1]] = device->allowed_ips[i].prefix;
	}
}

static int read_peers(const struct sim_device *device, struct peer_table *ret)
{
	size_t *starts = calloc(device->peer_count + 2, sizeof *starts);
	struct prefix *prefixes = malloc((device->allowed_ip_count + 1) * sizeof *prefixes);
	int error = -ENOMEM;
	if (!starts || !prefixes)
		goto out;
	group_allowed_ips(device, starts, prefixes);
	for (size_t i = 0; i < device->peer_count; i++) {
		const struct sim_peer *peer = device->peers[i];
		size_t end = i + 1 < device->peer_count ? starts[i + 2] : device->allowed_ip_count;
		struct peer_config config = {
			.public_key = peer->public_key,
			.psk = peer->psk,
			.endpoint = peer->endpoint,
			.allowed_ips = prefixes + starts[i + 1],
			.allowed_ip_count = (uint32_t)(end - starts[i + 1]),
			.persistent_keepalive_s = peer->persistent_keepalive_s,
			.status = peer->status,
		};
		error = peer_table_append(ret, &config);
		key_secret_wipe(&config.psk);
		if (error)
			goto out;
	}
	error = peer_table_seal(ret, NULL);
out:
	free(prefixes);
	free(starts);
	return error;
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
		error = read_peers(device, &copy.peers);
	if (error) {
		device_clear(&copy);
		return error;
	}
	*ret = copy;
	return 0;
}
