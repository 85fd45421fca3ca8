/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel says about the attributes that it takes (CTRL_CMD_GETPOLICY): whether it can
 * remove single prefixes of a peer. Pure: no socket.
 *
 * Newer kernels say so. Those from 5.7 to at least 6.18 describe a device's own attributes only,
 * and leave the question open; but they refuse attributes that they do not know.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nl_msg;
struct nlmsghdr;

enum wg_prefix_removal {
	WG_PREFIX_REMOVAL_UNKNOWN, /* not asked yet */
	WG_PREFIX_REMOVAL_UNSAID,  /* asked, not answered */
	WG_PREFIX_REMOVAL_NO,
	WG_PREFIX_REMOVAL_YES,
};

/* More policies than the kernel has for WireGuard; further ones are not looked at. */
#define WG_POLICIES_MAX 32

/* Which policy each attribute of interest leads to, by the policy that it stands in. */
struct wg_features {
	uint32_t root;                    /* of WG_CMD_SET_DEVICE */
	int peers[WG_POLICIES_MAX];       /* -1: it leads nowhere */
	int allowed_ips[WG_POLICIES_MAX]; /* as well */
	bool has_flags[WG_POLICIES_MAX];
};

/* The question; NULL when memory is out. */
struct nl_msg *wg_policy_request(uint16_t family);
void wg_policy_begin(struct wg_features *policy);
/* Takes one message of the answer. Returns 0 or -EIO; `impl` is a struct wg_features. */
int wg_policy_message(void *impl, struct nlmsghdr *header);
enum wg_prefix_removal wg_policy_end(const struct wg_features *policy);
