/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_read_device.h"

#include "arena.h"
#include "diag.h"
#include "scenario.h"
#include "scenario_read_value.h"
#include "timestamp.h"

#include <errno.h>
#include <string.h>

static int read_allowed_ip(struct reading *reading, struct json_span value, void *target)
{
	struct json_span text;
	int error = read_string_bytes(reading, value, &text);
	return error ? error : prefix_parse(text.text, text.length, target, reading->diag);
}

static int read_allowed_ips(struct reading *reading, struct json_span value, void *target)
{
	struct peer_config *peer = target;
	void *prefixes = NULL;
	size_t count = 0;
	int error = array_read(
		reading, value, read_allowed_ip, sizeof(struct prefix), &prefixes, &count);
	if (error)
		return error;
	peer->allowed_ip_count = (uint32_t)prefixes_normalize(prefixes, count);
	peer->allowed_ips = prefixes;
	return 0;
}

static int read_last_handshake(struct reading *reading, struct json_span value, void *target)
{
	int64_t ns = 0;
	int error = 0;
	if (json_span_kind(value) != JSON_NULL)
		error = read_time(reading, value, &ns);
	if (!error)
		*(int64_t *)target = ns / NS_PER_S;
	return error;
}

/* In the order of enum peer_spec_member, after the key. */
static const struct member peer_members[] = {
	{"endpoint", read_endpoint, offsetof(struct peer_spec, peer.endpoint), false},
	{"allowed_ips", read_allowed_ips, offsetof(struct peer_spec, peer), false},
	{"psk", read_psk, offsetof(struct peer_spec, peer.psk), false},
	{"persistent_keepalive", read_port, offsetof(struct peer_spec, peer.persistent_keepalive_s),
		false},
	{"last_handshake", read_last_handshake,
		offsetof(struct peer_spec, peer.status.last_handshake_s), false},
	{"tx_bytes", read_count, offsetof(struct peer_spec, peer.status.tx_bytes), false},
};
static const struct member peer_key_members[] = {
	{"public_key", read_public_key, offsetof(struct peer_spec, peer.public_key), true},
};
static const struct member_table peer_key_table = MEMBER_TABLE(peer_key_members);
static const struct member_table peer_spec_table = {
	.members = peer_members,
	.count = sizeof peer_members / sizeof *peer_members,
	.also = &peer_key_table,
};

int read_peer_spec(struct reading *reading, struct json_span value, void *target)
{
	struct peer_spec *spec = target;
	return object_read(reading, value, &peer_spec_table, spec, &spec->given);
}

static int read_address(struct reading *reading, struct json_span value, void *target)
{
	struct json_span text;
	int error = read_string_bytes(reading, value, &text);
	return error ? error : prefix_parse_address(text.text, text.length, target, reading->diag);
}

static int read_addresses(struct reading *reading, struct json_span value, void *target)
{
	struct device_spec *spec = target;
	void *addresses = NULL;
	int error = array_read(reading, value, read_address, sizeof(struct prefix), &addresses,
		&spec->address_count);
	if (!error)
		spec->addresses = addresses;
	return error;
}

/* A device has no two peers with the same key. */
static int check_distinct(struct reading *reading, const struct peer_spec *peers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct key_public *key = &peers[i].peer.public_key;
			if (key_public_equal(key, &peers[j].peer.public_key))
				return reading_fail(reading,
					"[%zu]: public_key: %s stands there twice", i,
					key_public_format(key).text);
		}
	}
	return 0;
}

static int read_peers(struct reading *reading, struct json_span value, void *target)
{
	struct device_spec *spec = target;
	void *peers = NULL;
	int error = array_read(reading, value, read_peer_spec, sizeof(struct peer_spec), &peers,
		&spec->peer_count);
	if (error)
		return error;
	spec->peers = peers;
	return check_distinct(reading, spec->peers, spec->peer_count);
}

/* In the order of enum device_spec_member. */
static const struct member device_members[] = {
	{"name", read_interface_name, offsetof(struct device_spec, name), false},
	{"private_key", read_private_key, offsetof(struct device_spec, private_key), false},
	{"listen_port", read_port, offsetof(struct device_spec, listen_port), false},
	{"mtu", read_int, offsetof(struct device_spec, mtu), false},
	{"up", read_bool, offsetof(struct device_spec, up), false},
	{"addresses", read_addresses, 0, false},
	{"peers", read_peers, 0, false},
};
static const struct member_table device_table = MEMBER_TABLE(device_members);

int read_device_spec(struct reading *reading, struct json_span value, void *target)
{
	struct device_spec *spec = arena_alloc(reading->arena, sizeof *spec);
	int error;
	if (!spec)
		return diag_fail_errno(reading->diag, -ENOMEM);
	error = object_read(reading, value, &device_table, spec, &spec->given);
	if (!error && spec->mtu < 0)
		return reading_fail(reading, "mtu: must not be negative");
	if (!error)
		*(struct device_spec **)target = spec;
	return error;
}

int read_device_spec_or_null(struct reading *reading, struct json_span value, void *target)
{
	if (json_span_kind(value) == JSON_NULL)
		return 0;
	return read_device_spec(reading, value, target);
}

int read_interface_change(struct reading *reading, struct json_span value, void *target)
{
	struct device_spec *spec = NULL;
	int error = read_device_spec(reading, value, &spec);
	if (error || !spec)
		return error;
	if (spec->given & DEVICE_SPEC_NAME)
		return reading_fail(reading, "name: unknown member");
	if (spec->given & DEVICE_SPEC_PEERS)
		return reading_fail(reading, "peers: unknown member");
	*(struct device_spec **)target = spec;
	return 0;
}
