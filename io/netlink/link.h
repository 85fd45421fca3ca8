/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read and change network links and their addresses over rtnetlink: links of any kind, whichever
 * implementation of WireGuard is behind them.
 *
 * link_read finds a link by name; all other functions take its index, so that they never touch
 * another link that has got the name meanwhile. Functions return 0 or a negative errno, with the
 * kernel's text in `diag`; -ENODEV means that there is no such link. Not thread-safe.
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
	char name[LINK_NAME_MAX + 1]; /* never an alternative name */
	char kind[LINK_KIND_MAX + 1]; /* such as "wireguard"; empty for hardware and lo */
	int mtu;
	bool up;
	enum ipv6_obstacle ipv6_obstacle;
};

/* Open a socket in the calling thread's network namespace. `timeout_ms` 0 means 5 s. */
int link_open(struct link *link, int timeout_ms, struct diag *diag);
void link_close(struct link *link);

/* -EEXIST if `name` is an alternative name of a link. */
int link_read(struct link *link, const char *name, struct link_info *ret, struct diag *diag);
/* Create a link, which is down. `kind` such as "wireguard". -EEXIST if the name is taken. */
int link_create(struct link *link, const char *name, const char *kind, struct diag *diag);
int link_delete(struct link *link, int index, struct diag *diag);
int link_set_mtu(struct link *link, int index, int mtu, struct diag *diag);
int link_set_up(struct link *link, int index, struct diag *diag);

/* List the link's addresses, with their host bits, in the kernel's order. The caller frees `*ret`.
 */
int link_list_addresses(
	struct link *link, int index, struct prefix **ret, size_t *ret_count, struct diag *diag);
/*
 * Add the address, then remove all others except link-local ones, unless `keep_others`. The same
 * IPv6 address with another prefix length is removed first: the kernel does not accept both.
 */
int link_configure_address(struct link *link, int index, const struct prefix *address,
	bool keep_others, struct diag *diag);
