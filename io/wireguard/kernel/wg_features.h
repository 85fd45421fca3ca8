/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Find out from the kernel's attribute policies (CTRL_CMD_GETPOLICY) whether it can remove single
 * prefixes of a peer. Pure: no socket.
 *
 * Kernels from 5.7 to at least 6.18 describe only the device's own attributes, which leaves the
 * question open, but they refuse unknown attributes. Newer kernels describe all of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nl_msg;
struct nlmsghdr;

enum wg_prefix_removal {
	WG_PREFIX_REMOVAL_UNKNOWN, /* not asked yet */
	WG_PREFIX_REMOVAL_UNSAID,  /* asked; the answer leaves it open */
	WG_PREFIX_REMOVAL_NO,
	WG_PREFIX_REMOVAL_YES,
};

/* More policies than the kernel has for WireGuard; further ones are ignored. */
#define WG_POLICIES_MAX 32

/* Which policy each relevant attribute leads to, indexed by the policy that describes it. */
struct wg_features {
	uint32_t root;                    /* of WG_CMD_SET_DEVICE */
	int peers[WG_POLICIES_MAX];       /* -1: none */
	int allowed_ips[WG_POLICIES_MAX]; /* -1: none */
	bool has_flags[WG_POLICIES_MAX];
};

/* Return the request, or NULL if out of memory. */
struct nl_msg *wg_features_request(uint16_t family);
void wg_features_begin(struct wg_features *features);
/* Parse one message of the answer. `impl` is a struct wg_features. Returns 0 or -EIO. */
int wg_features_message(void *impl, struct nlmsghdr *header);
enum wg_prefix_removal wg_features_end(const struct wg_features *features);
