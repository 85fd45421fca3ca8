/* SPDX-License-Identifier: Apache-2.0 */
#include "wg_dump_maker.h"

#include "harness.h"
#include "wg_netlink.h"

#include <linux/genetlink.h>
#include <linux/time_types.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdio.h>

#define FAMILY        30
#define MESSAGE_BYTES 16384
/* Newer kernels may add attributes of any number. */
#define UNKNOWN_ATTRIBUTE 60

void dump_clear(struct dump *dump)
{
	for (size_t i = 0; i < dump->count; i++)
		free(dump->datagrams[i]);
	nlmsg_free(dump->message);
	*dump = (struct dump){0};
}

void dump_put_message(struct dump *dump, struct nl_msg *message)
{
	const struct nlmsghdr *header = nlmsg_hdr(message);
	size_t length = NLMSG_ALIGN(header->nlmsg_len);
	assert_true(dump->count < DUMP_DATAGRAMS_MAX);
	unsigned char *bytes = calloc(1, length);
	assert_non_null(bytes);
	memcpy(bytes, header, header->nlmsg_len);
	dump->datagrams[dump->count] = bytes;
	dump->lengths[dump->count++] = length;
	nlmsg_free(message);
}

void dump_open(struct dump *dump, bool has_device)
{
	struct key_public key = key_of(0x11);
	struct key_secret secret = secret_of(0x22);
	dump->message = nlmsg_alloc_size(MESSAGE_BYTES);
	assert_non_null(dump->message);
	genlmsg_put(dump->message, 0, DUMP_SEQUENCE, FAMILY, 0, NLM_F_MULTI, WG_CMD_GET_DEVICE,
		WG_GENL_VERSION);
	if (has_device) {
		nla_put_u16(dump->message, WGDEVICE_A_LISTEN_PORT, DUMP_PORT);
		nla_put_u32(dump->message, WGDEVICE_A_FWMARK, 0);
		nla_put_u32(dump->message, WGDEVICE_A_IFINDEX, DUMP_INDEX);
		nla_put_string(dump->message, WGDEVICE_A_IFNAME, "wg0");
		nla_put(dump->message, WGDEVICE_A_PRIVATE_KEY, KEY_BYTES, secret.bytes);
		nla_put(dump->message, WGDEVICE_A_PUBLIC_KEY, KEY_BYTES, key.bytes);
		nla_put_u32(dump->message, UNKNOWN_ATTRIBUTE, 1);
	}
	dump->peers = nla_nest_start(dump->message, WGDEVICE_A_PEERS);
}

void dump_close(struct dump *dump)
{
	nla_nest_end_keep_empty(dump->message, dump->peers);
	dump_put_message(dump, dump->message);
	dump->message = NULL;
}

static void put_endpoint(struct nl_msg *message, const struct endpoint *endpoint)
{
	if (endpoint->kind == ENDPOINT_NONE)
		return;
	if (endpoint->ip.family == IP_V4) {
		struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(endpoint->port)};
		memcpy(&v4.sin_addr, endpoint->ip.bytes, 4);
		nla_put(message, WGPEER_A_ENDPOINT, sizeof v4, &v4);
		return;
	}
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(endpoint->port)};
	memcpy(&v6.sin6_addr, endpoint->ip.bytes, 16);
	if (endpoint->zone[0])
		v6.sin6_scope_id = (uint32_t)atoi(endpoint->zone);
	nla_put(message, WGPEER_A_ENDPOINT, sizeof v6, &v6);
}

static void put_fields(struct nl_msg *message, const struct peer_config *peer)
{
	struct __kernel_timespec handshake = {
		.tv_sec = peer->status.last_handshake_s, .tv_nsec = 5};
	nla_put(message, WGPEER_A_PRESHARED_KEY, KEY_BYTES, peer->psk.bytes);
	nla_put(message, WGPEER_A_LAST_HANDSHAKE_TIME, sizeof handshake, &handshake);
	nla_put_u16(message, WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL, peer->persistent_keepalive_s);
	nla_put_u64(message, WGPEER_A_TX_BYTES, peer->status.tx_bytes);
	nla_put(message, WGPEER_A_UNSPEC, 0, NULL); /* padding before eight bytes */
	nla_put_u64(message, WGPEER_A_RX_BYTES, peer->status.rx_bytes);
	nla_put_u32(message, WGPEER_A_PROTOCOL_VERSION, 1);
	nla_put_u32(message, UNKNOWN_ATTRIBUTE, 1);
	put_endpoint(message, &peer->endpoint);
}

