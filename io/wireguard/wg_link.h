/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read and change the link of a WireGuard interface by its name, for every implementation of
 * WireGuard.
 *
 * Each function reads the link first and fails with -EEXIST if it is not of the implementation's
 * kind. Otherwise functions return what those of link.h do.
 */
#pragma once

#include "link.h"

struct wg_link {
	struct link link;
	const char *kind; /* such as "wireguard" */
	const char *what; /* the name of such a link in errors */
};

int wg_link_read(struct wg_link *own, const char *name, struct link_info *ret, struct diag *diag);
/* The following are operations of controller.h, for a controller that begins with its wg_link. */

/* Return the error that wg_link_configure_address would fail with, as far as it can be foreseen.
 * The link need not exist yet. `mtu` is the MTU it is going to get; 0: unchanged. */
int wg_link_check_address(
	void *impl, const char *name, const struct prefix *address, int mtu, struct diag *diag);
int wg_link_configure_address(void *impl, const char *name, const struct prefix *address,
	bool keep_others, struct diag *diag);
/* These write only if the value differs. */
int wg_link_set_up(void *impl, const char *name, struct diag *diag);
int wg_link_set_mtu(void *impl, const char *name, int mtu, struct diag *diag);
