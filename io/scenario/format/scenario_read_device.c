/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_read_device.h"

#include "arena.h"
#include "diag.h"
#include "scenario.h"
#include "scenario_read_value.h"
#include "timestamp.h"

#include <errno.h>
#include <string.h>

static int read_allowed_ip(struct json_reading *reading, struct json_span value, void *target)
{
	struct json_span text;
	int error = json_read_string_bytes(reading, value, &text);
	return error ? error : prefix_parse(text.text, text.length, target, reading->diag);
}

static int read_allowed_ips(struct json_reading *reading, struct json_span value, void *target)
{
	struct peer_config *peer = target;
	void *prefixes = NULL;
	size_t count = 0;
	int error = json_array_read(
		reading, value, read_allowed_ip, sizeof(struct prefix), &prefixes, &count);
	if (error)
		return error;
	peer->allowed_ip_count = (uint32_t)prefixes_normalize(prefixes, count);
	peer->allowed_ips = prefixes;
	return 0;
}

static int read_last_handshake(struct json_reading *reading, struct json_span value, void *target)
{
	int64_t ns = 0;
	int error = 0;
	if (json_span_kind(value) != JSON_NULL)
		error = json_read_time(reading, value, &ns);
	if (!error)
		*(int64_t *)target = ns / NS_PER_S;
	return error;
}

/* In the order of enum peer_spec_member, after the key. */
static const struct json_member peer_members[] = {
	{"endpoint", json_read_endpoint, offsetof(struct peer_spec, peer.endpoint), false},
	{"allowed_ips", read_allowed_ips, offsetof(struct peer_spec, peer), false},
	{"psk", json_read_psk, offsetof(struct peer_spec, peer.psk), false},
	{"persistent_keepalive", json_read_port,
		offsetof(struct peer_spec, peer.persistent_keepalive_s), false},
	{"last_handshake", read_last_handshake,
		offsetof(struct peer_spec, peer.status.last_handshake_s), false},
	{"tx_bytes", json_read_count, offsetof(struct peer_spec, peer.status.tx_bytes), false},
};
static const struct json_member peer_key_members[] = {
	{"public_key", json_read_public_key, offsetof(struct peer_spec, peer.public_key), true},
};
static const struct json_table peer_key_table = JSON_TABLE(peer_key_members);
static const struct json_table peer_spec_table = {
	.members = peer_members,
	.count = sizeof peer_members / sizeof *peer_members,
	.also = &peer_key_table,
};

int read_peer_spec(struct json_reading *reading, struct json_span value, void *target)
{
	struct peer_spec *spec = target;
	return json_object_read(reading, value, &peer_spec_table, spec, &spec->given);
}

static int read_address(struct json_reading *reading, struct json_span value, void *target)
{
	struct json_span text;
	int error = json_read_string_bytes(reading, value, &text);
	return error ? error : prefix_parse_address(text.text, text.length, target, reading->diag);
}

static int read_addresses(struct json_reading *reading, struct json_span value, void *target)
{
	struct device_spec *spec = target;
	void *addresses = NULL;
	int error = json_array_read(reading, value, read_address, sizeof(struct prefix), &addresses,
		&spec->address_count);
	if (!error)
		spec->addresses = addresses;
	return error;
}

/* A device has no two peers with the same key. */
static int check_distinct(struct json_reading *reading, const struct peer_spec *peers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct key_public *key = &peers[i].peer.public_key;
			if (key_public_equal(key, &peers[j].peer.public_key))
				return json_fail(reading,
					"[%zu]: public_key: %s stands there twice", i,
					key_public_format(key).text);
		}
	}
	return 0;
}

static int read_peers(struct json_reading *reading, struct json_span value, void *target)
{
	struct device_spec *spec = target;
	void *peers = NULL;
	int error = json_array_read(reading, value, read_peer_spec, sizeof(struct peer_spec),
		&peers, &spec->peer_count);
	if (error)
		return error;
	spec->peers = peers;
	return check_distinct(reading, spec->peers, spec->peer_count);
}

/* In the order of enum device_spec_member. */
static const struct json_member device_members[] = {
	{"name", read_interface_name, offsetof(struct device_spec, name), false},
	{"private_key", json_read_private_key, offsetof(struct device_spec, private_key), false},
	{"listen_port", json_read_port, offsetof(struct device_spec, listen_port), false},
	{"mtu", json_read_int, offsetof(struct device_spec, mtu), false},
	{"up", json_read_bool, offsetof(struct device_spec, up), false},
	{"addresses", read_addresses, 0, false},
	{"peers", read_peers, 0, false},
};
static const struct json_table device_table = JSON_TABLE(device_members);

int read_device_spec(struct json_reading *reading, struct json_span value, void *target)
{
	struct device_spec *spec = arena_alloc(reading->arena, sizeof *spec);
	int error;
	if (!spec)
		return diag_fail_errno(reading->diag, -ENOMEM);
	error = json_object_read(reading, value, &device_table, spec, &spec->given);
	if (!error && spec->mtu < 0)
		return json_fail(reading, "mtu: must not be negative");
	if (!error)
		*(struct device_spec **)target = spec;
	return error;
}

int read_device_spec_or_null(struct json_reading *reading, struct json_span value, void *target)
{
	if (json_span_kind(value) == JSON_NULL)
		return 0;
	return read_device_spec(reading, value, target);
}

int read_interface_change(struct json_reading *reading, struct json_span value, void *target)
{
	struct device_spec *spec = NULL;
	int error = read_device_spec(reading, value, &spec);
	if (error || !spec)
		return error;
	if (spec->given & DEVICE_SPEC_NAME)
		return json_fail(reading, "name: unknown member");
	if (spec->given & DEVICE_SPEC_PEERS)
		return json_fail(reading, "peers: unknown member");
	*(struct device_spec **)target = spec;
	return 0;
}
