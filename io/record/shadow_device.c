/* SPDX-License-Identifier: Apache-2.0 */
#include "shadow_device.h"

#include "timestamp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void shadow_device_init(struct shadow_device *mirror, const struct pseudonyms *names,
	const struct interface_config *config, const struct ip *mesh_ip)
{
	*mirror = (struct shadow_device){
		.names = names,
		.config = config,
		.address = prefix_of_host(mesh_ip),
	};
	sim_controller_init(&mirror->sim, (struct sim_recorder){0});
}

void shadow_device_deinit(struct shadow_device *mirror)
{
	sim_controller_deinit(&mirror->sim);
}

static struct sim_device *shadow_device_device(const struct shadow_device *mirror)
{
	return sim_controller_find(&mirror->sim, mirror->config->interface_name);
}

/* The replay's device has the key that stood for the old one, and now stands for the new one. */
void shadow_device_change_own_key(struct shadow_device *mirror, const struct key_public *old_key)
{
	struct sim_device *mine = shadow_device_device(mirror);
	if (mine && key_public_equal(&mine->public_key, old_key))
		mine->public_key = mirror->names->own_key;
}

bool shadow_device_has_interface(const struct shadow_device *mirror)
{
	return shadow_device_device(mirror) != NULL;
}

int shadow_device_create(struct shadow_device *mirror, uint16_t listen_port)
{
	struct sim_device *mine =
		sim_controller_create(&mirror->sim, mirror->config->interface_name);
	if (!mine)
		return -ENOMEM;
	mine->public_key = mirror->names->own_key;
	mine->listen_port = listen_port;
	sim_device_remove_peer(mine, &mirror->names->own_key);
	return 0;
}

int shadow_device_configure_address(struct shadow_device *mirror, const struct prefix *address)
{
	struct sim_device *mine = shadow_device_device(mirror);
	return mine ? sim_device_configure_address(mine, address, false) : -ENODEV;
}

int shadow_device_set_mtu(struct shadow_device *mirror, int mtu)
{
	struct sim_device *mine = shadow_device_device(mirror);
	if (mine)
		mine->mtu = mtu;
	return mine ? 0 : -ENODEV;
}

int shadow_device_set_up(struct shadow_device *mirror)
{
	struct sim_device *mine = shadow_device_device(mirror);
	if (mine)
		mine->up = true;
	return mine ? 0 : -ENODEV;
}

int shadow_device_put_peer(struct shadow_device *mirror, const struct peer_op *op)
{
	struct sim_device *mine = shadow_device_device(mirror);
	bool create = op->kind == PEER_OP_ADD;
	if (!mine)
		return -ENODEV;
	struct peer_config peer = *op->desired;
	peer.psk = pseudonym_psk(mirror->names, &op->desired->psk);
	return sim_device_set_peer(mine, &peer, create ? PEER_FIELDS_ALL : op->fields, create);
}

int shadow_device_remove_peer(struct shadow_device *mirror, const struct key_public *key)
{
	struct sim_device *mine = shadow_device_device(mirror);
	if (mine)
		sim_device_remove_peer(mine, key);
	return mine ? 0 : -ENODEV;
}

void shadow_device_delete(struct shadow_device *mirror)
{
	sim_controller_delete(&mirror->sim, mirror->config->interface_name);
}

static uint16_t port_shown(const struct shadow_device *mirror, const struct device *device)
{
	const struct interface_config *config = mirror->config;
	return config->has_fwmark && device->fwmark != config->fwmark ? 0 : device->listen_port;
}

/* Whether the engine uses this address. */
static bool address_counts(const struct shadow_device *mirror, const struct prefix *address)
{
	if (prefix_equal(address, &mirror->address))
		return true;
	return !mirror->config->keep_addresses && !ip_is_link_local(&address->ip);
}

static bool is_among(const struct prefix *address, const struct prefix *addresses, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (prefix_equal(address, &addresses[i]))
			return true;
	return false;
}

/* Whether every address of `a` that counts is one of `b`. */
static bool addresses_are_among(const struct shadow_device *mirror, const struct prefix *a,
	size_t a_count, const struct prefix *b, size_t b_count)
{
	for (size_t i = 0; i < a_count; i++)
		if (address_counts(mirror, &a[i]) && !is_among(&a[i], b, b_count))
			return false;
	return true;
}

