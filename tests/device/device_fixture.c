/* SPDX-License-Identifier: Apache-2.0 */
#include "device_fixture.h"

#include "curve.h"
#include "diag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define OWN_KEY_NUMBER  1
#define ALLOWED_IPS_MAX 128

struct key_secret test_secret(unsigned number)
{
	struct key_secret key;
	memset(key.bytes, 0x5a, sizeof key.bytes);
	memcpy(key.bytes + 8, &number, sizeof number);
	key_secret_clamp(&key);
	return key;
}

struct key_public test_key(unsigned number)
{
	struct key_public key;
	struct key_secret secret = test_secret(number);
	key_public_derive(&secret, &key);
	return key;
}

void fixture_begin(
	struct device_fixture *fixture, struct controller controller, const char *interface)
{
	*fixture = (struct device_fixture){
		.controller = controller,
		.interface = interface,
		.private_key = test_secret(OWN_KEY_NUMBER),
		.public_key = test_key(OWN_KEY_NUMBER),
	};
}

void fixture_end(struct device_fixture *fixture)
{
	device_clear(&fixture->device);
	arena_clear(&fixture->arena);
}

/* Splits at commas, in place. */
static size_t list_split(char *list, const char **ret)
{
	size_t count = 0;
	char *rest;
	for (char *item = strtok_r(list, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
		assert_true(count < ALLOWED_IPS_MAX);
		ret[count++] = item;
	}
	return count;
}

static const char *secret_text(struct device_fixture *fixture, unsigned number)
{
	struct key_public bytes;
	struct key_secret secret = test_secret(number);
	memcpy(bytes.bytes, secret.bytes, sizeof bytes.bytes);
	struct key_text text = key_public_format(&bytes);
	return arena_strndup(&fixture->arena, text.text, strlen(text.text));
}

struct peer_config *fixture_peer(struct device_fixture *fixture, struct test_peer peer)
{
	const char *allowed_ips[ALLOWED_IPS_MAX];
	const char *list = peer.allowed_ips ? peer.allowed_ips : "";
	struct key_public key = test_key(peer.number);
	struct key_text key_text = key_public_format(&key);
	char id[32];
	snprintf(id, sizeof id, "peer-%u", peer.number);
	struct api_peer api = {
		.id = id,
		.public_key = key_text.text,
		.endpoint = peer.endpoint,
		.psk = peer.psk ? secret_text(fixture, peer.psk) : NULL,
		.allowed_ips = allowed_ips,
		.allowed_ip_count =
			list_split(arena_strndup(&fixture->arena, list, strlen(list)), allowed_ips),
		.persistent_keepalive_s = peer.keepalive_s,
	};
	struct peer_config *config = arena_alloc(&fixture->arena, sizeof *config);
	struct diag diag = {0};
	if (peer_config_from_api(&api, 0, &fixture->arena, config, &diag) != 0)
		fail_msg("peer %u: %s", peer.number, diag_text(&diag));
	return config;
}

struct prefix test_prefix(const char *text)
{
	struct prefix prefix;
	assert_int_equal(prefix_parse_address(text, strlen(text), &prefix, NULL), 0);
	return prefix;
}

static void must_succeed(const char *step, int error, struct diag *diag)
{
	if (error)
		fail_msg("%s: %d %s", step, error, diag_text(diag));
	diag_clear(diag);
}

void fixture_create(struct device_fixture *fixture)
{
	struct diag diag = {0};
	int error = fixture->controller.ops->create_interface(
		fixture->controller.impl, fixture->interface, &fixture->private_key, PORT_A, &diag);
	must_succeed("create_interface", error, &diag);
}

static void add(struct device_fixture *fixture, const struct peer_config *peer,
	const struct peer_config *known)
{
	struct diag diag = {0};
	struct peer_op op = {PEER_OP_ADD, PEER_FIELDS_ALL, peer, known};
	int error = fixture->controller.ops->add_peer(
		fixture->controller.impl, fixture->interface, &op, &diag);
	must_succeed("add_peer", error, &diag);
}

void fixture_add(struct device_fixture *fixture, const struct peer_config *peer)
{
	add(fixture, peer, NULL);
}

void fixture_add_known(struct device_fixture *fixture, const struct peer_config *peer)
{
	const struct peer_config *actual =
		peer_table_find(&fixture->device.peers, &peer->public_key);
	assert_non_null(actual);
	struct peer_config known = {.public_key = actual->public_key,
		.allowed_ips = actual->allowed_ips,
		.allowed_ip_count = actual->allowed_ip_count};
	add(fixture, peer, &known);
}

void fixture_update(struct device_fixture *fixture, const struct peer_config *peer, unsigned fields)
{
	struct diag diag = {0};
	struct peer_op op = {
		.kind = PEER_OP_UPDATE,
		.fields = fields,
		.desired = peer,
		.actual = peer_table_find(&fixture->device.peers, &peer->public_key),
	};
	if (!op.actual)
		op.actual = peer;
	int error = fixture->controller.ops->add_peer(
		fixture->controller.impl, fixture->interface, &op, &diag);
	must_succeed("update", error, &diag);
}

void fixture_remove(struct device_fixture *fixture, const struct peer_config *peer)
{
	struct diag diag = {0};
	int error = fixture->controller.ops->remove_peer(
		fixture->controller.impl, fixture->interface, &peer->public_key, &diag);
	must_succeed("remove_peer", error, &diag);
}

/* Reading the interface alone, where possible, gives the same as reading the whole device. */
static void interface_expect(struct device_fixture *fixture, const struct device *whole)
{
	struct diag diag = {0};
	struct device device = {0};
	if (!fixture->controller.ops->read_interface)
		return;
	int error = fixture->controller.ops->read_interface(
		fixture->controller.impl, fixture->interface, &device, &diag);
	must_succeed("read_interface", error, &diag);
	assert_int_equal(device.peers.count, 0);
	assert_true(key_public_equal(&device.public_key, &whole->public_key));
	assert_int_equal(device.listen_port, whole->listen_port);
	assert_int_equal(device.fwmark, whole->fwmark);
	assert_int_equal(device.mtu, whole->mtu);
	assert_int_equal(device.up, whole->up);
	assert_int_equal(device.address_count, whole->address_count);
	for (size_t i = 0; i < whole->address_count; i++)
		assert_true(prefix_equal(&device.addresses[i], &whole->addresses[i]));
	device_clear(&device);
}

const struct device *fixture_read(struct device_fixture *fixture)
{
	struct diag diag = {0};
	struct device device = {0};
	int error = fixture->controller.ops->read_device(
		fixture->controller.impl, fixture->interface, &device, &diag);
	must_succeed("read_device", error, &diag);
	interface_expect(fixture, &device);
	device_clear(&fixture->device);
	fixture->device = device;
	assert_true(device.peers.sealed);
	return &fixture->device;
}

static void fields_describe(unsigned fields, char *ret, size_t size)
{
	ret[0] = '\0';
	for (int bit = 0; bit < PEER_FIELD_COUNT; bit++)
		if (fields & 1u << bit)
			snprintf(ret + strlen(ret), size - strlen(ret), " %s",
				peer_field_name((enum peer_field_bit)bit));
}

void fixture_expect_peer(struct device_fixture *fixture, const struct peer_config *peer)
{
	const struct device *device = fixture_read(fixture);
	const struct peer_config *actual = peer_table_find(&device->peers, &peer->public_key);
	if (!actual)
		fail_msg("the peer is not on the device");
	unsigned fields = peer_config_difference(peer, actual);
	if (!endpoint_equal(&peer->endpoint, &actual->endpoint))
		fields |= PEER_FIELD_ENDPOINT;
	char text[128];
	fields_describe(fields, text, sizeof text);
	if (fields)
		fail_msg("the peer on the device differs in%s", text);
}

void fixture_expect_no_peer(struct device_fixture *fixture, const struct peer_config *peer)
{
	assert_null(peer_table_find(&fixture_read(fixture)->peers, &peer->public_key));
}

void fixture_expect_peer_count(struct device_fixture *fixture, size_t count)
{
	assert_int_equal(fixture_read(fixture)->peers.count, count);
}

bool device_has_address(const struct device *device, const struct prefix *address)
{
	for (size_t i = 0; i < device->address_count; i++)
		if (prefix_equal(&device->addresses[i], address))
			return true;
	return false;
}
