#include "wg_decode.h"

#include "diag.h"
#include "wg_netlink.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/time_types.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXACTLY(bytes)                                                                             \
	{                                                                                          \
		.minlen = (bytes), .maxlen = (bytes)                                               \
	}

static const struct nla_policy device_policy[WGDEVICE_A_MAX + 1] = {
	[WGDEVICE_A_IFINDEX] = EXACTLY(sizeof(uint32_t)),
	[WGDEVICE_A_PUBLIC_KEY] = EXACTLY(KEY_BYTES),
	[WGDEVICE_A_LISTEN_PORT] = EXACTLY(sizeof(uint16_t)),
	[WGDEVICE_A_PEERS] = {.type = NLA_NESTED},
};

static const struct nla_policy peer_policy[WGPEER_A_MAX + 1] = {
	[WGPEER_A_PUBLIC_KEY] = EXACTLY(KEY_BYTES),
	[WGPEER_A_PRESHARED_KEY] = EXACTLY(KEY_BYTES),
	[WGPEER_A_ENDPOINT] = {.minlen = sizeof(struct sockaddr)},
	[WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL] = EXACTLY(sizeof(uint16_t)),
	[WGPEER_A_LAST_HANDSHAKE_TIME] = EXACTLY(sizeof(struct __kernel_timespec)),
	[WGPEER_A_RX_BYTES] = EXACTLY(sizeof(uint64_t)),
	[WGPEER_A_TX_BYTES] = EXACTLY(sizeof(uint64_t)),
	[WGPEER_A_ALLOWEDIPS] = {.type = NLA_NESTED},
};

static const struct nla_policy prefix_policy[WGALLOWEDIP_A_MAX + 1] = {
	[WGALLOWEDIP_A_FAMILY] = EXACTLY(sizeof(uint16_t)),
	[WGALLOWEDIP_A_IPADDR] = {.minlen = sizeof(struct in_addr)},
	[WGALLOWEDIP_A_CIDR_MASK] = EXACTLY(sizeof(uint8_t)),
};

static int malformed(struct wg_decode *decode, const char *what)
{
	return diag_fail(decode->diag, -EIO, "the kernel sent a malformed %s", what);
}

/* The bytes of an attribute that may be missing. */
static void copy(void *to, struct nlattr *attribute, size_t size)
{
	if (attribute)
		memcpy(to, nla_data(attribute), size);
}

/* libnl's parser, but it takes no attributes that are cut short for none. */
static bool attributes_parse(struct nlattr *head, int length, struct nlattr **ret, int type_max,
	const struct nla_policy *policy)
{
	struct nlattr *attribute = head;
	int left = length;
	while (nla_ok(attribute, left))
		attribute = nla_next(attribute, &left);
	return left <= 0 && nla_parse(ret, type_max, head, length, policy) >= 0;
}

/* Calls `take` for each attribute in a nest. */
static int nest_walk(struct wg_decode *decode, struct nlattr *nest,
	int (*take)(struct wg_decode *decode, struct nlattr *attribute), const char *what)
{
	struct nlattr *attribute = nla_data(nest);
	int left = nla_len(nest);
	while (nla_ok(attribute, left)) {
		int error = take(decode, attribute);
		if (error)
			return error;
		attribute = nla_next(attribute, &left);
	}
	return left > 0 ? malformed(decode, what) : 0;
}

static int prefix_append(struct wg_decode *decode, const struct prefix *prefix)
{
	if (decode->prefix_count == decode->prefix_capacity) {
		size_t capacity = decode->prefix_capacity ? 2 * decode->prefix_capacity : 64;
		struct prefix *prefixes =
			reallocarray(decode->prefixes, capacity, sizeof *prefixes);
		if (!prefixes)
			return diag_fail_errno(decode->diag, -ENOMEM);
		decode->prefixes = prefixes;
		decode->prefix_capacity = capacity;
	}
	decode->prefixes[decode->prefix_count++] = *prefix;
	return 0;
}

/* Masked as what it is, and only then looked at whether it is IPv4 in IPv6 clothes. */
static struct prefix prefix_make(enum ip_family family, const uint8_t *bytes, unsigned length)
{
	struct prefix prefix = {.ip.family = family, .length = (uint8_t)length};
	memcpy(prefix.ip.bytes, bytes, family == IP_V4 ? 4 : 16);
	prefix_mask(&prefix);
	prefix.ip = ip_from_bytes(family, prefix.ip.bytes);
	if (prefix.ip.family != family)
		prefix.length = (uint8_t)(length - 96);
	return prefix;
}

static int prefix_take(struct wg_decode *decode, struct nlattr *nest)
{
	struct nlattr *attributes[WGALLOWEDIP_A_MAX + 1];
	if (!attributes_parse(
		    nla_data(nest), nla_len(nest), attributes, WGALLOWEDIP_A_MAX, prefix_policy) ||
		!attributes[WGALLOWEDIP_A_FAMILY] || !attributes[WGALLOWEDIP_A_IPADDR] ||
		!attributes[WGALLOWEDIP_A_CIDR_MASK])
		return malformed(decode, "allowed IP");
	uint16_t family = nla_get_u16(attributes[WGALLOWEDIP_A_FAMILY]);
	unsigned length = nla_get_u8(attributes[WGALLOWEDIP_A_CIDR_MASK]);
	size_t bytes = (size_t)nla_len(attributes[WGALLOWEDIP_A_IPADDR]);
	bool is_v4 = family == AF_INET && bytes == sizeof(struct in_addr) && length <= 32;
	bool is_v6 = family == AF_INET6 && bytes == sizeof(struct in6_addr) && length <= 128;
	if (!is_v4 && !is_v6)
		return malformed(decode, "allowed IP");
	struct prefix prefix = prefix_make(
		is_v4 ? IP_V4 : IP_V6, nla_data(attributes[WGALLOWEDIP_A_IPADDR]), length);
	return prefix_append(decode, &prefix);
}

