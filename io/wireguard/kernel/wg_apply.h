/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Execute operation lists on the kernel's WireGuard, through a channel: the socket of wg_socket.h,
 * or a test's own.
 *
 * Kernels before 6.16 cannot remove a single prefix. At the first such removal, ask the kernel
 * (wg_features.h). If its answer leaves the question open, try the removal alone: a kernel without
 * it refuses and changes nothing.
 */
#pragma once

#include "wg_batch.h"
#include "wg_features.h"

struct wg_channel {
	/* As wg_sender.send and wg_sender.send_all. */
	int (*set)(void *impl, struct nl_msg *message, bool *ret_refused, struct diag *diag);
	void (*set_all)(void *impl, struct netlink_request *requests, size_t count);
	/* Read keys, port and peers. On failure `*ret` is unchanged. */
	int (*read)(void *impl, int index, struct device *ret, struct diag *diag);
	int (*ask_prefix_removal)(void *impl, enum wg_prefix_removal *ret, struct diag *diag);
	void *impl;
};

struct wg_apply {
	struct wg_channel channel;
	struct wg_limits limits;
	/* Fill the buffer with random bytes; they become the key of a temporary peer. */
	void (*random_bytes)(void *buffer, size_t size);
	int (*zone_index)(const char *zone, uint32_t *ret); /* as in wg_order_input */
	enum wg_prefix_removal prefix_removal;
	/* At the last device read. A list with fewer removals cannot empty the device. */
	size_t peer_count_seen;
};

/*
 * Execute the operations and fill one result for each; a failed one stops no other. If the list
 * removes every peer and none of their prefixes is desired, one request removes them all. Calls
 * `pause` between requests; it may be NULL.
 */
void wg_apply_ops(struct wg_apply *apply, const struct wg_target *target, const struct peer_op *ops,
	size_t op_count, struct peer_op_result *results, const struct pause *pause);
/*
 * Execute one update or add. Returns 0 or a negative errno.
 *
 * The peer of an add may exist already; a probe finds out without reading the device. The add then
 * becomes an update of all fields, and its allowed IPs are compared with `op->actual`. Without
 * `op->actual`, and for an update that removes allowed IPs, whose actual peer may be outdated, the
 * device is read first, so that only the right allowed IPs are removed.
 */
int wg_apply_set(struct wg_apply *apply, const struct wg_target *target, const struct peer_op *op,
	struct diag *diag);
