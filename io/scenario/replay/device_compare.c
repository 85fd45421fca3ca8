/* SPDX-License-Identifier: Apache-2.0 */
#include "device_compare.h"

#include "curve.h"
#include "diag.h"
#include "timestamp.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Return the texts of a list, in order, joined with commas; malloc'ed, NULL when out of memory. */
static char *prefixes_text(const struct prefix *prefixes, size_t count)
{
	char *text = malloc(count * (PREFIX_TEXT_SIZE + 2) + 3);
	char *end = text;
	if (!text)
		return NULL;
	*end++ = '[';
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			end = stpcpy(end, ", ");
		end = stpcpy(end, prefix_format(&prefixes[i]).text);
	}
	strcpy(end, "]");
	return text;
}

static int prefixes_differ(const struct prefix *expected, size_t expected_count,
	const struct prefix *actual, size_t actual_count, struct diag *diag)
{
	char *expected_text = prefixes_text(expected, expected_count);
	char *actual_text = prefixes_text(actual, actual_count);
	int error = -ENOMEM;
	if (expected_text && actual_text)
		error = diag_fail(
			diag, -EBADMSG, "expected %s, found %s", expected_text, actual_text);
	free(expected_text);
	free(actual_text);
	return error;
}

static bool prefixes_equal(
	const struct prefix *a, size_t a_count, const struct prefix *b, size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++) {
		if (!prefix_equal(&a[i], &b[i]))
			return false;
	}
	return true;
}

static int numbers_compare(uint64_t expected, uint64_t actual, struct diag *diag)
{
	if (expected == actual)
		return 0;
	return diag_fail(diag, -EBADMSG, "expected %" PRIu64 ", found %" PRIu64, expected, actual);
}

static struct timestamp_text handshake_text(int64_t handshake_s)
{
	if (handshake_s == 0)
		return (struct timestamp_text){"none"};
	return timestamp_format(timestamp_from_s(handshake_s));
}

static int endpoints_compare(
	const struct endpoint *expected, const struct endpoint *actual, struct diag *diag)
{
	struct endpoint_text expected_text = endpoint_format(expected);
	struct endpoint_text actual_text = endpoint_format(actual);
	if (endpoint_equal(expected, actual))
		return 0;
	return diag_fail(diag, -EBADMSG, "expected \"%s\", found \"%s\"", expected_text.text,
		actual_text.text);
}

static const char *psk_text(const struct key_secret *psk)
{
	return key_secret_is_zero(psk) ? "none" : "one";
}

static int psks_compare(
	const struct key_secret *expected, const struct key_secret *actual, struct diag *diag)
{
	if (key_secret_equal(expected, actual))
		return 0;
	if (key_secret_is_zero(expected) || key_secret_is_zero(actual))
		return diag_fail(diag, -EBADMSG, "expected %s, found %s", psk_text(expected),
			psk_text(actual));
	return diag_fail(diag, -EBADMSG, "expected one, found another");
}

/* Compare one member of a peer that the scenario gives. */
static int peer_member_compare(enum peer_spec_member member, const struct peer_config *expected,
	const struct peer_config *actual, struct diag *diag)
{
	switch (member) {
	case PEER_SPEC_ENDPOINT:
		return endpoints_compare(&expected->endpoint, &actual->endpoint, diag);
	case PEER_SPEC_ALLOWED_IPS:
		if (peer_allowed_ips_equal(expected, actual))
			return 0;
		return prefixes_differ(expected->allowed_ips, expected->allowed_ip_count,
			actual->allowed_ips, actual->allowed_ip_count, diag);
	case PEER_SPEC_PSK:
		return psks_compare(&expected->psk, &actual->psk, diag);
	case PEER_SPEC_KEEPALIVE:
		return numbers_compare(
			expected->persistent_keepalive_s, actual->persistent_keepalive_s, diag);
	case PEER_SPEC_LAST_HANDSHAKE:
		if (expected->status.last_handshake_s == actual->status.last_handshake_s)
			return 0;
		return diag_fail(diag, -EBADMSG, "expected %s, found %s",
			handshake_text(expected->status.last_handshake_s).text,
			handshake_text(actual->status.last_handshake_s).text);
	case PEER_SPEC_TX_BYTES:
		return numbers_compare(expected->status.tx_bytes, actual->status.tx_bytes, diag);
	}
	return 0;
}

static int peer_compare(
	const struct peer_spec *expected, const struct peer_config *actual, struct diag *diag)
{
	static const char *const names[] = {"endpoint", "allowed_ips", "psk",
		"persistent_keepalive", "last_handshake", "tx_bytes"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		enum peer_spec_member member = (enum peer_spec_member)(1u << i);
		int error = 0;
		if (expected->given & member)
			error = peer_member_compare(member, &expected->peer, actual, diag);
		if (error)
			return diag_wrap(diag, error, "%s", names[i]);
	}
	return 0;
}

