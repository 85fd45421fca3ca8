/* SPDX-License-Identifier: Apache-2.0 */
#include "wg_features.h"

#include "wg_netlink.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#define REQUEST_BYTES 128

struct nl_msg *wg_features_request(uint16_t family)
{
	struct nl_msg *message = nlmsg_alloc_size(REQUEST_BYTES);
	if (!message)
		return NULL;
	if (!genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, GENL_ID_CTRL, 0,
		    NLM_F_REQUEST | NLM_F_DUMP, CTRL_CMD_GETPOLICY, 1) ||
		nla_put_u16(message, CTRL_ATTR_FAMILY_ID, family) < 0) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

void wg_features_begin(struct wg_features *features)
{
	*features = (struct wg_features){0};
	for (size_t i = 0; i < WG_POLICIES_MAX; i++)
		features->peers[i] = features->allowed_ips[i] = -1;
}

/* Return the policy that an attribute's description leads to, or -1. */
static int nested_policy(struct nlattr *description)
{
	static const struct nla_policy rules[NL_POLICY_TYPE_ATTR_MAX + 1] = {
		[NL_POLICY_TYPE_ATTR_POLICY_IDX] = {.type = NLA_U32},
	};
	struct nlattr *attributes[NL_POLICY_TYPE_ATTR_MAX + 1];
	if (nla_parse_nested(attributes, NL_POLICY_TYPE_ATTR_MAX, description, rules) < 0 ||
		!attributes[NL_POLICY_TYPE_ATTR_POLICY_IDX])
		return -1;
	uint32_t index = nla_get_u32(attributes[NL_POLICY_TYPE_ATTR_POLICY_IDX]);
	return index < WG_POLICIES_MAX ? (int)index : -1;
}

/*
 * Nothing here tells what a policy describes: the device, a peer or an allowed IP. Read it as all
 * three; wg_features_end follows the path from the root and uses the right reading of each.
 */
static void policy_take(struct wg_features *features, struct nlattr *one)
{
	int index = nla_type(one);
	struct nlattr *description;
	int left;
	if (index >= WG_POLICIES_MAX)
		return;
	nla_for_each_nested(description, one, left)
	{
		int type = nla_type(description);
		if (type == WGDEVICE_A_PEERS)
			features->peers[index] = nested_policy(description);
		if (type == WGPEER_A_ALLOWEDIPS)
			features->allowed_ips[index] = nested_policy(description);
		if (type == WG_ALLOWEDIP_A_FLAGS)
			features->has_flags[index] = true;
	}
}

static void operations_take(struct wg_features *features, struct nlattr *operations)
{
	static const struct nla_policy rules[CTRL_ATTR_POLICY_DUMP_MAX + 1] = {
		[CTRL_ATTR_POLICY_DO] = {.type = NLA_U32},
	};
	struct nlattr *operation;
	int left;
	nla_for_each_nested(operation, operations, left)
	{
		struct nlattr *attributes[CTRL_ATTR_POLICY_DUMP_MAX + 1];
		if (nla_type(operation) == WG_CMD_SET_DEVICE &&
			nla_parse_nested(attributes, CTRL_ATTR_POLICY_DUMP_MAX, operation, rules) >=
				0 &&
			attributes[CTRL_ATTR_POLICY_DO])
			features->root = nla_get_u32(attributes[CTRL_ATTR_POLICY_DO]);
	}
}

int wg_features_message(void *impl, struct nlmsghdr *header)
{
	struct wg_features *features = impl;
	struct nlattr *attributes[CTRL_ATTR_MAX + 1];
	struct nlattr *one;
	int left;
	if (!nlmsg_valid_hdr(header, GENL_HDRLEN) ||
		nlmsg_parse(header, GENL_HDRLEN, attributes, CTRL_ATTR_MAX, NULL) < 0)
		return -EIO;
	if (attributes[CTRL_ATTR_OP_POLICY])
		operations_take(features, attributes[CTRL_ATTR_OP_POLICY]);
	if (attributes[CTRL_ATTR_POLICY])
		nla_for_each_nested(one, attributes[CTRL_ATTR_POLICY], left)
			policy_take(features, one);
	return 0;
}

enum wg_prefix_removal wg_features_end(const struct wg_features *features)
{
	if (features->root >= WG_POLICIES_MAX)
		return WG_PREFIX_REMOVAL_UNSAID;
	int peer = features->peers[features->root];
	int prefix = peer < 0 ? -1 : features->allowed_ips[peer];
	if (prefix < 0)
		return WG_PREFIX_REMOVAL_UNSAID;
	return features->has_flags[prefix] ? WG_PREFIX_REMOVAL_YES : WG_PREFIX_REMOVAL_NO;
}
