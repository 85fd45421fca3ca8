/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel_model.h"

#include "curve.h"
#include "diag.h"
#include "wg_netlink.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PEER_FLAGS (WGPEER_F_REMOVE_ME | WGPEER_F_REPLACE_ALLOWEDIPS | WGPEER_F_UPDATE_ONLY)

static void note(struct kernel_model *model, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void note(struct kernel_model *model, const char *format, ...)
{
	size_t used = strlen(model->log);
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(model->log + used, sizeof model->log - used, format, arguments);
	va_end(arguments);
}

static void changed(struct kernel_model *model)
{
	if (model->observe)
		model->observe(model->observer, model);
}

static struct model_peer *find(const struct kernel_model *model, const struct key_public *key)
{
	for (size_t i = 0; i < model->peer_count; i++)
		if (key_public_equal(&model->peers[i].key, key))
			return &model->peers[i];
	return NULL;
}

const struct model_peer *kernel_model_find(
	const struct kernel_model *model, const struct key_public *key)
{
	return find(model, key);
}

const struct key_public *kernel_model_owner(
	const struct kernel_model *model, const struct prefix *prefix)
{
	for (size_t i = 0; i < model->prefix_count; i++)
		if (prefix_equal(&model->prefixes[i].prefix, prefix))
			return &model->prefixes[i].owner;
	return NULL;
}

static void prefixes_drop(struct kernel_model *model, const struct key_public *owner)
{
	size_t kept = 0;
	for (size_t i = 0; i < model->prefix_count; i++)
		if (!key_public_equal(&model->prefixes[i].owner, owner))
			model->prefixes[kept++] = model->prefixes[i];
	model->prefix_count = kept;
	changed(model);
}

static void prefix_drop(
	struct kernel_model *model, const struct key_public *owner, const struct prefix *prefix)
{
	for (size_t i = 0; i < model->prefix_count; i++) {
		struct model_prefix *one = &model->prefixes[i];
		if (!key_public_equal(&one->owner, owner) || !prefix_equal(&one->prefix, prefix))
			continue;
		memmove(one, one + 1, (model->prefix_count - i - 1) * sizeof *one);
		model->prefix_count--;
		break;
	}
	changed(model);
}

static void prefix_give(
	struct kernel_model *model, const struct key_public *owner, const struct prefix *prefix)
{
	for (size_t i = 0; i < model->prefix_count; i++) {
		if (prefix_equal(&model->prefixes[i].prefix, prefix)) {
			model->prefixes[i].owner = *owner;
			changed(model);
			return;
		}
	}
	model->prefixes =
		reallocarray(model->prefixes, model->prefix_count + 1, sizeof *model->prefixes);
	assert_non_null(model->prefixes);
	model->prefixes[model->prefix_count++] = (struct model_prefix){*prefix, *owner};
	changed(model);
}

static void peer_remove(struct kernel_model *model, struct model_peer *peer)
{
	prefixes_drop(model, &peer->key);
	memmove(peer, peer + 1, (size_t)(model->peers + --model->peer_count - peer) * sizeof *peer);
	changed(model);
}

static struct model_peer *peer_create(struct kernel_model *model, const struct key_public *key)
{
	model->peers = reallocarray(model->peers, model->peer_count + 1, sizeof *model->peers);
	assert_non_null(model->peers);
	struct model_peer *peer = &model->peers[model->peer_count++];
	*peer = (struct model_peer){.key = *key};
	changed(model);
	return peer;
}

static int refusal(
	const struct kernel_model *model, const struct key_public *key, const struct prefix *prefix)
{
	for (size_t i = 0; i < model->refusal_count; i++) {
		const struct model_refusal *one = &model->refusals[i];
		if (key_public_equal(&one->key, key) && one->is_for_prefix == (prefix != NULL) &&
			(!prefix || prefix_equal(&one->prefix, prefix)))
			return one->error;
	}
	return 0;
}

/* Strict, like the kernel: no unknown attribute, none cut short, nests marked. */
static int parse(struct nlattr *nest, struct nlattr **ret, int type_max)
{
	int left = nla_len(nest);
	struct nlattr *attribute = nla_data(nest);
	memset(ret, 0, ((size_t)type_max + 1) * sizeof *ret);
	if (!(nest->nla_type & NLA_F_NESTED))
		return -EINVAL;
	for (; nla_ok(attribute, left); attribute = nla_next(attribute, &left)) {
		if (nla_type(attribute) > type_max || nla_type(attribute) == 0)
			return -EINVAL;
		ret[nla_type(attribute)] = attribute;
	}
	return left > 0 ? -EINVAL : 0;
}

static bool has_length(struct nlattr *attribute, size_t length)
{
	return !attribute || (size_t)nla_len(attribute) == length;
}

static bool prefix_read(struct nlattr *const *attributes, struct prefix *ret)
{
	struct nlattr *address = attributes[WGALLOWEDIP_A_IPADDR];
	struct nlattr *family = attributes[WGALLOWEDIP_A_FAMILY];
	struct nlattr *length = attributes[WGALLOWEDIP_A_CIDR_MASK];
	if (!address || !family || !length || !has_length(family, 2) || !has_length(length, 1))
		return false;
	bool is_v4 = nla_get_u16(family) == AF_INET;
	if ((!is_v4 && nla_get_u16(family) != AF_INET6) || !has_length(address, is_v4 ? 4 : 16) ||
		nla_get_u8(length) > (is_v4 ? 32 : 128))
		return false;
	*ret = (struct prefix){.ip.family = is_v4 ? IP_V4 : IP_V6, .length = nla_get_u8(length)};
	memcpy(ret->ip.bytes, nla_data(address), is_v4 ? 4 : 16);
	prefix_mask(ret);
	return true;
}

static int prefix_take(
	struct kernel_model *model, const struct key_public *key, struct nlattr *nest)
{
	struct nlattr *attributes[WG_ALLOWEDIP_A_MAX + 1] = {0};
	struct prefix prefix;
	int error = parse(nest, attributes,
		model->can_remove_prefixes ? WG_ALLOWEDIP_A_FLAGS : WGALLOWEDIP_A_CIDR_MASK);
	if (error)
		return error;
	if (!prefix_read(attributes, &prefix))
		return -EINVAL;
	error = refusal(model, key, &prefix);
	if (error)
		return error;
	struct nlattr *flags = attributes[WG_ALLOWEDIP_A_FLAGS];
	bool is_dropped = flags && nla_get_u32(flags) == WG_ALLOWEDIP_F_REMOVE_ME;
	note(model, " %c%s", is_dropped ? '-' : '+', prefix_format(&prefix).text);
	if (is_dropped)
		prefix_drop(model, key, &prefix);
	else
		prefix_give(model, key, &prefix);
	return 0;
}

static void endpoint_take(
	struct kernel_model *model, struct model_peer *peer, struct nlattr *attribute)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct endpoint endpoint = {.kind = ENDPOINT_IP};
	sa_family_t family;
	memcpy(&family, nla_data(attribute), sizeof family);
	if (family == AF_INET && has_length(attribute, sizeof v4)) {
		memcpy(&v4, nla_data(attribute), sizeof v4);
		endpoint.ip = ip_from_bytes(IP_V4, (const uint8_t *)&v4.sin_addr);
		endpoint.port = ntohs(v4.sin_port);
	} else if (family == AF_INET6 && has_length(attribute, sizeof v6)) {
		memcpy(&v6, nla_data(attribute), sizeof v6);
		endpoint.ip = ip_from_bytes(IP_V6, v6.sin6_addr.s6_addr);
		endpoint.port = ntohs(v6.sin6_port);
		if (v6.sin6_scope_id)
			snprintf(endpoint.zone, sizeof endpoint.zone, "%u", v6.sin6_scope_id);
	} else {
		return; /* the kernel returns no error either */
	}
	peer->endpoint = endpoint;
	note(model, " endpoint=%s", endpoint_format(&endpoint).text);
	changed(model);
}

