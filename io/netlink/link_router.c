/* SPDX-License-Identifier: Apache-2.0 */
#include "link_router.h"

#include "diag.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>
#include <sys/socket.h>

/* A dump is interrupted only when routes change meanwhile: give up after that many in a row. */
#define DUMP_TRIES_MAX 5

struct route_dump {
	const struct link_router *router;
	struct route_table table;
};

static enum route_owner route_owner_of(const struct link_router *router,
	const struct rtmsg *message, struct nlattr *const *attributes)
{
	bool leads_here = router->index && attributes[RTA_OIF] &&
			  message->rtm_type == RTN_UNICAST &&
			  nla_get_u32(attributes[RTA_OIF]) == (uint32_t)router->index;
	if (!leads_here)
		return ROUTE_FOREIGN;
	return message->rtm_protocol == ROUTE_PROTOCOL ? ROUTE_OURS : ROUTE_FOREIGN_HERE;
}

static int route_decode(void *impl, struct nlmsghdr *header)
{
	static const struct nla_policy policy[RTA_MAX + 1] = {
		[RTA_OIF] = {.type = NLA_U32},
		[RTA_TABLE] = {.type = NLA_U32},
	};
	struct route_dump *dump = impl;
	struct nlattr *attributes[RTA_MAX + 1];
	if (header->nlmsg_type != RTM_NEWROUTE ||
		nlmsg_parse(header, sizeof(struct rtmsg), attributes, RTA_MAX, policy) < 0)
		return -EIO;
	const struct rtmsg *message = nlmsg_data(header);
	uint32_t table =
		attributes[RTA_TABLE] ? nla_get_u32(attributes[RTA_TABLE]) : message->rtm_table;
	if (table != dump->router->table || (message->rtm_flags & RTM_F_CLONED))
		return 0;
	uint8_t bytes[16] = {0};
	enum ip_family family = message->rtm_family == AF_INET ? IP_V4 : IP_V6;
	size_t size = family == IP_V4 ? 4 : 16;
	if (attributes[RTA_DST]) {
		if ((size_t)nla_len(attributes[RTA_DST]) != size)
			return -EIO;
		memcpy(bytes, nla_data(attributes[RTA_DST]), size);
	}
	if (message->rtm_dst_len > size * 8)
		return -EIO;
	struct route route = {
		/* Not ip_from_bytes: a route to an IPv4-mapped IPv6 address is not an IPv4 route.
		 */
		.destination = {.ip = {.family = (uint8_t)family}, .length = message->rtm_dst_len},
		.owner = route_owner_of(dump->router, message, attributes),
	};
	memcpy(route.destination.ip.bytes, bytes, size);
	return route_table_append(&dump->table, &route);
}

static int family_dump(
	struct link_router *router, int family, struct route_dump *dump, struct diag *diag)
{
	struct rtmsg header = {.rtm_family = (uint8_t)family};
	struct nl_msg *message = nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_DUMP);
	int error = -ENOMEM;
	if (message && nlmsg_append(message, &header, sizeof header, NLMSG_ALIGNTO) >= 0)
		error = netlink_socket_exchange(&router->link.netlink, message,
			&(struct netlink_handler){route_decode, dump}, NULL, diag);
	else
		diag_fail_errno(diag, error);
	nlmsg_free(message);
	return error;
}

static int tables_dump(struct link_router *router, struct route_table *ret, struct diag *diag)
{
	struct route_dump dump = {.router = router};
	int error = family_dump(router, AF_INET, &dump, diag);
	if (!error)
		error = family_dump(router, AF_INET6, &dump, diag);
	if (error) {
		route_table_clear(&dump.table);
		return error;
	}
	route_table_seal(&dump.table);
	dump.table.ipv6_obstacle = router->ipv6_obstacle;
	*ret = dump.table;
	return 0;
}

static int index_find(struct link_router *router, const char *interface, struct diag *diag)
{
	struct link_info info = {0};
	int error = link_read(&router->link, interface, &info, diag);
	if (!error || error == -ENODEV) {
		router->index = info.index;
		router->ipv6_obstacle = info.ipv6_obstacle;
	}
	return error;
}

static int link_read_routes(
	void *impl, const char *interface, struct route_table *ret, struct diag *diag)
{
	struct link_router *router = impl;
	int error = index_find(router, interface, diag);
	if (error && error != -ENODEV)
		return error;
	error = -EAGAIN;
	for (int tries = 0; error == -EAGAIN && tries < DUMP_TRIES_MAX; tries++)
		error = tables_dump(router, ret, diag);
	return error;
}

/* Add or delete (`type`) one route of ours. */
static int route_change(struct link_router *router, int type, int flags,
	const struct prefix *destination, struct diag *diag)
{
	bool is_v4 = destination->ip.family == IP_V4;
	struct rtmsg header = {
		.rtm_family = is_v4 ? AF_INET : AF_INET6,
		.rtm_dst_len = destination->length,
		.rtm_table = (uint8_t)(router->table < 256 ? router->table : RT_TABLE_UNSPEC),
		.rtm_protocol = ROUTE_PROTOCOL,
		.rtm_scope = is_v4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
	};
	struct nl_msg *message = nlmsg_alloc_simple(type, flags);
	int error = -ENOMEM;
	if (message && nlmsg_append(message, &header, sizeof header, NLMSG_ALIGNTO) >= 0 &&
		nla_put(message, RTA_DST, is_v4 ? 4 : 16, destination->ip.bytes) >= 0 &&
		nla_put_u32(message, RTA_TABLE, router->table) >= 0 &&
		nla_put_u32(message, RTA_OIF, (uint32_t)router->index) >= 0)
		error = netlink_socket_exchange(&router->link.netlink, message, NULL, NULL, diag);
	else
		diag_fail_errno(diag, error);
	nlmsg_free(message);
	return error;
}

/* An event may add the first route ever, or the first since the link was made anew: then look up
 * its index. */
static int link_add_route(
	void *impl, const char *interface, const struct prefix *destination, struct diag *diag)
{
	struct link_router *router = impl;
	int flags = NLM_F_CREATE | NLM_F_EXCL, error = -ENODEV;
	if (router->index)
		error = route_change(router, RTM_NEWROUTE, flags, destination, diag);
	if (error != -ENODEV)
		return error;
	error = index_find(router, interface, diag);
	return error ? error : route_change(router, RTM_NEWROUTE, flags, destination, diag);
}

static int link_remove_route(
	void *impl, const char *interface, const struct prefix *destination, struct diag *diag)
{
	struct link_router *router = impl;
	int error = router->index ? 0 : index_find(router, interface, diag);
	if (!error)
		error = route_change(router, RTM_DELROUTE, 0, destination, diag);
	return error == -ESRCH || error == -ENODEV ? 0 : error;
}

static const struct router_ops link_router_ops = {
	.read_routes = link_read_routes,
	.add_route = link_add_route,
	.remove_route = link_remove_route,
};

int link_router_open(struct link_router *router, uint32_t table, struct diag *diag)
{
	*router = (struct link_router){.table = table};
	return link_open(&router->link, 0, diag);
}

void link_router_close(struct link_router *router)
{
	link_close(&router->link);
}

uint32_t link_router_port(const struct link_router *router)
{
	return netlink_socket_port(&router->link.netlink);
}

struct router link_router(struct link_router *router)
{
	return (struct router){.ops = &link_router_ops, .impl = router};
}
