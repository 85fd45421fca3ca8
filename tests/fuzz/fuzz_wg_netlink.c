/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel answers when it is asked for a WireGuard device: an answer that was torn or has
 * no end is never taken for a whole one, it does not matter how its messages are put into
 * datagrams, and a device can be written as an answer and read again as the same.
 */
#include "describe.h"
#include "diag.h"
#include "fuzz.h"
#include "netlink_reply.h"
#include "netlink_text.h"
#include "wg_decode.h"
#include "wg_features.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define INDEX 7

/* A datagram as it is, or, if it is valid, message by message. */
static void take(struct netlink_reply *reply, const unsigned char *bytes, size_t length, bool apart)
{
	while (apart && length >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr header;
		memcpy(&header, bytes, sizeof header);
		size_t step = ((size_t)header.nlmsg_len + 3) / 4 * 4;
		if (header.nlmsg_len < sizeof header || step >= length)
			break;
		char *message = fuzz_copy((const char *)bytes, step);
		if (!reply->is_done)
			netlink_reply_take(reply, message, step, false);
		free(message);
		bytes += step;
		length -= step;
	}
	char *datagram = fuzz_copy((const char *)bytes, length);
	if (!reply->is_done)
		netlink_reply_take(reply, datagram, length, false);
	free(datagram);
}

/* Whether a message of the answer, up to its end, reports that it was torn. */
static bool is_torn(const unsigned char *bytes, size_t length)
{
	struct nlmsghdr header;
	while (length >= sizeof header) {
		memcpy(&header, bytes, sizeof header);
		size_t step = ((size_t)header.nlmsg_len + 3) / 4 * 4;
		bool is_ours = header.nlmsg_seq == NETLINK_TEXT_SEQUENCE;
		if (header.nlmsg_len < sizeof header || header.nlmsg_len > length)
			break;
		if (is_ours && (header.nlmsg_flags & NLM_F_DUMP_INTR))
			return true;
		if (step >= length || (is_ours && header.nlmsg_type == NLMSG_DONE))
			break;
		bytes += step;
		length -= step;
	}
	return false;
}

/* Returns the answer's result. `*ret_intact`: it has an end and no fault. */
static int answer_take(const char *text, size_t length, bool apart, struct netlink_handler handler,
	bool *ret_intact, struct diag *diag)
{
	static _Alignas(struct nlmsghdr) unsigned char bytes[NETLINK_TEXT_MAX];
	struct netlink_text source = {text, text + length, NETLINK_TEXT_SEQUENCE};
	struct netlink_reply reply = {
		.sequence = NETLINK_TEXT_SEQUENCE,
		.is_dump = true,
		.handler = handler,
		.diag = diag,
	};
	size_t size;
	bool torn = false;
	while (!reply.is_done && (size = netlink_text_next(&source, bytes))) {
		torn |= is_torn(bytes, size);
		take(&reply, bytes, size, apart);
	}
	*ret_intact = reply.is_done && !torn && !reply.error;
	return netlink_reply_result(&reply);
}

static int device_read(const char *text, size_t length, bool apart, struct device *ret)
{
	struct wg_decode decode;
	struct diag diag = {0};
	bool is_intact;
	wg_decode_begin(&decode, INDEX, 0, &diag);
	int error = answer_take(text, length, apart,
		(struct netlink_handler){wg_decode_message, &decode}, &is_intact, &diag);
	FUZZ_HOLDS((error == 0) == is_intact);
	if (!error)
		error = wg_decode_end(&decode, ret);
	FUZZ_HOLDS(error <= 0 && !error == !*diag_text(&diag));
	wg_decode_clear(&decode);
	diag_clear(&diag);
	return error;
}

/* Without peers the same answers or more are accepted. */
static void settings_check(const char *text, size_t length, const struct device *device)
{
	struct wg_decode decode;
	bool is_intact;
	wg_decode_begin(&decode, INDEX, 0, NULL);
	decode.skips_peers = true;
	FUZZ_HOLDS(answer_take(text, length, false,
			   (struct netlink_handler){wg_decode_message, &decode}, &is_intact,
			   NULL) == 0);
	FUZZ_HOLDS(key_public_equal(&decode.device.public_key, &device->public_key));
	wg_decode_clear(&decode);
}

static void put_hex(struct description *to, const void *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		describe(to, "%02x", ((const uint8_t *)bytes)[i]);
}

static void put_attribute(struct description *to, unsigned type, const void *bytes, size_t length)
{
	describe(to, "(%x ", type);
	put_hex(to, bytes, length);
	describe(to, ")");
}

/* Endpoints that were dropped as unusable, as bytes: an address and any port. */
static struct endpoint endpoint_of_bytes(const struct endpoint *endpoint)
{
	struct endpoint ip = *endpoint;
	char text[ENDPOINT_TEXT_SIZE];
	char host[ENDPOINT_HOST_MAX + 1];
	if (endpoint->kind != ENDPOINT_UNUSABLE)
		return ip;
	char *colon = strrchr(strcpy(text, endpoint->host), ':');
	FUZZ_HOLDS(colon != NULL);
	unsigned long port = strtoul(colon + 1, NULL, 10);
	strcpy(colon, ":1");
	FUZZ_HOLDS(endpoint_parse(text, strlen(text), host, &ip, NULL) == 0);
	ip.port = (uint16_t)port;
	return ip;
}

