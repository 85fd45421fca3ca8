/* SPDX-License-Identifier: Apache-2.0 */
/* Replies. */
#include "array.h"
#include "curve.h"
#include "diag.h"
#include "uapi.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define ERRNO_MAX 4095

struct text {
	const char *start;
	size_t length;
};

/* The state of reading a reply. */
struct reading {
	struct device device;
	struct peer_config peer; /* begun by the last public_key */
	bool has_peer;
	char host[ENDPOINT_HOST_MAX + 1]; /* this and the rest belong to `peer` */
	struct prefix *allowed_ips;
	size_t allowed_ip_count;
	size_t allowed_ip_capacity;
};

/* Parse a whole number up to `max`. On failure `*ret` is unchanged. */
static bool number_parse(struct text text, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;
	if (text.length == 0)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		if (text.start[i] < '0' || text.start[i] > '9')
			return false;
		uint64_t digit = (uint64_t)(text.start[i] - '0');
		if (value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret = value;
	return true;
}

/* The same, but an invalid number is 0, so that only this value is lost. */
static uint64_t number_or_zero(struct text text, uint64_t max)
{
	uint64_t value = 0;
	(void)number_parse(text, max, &value);
	return value;
}

/* On failure `ret` is zeroed. The caller wipes a secret. */
static bool key_parse(struct text text, uint8_t ret[KEY_BYTES])
{
	size_t length = 0;
	if (text.length == 2 * KEY_BYTES &&
		sodium_hex2bin(ret, KEY_BYTES, text.start, text.length, NULL, &length, NULL) == 0 &&
		length == KEY_BYTES)
		return true;
	sodium_memzero(ret, KEY_BYTES);
	return false;
}

/*
 * The handlers of the protocol's keys. They return 0, -ENOMEM, or -EPROTO for an invalid public
 * key, without which the peer is unknown. Any other invalid value counts as absent.
 */

static int take_private_key(struct reading *reading, struct text value)
{
	struct key_secret key;
	if (key_parse(value, key.bytes) && !key_secret_is_zero(&key))
		key_public_derive(&key, &reading->device.public_key);
	key_secret_wipe(&key);
	return 0;
}

static int take_listen_port(struct reading *reading, struct text value)
{
	reading->device.listen_port = (uint16_t)number_or_zero(value, UINT16_MAX);
	return 0;
}

static int take_fwmark(struct reading *reading, struct text value)
{
	reading->device.fwmark = (uint32_t)number_or_zero(value, UINT32_MAX);
	return 0;
}

static int peer_finish(struct reading *reading)
{
	if (!reading->has_peer)
		return 0;
	reading->allowed_ip_count =
		prefixes_normalize(reading->allowed_ips, reading->allowed_ip_count);
	reading->peer.allowed_ips = reading->allowed_ips;
	reading->peer.allowed_ip_count = (uint32_t)reading->allowed_ip_count;
	return peer_table_append(&reading->device.peers, &reading->peer);
}

static int take_public_key(struct reading *reading, struct text value)
{
	struct peer_config peer = {0};
	if (!key_parse(value, peer.public_key.bytes))
		return -EPROTO;
	int error = peer_finish(reading);
	if (error)
		return error;
	reading->peer = peer;
	reading->has_peer = true;
	reading->allowed_ip_count = 0;
	return 0;
}

static int take_preshared_key(struct reading *reading, struct text value)
{
	(void)key_parse(value, reading->peer.psk.bytes);
	return 0;
}

static int take_endpoint(struct reading *reading, struct text value)
{
	reading->peer.endpoint = endpoint_from_device(value.start, value.length, reading->host);
	return 0;
}

static int take_keepalive(struct reading *reading, struct text value)
{
	reading->peer.persistent_keepalive_s = (uint16_t)number_or_zero(value, UINT16_MAX);
	return 0;
}

static int take_allowed_ip(struct reading *reading, struct text value)
{
	struct prefix prefix;
	if (prefix_parse(value.start, value.length, &prefix, NULL))
		return 0;
	struct prefix *prefixes = array_grow(reading->allowed_ips, reading->allowed_ip_count,
		&reading->allowed_ip_capacity, sizeof *prefixes);
	if (!prefixes)
		return -ENOMEM;
	reading->allowed_ips = prefixes;
	reading->allowed_ips[reading->allowed_ip_count++] = prefix;
	return 0;
}

static int take_last_handshake(struct reading *reading, struct text value)
{
	reading->peer.status.last_handshake_s = (int64_t)number_or_zero(value, INT64_MAX);
	return 0;
}

static int take_rx_bytes(struct reading *reading, struct text value)
{
	reading->peer.status.rx_bytes = number_or_zero(value, UINT64_MAX);
	return 0;
}

static int take_tx_bytes(struct reading *reading, struct text value)
{
	reading->peer.status.tx_bytes = number_or_zero(value, UINT64_MAX);
	return 0;
}

/* Programs such as boringtun send this in place of the private key, and ages as handshake times. */
static int take_own_public_key(struct reading *reading, struct text value)
{
	return -EPROTONOSUPPORT;
}

enum uapi_scope {
	OF_DEVICE, /* before all peers */
	BEGINS_PEER,
	OF_PEER,
};

static const struct uapi_key {
	const char *name;
	enum uapi_scope scope;
	int (*take)(struct reading *reading, struct text value);
} uapi_keys[] = {
	{"allowed_ip", OF_PEER, take_allowed_ip},
	{"public_key", BEGINS_PEER, take_public_key},
	{"preshared_key", OF_PEER, take_preshared_key},
	{"endpoint", OF_PEER, take_endpoint},
	{"last_handshake_time_sec", OF_PEER, take_last_handshake},
	{"rx_bytes", OF_PEER, take_rx_bytes},
	{"tx_bytes", OF_PEER, take_tx_bytes},
	{"persistent_keepalive_interval", OF_PEER, take_keepalive},
	{"private_key", OF_DEVICE, take_private_key},
	{"listen_port", OF_DEVICE, take_listen_port},
	{"fwmark", OF_DEVICE, take_fwmark},
	{"own_public_key", OF_DEVICE, take_own_public_key},
};

static const struct uapi_key *uapi_key_find(struct text name)
{
	for (size_t i = 0; i < sizeof uapi_keys / sizeof uapi_keys[0]; i++)
		if (strlen(uapi_keys[i].name) == name.length &&
			memcmp(uapi_keys[i].name, name.start, name.length) == 0)
			return &uapi_keys[i];
	return NULL;
}

/* Return the next line without its end, or false if there is none. */
static bool line_next(struct text *rest, struct text *ret)
{
	const char *end = memchr(rest->start, '\n', rest->length);
	if (!end)
		return false;
	*ret = (struct text){rest->start, (size_t)(end - rest->start)};
	rest->start = end + 1;
	rest->length -= ret->length + 1;
	return true;
}

/* Read one line of a device. Errors name its number and key, never its value. */
static int line_take(struct reading *reading, struct text line, size_t number, struct diag *diag)
{
	const char *equals = memchr(line.start, '=', line.length);
	if (!equals)
		return diag_fail(diag, -EPROTO, "reply: line %zu: no key and value", number);
	struct text name = {line.start, (size_t)(equals - line.start)};
	struct text value = {equals + 1, line.length - name.length - 1};
	const struct uapi_key *key = uapi_key_find(name);
	if (!key)
		return 0;
	if (key->scope != BEGINS_PEER && reading->has_peer != (key->scope == OF_PEER))
		return diag_fail(
			diag, -EPROTO, "reply: line %zu: %s: out of place", number, key->name);
	int error = key->take(reading, value);
	if (error == -EPROTO)
		return diag_fail(diag, error, "reply: line %zu: %s: bad value", number, key->name);
	if (error == -EPROTONOSUPPORT)
		return diag_fail(diag, error,
			"the userspace program speaks another dialect of the protocol (%s in place "
			"of private_key); plexwg works with wireguard-go",
			key->name);
	return error ? diag_fail_errno(diag, error) : 0;
}

/* Cut off the end of a reply: an errno line and an empty one. */
static int reply_split(struct text *reply, uint64_t *ret_errno, struct diag *diag)
{
	static const char name[] = "errno=";
	const size_t name_length = sizeof name - 1;
	const char *start = NULL;
	if (reply->length >= 2 && memcmp(reply->start + reply->length - 2, "\n\n", 2) == 0) {
		size_t before = reply->length - 2;
		const char *newline = memrchr(reply->start, '\n', before);
		start = newline ? newline + 1 : reply->start;
	}
	if (!start || reply->length - (size_t)(start - reply->start) < name_length + 2 ||
		memcmp(start, name, name_length) != 0)
		return diag_fail(diag, -EPROTO, "reply: cut short");
	struct text value = {start + name_length, 0};
	value.length = reply->length - 2 - (size_t)(value.start - reply->start);
	/* The protocol has positive numbers; wireguard-go sends negative ones. */
	if (value.length > 0 && value.start[0] == '-')
		value = (struct text){value.start + 1, value.length - 1};
	if (!number_parse(value, ERRNO_MAX, ret_errno))
		return diag_fail(diag, -EPROTO, "reply: errno: bad value");
	reply->length = (size_t)(start - reply->start);
	return 0;
}

int uapi_decode_status(const char *reply, size_t length, bool *ret_refused, struct diag *diag)
{
	struct text body = {reply, length};
	uint64_t number = 0;
	int error = reply_split(&body, &number, diag);
	*ret_refused = !error && number != 0;
	if (error)
		return error;
	return number ? diag_fail_errno(diag, -(int)number) : 0;
}

static int body_take(struct reading *reading, struct text body, struct diag *diag)
{
	struct text line;
	for (size_t number = 1; line_next(&body, &line); number++) {
		int error = line_take(reading, line, number, diag);
		if (error)
			return error;
	}
	int error = peer_finish(reading);
	if (error)
		return diag_fail_errno(diag, error);
	error = peer_table_seal(&reading->device.peers, diag);
	return error == PEER_TABLE_DUPLICATE ? diag_wrap(diag, -EPROTO, "reply") : error;
}

int uapi_decode_device(const char *reply, size_t length, struct device *ret, struct diag *diag)
{
	bool is_refused;
	int error = uapi_decode_status(reply, length, &is_refused, diag);
	if (error)
		return error;
	struct text body = {reply, length};
	uint64_t number;
	error = reply_split(&body, &number, diag);
	struct reading reading = {0};
	if (!error)
		error = body_take(&reading, body, diag);
	free(reading.allowed_ips);
	key_secret_wipe(&reading.peer.psk);
	if (error)
		device_clear(&reading.device);
	else
		*ret = reading.device;
	return error;
}