static bool has_same_addresses(const struct shadow_device *mirror, const struct sim_device *mine,
	const struct device *device)
{
	return addresses_are_among(mirror, mine->addresses, mine->address_count, device->addresses,
		       device->address_count) &&
	       addresses_are_among(mirror, device->addresses, device->address_count,
		       mine->addresses, mine->address_count);
}

bool shadow_device_has_same_interface(
	const struct shadow_device *mirror, const struct device *device)
{
	const struct sim_device *mine = shadow_device_device(mirror);
	return mine && key_public_equal(&mine->public_key, &device->public_key) &&
	       mine->listen_port == port_shown(mirror, device) && mine->up == device->up &&
	       (mirror->config->mtu == 0 || mine->mtu == device->mtu) &&
	       has_same_addresses(mirror, mine, device);
}

static void tell_private_key(const struct shadow_device *mirror,
	struct scenario_writer *scenario_writer, const struct key_public *key)
{
	struct key_secret made_up = scenario_writer->names->own_private_key;
	if (!key_public_equal(key, &mirror->names->own_key))
		made_up = pseudonym_private_key(scenario_writer->names, key);
	tell_comma(scenario_writer);
	tell(scenario_writer, "\"private_key\":");
	tell_made_up_secret(scenario_writer, &made_up);
	key_secret_wipe(&made_up);
}

static void tell_addresses(const struct shadow_device *mirror,
	struct scenario_writer *scenario_writer, const struct device *device)
{
	tell_comma(scenario_writer);
	tell(scenario_writer, "\"addresses\":[");
	for (size_t i = 0; i < device->address_count; i++) {
		if (!address_counts(mirror, &device->addresses[i]))
			continue;
		tell_comma(scenario_writer);
		tell_prefix(scenario_writer, &device->addresses[i]);
	}
	tell(scenario_writer, "]");
}

/* The members in which the interface differs from the shadow device, which gets their values. */
static int follow_members(struct shadow_device *mirror, const struct device *device,
	struct scenario_writer *scenario_writer)
{
	struct sim_device *mine = shadow_device_device(mirror);
	uint16_t port = port_shown(mirror, device);
	int error = 0;
	if (!key_public_equal(&mine->public_key, &device->public_key)) {
		tell_private_key(mirror, scenario_writer, &device->public_key);
		mine->public_key = device->public_key;
		sim_device_remove_peer(mine, &device->public_key);
	}
	if (mine->listen_port != port) {
		tell_comma(scenario_writer);
		tell(scenario_writer, "\"listen_port\":%u", port);
		mine->listen_port = port;
	}
	if (mirror->config->mtu && mine->mtu != device->mtu) {
		tell_comma(scenario_writer);
		tell(scenario_writer, "\"mtu\":%d", device->mtu);
		mine->mtu = device->mtu;
	}
	if (mine->up != device->up) {
		tell_comma(scenario_writer);
		tell(scenario_writer, "\"up\":%s", device->up ? "true" : "false");
		mine->up = device->up;
	}
	if (!has_same_addresses(mirror, mine, device)) {
		tell_addresses(mirror, scenario_writer, device);
		error = sim_device_set_addresses(mine, device->addresses, device->address_count);
	}
	return error;
}

/* One step. */
static void tell_world(struct scenario_writer *steps, const struct scenario_writer *change)
{
	tell(steps, "{\"do\":\"world\",");
	tell_told(steps, change);
	tell(steps, "},\n");
}

int shadow_device_follow_interface(
	struct shadow_device *mirror, const struct device *device, struct scenario_writer *steps)
{
	struct scenario_writer change = {.names = steps->names};
	if (shadow_device_has_same_interface(mirror, device))
		return 0;
	tell(&change, "\"set_interface\":{");
	int error = follow_members(mirror, device, &change);
	tell(&change, "}");
	tell_world(steps, &change);
	scenario_writer_clear(&change);
	return error;
}

void shadow_device_follow_deletion(struct shadow_device *mirror, struct scenario_writer *steps)
{
	if (!shadow_device_has_interface(mirror))
		return;
	shadow_device_delete(mirror);
	tell(steps, "{\"do\":\"world\",\"delete_interface\":true},\n");
}