/* The last peer is whole: into the table with it. */
static int peer_finish(struct wg_decode *decode)
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

/* An address of a family that is not known is none. */
static struct endpoint endpoint_decode(struct nlattr *attribute)
{
	struct endpoint endpoint = {0};
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	size_t bytes = attribute ? (size_t)nla_len(attribute) : 0;
	sa_family_t family = AF_UNSPEC;
	if (attribute)
		memcpy(&family, nla_data(attribute), sizeof family);
	if (family == AF_INET && bytes >= sizeof v4) {
		memcpy(&v4, nla_data(attribute), sizeof v4);
		endpoint.kind = ENDPOINT_IP;
		endpoint.ip = ip_from_bytes(IP_V4, (const uint8_t *)&v4.sin_addr);
		endpoint.port = ntohs(v4.sin_port);
	} else if (family == AF_INET6 && bytes >= sizeof v6) {
		memcpy(&v6, nla_data(attribute), sizeof v6);
		endpoint.kind = ENDPOINT_IP;
		endpoint.ip = ip_from_bytes(IP_V6, v6.sin6_addr.s6_addr);
		endpoint.port = ntohs(v6.sin6_port);
		if (ip_is_link_local(&endpoint.ip) && v6.sin6_scope_id)
			snprintf(endpoint.zone, sizeof endpoint.zone, "%u", v6.sin6_scope_id);
	}
	return endpoint;
}

static void peer_begin(
	struct wg_decode *decode, struct nlattr *const *attributes, const struct key_public *key)
{
	struct __kernel_timespec handshake = {0};
	struct peer_config *peer = &decode->peer;
	*peer = (struct peer_config){.public_key = *key};
	copy(peer->psk.bytes, attributes[WGPEER_A_PRESHARED_KEY], KEY_BYTES);
	copy(&peer->persistent_keepalive_s, attributes[WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL],
		sizeof peer->persistent_keepalive_s);
	copy(&handshake, attributes[WGPEER_A_LAST_HANDSHAKE_TIME], sizeof handshake);
	copy(&peer->status.rx_bytes, attributes[WGPEER_A_RX_BYTES], sizeof peer->status.rx_bytes);
	copy(&peer->status.tx_bytes, attributes[WGPEER_A_TX_BYTES], sizeof peer->status.tx_bytes);
	peer->status.last_handshake_s = handshake.tv_sec;
	peer->endpoint = endpoint_decode(attributes[WGPEER_A_ENDPOINT]);
	decode->has_peer = true;
}

/* A peer that did not fit into one message goes on at the beginning of the next. */
static int peer_take(struct wg_decode *decode, struct nlattr *nest)
{
	struct nlattr *attributes[WGPEER_A_MAX + 1];
	struct key_public key;
	if (!attributes_parse(
		    nla_data(nest), nla_len(nest), attributes, WGPEER_A_MAX, peer_policy) ||
		!attributes[WGPEER_A_PUBLIC_KEY])
		return malformed(decode, "peer");
	copy(key.bytes, attributes[WGPEER_A_PUBLIC_KEY], sizeof key.bytes);
	if (!decode->has_peer || !key_public_equal(&key, &decode->peer.public_key)) {
		int error = peer_finish(decode);
		if (error)
			return error;
		peer_begin(decode, attributes, &key);
	}
	if (!attributes[WGPEER_A_ALLOWEDIPS])
		return 0;
	return nest_walk(
		decode, attributes[WGPEER_A_ALLOWEDIPS], prefix_take, "list of allowed IPs");
}

void wg_decode_begin(struct wg_decode *decode, int index, struct diag *diag)
{
	*decode = (struct wg_decode){.index = index, .diag = diag};
}

int wg_decode_message(void *impl, struct nlmsghdr *header)
{
	struct wg_decode *decode = impl;
	struct nlattr *attributes[WGDEVICE_A_MAX + 1];
	if (!nlmsg_valid_hdr(header, GENL_HDRLEN) ||
		!attributes_parse(nlmsg_attrdata(header, GENL_HDRLEN),
			nlmsg_attrlen(header, GENL_HDRLEN), attributes, WGDEVICE_A_MAX,
			device_policy))
		return malformed(decode, "device");
	/* The device's own attributes come first, and again as long as the first peer goes on. */
	if (attributes[WGDEVICE_A_IFINDEX]) {
		if (nla_get_u32(attributes[WGDEVICE_A_IFINDEX]) != (uint32_t)decode->index)
			return malformed(decode, "device: it has another index");
		decode->has_device = true;
		copy(decode->device.public_key.bytes, attributes[WGDEVICE_A_PUBLIC_KEY], KEY_BYTES);
		copy(&decode->device.listen_port, attributes[WGDEVICE_A_LISTEN_PORT],
			sizeof decode->device.listen_port);
	}
	if (!attributes[WGDEVICE_A_PEERS])
		return 0;
	return nest_walk(decode, attributes[WGDEVICE_A_PEERS], peer_take, "list of peers");
}

int wg_decode_end(struct wg_decode *decode, struct device *ret)
{
	if (!decode->has_device)
		return malformed(decode, "dump: it holds no device");
	int error = peer_finish(decode);
	if (error)
		return error;
	error = peer_table_seal(&decode->device.peers, decode->diag);
	if (error == -EEXIST)
		return diag_wrap(decode->diag, -EAGAIN, "what was read changed meanwhile");
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
