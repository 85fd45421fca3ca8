/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link of a WireGuard interface: what every implementation of WireGuard does with it, by name.
 *
 * A link of another kind than the implementation's is refused with -EEXIST. Functions return as
 * those of link.h, which each of them uses after one look.
 */
#pragma once

#include "link.h"

struct wg_link {
	struct link link;
	const char *kind; /* such as "wireguard" */
	const char *what; /* what a link of that kind is, for an error */
};

int wg_link_read(struct wg_link *own, const char *name, struct link_info *ret, struct diag *diag);
/* What wg_link_configure_address is going to fail with, as far as that is plain before it begins.
 * The link may be yet to come; `mtu` is what it gets, 0: nothing. */
int wg_link_check_address(struct wg_link *own, const char *name, const struct prefix *address,
	int mtu, struct diag *diag);
int wg_link_configure_address(struct wg_link *own, const char *name, const struct prefix *address,
	bool keep_others, struct diag *diag);
/* These write only what differs. */
int wg_link_set_up(struct wg_link *own, const char *name, struct diag *diag);
int wg_link_set_mtu(struct wg_link *own, const char *name, int mtu, struct diag *diag);
