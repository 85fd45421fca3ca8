/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_controller.h"

#include "diag.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A test that needs more must be changed. */
static void demand(bool holds)
{
	if (!holds)
		abort();
}

static void text_append(char *text, const char *gap, const char *addition)
{
	size_t length = strlen(text);
	int written = snprintf(
		text + length, FAKE_TEXT_MAX - length, "%s%s", length ? gap : "", addition);
	demand(written >= 0 && length + (size_t)written < FAKE_TEXT_MAX);
}

void fake_fail(struct fake_controller *fake, struct fake_fault fault)
{
	demand(fake->fault_count < FAKE_FAULTS_MAX);
	fake->faults[fake->fault_count++] = fault;
}

void fake_forget_calls(struct fake_controller *fake)
{
	fake->calls[0] = '\0';
}

/* Return what the next call of `op` fails with, or NULL. */
static const struct fake_fault *fault_take(struct fake_controller *fake, const char *op, int key)
{
	for (size_t i = 0; i < fake->fault_count; i++) {
		struct fake_fault *fault = &fake->faults[i];
		bool fits = fault->op ? strcmp(fault->op, op) == 0 : strcmp(op, "read_device") != 0;
		if (!fits || (fault->key >= 0 && fault->key != key) || fault->times == 0)
			continue;
		if (fault->spared > 0) {
			fault->spared--;
			continue;
		}
		fault->times--;
		if (fault->loses_link)
			fake_drop_interface(fake);
		return fault;
	}
	return NULL;
}

/* Begin a call: record it and return whether it fails. `key` is -1 without a peer. */
static int call_begin(struct fake_controller *fake, const char *op, int key, const char *details,
	bool needs_interface, struct diag *diag)
{
	char text[300];
	if (fake->before_call)
		fake->before_call(fake->before_call_impl, op);
	const struct fake_fault *fault = fault_take(fake, op, key);
	int error = fault ? fault->error : 0;
	fake->fails_late = fault && fault->takes_effect;
	if (!error && needs_interface && !fake->exists)
		error = -ENODEV;
	int length =
		key < 0 ? snprintf(text, sizeof text, "%s%s%s", op, *details ? " " : "", details)
			: snprintf(text, sizeof text, "%s %02x%s%s", op, (unsigned)key,
				  *details ? " " : "", details);
	if (error)
		snprintf(text + length, sizeof text - (size_t)length, " !%s",
			strerrorname_np(-error));
	if (strcmp(op, "read_device") == 0)
		fake->read_count++;
	else
		text_append(fake->calls, "; ", text);
	if (error)
		return diag_fail_errno(diag, error);
	diag_fail(diag, -EAGAIN, "left over from a call that went well");
	return 0;
}

static int fake_create_interface(void *impl, const char *name, const struct key_secret *private_key,
	uint16_t listen_port, struct diag *diag)
{
	struct fake_controller *fake = impl;
	char details[40];
	snprintf(details, sizeof details, "%s %u", name, listen_port);
	int error = call_begin(fake, "create_interface", -1, details, false, diag);
	if (error)
		return error;
	if (!fake->exists)
		fake->mtu = 1420;
	fake->exists = true;
	memcpy(fake->public_key.bytes, private_key->bytes, KEY_BYTES);
	fake->listen_port = listen_port;
	return 0;
}

void fake_drop_interface(struct fake_controller *fake)
{
	fake->exists = false;
	fake->up = false;
	fake->address_count = 0;
	fake->peer_count = 0;
	fake->public_key = (struct key_public){0};
	fake->listen_port = 0;
}

static int fake_delete_interface(void *impl, const char *name, bool *ret_existed, struct diag *diag)
{
	struct fake_controller *fake = impl;
	int error = call_begin(fake, "delete_interface", -1, name, false, diag);
	if (!error) {
		*ret_existed = fake->exists;
		fake_drop_interface(fake);
	}
	return error;
}

