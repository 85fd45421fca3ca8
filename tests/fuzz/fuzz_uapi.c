/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replies of a userspace backend: a device can be written as a reply and read again as the same, a
 * reply that was cut is never accepted as whole, and no error contains a key.
 */
#include "describe.h"
#include "device.h"
#include "diag.h"
#include "fuzz.h"
#include "uapi.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void put_key(struct description *to, const char *name, const uint8_t *bytes)
{
	char hex[2 * KEY_BYTES + 1];
	describe(to, "%s=%s\n", name, sodium_bin2hex(hex, sizeof hex, bytes, KEY_BYTES));
}

/* The replacement of bytes that are no text is such a byte itself: never one of an address. */
static void put_endpoint(struct description *to, const struct endpoint *endpoint)
{
	struct endpoint_text text = endpoint_format(endpoint);
	for (char *at = text.text; endpoint->kind == ENDPOINT_UNUSABLE && *at; at++)
		if (*at == '?')
			*at = '\x01';
	if (endpoint->kind != ENDPOINT_NONE)
		describe(to, "endpoint=%s\n", text.text);
}

/* All but the private key, which is not stored. */
static struct description reply_make(const struct device *device)
{
	struct description reply = {0};
	describe(&reply, "listen_port=%u\nfwmark=%u\n", device->listen_port, device->fwmark);
	for (size_t i = 0; i < device->peers.count; i++) {
		const struct peer_config *peer = &device->peers.peers[i];
		put_key(&reply, "public_key", peer->public_key.bytes);
		put_key(&reply, "preshared_key", peer->psk.bytes);
		put_endpoint(&reply, &peer->endpoint);
		for (uint32_t j = 0; j < peer->allowed_ip_count; j++)
			describe(&reply, "allowed_ip=%s\n",
				prefix_format(&peer->allowed_ips[j]).text);
		describe(
			&reply, "persistent_keepalive_interval=%u\n", peer->persistent_keepalive_s);
		describe(&reply, "last_handshake_time_sec=%lld\nrx_bytes=%llu\ntx_bytes=%llu\n",
			(long long)peer->status.last_handshake_s,
			(unsigned long long)peer->status.rx_bytes,
			(unsigned long long)peer->status.tx_bytes);
	}
	describe(&reply, "errno=0\n\n");
	return reply;
}

static void round_trip(struct device *device)
{
	struct description reply = reply_make(device), a = {0}, b = {0};
	struct device again;
	FUZZ_HOLDS(uapi_decode_device(reply.text, reply.length, &again, NULL) == 0);
	again.public_key = device->public_key;
	describe_device(&a, device);
	describe_device(&b, &again);
	FUZZ_HOLDS(descriptions_match(&a, &b));
	device_clear(&again);
	free(reply.text);
}

static void cut_check(const char *text, size_t length)
{
	struct device device;
	size_t kept = fuzz_hash(text, length) % length;
	char *cut = fuzz_copy(text, kept);
	FUZZ_HOLDS(uapi_decode_device(cut, kept, &device, NULL) == -EPROTO);
	free(cut);
}

void fuzz_one(const char *text, size_t length)
{
	struct diag diag = {0};
	struct device device = {.mtu = 7};
	bool is_refused;
	int status = uapi_decode_status(text, length, &is_refused, NULL);
	int error = uapi_decode_device(text, length, &device, &diag);
	FUZZ_HOLDS(status == 0 || status == error);
	FUZZ_HOLDS(is_refused ? status < 0 : status == 0 || status == -EPROTO);
	if (error) {
		FUZZ_HOLDS(device.mtu == 7 && *diag_text(&diag));
		if (fuzz_has_secret(text, length, "_key="))
			FUZZ_HOLDS(!fuzz_says_secret(diag_text(&diag)));
	} else {
		round_trip(&device);
		cut_check(text, length);
		device_clear(&device);
	}
	diag_clear(&diag);
}