static void put_endpoint(struct description *to, const struct endpoint *reported)
{
	struct endpoint ip = endpoint_of_bytes(reported), *endpoint = &ip;
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(endpoint->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(endpoint->port)};
	if (endpoint->kind == ENDPOINT_NONE)
		return;
	memcpy(&v4.sin_addr, endpoint->ip.bytes, sizeof v4.sin_addr);
	memcpy(&v6.sin6_addr, endpoint->ip.bytes, sizeof v6.sin6_addr);
	v6.sin6_scope_id = (uint32_t)strtoul(endpoint->zone, NULL, 10);
	if (endpoint->ip.family == IP_V4)
		put_attribute(to, 4, &v4, sizeof v4);
	else
		put_attribute(to, 4, &v6, sizeof v6);
}

static void put_peer(struct description *to, const struct peer_config *peer)
{
	int64_t handshake[2] = {peer->status.last_handshake_s, 0};
	describe(to, "(0 ");
	put_attribute(to, 1, peer->public_key.bytes, KEY_BYTES);
	put_attribute(to, 2, peer->psk.bytes, KEY_BYTES);
	put_endpoint(to, &peer->endpoint);
	put_attribute(to, 5, &peer->persistent_keepalive_s, 2);
	put_attribute(to, 6, handshake, sizeof handshake);
	put_attribute(to, 7, &peer->status.rx_bytes, 8);
	put_attribute(to, 8, &peer->status.tx_bytes, 8);
	describe(to, "(9 ");
	for (uint32_t i = 0; i < peer->allowed_ip_count; i++) {
		const struct prefix *prefix = &peer->allowed_ips[i];
		uint16_t family = prefix->ip.family == IP_V4 ? AF_INET : AF_INET6;
		describe(to, "(0 ");
		put_attribute(to, 1, &family, sizeof family);
		put_attribute(to, 2, prefix->ip.bytes, family == AF_INET ? 4 : 16);
		put_attribute(to, 3, &prefix->length, 1);
		describe(to, ")");
	}
	describe(to, "))\n");
}

/* The smallest equal answer: one message, unless there are too many peers. */
static struct description answer_make(const struct device *device)
{
	struct description answer = {0};
	uint32_t index = INDEX;
	describe(&answer, "[1e.2 00010000");
	put_attribute(&answer, 1, &index, sizeof index);
	put_attribute(&answer, 4, device->public_key.bytes, KEY_BYTES);
	put_attribute(&answer, 6, &device->listen_port, 2);
	put_attribute(&answer, 7, &device->fwmark, 4);
	describe(&answer, "]");
	for (size_t i = 0; i < device->peers.count; i++) {
		describe(&answer, "| [1e.2 00010000 (8 ");
		put_peer(&answer, &device->peers.peers[i]);
		describe(&answer, ")]");
	}
	describe(&answer, "| [3.2 00000000]");
	return answer;
}

static void device_check(const struct device *device)
{
	for (size_t i = 0; i < device->peers.count; i++) {
		const struct peer_config *peer = &device->peers.peers[i];
		for (uint32_t j = 0; j < peer->allowed_ip_count; j++) {
			struct prefix masked = peer->allowed_ips[j];
			prefix_mask(&masked);
			FUZZ_HOLDS(masked.length <= ip_bits(&masked.ip));
			FUZZ_HOLDS(prefix_equal(&masked, &peer->allowed_ips[j]));
		}
	}
	struct description answer = answer_make(device), a = {0}, b = {0};
	struct device again;
	FUZZ_HOLDS(device_read(answer.text, answer.length, false, &again) == 0);
	describe_device(&a, device);
	describe_device(&b, &again);
	FUZZ_HOLDS(descriptions_match(&a, &b));
	device_clear(&again);
	free(answer.text);
}

static void policy_read(const char *text, size_t length)
{
	struct wg_features policy;
	bool is_intact;
	wg_features_begin(&policy);
	answer_take(text, length, false, (struct netlink_handler){wg_features_message, &policy},
		&is_intact, NULL);
	wg_features_end(&policy);
}

void fuzz_one(const char *text, size_t length)
{
	struct device joined = {.mtu = 7}, apart = {.mtu = 7};
	int error = device_read(text, length, false, &joined);
	FUZZ_HOLDS(device_read(text, length, true, &apart) == error);
	if (error) {
		FUZZ_HOLDS(joined.mtu == 7 && joined.peers.count == 0);
	} else {
		struct description a = {0}, b = {0};
		describe_device(&a, &joined);
		describe_device(&b, &apart);
		FUZZ_HOLDS(descriptions_match(&a, &b));
		settings_check(text, length, &joined);
		device_check(&joined);
		device_clear(&joined);
		device_clear(&apart);
	}
	policy_read(text, length);
}