/* A peer as it stands on a device, as an object. */
static void tell_device_peer(
	struct scenario_writer *scenario_writer, const struct peer_config *peer)
{
	tell(scenario_writer, "{");
	tell_peer_members(scenario_writer, peer);
	tell(scenario_writer, ",\"last_handshake\":");
	if (peer->status.last_handshake_s)
		tell_time(scenario_writer, peer->status.last_handshake_s * NS_PER_S);
	else
		tell(scenario_writer, "null");
	tell(scenario_writer, ",\"tx_bytes\":%llu}", (unsigned long long)peer->status.tx_bytes);
}

static void tell_set_peer(struct scenario_writer *steps, const struct peer_config *peer)
{
	struct scenario_writer change = {.names = steps->names};
	tell(&change, "\"set_peer\":");
	tell_device_peer(&change, peer);
	tell_world(steps, &change);
	scenario_writer_clear(&change);
}

static void tell_remove_peer(struct scenario_writer *steps, const struct key_public *key)
{
	struct scenario_writer change = {.names = steps->names};
	tell(&change, "\"remove_peer\":");
	tell_key(&change, key);
	tell_world(steps, &change);
	scenario_writer_clear(&change);
}

static void tell_sent(struct scenario_writer *steps, const struct key_public *key, uint64_t bytes)
{
	struct scenario_writer change = {.names = steps->names};
	tell(&change, "\"sent\":{\"public_key\":");
	tell_key(&change, key);
	tell(&change, ",\"bytes\":%llu}", (unsigned long long)bytes);
	tell_world(steps, &change);
	scenario_writer_clear(&change);
}

/* A peer of the real device as the shadow device would have it. */
static struct peer_config peer_mirrored(
	const struct shadow_device *mirror, const struct peer_config *peer)
{
	struct peer_config mirrored = *peer;
	mirrored.psk = pseudonym_psk(mirror->names, &peer->psk);
	/* It decides as none, and its text is the device's. */
	if (peer->endpoint.kind == ENDPOINT_UNUSABLE)
		mirrored.endpoint = (struct endpoint){0};
	return mirrored;
}

static int shadow_device_set_peer(struct shadow_device *mirror, const struct peer_config *mirrored)
{
	struct sim_device *mine = shadow_device_device(mirror);
	int error = sim_device_set_peer(mine, mirrored, PEER_FIELDS_ALL, true);
	struct sim_peer *set = sim_device_find(mine, &mirrored->public_key);
	if (!error && set) {
		set->status.last_handshake_s = mirrored->status.last_handshake_s;
		set->status.tx_bytes = mirrored->status.tx_bytes;
	}
	return error;
}

static bool is_same_config(const struct peer_config *mine, const struct peer_config *mirrored)
{
	return endpoint_equal(&mine->endpoint, &mirrored->endpoint) &&
	       peer_allowed_ips_equal(mine, mirrored) &&
	       key_secret_equal(&mine->psk, &mirrored->psk) &&
	       mine->persistent_keepalive_s == mirrored->persistent_keepalive_s;
}

static bool is_same_peer(const struct peer_config *mine, const struct peer_config *mirrored)
{
	return is_same_config(mine, mirrored) &&
	       mine->status.last_handshake_s == mirrored->status.last_handshake_s &&
	       mine->status.tx_bytes == mirrored->status.tx_bytes;
}

/* A peer of the real device; `mine` is that of the shadow device, NULL: none. */
static int follow_peer(struct shadow_device *mirror, const struct peer_config *mine,
	const struct peer_config *peer, struct scenario_writer *steps)
{
	struct peer_config mirrored = peer_mirrored(mirror, peer);
	if (mine && is_same_peer(mine, &mirrored))
		return 0;
	bool only_sent = mine && is_same_config(mine, &mirrored) &&
			 mine->status.last_handshake_s == peer->status.last_handshake_s &&
			 mine->status.tx_bytes < peer->status.tx_bytes;
	if (only_sent) {
		uint64_t bytes = peer->status.tx_bytes - mine->status.tx_bytes;
		tell_sent(steps, &peer->public_key, bytes);
		sim_device_sent(shadow_device_device(mirror), &peer->public_key, bytes);
		return 0;
	}
	/* An endpoint can only be got rid of together with the peer. */
	if (mine && mine->endpoint.kind != ENDPOINT_NONE &&
		mirrored.endpoint.kind == ENDPOINT_NONE) {
		tell_remove_peer(steps, &peer->public_key);
		sim_device_remove_peer(shadow_device_device(mirror), &peer->public_key);
	}
	tell_set_peer(steps, peer);
	return shadow_device_set_peer(mirror, &mirrored);
}