static int prefixes_take(
	struct kernel_model *model, const struct key_public *key, struct nlattr *nest)
{
	struct nlattr *one;
	int left;
	nla_for_each_nested(one, nest, left)
	{
		int error = prefix_take(model, key, one);
		if (error)
			return error;
	}
	return left ? -EINVAL : 0;
}

static int peer_set(struct kernel_model *model, struct model_peer *peer,
	struct nlattr *const *attributes, uint32_t flags)
{
	struct nlattr *psk = attributes[WGPEER_A_PRESHARED_KEY];
	struct nlattr *keepalive = attributes[WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL];
	struct key_public key = peer->key;
	if (psk) {
		memcpy(peer->psk.bytes, nla_data(psk), KEY_BYTES);
		note(model, " psk=%s", key_secret_is_zero(&peer->psk) ? "none" : "some");
		changed(model);
	}
	if (attributes[WGPEER_A_ENDPOINT])
		endpoint_take(model, peer, attributes[WGPEER_A_ENDPOINT]);
	if (flags & WGPEER_F_REPLACE_ALLOWEDIPS)
		prefixes_drop(model, &key);
	if (attributes[WGPEER_A_ALLOWEDIPS]) {
		int error = prefixes_take(model, &key, attributes[WGPEER_A_ALLOWEDIPS]);
		if (error)
			return error;
	}
	if (keepalive) {
		peer->keepalive_s = nla_get_u16(keepalive);
		note(model, " keepalive=%u", peer->keepalive_s);
		changed(model);
	}
	return 0;
}

