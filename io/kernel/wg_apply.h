/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries operation lists out on the kernel's WireGuard, through a channel: a socket, or a kernel
 * made up for a test.
 *
 * Whether the kernel removes single prefixes is found out at the first one to be removed. It is
 * asked, and if it does not say, the removal itself is tried on its own: kernels that cannot do it
 * refuse it and change nothing.
 */
#pragma once

#include "wg_batch.h"
#include "wg_features.h"

struct wg_channel {
	/* As in wg_sender. */
	int (*set)(void *impl, struct nl_msg *message, bool *ret_refused, struct diag *diag);
	void (*set_all)(void *impl, struct netlink_request *requests, size_t count);
	/* Keys, port and peers. On failure `*ret` is as before. */
	int (*read)(void *impl, int index, struct device *ret, struct diag *diag);
	int (*ask_prefix_removal)(void *impl, enum wg_prefix_removal *ret, struct diag *diag);
	void *impl;
};

struct wg_apply {
	struct wg_channel channel;
	struct wg_limits limits;
	/* Fills with random bytes: the key of a temporary peer. */
	void (*random_bytes)(void *buffer, size_t size);
	int (*zone_index)(const char *zone, uint32_t *ret); /* as in wg_order_input */
	enum wg_prefix_removal prefix_removal;
	/* When the device was read last: a shorter list of removals cannot be of all. */
	size_t peer_count_seen;
};

/*
 * Fills one result for each operation; one that fails stops no other. If all peers go and none of
 * their prefixes is wanted, they go by one request. Takes `pause` (or NULL) between requests.
 */
void wg_apply_ops(struct wg_apply *apply, const struct wg_target *target, const struct peer_op *ops,
	size_t op_count, struct peer_op_result *results, const struct pause *pause);
/*
 * Carries out one update or add. An add is of a peer that may be there: whether it is, the kernel
 * tells without a read. If so, the add is an update of all fields, its allowed IPs those that
 * differ from `op->actual`. Without that, and for an update, whose knowledge of the device may be
 * old, the device is read before anything is taken from the peer, so that its other prefixes stay
 * where they are.
 */
int wg_apply_set(struct wg_apply *apply, const struct wg_target *target, const struct peer_op *op,
	struct diag *diag);