static int fake_configure_address(void *impl, const char *name, const struct prefix *address,
	bool keep_others, struct diag *diag)
{
	struct fake_controller *fake = impl;
	char details[120];
	snprintf(details, sizeof details, "%s %s%s", name, prefix_format(address).text,
		keep_others ? " keep_others" : "");
	int error = call_begin(fake, "configure_address", -1, details, true, diag);
	if (error)
		return error;
	size_t kept = 0;
	for (size_t i = 0; i < fake->address_count; i++)
		if (!prefix_equal(&fake->addresses[i], address) &&
			(keep_others || ip_is_link_local(&fake->addresses[i].ip)))
			fake->addresses[kept++] = fake->addresses[i];
	demand(kept < FAKE_ADDRESSES_MAX);
	fake->addresses[kept++] = *address;
	fake->address_count = kept;
	return 0;
}

static int fake_set_interface_up(void *impl, const char *name, struct diag *diag)
{
	struct fake_controller *fake = impl;
	int error = call_begin(fake, "set_interface_up", -1, name, true, diag);
	if (!error)
		fake->up = true;
	return error;
}

static int fake_set_mtu(void *impl, const char *name, int mtu, struct diag *diag)
{
	struct fake_controller *fake = impl;
	char details[40];
	snprintf(details, sizeof details, "%s %d", name, mtu);
	int error = call_begin(fake, "set_mtu", -1, details, true, diag);
	if (!error)
		fake->mtu = mtu;
	return error;
}

struct fake_peer *fake_find(struct fake_controller *fake, const struct key_public *key)
{
	for (size_t i = 0; i < fake->peer_count; i++)
		if (key_public_equal(&fake->peers[i].config.public_key, key))
			return &fake->peers[i];
	return NULL;
}

static struct fake_peer *peer_insert(struct fake_controller *fake, const struct key_public *key)
{
	size_t at = 0;
	demand(fake->peer_count < FAKE_PEERS_MAX);
	while (at < fake->peer_count &&
		key_public_compare(&fake->peers[at].config.public_key, key) < 0)
		at++;
	memmove(&fake->peers[at + 1], &fake->peers[at],
		(fake->peer_count - at) * sizeof *fake->peers);
	fake->peer_count++;
	fake->peers[at] = (struct fake_peer){.config.public_key = *key};
	return &fake->peers[at];
}

static void prefixes_set(
	struct fake_controller *fake, struct fake_peer *peer, const struct peer_config *config)
{
	demand(config->allowed_ip_count <= FAKE_PREFIXES_MAX);
	for (size_t i = 0; i < fake->peer_count; i++) {
		struct fake_peer *other = &fake->peers[i];
		uint32_t kept = 0;
		for (uint32_t j = 0; other != peer && j < other->config.allowed_ip_count; j++)
			if (!peer_has_allowed_ip(config, &other->allowed_ips[j]))
				other->allowed_ips[kept++] = other->allowed_ips[j];
		if (other != peer)
			other->config.allowed_ip_count = kept;
	}
	peer->config.allowed_ip_count = config->allowed_ip_count;
	for (uint32_t i = 0; i < config->allowed_ip_count; i++)
		peer->allowed_ips[i] = config->allowed_ips[i];
}

static void prefix_take(struct fake_controller *fake, const struct prefix *prefix)
{
	for (size_t i = 0; i < fake->peer_count; i++) {
		struct fake_peer *peer = &fake->peers[i];
		uint32_t kept = 0;
		for (uint32_t j = 0; j < peer->config.allowed_ip_count; j++)
			if (!prefix_equal(&peer->allowed_ips[j], prefix))
				peer->allowed_ips[kept++] = peer->allowed_ips[j];
		peer->config.allowed_ip_count = kept;
	}
}

static void prefix_give(
	struct fake_controller *fake, struct fake_peer *peer, const struct prefix *prefix)
{
	prefix_take(fake, prefix);
	demand(peer->config.allowed_ip_count < FAKE_PREFIXES_MAX);
	peer->allowed_ips[peer->config.allowed_ip_count++] = *prefix;
	peer->config.allowed_ip_count =
		(uint32_t)prefixes_normalize(peer->allowed_ips, peer->config.allowed_ip_count);
}

/*
 * Remove the prefixes that the previous list names and the new one does not, whichever peer has
 * them; leave those in both lists where they are.
 */