static bool is_expected(const struct device_spec *expected, const struct key_public *key)
{
	for (size_t i = 0; i < expected->peer_count; i++) {
		if (key_public_equal(&expected->peers[i].peer.public_key, key))
			return true;
	}
	return false;
}

static int peers_compare(
	const struct device_spec *expected, const struct peer_table *actual, struct diag *diag)
{
	for (size_t i = 0; i < expected->peer_count; i++) {
		const struct peer_spec *spec = &expected->peers[i];
		const struct peer_config *peer = peer_table_find(actual, &spec->peer.public_key);
		struct key_text key = key_public_format(&spec->peer.public_key);
		int error;
		if (!peer)
			return diag_fail(
				diag, -EBADMSG, "expected %s, found no such peer", key.text);
		error = peer_compare(spec, peer, diag);
		if (error)
			return diag_wrap(diag, error, "%s", key.text);
	}
	for (size_t i = 0; expected->peer_count < actual->count && i < actual->count; i++) {
		const struct key_public *key = &actual->peers[i].public_key;
		if (!is_expected(expected, key))
			return diag_fail(diag, -EBADMSG, "expected %zu, found %s in addition",
				expected->peer_count, key_public_format(key).text);
	}
	return 0;
}

/* Compare private keys. The text names them by their public keys. */
static int private_keys_compare(
	const struct key_secret *expected, const struct key_public *actual, struct diag *diag)
{
	struct key_public expected_public = {0};
	if (!key_secret_is_zero(expected))
		key_public_derive(expected, &expected_public);
	if (key_public_equal(&expected_public, actual))
		return 0;
	return diag_fail(diag, -EBADMSG, "expected that of %s, found that of %s",
		key_public_is_zero(&expected_public) ? "nobody"
						     : key_public_format(&expected_public).text,
		key_public_is_zero(actual) ? "nobody" : key_public_format(actual).text);
}

static int addresses_compare(
	const struct device_spec *expected, const struct device *actual, struct diag *diag)
{
	size_t expected_count = prefixes_normalize(expected->addresses, expected->address_count);
	size_t actual_count = prefixes_normalize(actual->addresses, actual->address_count);
	if (prefixes_equal(expected->addresses, expected_count, actual->addresses, actual_count))
		return 0;
	return prefixes_differ(
		expected->addresses, expected_count, actual->addresses, actual_count, diag);
}

static int member_compare(enum device_spec_member member, const struct device_spec *expected,
	const struct device *actual, struct diag *diag)
{
	switch (member) {
	case DEVICE_SPEC_NAME:
		return 0; /* the name of the lookup */
	case DEVICE_SPEC_PRIVATE_KEY:
		return private_keys_compare(&expected->private_key, &actual->public_key, diag);
	case DEVICE_SPEC_LISTEN_PORT:
		return numbers_compare(expected->listen_port, actual->listen_port, diag);
	case DEVICE_SPEC_MTU:
		return numbers_compare((uint64_t)expected->mtu, (uint64_t)actual->mtu, diag);
	case DEVICE_SPEC_UP:
		if (expected->up == actual->up)
			return 0;
		return diag_fail(diag, -EBADMSG, "expected %s, found %s",
			expected->up ? "true" : "false", actual->up ? "true" : "false");
	case DEVICE_SPEC_ADDRESSES:
		return addresses_compare(expected, actual, diag);
	case DEVICE_SPEC_PEERS:
		return peers_compare(expected, &actual->peers, diag);
	}
	return 0;
}

int device_compare(
	const struct device_spec *expected, const struct sim_device *actual, struct diag *diag)
{
	static const char *const names[] = {
		"name", "private_key", "listen_port", "mtu", "up", "addresses", "peers"};
	struct device device = {0};
	int error;
	if (!expected && !actual)
		return 0;
	if (!expected)
		return diag_fail(diag, -EBADMSG, "expected null, found %s", actual->name);
	if (!actual)
		return diag_fail(diag, -EBADMSG, "expected an interface, found none");
	error = sim_device_read(actual, &device);
	for (size_t i = 0; !error && i < sizeof names / sizeof *names; i++) {
		enum device_spec_member member = (enum device_spec_member)(1u << i);
		if (expected->given & member)
			error = member_compare(member, expected, &device, diag);
		if (error)
			diag_wrap(diag, error, "%s", names[i]);
	}
	device_clear(&device);
	return error;
}