static bool has_same_peers(const struct shadow_device *mirror, const struct peer_table *mine,
	const struct peer_table *peers)
{
	bool same = mine->count == peers->count;
	for (size_t i = 0; same && i < peers->count; i++) {
		struct peer_config mirrored = peer_mirrored(mirror, &peers->peers[i]);
		same = key_public_equal(&mine->peers[i].public_key, &mirrored.public_key) &&
		       is_same_peer(&mine->peers[i], &mirrored);
	}
	return same;
}

/* Returns 0, or -EPROTO if the shadow device has other peers. */
static int check_peers(const struct shadow_device *mirror, const struct peer_table *peers)
{
	struct device mine = {0};
	int error = sim_device_read(shadow_device_device(mirror), &mine);
	if (!error && !has_same_peers(mirror, &mine.peers, peers))
		error = -EPROTO;
	device_clear(&mine);
	return error;
}

int shadow_device_follow_peers(
	struct shadow_device *mirror, const struct peer_table *peers, struct scenario_writer *steps)
{
	struct device mine = {0};
	int error = sim_device_read(shadow_device_device(mirror), &mine);
	for (size_t i = 0; !error && i < mine.peers.count; i++) {
		const struct key_public *key = &mine.peers.peers[i].public_key;
		if (peer_table_find(peers, key))
			continue;
		tell_remove_peer(steps, key);
		sim_device_remove_peer(shadow_device_device(mirror), key);
	}
	for (size_t i = 0; !error && i < peers->count; i++) {
		const struct peer_config *peer = &peers->peers[i];
		error = follow_peer(
			mirror, peer_table_find(&mine.peers, &peer->public_key), peer, steps);
	}
	if (!error)
		error = check_peers(mirror, peers);
	device_clear(&mine);
	return error;
}

void shadow_device_tell_reduced(struct scenario_writer *steps, const struct peer_config *actual,
	const struct prefix *left, uint32_t left_count)
{
	struct peer_config peer = *actual;
	peer.allowed_ips = left;
	peer.allowed_ip_count = left_count;
	tell_set_peer(steps, &peer);
	key_secret_wipe(&peer.psk);
}

void shadow_device_tell_restored(const struct shadow_device *mirror, struct scenario_writer *steps,
	const struct peer_config *actual)
{
	struct device mine = {0};
	if (!shadow_device_has_interface(mirror))
		return;
	int error = sim_device_read(shadow_device_device(mirror), &mine);
	const struct peer_config *peer =
		error ? NULL : peer_table_find(&mine.peers, &actual->public_key);
	if (peer)
		shadow_device_tell_reduced(
			steps, actual, peer->allowed_ips, peer->allowed_ip_count);
	if (error && !steps->error)
		steps->error = error;
	device_clear(&mine);
}

int shadow_device_start(struct shadow_device *mirror, const struct device *device,
	struct scenario_writer *scenario_writer)
{
	if (!device)
		return 0;
	if (!sim_controller_create(&mirror->sim, mirror->config->interface_name))
		return -ENOMEM;
	tell(scenario_writer, "{");
	int error = follow_members(mirror, device, scenario_writer);
	tell_comma(scenario_writer);
	tell(scenario_writer, "\"peers\":[");
	for (size_t i = 0; !error && i < device->peers.count; i++) {
		tell_comma(scenario_writer);
		tell(scenario_writer, "\n\t");
		tell_device_peer(scenario_writer, &device->peers.peers[i]);
		struct peer_config mirrored = peer_mirrored(mirror, &device->peers.peers[i]);
		error = shadow_device_set_peer(mirror, &mirrored);
	}
	tell(scenario_writer, "]}");
	return error ? error : check_peers(mirror, &device->peers);
}
