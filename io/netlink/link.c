/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include "diag.h"

#include <errno.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_DEFAULT_MS 5000

int link_open(struct link *link, int timeout_ms, struct diag *diag)
{
	return netlink_socket_open(
		&link->netlink, NETLINK_ROUTE, timeout_ms ? timeout_ms : TIMEOUT_DEFAULT_MS, diag);
}

void link_close(struct link *link)
{
	netlink_socket_close(&link->netlink);
}

/* Return a message about a link, or NULL when out of memory. */
static struct nl_msg *link_message_new(int type, int flags, const struct ifinfomsg *header)
{
	struct nl_msg *message = nlmsg_alloc_simple(type, flags);
	if (!message)
		return NULL;
	struct ifinfomsg copy = *header;
	if (nlmsg_append(message, &copy, sizeof copy, NLMSG_ALIGNTO) < 0) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

/* Send and free `message`. Fail with -ENOMEM if it is NULL or lacks attributes (`is_whole`). */
static int link_message_send(struct link *link, struct nl_msg *message, bool is_whole,
	const struct netlink_handler *handler, struct diag *diag)
{
	int error;
	if (message && is_whole)
		error = netlink_socket_exchange(&link->netlink, message, handler, NULL, diag);
	else
		error = diag_fail_errno(diag, -ENOMEM);
	nlmsg_free(message);
	return error;
}

/* A link without IPv6 has no IPv6 settings. */
static enum ipv6_obstacle ipv6_obstacle_decode(struct nlattr *families, int mtu)
{
	struct nlattr *settings = NULL;
	if (families) {
		struct nlattr *ipv6 = nla_find(nla_data(families), nla_len(families), AF_INET6);
		if (ipv6)
			settings = nla_find(nla_data(ipv6), nla_len(ipv6), IFLA_INET6_CONF);
	}
	int32_t values[DEVCONF_DISABLE_IPV6 + 1];
	if (mtu < IPV6_MTU_MIN)
		return IPV6_OBSTACLE_MTU;
	if (!settings || (size_t)nla_len(settings) < sizeof values)
		return IPV6_OBSTACLE_KERNEL;
	memcpy(values, nla_data(settings), sizeof values);
	return values[DEVCONF_DISABLE_IPV6] ? IPV6_OBSTACLE_DISABLED : IPV6_OBSTACLE_NONE;
}

static int link_info_decode(void *impl, struct nlmsghdr *header)
{
	struct link_info *info = impl;
	static const struct nla_policy policy[IFLA_MAX + 1] = {
		[IFLA_IFNAME] = {.type = NLA_STRING},
		[IFLA_MTU] = {.type = NLA_U32},
		[IFLA_LINKINFO] = {.type = NLA_NESTED},
	};
	static const struct nla_policy nested_policy[IFLA_INFO_MAX + 1] = {
		[IFLA_INFO_KIND] = {.type = NLA_STRING},
	};
	struct nlattr *attributes[IFLA_MAX + 1];
	struct nlattr *nested[IFLA_INFO_MAX + 1];
	if (header->nlmsg_type != RTM_NEWLINK ||
		nlmsg_parse(header, sizeof(struct ifinfomsg), attributes, IFLA_MAX, policy) < 0)
		return -EIO;
	const struct ifinfomsg *message = nlmsg_data(header);
	info->index = message->ifi_index;
	info->up = message->ifi_flags & IFF_UP;
	if (attributes[IFLA_IFNAME])
		nla_strlcpy(info->name, attributes[IFLA_IFNAME], sizeof info->name);
	if (attributes[IFLA_MTU])
		info->mtu = (int)nla_get_u32(attributes[IFLA_MTU]);
	info->ipv6_obstacle = ipv6_obstacle_decode(attributes[IFLA_AF_SPEC], info->mtu);
	if (!attributes[IFLA_LINKINFO])
		return 0;
	if (nla_parse_nested(nested, IFLA_INFO_MAX, attributes[IFLA_LINKINFO], nested_policy) < 0)
		return -EIO;
	if (nested[IFLA_INFO_KIND])
		nla_strlcpy(info->kind, nested[IFLA_INFO_KIND], sizeof info->kind);
	return 0;
}

int link_read(struct link *link, const char *name, struct link_info *ret, struct diag *diag)
{
	struct link_info info = {0};
	struct nl_msg *message = link_message_new(RTM_GETLINK, 0, &(struct ifinfomsg){0});
	bool is_whole = message && nla_put_string(message, IFLA_IFNAME, name) >= 0;
	int error = link_message_send(
		link, message, is_whole, &(struct netlink_handler){link_info_decode, &info}, diag);
	if (error)
		return error;
	if (info.index == 0)
		return diag_fail(diag, -EIO, "netlink: an answer without a link");
	/* The kernel finds links by their alternative names too. */
	if (strcmp(info.name, name) != 0)
		return diag_fail(diag, -EEXIST, "%s is an alternative name of %s, not its own",
			name, info.name);
	*ret = info;
	return 0;
}

int link_create(struct link *link, const char *name, const char *kind, struct diag *diag)
{
	struct nl_msg *message =
		link_message_new(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &(struct ifinfomsg){0});
	bool is_whole = message && nla_put_string(message, IFLA_IFNAME, name) >= 0;
	struct nlattr *nest = is_whole ? nla_nest_start(message, IFLA_LINKINFO) : NULL;
	is_whole = nest && nla_put_string(message, IFLA_INFO_KIND, kind) >= 0;
	if (is_whole)
		nla_nest_end(message, nest);
	return link_message_send(link, message, is_whole, NULL, diag);
}

int link_delete(struct link *link, int index, struct diag *diag)
{
	struct nl_msg *message =
		link_message_new(RTM_DELLINK, 0, &(struct ifinfomsg){.ifi_index = index});
	return link_message_send(link, message, true, NULL, diag);
}

int link_set_mtu(struct link *link, int index, int mtu, struct diag *diag)
{
	struct nl_msg *message =
		link_message_new(RTM_SETLINK, 0, &(struct ifinfomsg){.ifi_index = index});
	bool is_whole = message && nla_put_u32(message, IFLA_MTU, (uint32_t)mtu) >= 0;
	return link_message_send(link, message, is_whole, NULL, diag);
}

int link_set_up(struct link *link, int index, struct diag *diag)
{
	struct ifinfomsg header = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	struct nl_msg *message = link_message_new(RTM_SETLINK, 0, &header);
	return link_message_send(link, message, true, NULL, diag);
}
