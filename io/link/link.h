/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network links and their addresses, over rtnetlink: what a WireGuard interface has that every
 * link has. For all implementations of WireGuard, and for links that are none.
 *
 * A link is looked up by name once and then named by its index, so that another link that gets the
 * name meanwhile is never touched. Functions return 0 or a negative errno, the kernel's words for
 * it in `diag`; -ENODEV means that the link is not there. Not thread-safe.
 */
#pragma once

#include "ipv6_obstacle.h"
#include "netlink_socket.h"
#include "prefix.h"

struct link {
	struct netlink_socket netlink;
};

#define LINK_KIND_MAX 31
#define LINK_NAME_MAX 15

struct link_info {
	int index;
	char name[LINK_NAME_MAX + 1]; /* its own: never an alternative one */
	char kind[LINK_KIND_MAX + 1]; /* such as "wireguard"; empty for hardware and lo */
	int mtu;
	bool up;
	enum ipv6_obstacle ipv6_obstacle;
};

/* In the network namespace that the thread is in now. `timeout_ms` 0 is 5 s. */
int link_open(struct link *link, int timeout_ms, struct diag *diag);
void link_close(struct link *link);

/* -EEXIST if `name` is an alternative name of a link. */
int link_read(struct link *link, const char *name, struct link_info *ret, struct diag *diag);
/* A new link, down. `kind` such as "wireguard". -EEXIST if the name is taken. */
int link_create(struct link *link, const char *name, const char *kind, struct diag *diag);
int link_delete(struct link *link, int index, struct diag *diag);
int link_set_mtu(struct link *link, int index, int mtu, struct diag *diag);
int link_set_up(struct link *link, int index, struct diag *diag);

/* The link's addresses, host bits kept, in the kernel's order. The caller frees `*ret`. */
int link_list_addresses(
	struct link *link, int index, struct prefix **ret, size_t *ret_count, struct diag *diag);
/*
 * The link gets the address, and unless `keep_others` loses all others but link-local ones. The
 * address comes before the others go, but for the same IPv6 address with another prefix length:
 * the kernel does not have both.
 */
int link_configure_address(struct link *link, int index, const struct prefix *address,
	bool keep_others, struct diag *diag);
