/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Send steps in as few messages as the limits allow, and find the result of each operation.
 *
 * The kernel executes a message in order and stops at the first piece that it refuses, without
 * reporting which. So a refused message is bisected: sent again in halves until one piece is left.
 * That piece's operation has failed, and the rest goes on. An error of the device itself (no
 * permission, no such interface) fails all remaining operations at once.
 *
 * Messages that only set peers do not depend on each other, and are sent several at once.
 */
#pragma once

#include "netlink_socket.h"
#include "pause.h"
#include "wg_encode.h"

struct wg_sender {
	/*
	 * Send one message and wait until the kernel has executed it. Returns 0 or a negative
	 * errno; `*ret_refused` is true if the kernel answered with that errno.
	 */
	int (*send)(void *impl, struct nl_msg *message, bool *ret_refused, struct diag *diag);
	/* Optional. Send several messages at once; a failed one stops no other. */
	void (*send_all)(void *impl, struct netlink_request *requests, size_t count);
	void *impl;
};

struct wg_batch {
	struct wg_sender sender;
	struct wg_target target;
	struct wg_limits limits;
	const struct key_public *temporary_key; /* as in wg_order_input */
	const struct pause *pause;              /* called between messages; may be NULL */
};

/* Write failures to `results`. An operation that already has a result is left unchanged. */
void wg_batch_run(
	const struct wg_batch *batch, const struct wg_steps *steps, struct peer_op_result *results);

/* Whether a kernel error concerns the device as a whole rather than the request. */
bool wg_error_is_of_device(int error);