static void prefixes_change(struct fake_controller *fake, struct fake_peer *peer,
	const struct peer_config *known, const struct peer_config *config)
{
	for (uint32_t i = 0; i < known->allowed_ip_count; i++)
		if (!peer_has_allowed_ip(config, &known->allowed_ips[i]))
			prefix_take(fake, &known->allowed_ips[i]);
	for (uint32_t i = 0; i < config->allowed_ip_count; i++)
		if (!peer_has_allowed_ip(known, &config->allowed_ips[i]))
			prefix_give(fake, peer, &config->allowed_ips[i]);
}

static void fields_set(struct fake_controller *fake, struct fake_peer *peer,
	const struct peer_config *config, unsigned fields)
{
	if ((fields & PEER_FIELD_ENDPOINT) && config->endpoint.kind != ENDPOINT_NONE)
		peer->config.endpoint = config->endpoint;
	if (fields & PEER_FIELD_PSK)
		peer->config.psk = config->psk;
	if (fields & PEER_FIELD_PERSISTENT_KEEPALIVE)
		peer->config.persistent_keepalive_s = config->persistent_keepalive_s;
	if (fields & PEER_FIELD_ALLOWED_IPS)
		prefixes_set(fake, peer, config);
}

void fake_set_peer(struct fake_controller *fake, const struct peer_config *config)
{
	struct fake_peer *peer = fake_find(fake, &config->public_key);
	if (!peer)
		peer = peer_insert(fake, &config->public_key);
	fields_set(fake, peer, config, PEER_FIELDS_ALL);
	peer->config.status = config->status;
}

void fake_drop_peer(struct fake_controller *fake, unsigned char byte)
{
	for (size_t i = 0; i < fake->peer_count; i++) {
		if (fake->peers[i].config.public_key.bytes[0] != byte)
			continue;
		fake->peer_count--;
		memmove(&fake->peers[i], &fake->peers[i + 1],
			(fake->peer_count - i) * sizeof *fake->peers);
	}
}

static void fields_text(unsigned fields, char *text)
{
	*text = '\0';
	for (unsigned bit = 0; bit < PEER_FIELD_COUNT; bit++)
		if (fields >> bit & 1)
			text_append(text, ",", peer_field_name((enum peer_field_bit)bit));
}

/* An add is recorded as "add_peer 02", an update as "update_peer 02 endpoint,psk". */
static int fake_add_peer(void *impl, const char *name, const struct peer_op *op, struct diag *diag)
{
	struct fake_controller *fake = impl;
	const struct peer_config *config = op->desired;
	char fields[FAKE_TEXT_MAX] = "";
	bool is_update = op->kind == PEER_OP_UPDATE;
	demand(op->kind != PEER_OP_REMOVE && config->endpoint.kind != ENDPOINT_NAME);
	if (is_update)
		fields_text(op->fields, fields);
	else
		demand(op->fields == PEER_FIELDS_ALL);
	int error = call_begin(fake, is_update ? "update_peer" : "add_peer",
		config->public_key.bytes[0], fields, true, diag);
	if ((error && !fake->fails_late) ||
		key_public_equal(&config->public_key, &fake->public_key))
		return error;
	struct fake_peer *peer = fake_find(fake, &config->public_key);
	unsigned set = op->fields;
	if (!peer && is_update)
		return error;
	if (!peer) {
		peer = peer_insert(fake, &config->public_key);
	} else if (!is_update && op->actual) {
		fake->known_count++;
		prefixes_change(fake, peer, op->actual, config);
		set &= ~(unsigned)PEER_FIELD_ALLOWED_IPS;
	} else if (!is_update) {
		fake->unknown_count++;
	}
	fields_set(fake, peer, config, set);
	return error;
}

static int fake_remove_peer(
	void *impl, const char *name, const struct key_public *key, struct diag *diag)
{
	struct fake_controller *fake = impl;
	int error = call_begin(fake, "remove_peer", key->bytes[0], "", true, diag);
	if (!error || fake->fails_late)
		fake_drop_peer(fake, key->bytes[0]);
	return error;
}

