/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "netlink_socket.h"

/*
 * Look up the number of a family of generic netlink; the kernel loads its module if needed. Returns
 * 0, -ENOENT if the kernel has no such family, or another error of netlink_socket_exchange.
 */
int genl_family_find(
	struct netlink_socket *netlink, const char *name, uint16_t *ret, struct diag *diag);
