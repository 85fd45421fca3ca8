/* SPDX-License-Identifier: Apache-2.0 */
#include "link_watch.h"

#include "diag.h"
#include "link_router.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* More than the kernel puts into one message of notifications. */
#define RECEIVE_BYTES (64 * 1024)

/* Return 0 if there is no such link. if_nametoindex() finds alternative names too: ignore those. */
static int link_index(const char *name)
{
	char own_name[IF_NAMESIZE];
	unsigned index = if_nametoindex(name);
	bool is_own = index && if_indextoname(index, own_name) && strcmp(own_name, name) == 0;
	return is_own ? (int)index : 0;
}

/* Drop all messages about routes but deletions of those with our protocol. */
static int filter_attach(int fd)
{
	/* A filter loads numbers in network order; netlink's are in host order. */
	const uint16_t added = htons(RTM_NEWROUTE), deleted = htons(RTM_DELROUTE);
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, added, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, deleted, 0, 2),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS,
			NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_protocol)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ROUTE_PROTOCOL, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog filter = {
		.len = sizeof program / sizeof *program,
		.filter = program,
	};
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) ? -errno : 0;
}

static int groups_join(int fd, bool has_routes)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	int error = 0;
	if (has_routes) {
		address.nl_groups |= RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
		error = filter_attach(fd);
	}
	if (!error && bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
		error = -errno;
	return error;
}

int link_watch_open(struct link_watch *watch, const char *name, const struct link_router *router,
	struct diag *diag)
{
	*watch = (struct link_watch){.fd = -1, .router = router};
	if (strlen(name) > LINK_WATCH_NAME_MAX)
		return diag_fail_errno(diag, -ENAMETOOLONG);
	strcpy(watch->name, name);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd < 0)
		return diag_wrap(diag, diag_fail_errno(diag, -errno), "watch links");
	int error = groups_join(fd, router);
	if (error) {
		close(fd);
		return diag_wrap(diag, diag_fail_errno(diag, error), "watch links");
	}
	watch->fd = fd;
	/* Look it up after bind(): later changes are reported. */
	watch->index = link_index(name);
	return 0;
}

/* Update the watched index. Return whether the message concerns our link. */
static bool track_link(struct link_watch *watch, struct nlmsghdr *header)
{
	const struct ifinfomsg *message = nlmsg_data(header);
	struct nlattr *name = nlmsg_find_attr(header, sizeof *message, IFLA_IFNAME);
	bool has_name = name && nla_strcmp(name, watch->name) == 0;
	bool has_index = watch->index && message->ifi_index == watch->index;
	if (!has_name && !has_index)
		return false;
	/* Deleted, renamed away, or made anew under another index. */
	watch->index = has_name && header->nlmsg_type == RTM_NEWLINK ? message->ifi_index : 0;
	return true;
}

/* Whether another program deleted a route of ours. */
static bool route_message_is_ours(const struct link_watch *watch, struct nlmsghdr *header)
{
	const struct rtmsg *message = nlmsg_data(header);
	const struct link_router *router = watch->router;
	struct nlattr *link = nlmsg_find_attr(header, sizeof *message, RTA_OIF);
	struct nlattr *table = nlmsg_find_attr(header, sizeof *message, RTA_TABLE);
	/* Port 0 is the kernel, which deletes routes by itself. */
	if (!router || !watch->index || message->rtm_protocol != ROUTE_PROTOCOL ||
		(header->nlmsg_pid && header->nlmsg_pid == link_router_port(router)))
		return false;
	return link && nla_len(link) == sizeof(uint32_t) &&
	       nla_get_u32(link) == (uint32_t)watch->index && table &&
	       nla_len(table) == sizeof(uint32_t) && nla_get_u32(table) == router->table;
}

/* Return whether the message reports a change of our link or routes. */
static bool track_message(struct link_watch *watch, struct nlmsghdr *header)
{
	switch (header->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return nlmsg_valid_hdr(header, sizeof(struct ifinfomsg)) &&
		       track_link(watch, header);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		if (!watch->index || !nlmsg_valid_hdr(header, sizeof(struct ifaddrmsg)))
			return false;
		return ((struct ifaddrmsg *)nlmsg_data(header))->ifa_index ==
		       (unsigned)watch->index;
	case RTM_DELROUTE:
		return nlmsg_valid_hdr(header, sizeof(struct rtmsg)) &&
		       route_message_is_ours(watch, header);
	default:
		return false;
	}
}

int link_watch_take(struct link_watch *watch, bool *ret_changed, struct diag *diag)
{
	_Alignas(struct nlmsghdr) unsigned char buffer[RECEIVE_BYTES];
	bool changed = false;
	for (;;) {
		struct sockaddr_nl from = {0};
		socklen_t from_size = sizeof from;
		ssize_t size = recvfrom(watch->fd, buffer, sizeof buffer, MSG_TRUNC,
			(struct sockaddr *)&from, &from_size);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0 && errno == EAGAIN)
			break;
		if (size < 0 && errno != ENOBUFS)
			return diag_wrap(diag, diag_fail_errno(diag, -errno), "watch links");
		if (size < 0 || (size_t)size > sizeof buffer) {
			/* Messages were lost, perhaps the one with a new index. */
			watch->index = link_index(watch->name);
			changed = true;
			continue;
		}
		if (from.nl_pid != 0)
			continue; /* not from the kernel */
		int left = (int)size;
		for (struct nlmsghdr *header = (struct nlmsghdr *)buffer; nlmsg_ok(header, left);
			header = nlmsg_next(header, &left))
			changed |= track_message(watch, header);
	}
	*ret_changed = changed;
	return 0;
}

void link_watch_close(struct link_watch *watch)
{
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = -1;
}