static int fake_read_device(void *impl, const char *name, struct device *ret, struct diag *diag)
{
	struct fake_controller *fake = impl;
	struct device device = {0};
	int error = call_begin(fake, "read_device", -1, name, true, diag);
	if (error)
		return error;
	device.public_key = fake->public_key;
	device.listen_port = fake->listen_port;
	device.mtu = fake->mtu;
	device.up = fake->up;
	for (size_t i = 0; i < fake->address_count && !error; i++)
		error = device_add_address(&device, &fake->addresses[i]);
	for (size_t i = 0; i < fake->peer_count && !error; i++) {
		struct peer_config peer = fake->peers[i].config;
		peer.allowed_ips = fake->peers[i].allowed_ips;
		error = peer_table_append(&device.peers, &peer);
	}
	if (!error)
		error = peer_table_seal(&device.peers, diag);
	if (error)
		device_clear(&device);
	else
		*ret = device;
	return error;
}

static int fake_check_address(
	void *impl, const char *name, const struct prefix *address, int mtu, struct diag *diag)
{
	struct fake_controller *fake = impl;
	return fake->address_error ? diag_fail_errno(diag, fake->address_error) : 0;
}

static void fake_apply(void *impl, const char *name, const struct peer_op *ops, size_t op_count,
	struct peer_op_result *results, const struct pause *pause)
{
	struct fake_controller *fake = impl;
	text_append(fake->calls, "; ", "apply");
	for (size_t i = 0; i < op_count; i++) {
		struct diag diag = {0};
		results[i].error =
			ops[i].kind == PEER_OP_REMOVE
				? fake_remove_peer(impl, name, peer_op_key(&ops[i]), &diag)
				: fake_add_peer(impl, name, &ops[i], &diag);
		if (results[i].error)
			results[i].error_text = strdup(diag_text(&diag));
		diag_clear(&diag);
	}
}

#define FAKE_OPS                                                                                   \
	.create_interface = fake_create_interface, .delete_interface = fake_delete_interface,      \
	.configure_address = fake_configure_address, .set_interface_up = fake_set_interface_up,    \
	.set_mtu = fake_set_mtu, .add_peer = fake_add_peer, .remove_peer = fake_remove_peer,       \
	.read_device = fake_read_device

struct controller fake_controller(struct fake_controller *fake, bool takes_lists)
{
	static const struct controller_ops one_by_one = {FAKE_OPS};
	static const struct controller_ops lists = {
		FAKE_OPS, .apply = fake_apply, .check_address = fake_check_address};
	return (struct controller){.ops = takes_lists ? &lists : &one_by_one, .impl = fake};
}

static void peer_text_append(char *text, const struct peer_config *peer)
{
	char part[120];
	snprintf(part, sizeof part, "%02x", peer->public_key.bytes[0]);
	text_append(text, "; ", part);
	if (peer->endpoint.kind != ENDPOINT_NONE) {
		text_append(text, "", " endpoint=");
		text_append(text, "", endpoint_format(&peer->endpoint).text);
	}
	for (uint32_t i = 0; i < peer->allowed_ip_count; i++) {
		text_append(text, "", i ? "," : " ips=");
		text_append(text, "", prefix_format(&peer->allowed_ips[i]).text);
	}
	if (!key_secret_is_zero(&peer->psk)) {
		snprintf(part, sizeof part, " psk=%02x", peer->psk.bytes[0]);
		text_append(text, "", part);
	}
	if (peer->persistent_keepalive_s) {
		snprintf(part, sizeof part, " keepalive=%u", peer->persistent_keepalive_s);
		text_append(text, "", part);
	}
}

struct fake_text peers_text(const struct peer_config *peers, size_t count)
{
	struct fake_text text = {""};
	for (size_t i = 0; i < count; i++)
		peer_text_append(text.text, &peers[i]);
	return text;
}

struct fake_text fake_peers_text(const struct fake_controller *fake)
{
	struct fake_text text = {""};
	for (size_t i = 0; i < fake->peer_count; i++) {
		struct peer_config peer = fake->peers[i].config;
		peer.allowed_ips = fake->peers[i].allowed_ips;
		peer_text_append(text.text, &peer);
	}
	return text;
}
