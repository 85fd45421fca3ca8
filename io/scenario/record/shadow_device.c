/* SPDX-License-Identifier: Apache-2.0 */
#include "shadow_device.h"

#include "timestamp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void shadow_device_init(struct shadow_device *shadow, const struct anonymizer *anonymizer,
	const struct interface_config *config, const struct ip *mesh_ip)
{
	*shadow = (struct shadow_device){
		.anonymizer = anonymizer,
		.config = config,
		.address = prefix_of_host(mesh_ip),
	};
	sim_controller_init(&shadow->sim, (struct sim_recorder){0});
}

void shadow_device_deinit(struct shadow_device *shadow)
{
	sim_controller_deinit(&shadow->sim);
}

static struct sim_device *shadow_device_device(const struct shadow_device *shadow)
{
	return sim_controller_find(&shadow->sim, shadow->config->interface_name);
}

/* The replay's device has the key that replaced the old one, and now replaces the new one. */
void shadow_device_change_own_key(struct shadow_device *shadow, const struct key_public *old_key)
{
	struct sim_device *mine = shadow_device_device(shadow);
	if (mine && key_public_equal(&mine->public_key, old_key))
		mine->public_key = shadow->anonymizer->own_key;
}

bool shadow_device_has_interface(const struct shadow_device *shadow)
{
	return shadow_device_device(shadow) != NULL;
}

int shadow_device_create(struct shadow_device *shadow, uint16_t listen_port)
{
	struct sim_device *mine =
		sim_controller_create(&shadow->sim, shadow->config->interface_name);
	if (!mine)
		return -ENOMEM;
	mine->public_key = shadow->anonymizer->own_key;
	mine->listen_port = listen_port;
	sim_device_remove_peer(mine, &shadow->anonymizer->own_key);
	return 0;
}

int shadow_device_configure_address(struct shadow_device *shadow, const struct prefix *address)
{
	struct sim_device *mine = shadow_device_device(shadow);
	return mine ? sim_device_configure_address(mine, address, false) : -ENODEV;
}

int shadow_device_set_mtu(struct shadow_device *shadow, int mtu)
{
	struct sim_device *mine = shadow_device_device(shadow);
	if (mine)
		mine->mtu = mtu;
	return mine ? 0 : -ENODEV;
}

int shadow_device_set_up(struct shadow_device *shadow)
{
	struct sim_device *mine = shadow_device_device(shadow);
	if (mine)
		mine->up = true;
	return mine ? 0 : -ENODEV;
}

int shadow_device_put_peer(struct shadow_device *shadow, const struct peer_op *op)
{
	struct sim_device *mine = shadow_device_device(shadow);
	bool create = op->kind == PEER_OP_ADD;
	if (!mine)
		return -ENODEV;
	struct peer_config peer = *op->desired;
	peer.psk = anonymize_psk(shadow->anonymizer, &op->desired->psk);
	return sim_device_set_peer(mine, &peer, create ? PEER_FIELDS_ALL : op->fields, create);
}

int shadow_device_remove_peer(struct shadow_device *shadow, const struct key_public *key)
{
	struct sim_device *mine = shadow_device_device(shadow);
	if (mine)
		sim_device_remove_peer(mine, key);
	return mine ? 0 : -ENODEV;
}

void shadow_device_delete(struct shadow_device *shadow)
{
	sim_controller_delete(&shadow->sim, shadow->config->interface_name);
}

static uint16_t port_shown(const struct shadow_device *shadow, const struct device *device)
{
	const struct interface_config *config = shadow->config;
	return config->has_fwmark && device->fwmark != config->fwmark ? 0 : device->listen_port;
}

/* Whether the engine uses this address. */
static bool address_counts(const struct shadow_device *shadow, const struct prefix *address)
{
	if (prefix_equal(address, &shadow->address))
		return true;
	return !shadow->config->keep_addresses && !ip_is_link_local(&address->ip);
}

static bool is_among(const struct prefix *address, const struct prefix *addresses, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (prefix_equal(address, &addresses[i]))
			return true;
	return false;
}

/* Whether every address of `a` that counts is one of `b`. */
static bool addresses_are_among(const struct shadow_device *shadow, const struct prefix *a,
	size_t a_count, const struct prefix *b, size_t b_count)
{
	for (size_t i = 0; i < a_count; i++)
		if (address_counts(shadow, &a[i]) && !is_among(&a[i], b, b_count))
			return false;
	return true;
}

