/* SPDX-License-Identifier: Apache-2.0 */
#include "wg_decode.h"

#include "array.h"
#include "diag.h"
#include "wg_netlink.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/time_types.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The payload length of each attribute; 0: it varies, or the attribute is ignored. */
static const uint8_t device_lengths[WGDEVICE_A_MAX + 1] = {
	[WGDEVICE_A_IFINDEX] = sizeof(uint32_t),
	[WGDEVICE_A_PUBLIC_KEY] = KEY_BYTES,
	[WGDEVICE_A_LISTEN_PORT] = sizeof(uint16_t),
	[WGDEVICE_A_FWMARK] = sizeof(uint32_t),
};

static const uint8_t peer_lengths[WGPEER_A_MAX + 1] = {
	[WGPEER_A_PUBLIC_KEY] = KEY_BYTES,
	[WGPEER_A_PRESHARED_KEY] = KEY_BYTES,
	[WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL] = sizeof(uint16_t),
	[WGPEER_A_LAST_HANDSHAKE_TIME] = sizeof(struct __kernel_timespec),
	[WGPEER_A_RX_BYTES] = sizeof(uint64_t),
	[WGPEER_A_TX_BYTES] = sizeof(uint64_t),
};

static const uint8_t prefix_lengths[WGALLOWEDIP_A_MAX + 1] = {
	[WGALLOWEDIP_A_FAMILY] = sizeof(uint16_t),
	[WGALLOWEDIP_A_CIDR_MASK] = sizeof(uint8_t),
};

/*
 * A sequence of attributes. Written out instead of calling libnl, because decoding spends most of
 * its time here: a dozen attributes for each peer.
 */
struct attributes {
	const uint8_t *at;
	size_t left;
};

static inline const uint8_t *payload_of(const struct nlattr *attribute)
{
	return (const uint8_t *)attribute + NLA_HDRLEN;
}

static inline size_t length_of(const struct nlattr *attribute)
{
	return attribute->nla_len - (size_t)NLA_HDRLEN;
}

static inline struct attributes attributes_in(const struct nlattr *nest)
{
	return (struct attributes){payload_of(nest), length_of(nest)};
}

/* Return the next one, or NULL: `left` is then 0 unless an attribute is cut short. */
static inline const struct nlattr *attribute_next(struct attributes *attributes)
{
	const struct nlattr *attribute = (const struct nlattr *)attributes->at;
	if (attributes->left < NLA_HDRLEN || attribute->nla_len < NLA_HDRLEN ||
		attribute->nla_len > attributes->left)
		return NULL;
	size_t step = NLA_ALIGN(attribute->nla_len);
	attributes->left -= step < attributes->left ? step : attributes->left;
	attributes->at += step;
	return attribute;
}

/*
 * Sort attributes by type, ignoring those beyond `type_max` or of another length. Returns false if
 * one is cut short.
 */
static inline bool attributes_sort(struct attributes attributes, const struct nlattr **ret,
	unsigned type_max, const uint8_t *lengths)
{
	const struct nlattr *attribute;
	for (unsigned type = 0; type <= type_max; type++)
		ret[type] = NULL;
	while ((attribute = attribute_next(&attributes))) {
		unsigned type = attribute->nla_type & NLA_TYPE_MASK;
		if (type > type_max || (lengths[type] && lengths[type] != length_of(attribute)))
			continue;
		ret[type] = attribute;
	}
	return attributes.left == 0;
}

static int dump_malformed(struct wg_decode *decode, const char *what)
{
	return diag_fail(decode->diag, -EIO, "the kernel sent a malformed %s", what);
}

/* Copy an attribute's bytes; the attribute may be missing. */
static inline void attribute_copy(void *to, const struct nlattr *attribute, size_t size)
{
	if (attribute)
		memcpy(to, payload_of(attribute), size);
}

static int prefix_append(struct wg_decode *decode, const struct prefix *prefix)
{
	struct prefix *prefixes = array_grow(
		decode->prefixes, decode->prefix_count, &decode->prefix_capacity, sizeof *prefixes);
	if (!prefixes)
		return diag_fail_errno(decode->diag, -ENOMEM);
	decode->prefixes = prefixes;
	decode->prefixes[decode->prefix_count++] = *prefix;
	return 0;
}

/* Mask the prefix in its own family, then convert an IPv4-mapped IPv6 address to IPv4. */
static struct prefix prefix_make(enum ip_family family, const uint8_t *bytes, unsigned length)
{
	struct prefix prefix = {.ip.family = family, .length = (uint8_t)length};
	memcpy(prefix.ip.bytes, bytes, family == IP_V4 ? 4 : 16);
	if (length != ip_bits(&prefix.ip))
		prefix_mask(&prefix);
	if (family == IP_V4)
		return prefix;
	prefix.ip = ip_from_bytes(family, prefix.ip.bytes);
	if (prefix.ip.family != family)
		prefix.length = (uint8_t)(length - 96);
	return prefix;
}

