#include "link_watch.h"

#include "diag.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* More than the kernel puts into one message of notifications. */
#define RECEIVE_BYTES (64 * 1024)

/* 0: none. The system finds links by their alternative names too. */
static int link_index(const char *name)
{
	char own_name[IF_NAMESIZE];
	unsigned index = if_nametoindex(name);
	bool is_own = index && if_indextoname(index, own_name) && strcmp(own_name, name) == 0;
	return is_own ? (int)index : 0;
}

int link_watch_open(struct link_watch *watch, const char *name, struct diag *diag)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	*watch = (struct link_watch){.fd = -1};
	if (strlen(name) > LINK_WATCH_NAME_MAX)
		return diag_fail_errno(diag, -ENAMETOOLONG);
	strcpy(watch->name, name);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd < 0)
		return diag_wrap(diag, diag_fail_errno(diag, -errno), "watch links");
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		int error = diag_fail_errno(diag, -errno);
		close(fd);
		return diag_wrap(diag, error, "watch links");
	}
	watch->fd = fd;
	/* Only now: what changes from here on is told. */
	watch->index = link_index(name);
	return 0;
}

static bool link_message_is_ours(struct link_watch *watch, struct nlmsghdr *header)
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

static bool message_is_ours(struct link_watch *watch, struct nlmsghdr *header)
{
	switch (header->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return nlmsg_valid_hdr(header, sizeof(struct ifinfomsg)) &&
		       link_message_is_ours(watch, header);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		if (!watch->index || !nlmsg_valid_hdr(header, sizeof(struct ifaddrmsg)))
			return false;
		return ((struct ifaddrmsg *)nlmsg_data(header))->ifa_index ==
		       (unsigned)watch->index;
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
			/* Messages were lost, the one that names a new index perhaps among them. */
			watch->index = link_index(watch->name);
			changed = true;
			continue;
		}
		if (from.nl_pid != 0)
			continue; /* not from the kernel */
		int left = (int)size;
		for (struct nlmsghdr *header = (struct nlmsghdr *)buffer; nlmsg_ok(header, left);
			header = nlmsg_next(header, &left))
			changed |= message_is_ours(watch, header);
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