static bool has_same_addresses(const struct shadow_device *shadow, const struct sim_device *mine,
	const struct device *device)
{
	return addresses_are_among(shadow, mine->addresses, mine->address_count, device->addresses,
		       device->address_count) &&
	       addresses_are_among(shadow, device->addresses, device->address_count,
		       mine->addresses, mine->address_count);
}

bool shadow_device_has_same_interface(
	const struct shadow_device *shadow, const struct device *device)
{
	const struct sim_device *mine = shadow_device_device(shadow);
	return mine && key_public_equal(&mine->public_key, &device->public_key) &&
	       mine->listen_port == port_shown(shadow, device) && mine->up == device->up &&
	       (shadow->config->mtu == 0 || mine->mtu == device->mtu) &&
	       has_same_addresses(shadow, mine, device);
}

static void scenario_write_private_key(const struct shadow_device *shadow,
	struct scenario_writer *writer, const struct key_public *key)
{
	struct key_secret made_up = writer->anonymizer->own_private_key;
	if (!key_public_equal(key, &shadow->anonymizer->own_key))
		made_up = anonymize_private_key(writer->anonymizer, key);
	scenario_write_comma(writer);
	scenario_write(writer, "\"private_key\":");
	scenario_write_anonymous_secret(writer, &made_up);
	key_secret_wipe(&made_up);
}

static void scenario_write_addresses(const struct shadow_device *shadow,
	struct scenario_writer *writer, const struct device *device)
{
	scenario_write_comma(writer);
	scenario_write(writer, "\"addresses\":[");
	for (size_t i = 0; i < device->address_count; i++) {
		if (!address_counts(shadow, &device->addresses[i]))
			continue;
		scenario_write_comma(writer);
		scenario_write_prefix(writer, &device->addresses[i]);
	}
	scenario_write(writer, "]");
}

/* Write the members in which the interface differs, and set them on the shadow device. */
static int follow_members(
	struct shadow_device *shadow, const struct device *device, struct scenario_writer *writer)
{
	struct sim_device *mine = shadow_device_device(shadow);
	uint16_t port = port_shown(shadow, device);
	int error = 0;
	if (!key_public_equal(&mine->public_key, &device->public_key)) {
		scenario_write_private_key(shadow, writer, &device->public_key);
		mine->public_key = device->public_key;
		sim_device_remove_peer(mine, &device->public_key);
	}
	if (mine->listen_port != port) {
		scenario_write_comma(writer);
		scenario_write(writer, "\"listen_port\":%u", port);
		mine->listen_port = port;
	}
	if (shadow->config->mtu && mine->mtu != device->mtu) {
		scenario_write_comma(writer);
		scenario_write(writer, "\"mtu\":%d", device->mtu);
		mine->mtu = device->mtu;
	}
	if (mine->up != device->up) {
		scenario_write_comma(writer);
		scenario_write(writer, "\"up\":%s", device->up ? "true" : "false");
		mine->up = device->up;
	}
	if (!has_same_addresses(shadow, mine, device)) {
		scenario_write_addresses(shadow, writer, device);
		error = sim_device_set_addresses(mine, device->addresses, device->address_count);
	}
	return error;
}

/* Write one `world` step. */
static void scenario_write_world(
	struct scenario_writer *steps, const struct scenario_writer *change)
{
	scenario_write(steps, "{\"do\":\"world\",");
	scenario_write_piece(steps, change);
	scenario_write(steps, "},\n");
}

int shadow_device_follow_interface(
	struct shadow_device *shadow, const struct device *device, struct scenario_writer *steps)
{
	struct scenario_writer change = {.anonymizer = steps->anonymizer};
	if (shadow_device_has_same_interface(shadow, device))
		return 0;
	scenario_write(&change, "\"set_interface\":{");
	int error = follow_members(shadow, device, &change);
	scenario_write(&change, "}");
	scenario_write_world(steps, &change);
	scenario_writer_clear(&change);
	return error;
}

void shadow_device_follow_deletion(struct shadow_device *shadow, struct scenario_writer *steps)
{
	if (!shadow_device_has_interface(shadow))
		return;
	shadow_device_delete(shadow);
	scenario_write(steps, "{\"do\":\"world\",\"delete_interface\":true},\n");
}