/* Skip a prefix with values out of range. */
static int prefix_take(struct wg_decode *decode, const struct nlattr *nest)
{
	const struct nlattr *attributes[WGALLOWEDIP_A_MAX + 1];
	uint16_t family = AF_UNSPEC;
	uint8_t length = 0;
	if (!attributes_sort(attributes_in(nest), attributes, WGALLOWEDIP_A_MAX, prefix_lengths))
		return dump_malformed(decode, "allowed IP");
	if (!attributes[WGALLOWEDIP_A_FAMILY] || !attributes[WGALLOWEDIP_A_IPADDR] ||
		!attributes[WGALLOWEDIP_A_CIDR_MASK])
		return 0;
	attribute_copy(&family, attributes[WGALLOWEDIP_A_FAMILY], sizeof family);
	attribute_copy(&length, attributes[WGALLOWEDIP_A_CIDR_MASK], sizeof length);
	size_t bytes = length_of(attributes[WGALLOWEDIP_A_IPADDR]);
	bool is_v4 = family == AF_INET && bytes == sizeof(struct in_addr) && length <= 32;
	bool is_v6 = family == AF_INET6 && bytes == sizeof(struct in6_addr) && length <= 128;
	if (!is_v4 && !is_v6)
		return 0;
	struct prefix prefix = prefix_make(
		is_v4 ? IP_V4 : IP_V6, payload_of(attributes[WGALLOWEDIP_A_IPADDR]), length);
	return prefix_append(decode, &prefix);
}

static int prefixes_take(struct wg_decode *decode, const struct nlattr *nest)
{
	struct attributes attributes = attributes_in(nest);
	const struct nlattr *attribute;
	while ((attribute = attribute_next(&attributes))) {
		int error = prefix_take(decode, attribute);
		if (error)
			return error;
	}
	return attributes.left ? dump_malformed(decode, "list of allowed IPs") : 0;
}

/* The last peer is complete: append it to the table. */
static int dump_peer_finish(struct wg_decode *decode)
{
	if (!decode->has_peer)
		return 0;
	struct peer_config *peer = &decode->peer;
	peer->allowed_ips = decode->prefixes;
	peer->allowed_ip_count =
		(uint32_t)prefixes_normalize(decode->prefixes, decode->prefix_count);
	int error = peer_table_append(&decode->device.peers, peer);
	decode->has_peer = false;
	decode->prefix_count = 0;
	return error ? diag_fail_errno(decode->diag, error) : 0;
}

/* Ignore an address that is cut short or of an unknown family. */
static struct endpoint endpoint_decode(const struct nlattr *attribute, char *host)
{
	struct endpoint endpoint = {0};
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	sa_family_t family = AF_UNSPEC;
	if (length_of(attribute) >= sizeof family)
		memcpy(&family, payload_of(attribute), sizeof family);
	if (family == AF_INET && length_of(attribute) >= sizeof v4) {
		memcpy(&v4, payload_of(attribute), sizeof v4);
		endpoint.kind = ENDPOINT_IP;
		endpoint.ip = ip_from_bytes(IP_V4, (const uint8_t *)&v4.sin_addr);
		endpoint.port = ntohs(v4.sin_port);
	} else if (family == AF_INET6 && length_of(attribute) >= sizeof v6) {
		memcpy(&v6, payload_of(attribute), sizeof v6);
		endpoint.kind = ENDPOINT_IP;
		endpoint.ip = ip_from_bytes(IP_V6, v6.sin6_addr.s6_addr);
		endpoint.port = ntohs(v6.sin6_port);
		if (ip_is_link_local(&endpoint.ip) && v6.sin6_scope_id)
			snprintf(endpoint.zone, sizeof endpoint.zone, "%u", v6.sin6_scope_id);
	}
	return endpoint_from_device_ip(&endpoint, host);
}

static void peer_begin(struct wg_decode *decode, const struct nlattr *const *attributes)
{
	struct __kernel_timespec handshake = {0};
	struct peer_config *peer = &decode->peer;
	*peer = (struct peer_config){0};
	attribute_copy(peer->public_key.bytes, attributes[WGPEER_A_PUBLIC_KEY], KEY_BYTES);
	attribute_copy(peer->psk.bytes, attributes[WGPEER_A_PRESHARED_KEY], KEY_BYTES);
	attribute_copy(&peer->persistent_keepalive_s,
		attributes[WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL],
		sizeof peer->persistent_keepalive_s);
	attribute_copy(&handshake, attributes[WGPEER_A_LAST_HANDSHAKE_TIME], sizeof handshake);
	attribute_copy(&peer->status.rx_bytes, attributes[WGPEER_A_RX_BYTES],
		sizeof peer->status.rx_bytes);
	attribute_copy(&peer->status.tx_bytes, attributes[WGPEER_A_TX_BYTES],
		sizeof peer->status.tx_bytes);
	/* A time before 1970, from a clock that was not set, counts as no handshake. */
	peer->status.last_handshake_s = handshake.tv_sec > 0 ? handshake.tv_sec : 0;
	if (attributes[WGPEER_A_ENDPOINT])
		peer->endpoint = endpoint_decode(attributes[WGPEER_A_ENDPOINT], decode->host);
	decode->has_peer = true;
}