void dump_put_peer(
	struct dump *dump, const struct peer_config *peer, bool has_fields, size_t from, size_t to)
{
	struct nl_msg *message = dump->message;
	struct nlattr *nest = nla_nest_start(message, 0);
	nla_put(message, WGPEER_A_PUBLIC_KEY, KEY_BYTES, peer->public_key.bytes);
	if (has_fields)
		put_fields(message, peer);
	if (from < to) {
		struct nlattr *list = nla_nest_start(message, WGPEER_A_ALLOWEDIPS);
		for (size_t i = from; i < to; i++) {
			const struct prefix *prefix = &peer->allowed_ips[i];
			bool is_v4 = prefix->ip.family == IP_V4;
			struct nlattr *one = nla_nest_start(message, 0);
			nla_put_u8(message, WGALLOWEDIP_A_CIDR_MASK, prefix->length);
			nla_put_u16(message, WGALLOWEDIP_A_FAMILY, is_v4 ? AF_INET : AF_INET6);
			nla_put(message, WGALLOWEDIP_A_IPADDR, is_v4 ? 4 : 16, prefix->ip.bytes);
			nla_put_u32(message, UNKNOWN_ATTRIBUTE, 1);
			nla_nest_end(message, one);
		}
		nla_nest_end(message, list);
	}
	nla_nest_end(message, nest);
}

void dump_put_done(struct dump *dump, int error)
{
	struct nl_msg *message = nlmsg_alloc_size(64);
	nlmsg_put(message, 0, DUMP_SEQUENCE, NLMSG_DONE, sizeof error, NLM_F_MULTI);
	memcpy(nlmsg_data(nlmsg_hdr(message)), &error, sizeof error);
	dump_put_message(dump, message);
}

void dump_put_error(struct dump *dump, int error, const char *text)
{
	struct nl_msg *message = nlmsg_alloc_size(512);
	struct nlmsgerr head = {.error = error, .msg = {.nlmsg_len = 1000}};
	nlmsg_put(message, 0, DUMP_SEQUENCE, NLMSG_ERROR, sizeof head, NLM_F_CAPPED);
	memcpy(nlmsg_data(nlmsg_hdr(message)), &head, sizeof head);
	if (text) {
		nlmsg_hdr(message)->nlmsg_flags |= NLM_F_ACK_TLVS;
		nla_put_string(message, NLMSGERR_ATTR_MSG, text);
	}
	dump_put_message(dump, message);
}

/* Where the next atom goes, after a cut if there is to be one. */
struct cutter {
	struct dump *dump;
	unsigned cuts, place;
};

static bool cut_here(struct cutter *cutter)
{
	return cutter->cuts & 1u << cutter->place++;
}

static void put_whole_peer(struct cutter *cutter, const struct peer_config *peer, bool is_first)
{
	size_t from = 0;
	bool has_fields = true;
	for (size_t at = 0; at < peer->allowed_ip_count; at++) {
		if (!cut_here(cutter))
			continue;
		dump_put_peer(cutter->dump, peer, has_fields, from, at + 1);
		dump_close(cutter->dump);
		/* The kernel counts finished peers: until there is one it starts again. */
		dump_open(cutter->dump, is_first && at + 1 < peer->allowed_ip_count);
		has_fields = false;
		from = at + 1;
	}
	if (has_fields || from < peer->allowed_ip_count)
		dump_put_peer(cutter->dump, peer, has_fields, from, peer->allowed_ip_count);
	if (peer->allowed_ip_count == 0 && cut_here(cutter)) {
		dump_close(cutter->dump);
		dump_open(cutter->dump, false);
	}
}

unsigned dump_put_device(struct dump *dump, const struct peer_table *peers, unsigned cuts)
{
	struct cutter cutter = {dump, cuts, 0};
	dump_open(dump, true);
	for (size_t i = 0; i < peers->count; i++)
		put_whole_peer(&cutter, &peers->peers[i], i == 0);
	dump_close(dump);
	dump_put_done(dump, 0);
	return cutter.place;
}