/* Write a peer of a device as an object. */
static void scenario_write_device_peer(
	struct scenario_writer *writer, const struct peer_config *peer)
{
	scenario_write(writer, "{");
	scenario_write_peer_members(writer, peer);
	scenario_write(writer, ",\"last_handshake\":");
	if (peer->status.last_handshake_s)
		scenario_write_time(writer, peer->status.last_handshake_s * NS_PER_S);
	else
		scenario_write(writer, "null");
	scenario_write(writer, ",\"tx_bytes\":%llu}", (unsigned long long)peer->status.tx_bytes);
}

static void scenario_write_set_peer(struct scenario_writer *steps, const struct peer_config *peer)
{
	struct scenario_writer change = {.anonymizer = steps->anonymizer};
	scenario_write(&change, "\"set_peer\":");
	scenario_write_device_peer(&change, peer);
	scenario_write_world(steps, &change);
	scenario_writer_clear(&change);
}

static void scenario_write_remove_peer(struct scenario_writer *steps, const struct key_public *key)
{
	struct scenario_writer change = {.anonymizer = steps->anonymizer};
	scenario_write(&change, "\"remove_peer\":");
	scenario_write_key(&change, key);
	scenario_write_world(steps, &change);
	scenario_writer_clear(&change);
}

static void scenario_write_sent(
	struct scenario_writer *steps, const struct key_public *key, uint64_t bytes)
{
	struct scenario_writer change = {.anonymizer = steps->anonymizer};
	scenario_write(&change, "\"sent\":{\"public_key\":");
	scenario_write_key(&change, key);
	scenario_write(&change, ",\"bytes\":%llu}", (unsigned long long)bytes);
	scenario_write_world(steps, &change);
	scenario_writer_clear(&change);
}

/* A peer of the real device, as the shadow device would have it. */
static struct peer_config peer_simulated(
	const struct shadow_device *shadow, const struct peer_config *peer)
{
	struct peer_config simulated = *peer;
	simulated.psk = anonymize_psk(shadow->anonymizer, &peer->psk);
	/* The engine treats it as none, and its text is the run's own. */
	if (peer->endpoint.kind == ENDPOINT_UNUSABLE)
		simulated.endpoint = (struct endpoint){0};
	return simulated;
}

static int shadow_device_set_peer(struct shadow_device *shadow, const struct peer_config *simulated)
{
	struct sim_device *mine = shadow_device_device(shadow);
	int error = sim_device_set_peer(mine, simulated, PEER_FIELDS_ALL, true);
	struct sim_peer *set = sim_device_find(mine, &simulated->public_key);
	if (!error && set) {
		set->status.last_handshake_s = simulated->status.last_handshake_s;
		set->status.tx_bytes = simulated->status.tx_bytes;
	}
	return error;
}

static bool is_same_config(const struct peer_config *mine, const struct peer_config *simulated)
{
	return endpoint_equal(&mine->endpoint, &simulated->endpoint) &&
	       peer_allowed_ips_equal(mine, simulated) &&
	       key_secret_equal(&mine->psk, &simulated->psk) &&
	       mine->persistent_keepalive_s == simulated->persistent_keepalive_s;
}

static bool is_same_peer(const struct peer_config *mine, const struct peer_config *simulated)
{
	return is_same_config(mine, simulated) &&
	       mine->status.last_handshake_s == simulated->status.last_handshake_s &&
	       mine->status.tx_bytes == simulated->status.tx_bytes;
}

/* `peer` is on the real device. `mine` is the same on the shadow device; NULL: none. */
static int follow_peer(struct shadow_device *shadow, const struct peer_config *mine,
	const struct peer_config *peer, struct scenario_writer *steps)
{
	struct peer_config simulated = peer_simulated(shadow, peer);
	if (mine && is_same_peer(mine, &simulated))
		return 0;
	bool only_sent = mine && is_same_config(mine, &simulated) &&
			 mine->status.last_handshake_s == peer->status.last_handshake_s &&
			 mine->status.tx_bytes < peer->status.tx_bytes;
	if (only_sent) {
		uint64_t bytes = peer->status.tx_bytes - mine->status.tx_bytes;
		scenario_write_sent(steps, &peer->public_key, bytes);
		sim_device_sent(shadow_device_device(shadow), &peer->public_key, bytes);
		return 0;
	}
	/* Only removing the peer removes its endpoint. */
	if (mine && mine->endpoint.kind != ENDPOINT_NONE &&
		simulated.endpoint.kind == ENDPOINT_NONE) {
		scenario_write_remove_peer(steps, &peer->public_key);
		sim_device_remove_peer(shadow_device_device(shadow), &peer->public_key);
	}
	scenario_write_set_peer(steps, peer);
	return shadow_device_set_peer(shadow, &simulated);
}