static bool peer_is_sound(struct nlattr *const *attributes)
{
	struct nlattr *endpoint = attributes[WGPEER_A_ENDPOINT];
	return attributes[WGPEER_A_PUBLIC_KEY] &&
	       has_length(attributes[WGPEER_A_PUBLIC_KEY], KEY_BYTES) &&
	       has_length(attributes[WGPEER_A_PRESHARED_KEY], KEY_BYTES) &&
	       has_length(attributes[WGPEER_A_FLAGS], sizeof(uint32_t)) &&
	       has_length(attributes[WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL], 2) &&
	       (!endpoint || (size_t)nla_len(endpoint) >= sizeof(struct sockaddr));
}

static bool is_own_key(const struct kernel_model *model, const struct key_public *key)
{
	struct key_public own;
	key_public_derive(&model->private_key, &own);
	return !key_secret_is_zero(&model->private_key) && key_public_equal(&own, key);
}

static int peer_take(struct kernel_model *model, struct nlattr *nest, size_t *removal_count)
{
	struct nlattr *attributes[WGPEER_A_MAX + 1];
	struct key_public key;
	int error = parse(nest, attributes, WGPEER_A_MAX);
	if (error)
		return error;
	if (!peer_is_sound(attributes))
		return -EINVAL;
	memcpy(key.bytes, nla_data(attributes[WGPEER_A_PUBLIC_KEY]), sizeof key.bytes);
	uint32_t flags = attributes[WGPEER_A_FLAGS] ? nla_get_u32(attributes[WGPEER_A_FLAGS]) : 0;
	if (flags & ~(uint32_t)PEER_FLAGS)
		return -EOPNOTSUPP;
	note(model, "%.8s%s%s%s", key_public_format(&key).text,
		flags & WGPEER_F_UPDATE_ONLY ? " update" : "",
		flags & WGPEER_F_REPLACE_ALLOWEDIPS ? " replace" : "",
		flags & WGPEER_F_REMOVE_ME ? " remove" : "");
	struct model_peer *peer = find(model, &key);
	*removal_count += (flags & WGPEER_F_REMOVE_ME) != 0;
	if (!peer && (flags & (WGPEER_F_REMOVE_ME | WGPEER_F_UPDATE_ONLY)))
		return 0;
	error = refusal(model, &key, NULL);
	if (error)
		return error;
	if (flags & WGPEER_F_REMOVE_ME) {
		peer_remove(model, peer);
		return 0;
	}
	if (!peer && is_own_key(model, &key))
		return 0;
	return peer_set(model, peer ? peer : peer_create(model, &key), attributes, flags);
}

static int peers_take(struct kernel_model *model, struct nlattr *nest)
{
	struct nlattr *one;
	size_t removal_count = 0;
	int left, error = 0;
	if (!(nest->nla_type & NLA_F_NESTED))
		return -EINVAL;
	nla_for_each_nested(one, nest, left)
	{
		error = peer_take(model, one, &removal_count);
		note(model, error ? " refused\n" : "\n");
		if (error)
			break;
	}
	if (removal_count > model->removals_max)
		model->removals_max = removal_count;
	return error ? error : left ? -EINVAL : 0;
}

int kernel_model_set(struct kernel_model *model, struct nl_msg *message)
{
	struct nlmsghdr *header = nlmsg_hdr(message);
	struct nlattr *attributes[WGDEVICE_A_MAX + 1];
	model->set_count++;
	if (header->nlmsg_len > model->bytes_max)
		model->bytes_max = header->nlmsg_len;
	note(model, "-- set\n");
	if (header->nlmsg_type != MODEL_FAMILY || !(header->nlmsg_flags & NLM_F_REQUEST) ||
		genlmsg_hdr(header)->cmd != WG_CMD_SET_DEVICE ||
		nlmsg_parse(header, GENL_HDRLEN, attributes, WGDEVICE_A_MAX, NULL) < 0 ||
		!attributes[WGDEVICE_A_IFINDEX])
		return -EINVAL;
	if (nla_get_u32(attributes[WGDEVICE_A_IFINDEX]) != MODEL_INDEX)
		return -ENODEV;
	if (attributes[WGDEVICE_A_LISTEN_PORT]) {
		model->listen_port = nla_get_u16(attributes[WGDEVICE_A_LISTEN_PORT]);
		note(model, "port=%u\n", model->listen_port);
	}
	if (attributes[WGDEVICE_A_FLAGS] &&
		nla_get_u32(attributes[WGDEVICE_A_FLAGS]) == WGDEVICE_F_REPLACE_PEERS) {
		note(model, "remove all\n");
		while (model->peer_count)
			peer_remove(model, &model->peers[0]);
	}
	if (attributes[WGDEVICE_A_PRIVATE_KEY]) {
		memcpy(model->private_key.bytes, nla_data(attributes[WGDEVICE_A_PRIVATE_KEY]),
			KEY_BYTES);
		note(model, "key\n");
	}
	return attributes[WGDEVICE_A_PEERS] ? peers_take(model, attributes[WGDEVICE_A_PEERS]) : 0;
}