/* A peer that did not fit into one message continues at the beginning of the next. */
static int peer_take(struct wg_decode *decode, const struct nlattr *nest)
{
	const struct nlattr *attributes[WGPEER_A_MAX + 1];
	if (decode->skips_peers)
		return 0;
	if (!attributes_sort(attributes_in(nest), attributes, WGPEER_A_MAX, peer_lengths) ||
		!attributes[WGPEER_A_PUBLIC_KEY])
		return dump_malformed(decode, "peer");
	if (!decode->has_peer || memcmp(payload_of(attributes[WGPEER_A_PUBLIC_KEY]),
					 decode->peer.public_key.bytes, KEY_BYTES) != 0) {
		int error = dump_peer_finish(decode);
		if (error)
			return error;
		peer_begin(decode, attributes);
	}
	return attributes[WGPEER_A_ALLOWEDIPS]
		       ? prefixes_take(decode, attributes[WGPEER_A_ALLOWEDIPS])
		       : 0;
}

static int dump_peers_take(struct wg_decode *decode, const struct nlattr *nest)
{
	struct attributes attributes = attributes_in(nest);
	const struct nlattr *attribute;
	while ((attribute = attribute_next(&attributes))) {
		int error = peer_take(decode, attribute);
		if (error)
			return error;
	}
	return attributes.left ? dump_malformed(decode, "list of peers") : 0;
}

void wg_decode_begin(struct wg_decode *decode, int index, size_t peer_count, struct diag *diag)
{
	*decode = (struct wg_decode){.index = index, .diag = diag};
	/* An optimisation: if it fails, the table grows as needed. */
	(void)peer_table_reserve(&decode->device.peers, peer_count);
}

/* The device's attributes come first, and are repeated while the first peer continues. */
static int device_take(struct wg_decode *decode, const struct nlattr *const *attributes)
{
	uint32_t index = 0;
	attribute_copy(&index, attributes[WGDEVICE_A_IFINDEX], sizeof index);
	if (index != (uint32_t)decode->index)
		return dump_malformed(decode, "device: it has another index");
	decode->has_device = true;
	attribute_copy(
		decode->device.public_key.bytes, attributes[WGDEVICE_A_PUBLIC_KEY], KEY_BYTES);
	attribute_copy(&decode->device.listen_port, attributes[WGDEVICE_A_LISTEN_PORT],
		sizeof decode->device.listen_port);
	attribute_copy(&decode->device.fwmark, attributes[WGDEVICE_A_FWMARK],
		sizeof decode->device.fwmark);
	return 0;
}

int wg_decode_message(void *impl, struct nlmsghdr *header)
{
	struct wg_decode *decode = impl;
	const struct nlattr *attributes[WGDEVICE_A_MAX + 1];
	size_t before = NLMSG_HDRLEN + GENL_HDRLEN;
	if (header->nlmsg_len < before)
		return dump_malformed(decode, "device");
	struct attributes all = {(const uint8_t *)header + before, header->nlmsg_len - before};
	if (!attributes_sort(all, attributes, WGDEVICE_A_MAX, device_lengths))
		return dump_malformed(decode, "device");
	int error = attributes[WGDEVICE_A_IFINDEX] ? device_take(decode, attributes) : 0;
	if (!error && attributes[WGDEVICE_A_PEERS])
		error = dump_peers_take(decode, attributes[WGDEVICE_A_PEERS]);
	return error;
}

int wg_decode_end(struct wg_decode *decode, struct device *ret)
{
	if (!decode->has_device)
		return dump_malformed(decode, "dump: it holds no device");
	int error = dump_peer_finish(decode);
	if (error)
		return error;
	error = peer_table_seal(&decode->device.peers, decode->diag);
	if (error == PEER_TABLE_DUPLICATE)
		return diag_wrap(decode->diag, -EAGAIN, "the device changed while it was read");
	if (error)
		return diag_fail_errno(decode->diag, error);
	*ret = decode->device;
	decode->device = (struct device){0};
	return 0;
}

void wg_decode_clear(struct wg_decode *decode)
{
	explicit_bzero(&decode->peer, sizeof decode->peer);
	free(decode->prefixes);
	device_clear(&decode->device);
	*decode = (struct wg_decode){0};
}
