/* SPDX-License-Identifier: Apache-2.0 */
#include "wg_encode.h"

#include "wg_netlink.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <string.h>

#define SMALL_MESSAGE_BYTES 256
/* Longer than any address, so that the kernel refuses the prefix. */
#define PREFIX_LENGTH_INVALID 255

_Static_assert(WG_MESSAGE_BYTES_MAX - NLMSG_HDRLEN - GENL_HDRLEN <= UINT16_MAX,
	"an attribute's length has 16 bits");

/* A message being written; `bytes_left` counts down to the limit. */
struct writer {
	struct nl_msg *message;
	size_t bytes_left;
	bool failed;
};

/* The part of a step that goes into one message. */
struct fragment {
	const struct wg_step *step;
	uint32_t flags;
	unsigned fields;
	size_t prefix_from, prefix_to;
	size_t bytes; /* that all of it takes */
};

static size_t attribute_bytes(size_t payload)
{
	return (size_t)nla_total_size((int)payload);
}

static size_t ip_bytes(const struct ip *ip)
{
	return ip->family == IP_V4 ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

static size_t prefix_bytes(const struct prefix *prefix, bool is_dropped)
{
	return NLA_HDRLEN + attribute_bytes(sizeof(uint16_t)) +
	       attribute_bytes(ip_bytes(&prefix->ip)) + attribute_bytes(sizeof(uint8_t)) +
	       (is_dropped ? attribute_bytes(sizeof(uint32_t)) : 0);
}

static size_t removal_bytes(void)
{
	return NLA_HDRLEN + attribute_bytes(KEY_BYTES) + attribute_bytes(sizeof(uint32_t));
}

/* The size of a fragment without its prefixes. */
static size_t fragment_fixed_bytes(const struct fragment *fragment)
{
	const struct wg_step *step = fragment->step;
	size_t bytes = NLA_HDRLEN + attribute_bytes(KEY_BYTES);
	if (fragment->flags)
		bytes += attribute_bytes(sizeof fragment->flags);
	if (fragment->fields & PEER_FIELD_PSK)
		bytes += attribute_bytes(KEY_BYTES);
	if (fragment->fields & PEER_FIELD_PERSISTENT_KEEPALIVE)
		bytes += attribute_bytes(sizeof(uint16_t));
	if (fragment->fields & PEER_FIELD_ENDPOINT)
		bytes += attribute_bytes(step->peer->endpoint.ip.family == IP_V4
						 ? sizeof(struct sockaddr_in)
						 : sizeof(struct sockaddr_in6));
	if (step->prefix_count)
		bytes += NLA_HDRLEN;
	if (step->kind == WG_STEP_STEAL)
		bytes += removal_bytes();
	return bytes;
}

static void attribute_put(struct writer *writer, int type, const void *payload, size_t size)
{
	if (nla_put(writer->message, type, (int)size, payload) < 0)
		writer->failed = true;
}

static void put_u16(struct writer *writer, int type, uint16_t value)
{
	attribute_put(writer, type, &value, sizeof value);
}

static void put_u32(struct writer *writer, int type, uint32_t value)
{
	attribute_put(writer, type, &value, sizeof value);
}

static struct nlattr *nest_begin(struct writer *writer, int type)
{
	struct nlattr *nest = nla_nest_start(writer->message, type);
	if (!nest)
		writer->failed = true;
	return nest;
}

static void nest_end(struct writer *writer, struct nlattr *nest)
{
	if (nest && nla_nest_end(writer->message, nest) < 0)
		writer->failed = true;
}

static void put_endpoint(struct writer *writer, const struct endpoint *endpoint, uint32_t scope_id)
{
	if (endpoint->ip.family == IP_V4) {
		struct sockaddr_in address = {
			.sin_family = AF_INET, .sin_port = htons(endpoint->port)};
		memcpy(&address.sin_addr, endpoint->ip.bytes, sizeof address.sin_addr);
		attribute_put(writer, WGPEER_A_ENDPOINT, &address, sizeof address);
		return;
	}
	struct sockaddr_in6 address = {.sin6_family = AF_INET6,
		.sin6_port = htons(endpoint->port),
		.sin6_scope_id = scope_id};
	memcpy(&address.sin6_addr, endpoint->ip.bytes, sizeof address.sin6_addr);
	attribute_put(writer, WGPEER_A_ENDPOINT, &address, sizeof address);
}

static void put_prefix(struct writer *writer, const struct prefix *prefix, bool is_dropped)
{
	struct nlattr *nest = nest_begin(writer, 0);
	put_u16(writer, WGALLOWEDIP_A_FAMILY, prefix->ip.family == IP_V4 ? AF_INET : AF_INET6);
	attribute_put(writer, WGALLOWEDIP_A_IPADDR, prefix->ip.bytes, ip_bytes(&prefix->ip));
	attribute_put(writer, WGALLOWEDIP_A_CIDR_MASK, &prefix->length, sizeof prefix->length);
	if (is_dropped)
		put_u32(writer, WG_ALLOWEDIP_A_FLAGS, WG_ALLOWEDIP_F_REMOVE_ME);
	nest_end(writer, nest);
}

static void put_removal(struct writer *writer, const struct key_public *key)
{
	struct nlattr *nest = nest_begin(writer, 0);
	attribute_put(writer, WGPEER_A_PUBLIC_KEY, key->bytes, sizeof key->bytes);
	put_u32(writer, WGPEER_A_FLAGS, WGPEER_F_REMOVE_ME);
	nest_end(writer, nest);
}

static void put_fragment(struct writer *writer, const struct fragment *fragment)
{
	const struct wg_step *step = fragment->step;
	struct nlattr *nest = nest_begin(writer, 0);
	attribute_put(writer, WGPEER_A_PUBLIC_KEY, step->key->bytes, sizeof step->key->bytes);
	if (fragment->flags)
		put_u32(writer, WGPEER_A_FLAGS, fragment->flags);
	if (fragment->fields & PEER_FIELD_PSK)
		attribute_put(writer, WGPEER_A_PRESHARED_KEY, step->peer->psk.bytes, KEY_BYTES);
	if (fragment->fields & PEER_FIELD_ENDPOINT)
		put_endpoint(writer, &step->peer->endpoint, step->scope_id);
	if (fragment->fields & PEER_FIELD_PERSISTENT_KEEPALIVE)
		put_u16(writer, WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL,
			step->peer->persistent_keepalive_s);
	if (step->prefix_count) {
		struct nlattr *list = nest_begin(writer, WGPEER_A_ALLOWEDIPS);
		for (size_t i = fragment->prefix_from; i < fragment->prefix_to; i++)
			put_prefix(writer, &step->prefixes[i],
				step->kind == WG_STEP_REMOVE_ALLOWED_IPS);
		nest_end(writer, list);
	}
	nest_end(writer, nest);
	if (step->kind == WG_STEP_STEAL)
		put_removal(writer, step->key);
}

/*
 * Later fragments must not re-create a peer that another program has just removed. The temporary
 * peer is created anew in each fragment.
 */
static uint32_t fragment_flags(const struct wg_step *step, bool is_first, bool again)
{
	if (step->kind == WG_STEP_STEAL)
		return 0;
	if (!is_first)
		return WGPEER_F_UPDATE_ONLY;
	return again ? step->flags & ~(uint32_t)WGPEER_F_REPLACE_ALLOWEDIPS : step->flags;
}

/* Plan as much of the step as fits. Returns false if nothing does. */
static bool fragment_plan(const struct wg_step *step, size_t prefix_from, bool again,
	size_t bytes_left, size_t pieces_left, struct fragment *ret)
{
	bool is_removed = step->kind == WG_STEP_REMOVE_ALLOWED_IPS;
	bool is_first = prefix_from == 0;
	struct fragment fragment = {.step = step, .prefix_from = prefix_from};
	fragment.flags = fragment_flags(step, is_first, again);
	fragment.fields = is_first ? step->fields : 0;
	size_t prefixes_max = step->kind == WG_STEP_STEAL ? pieces_left : SIZE_MAX;
	size_t bytes = fragment_fixed_bytes(&fragment);
	size_t at = prefix_from;
	for (; at < step->prefix_count && at - prefix_from < prefixes_max; at++) {
		size_t more = prefix_bytes(&step->prefixes[at], is_removed);
		if (bytes + more > bytes_left)
			break;
		bytes += more;
	}
	if (bytes > bytes_left || (step->prefix_count && at == prefix_from))
		return false;
	fragment.prefix_to = at;
	fragment.bytes = bytes;
	*ret = fragment;
	return true;
}

static bool step_removes_peer(const struct wg_step *step)
{
	return step->kind == WG_STEP_REMOVE || step->kind == WG_STEP_STEAL;
}

static void put_steps(struct writer *writer, const struct wg_steps *steps,
	const struct wg_limits *limits, bool again, struct wg_message *message)
{
	size_t removal_count = 0;
	struct wg_cursor *at = &message->end;
	while (at->step < steps->count && message->piece_count < limits->pieces) {
		const struct wg_step *step = &steps->steps[at->step];
		struct fragment fragment;
		if (step_removes_peer(step) && ++removal_count > limits->removals)
			return;
		if (!fragment_plan(step, at->prefix, again, writer->bytes_left,
			    limits->pieces - message->piece_count, &fragment))
			return;
		put_fragment(writer, &fragment);
		writer->bytes_left -= fragment.bytes;
		bool is_steal = step->kind == WG_STEP_STEAL;
		message->has_temporary |= is_steal;
		message->stands_alone &= step->kind == WG_STEP_SET;
		message->piece_count += is_steal ? fragment.prefix_to - fragment.prefix_from : 1;
		at->prefix = fragment.prefix_to;
		if (at->prefix == step->prefix_count)
			*at = (struct wg_cursor){.step = at->step + 1};
	}
}

/* Begin a message of at most `bytes` for the target. Returns NULL if out of memory. */
static struct nl_msg *message_begin(const struct wg_target *target, size_t bytes)
{
	struct nl_msg *message = nlmsg_alloc_size(bytes);
	if (!message)
		return NULL;
	if (!genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, target->family, 0,
		    NLM_F_REQUEST | NLM_F_ACK, WG_CMD_SET_DEVICE, WG_GENL_VERSION) ||
		nla_put_u32(message, WGDEVICE_A_IFINDEX, (uint32_t)target->index) < 0) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

int wg_encode_steps(const struct wg_target *target, const struct wg_steps *steps,
	const struct wg_limits *limits, struct wg_cursor begin, bool again, struct wg_message *ret)
{
	size_t bytes = limits->bytes < WG_MESSAGE_BYTES_MAX ? limits->bytes : WG_MESSAGE_BYTES_MAX;
	size_t bytes_before =
		NLMSG_HDRLEN + GENL_HDRLEN + attribute_bytes(sizeof(uint32_t)) + NLA_HDRLEN;
	if (bytes < bytes_before)
		return -EMSGSIZE;
	struct wg_message message = {.message = message_begin(target, bytes),
		.stands_alone = begin.prefix == 0,
		.end = begin};
	if (!message.message)
		return -ENOMEM;
	struct writer writer = {.message = message.message, .bytes_left = bytes - bytes_before};
	struct nlattr *nest = nest_begin(&writer, WGDEVICE_A_PEERS);
	put_steps(&writer, steps, limits, again, &message);
	nest_end(&writer, nest);
	if (writer.failed || message.piece_count == 0) {
		wg_message_free(message.message);
		return -EMSGSIZE;
	}
	*ret = message;
	return 0;
}

static struct nl_msg *message_finish(struct writer *writer)
{
	if (!writer->failed)
		return writer->message;
	wg_message_free(writer->message);
	return NULL;
}

struct nl_msg *wg_encode_remove_all(const struct wg_target *target)
{
	struct writer writer = {.message = message_begin(target, SMALL_MESSAGE_BYTES)};
	if (!writer.message)
		return NULL;
	put_u32(&writer, WGDEVICE_A_FLAGS, WGDEVICE_F_REPLACE_PEERS);
	return message_finish(&writer);
}

struct nl_msg *wg_encode_remove(const struct wg_target *target, const struct key_public *key)
{
	struct writer writer = {.message = message_begin(target, SMALL_MESSAGE_BYTES)};
	if (!writer.message)
		return NULL;
	struct nlattr *nest = nest_begin(&writer, WGDEVICE_A_PEERS);
	put_removal(&writer, key);
	nest_end(&writer, nest);
	return message_finish(&writer);
}

struct nl_msg *wg_encode_device(const struct wg_target *target,
	const struct key_secret *private_key, const uint16_t *listen_port)
{
	struct writer writer = {.message = message_begin(target, SMALL_MESSAGE_BYTES)};
	if (!writer.message)
		return NULL;
	if (private_key)
		attribute_put(&writer, WGDEVICE_A_PRIVATE_KEY, private_key->bytes,
			sizeof private_key->bytes);
	if (listen_port)
		put_u16(&writer, WGDEVICE_A_LISTEN_PORT, *listen_port);
	return message_finish(&writer);
}

struct nl_msg *wg_encode_fwmark(const struct wg_target *target, uint32_t fwmark)
{
	struct writer writer = {.message = message_begin(target, SMALL_MESSAGE_BYTES)};
	if (!writer.message)
		return NULL;
	put_u32(&writer, WGDEVICE_A_FWMARK, fwmark);
	return message_finish(&writer);
}

/* The kernel skips the attributes of a missing peer, and so never sees the invalid prefix. */
struct nl_msg *wg_encode_presence_probe(
	const struct wg_target *target, const struct key_public *key)
{
	const struct prefix invalid = {.ip.family = IP_V4, .length = PREFIX_LENGTH_INVALID};
	const struct wg_step step = {.kind = WG_STEP_SET,
		.key = key,
		.flags = WGPEER_F_UPDATE_ONLY,
		.prefixes = &invalid,
		.prefix_count = 1};
	struct writer writer = {.message = message_begin(target, SMALL_MESSAGE_BYTES)};
	if (!writer.message)
		return NULL;
	struct nlattr *nest = nest_begin(&writer, WGDEVICE_A_PEERS);
	put_fragment(
		&writer, &(struct fragment){.step = &step, .flags = step.flags, .prefix_to = 1});
	nest_end(&writer, nest);
	return message_finish(&writer);
}

struct nl_msg *wg_encode_get(const struct wg_target *target)
{
	struct nl_msg *message = message_begin(target, SMALL_MESSAGE_BYTES);
	if (!message)
		return NULL;
	nlmsg_hdr(message)->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	((struct genlmsghdr *)nlmsg_data(nlmsg_hdr(message)))->cmd = WG_CMD_GET_DEVICE;
	return message;
}

void wg_message_free(struct nl_msg *message)
{
	if (!message)
		return;
	explicit_bzero(nlmsg_hdr(message), nlmsg_get_max_size(message));
	nlmsg_free(message);
}