/* Whether this request is the one that is to fail. */
static bool failure_is_due(struct kernel_model *model)
{
	if (!model->failure)
		return false;
	if (model->spared) {
		model->spared--;
		return false;
	}
	return true;
}

static int channel_set(void *impl, struct nl_msg *message, bool *ret_refused, struct diag *diag)
{
	struct kernel_model *model = impl;
	model->attempt_count++;
	int error = failure_is_due(model) ? model->failure : kernel_model_set(model, message);
	bool is_silent = error && error == model->failure && model->failure_is_silent;
	if (error == model->failure && !model->failure_is_lasting)
		model->failure = 0;
	if (ret_refused)
		*ret_refused = error && !is_silent;
	return error ? diag_fail_errno(diag, error) : 0;
}

static int channel_read(void *impl, int index, struct device *ret, struct diag *diag)
{
	struct kernel_model *model = impl;
	model->read_count++;
	if (index != MODEL_INDEX)
		return diag_fail_errno(diag, -ENODEV);
	kernel_model_read(model, ret);
	return 0;
}

static void channel_set_all(void *impl, struct netlink_request *requests, size_t count)
{
	struct kernel_model *model = impl;
	if (count > model->at_once_max)
		model->at_once_max = count;
	for (size_t i = 0; i < count; i++)
		requests[i].error = channel_set(
			model, requests[i].message, &requests[i].is_refused, &requests[i].diag);
}

static int channel_ask(void *impl, enum wg_prefix_removal *ret, struct diag *diag)
{
	struct kernel_model *model = impl;
	if (model->policy == WG_PREFIX_REMOVAL_UNKNOWN)
		return diag_fail_errno(diag, -EOPNOTSUPP);
	*ret = model->policy;
	return 0;
}

struct wg_channel kernel_model_channel(struct kernel_model *model)
{
	return (struct wg_channel){channel_set, channel_set_all, channel_read, channel_ask, model};
}

void kernel_model_read(const struct kernel_model *model, struct device *ret)
{
	struct device device = {.listen_port = model->listen_port};
	struct prefix *prefixes = calloc(model->prefix_count + 1, sizeof *prefixes);
	assert_non_null(prefixes);
	for (size_t i = 0; i < model->peer_count; i++) {
		const struct model_peer *one = &model->peers[i];
		size_t count = 0;
		for (size_t k = 0; k < model->prefix_count; k++)
			if (key_public_equal(&model->prefixes[k].owner, &one->key))
				prefixes[count++] = model->prefixes[k].prefix;
		struct peer_config peer = {
			.public_key = one->key,
			.psk = one->psk,
			.endpoint = one->endpoint,
			.persistent_keepalive_s = one->keepalive_s,
			.allowed_ips = prefixes,
			.allowed_ip_count = (uint32_t)prefixes_normalize(prefixes, count),
		};
		assert_int_equal(peer_table_append(&device.peers, &peer), 0);
	}
	free(prefixes);
	assert_int_equal(peer_table_seal(&device.peers, NULL), 0);
	*ret = device;
}

void kernel_model_refuse(struct kernel_model *model, struct model_refusal refusal)
{
	assert_true(model->refusal_count < MODEL_REFUSALS_MAX);
	model->refusals[model->refusal_count++] = refusal;
}

void kernel_model_load(struct kernel_model *model, const struct peer_table *peers)
{
	for (size_t i = 0; i < peers->count; i++) {
		const struct peer_config *peer = &peers->peers[i];
		*peer_create(model, &peer->public_key) = (struct model_peer){
			peer->public_key, peer->psk, peer->endpoint, peer->persistent_keepalive_s};
		for (size_t k = 0; k < peer->allowed_ip_count; k++)
			prefix_give(model, &peer->public_key, &peer->allowed_ips[k]);
	}
}

void kernel_model_clear(struct kernel_model *model)
{
	free(model->peers);
	free(model->prefixes);
	*model = (struct kernel_model){0};
}