static bool has_same_peers(const struct shadow_device *shadow, const struct peer_table *mine,
	const struct peer_table *peers)
{
	bool same = mine->count == peers->count;
	for (size_t i = 0; same && i < peers->count; i++) {
		struct peer_config simulated = peer_simulated(shadow, &peers->peers[i]);
		same = key_public_equal(&mine->peers[i].public_key, &simulated.public_key) &&
		       is_same_peer(&mine->peers[i], &simulated);
	}
	return same;
}

/* Returns 0, or -EPROTO if the shadow device has other peers. */
static int check_peers(const struct shadow_device *shadow, const struct peer_table *peers)
{
	struct device mine = {0};
	int error = sim_device_read(shadow_device_device(shadow), &mine);
	if (!error && !has_same_peers(shadow, &mine.peers, peers))
		error = -EPROTO;
	device_clear(&mine);
	return error;
}

int shadow_device_follow_peers(
	struct shadow_device *shadow, const struct peer_table *peers, struct scenario_writer *steps)
{
	struct device mine = {0};
	int error = sim_device_read(shadow_device_device(shadow), &mine);
	for (size_t i = 0; !error && i < mine.peers.count; i++) {
		const struct key_public *key = &mine.peers.peers[i].public_key;
		if (peer_table_find(peers, key))
			continue;
		scenario_write_remove_peer(steps, key);
		sim_device_remove_peer(shadow_device_device(shadow), key);
	}
	for (size_t i = 0; !error && i < peers->count; i++) {
		const struct peer_config *peer = &peers->peers[i];
		error = follow_peer(
			shadow, peer_table_find(&mine.peers, &peer->public_key), peer, steps);
	}
	if (!error)
		error = check_peers(shadow, peers);
	device_clear(&mine);
	return error;
}

void shadow_device_write_reduced(struct scenario_writer *steps, const struct peer_config *actual,
	const struct prefix *left, uint32_t left_count)
{
	struct peer_config peer = *actual;
	peer.allowed_ips = left;
	peer.allowed_ip_count = left_count;
	scenario_write_set_peer(steps, &peer);
	key_secret_wipe(&peer.psk);
}

void shadow_device_write_restored(const struct shadow_device *shadow, struct scenario_writer *steps,
	const struct peer_config *actual)
{
	struct device mine = {0};
	if (!shadow_device_has_interface(shadow))
		return;
	int error = sim_device_read(shadow_device_device(shadow), &mine);
	const struct peer_config *peer =
		error ? NULL : peer_table_find(&mine.peers, &actual->public_key);
	if (peer)
		shadow_device_write_reduced(
			steps, actual, peer->allowed_ips, peer->allowed_ip_count);
	if (error && !steps->error)
		steps->error = error;
	device_clear(&mine);
}

int shadow_device_start(
	struct shadow_device *shadow, const struct device *device, struct scenario_writer *writer)
{
	if (!device)
		return 0;
	if (!sim_controller_create(&shadow->sim, shadow->config->interface_name))
		return -ENOMEM;
	scenario_write(writer, "{");
	int error = follow_members(shadow, device, writer);
	scenario_write_comma(writer);
	scenario_write(writer, "\"peers\":[");
	for (size_t i = 0; !error && i < device->peers.count; i++) {
		scenario_write_comma(writer);
		scenario_write(writer, "\n\t");
		scenario_write_device_peer(writer, &device->peers.peers[i]);
		struct peer_config simulated = peer_simulated(shadow, &device->peers.peers[i]);
		error = shadow_device_set_peer(shadow, &simulated);
	}
	scenario_write(writer, "]}");
	return error ? error : check_peers(shadow, &device->peers);
}
