/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends steps in as few messages as the limits allow, and finds out how each operation went.
 *
 * Messages that do nothing but set peers go several at once: none of those needs what another has
 * done. The kernel carries a message out in order, stops at the first piece that it
 * refuses and does not say which that was. So a refused message is sent again in parts, half by
 * half, until one piece is left: its operation has failed, and everything else goes on. What only
 * says that the device cannot be spoken to fails all that is left at once.
 */
#pragma once

#include "netlink_socket.h"
#include "pause.h"
#include "wg_encode.h"

struct wg_sender {
	/*
	 * Sends one message and waits until it was carried out. Returns 0 or a negative errno;
	 * `*ret_refused` is true if it is the kernel's own word.
	 */
	int (*send)(void *impl, struct nl_msg *message, bool *ret_refused, struct diag *diag);
	/* Optional. Sends several at once; each is carried out whatever becomes of the others. */
	void (*send_all)(void *impl, struct netlink_request *requests, size_t count);
	void *impl;
};

struct wg_batch {
	struct wg_sender sender;
	struct wg_target target;
	struct wg_limits limits;
	const struct key_public *temporary_key; /* as in wg_order_input */
	const struct pause *pause;              /* taken between messages; may be NULL */
};

/* Notes failures in `results`; an operation that has a result already keeps it. */
void wg_batch_run(
	const struct wg_batch *batch, const struct wg_steps *steps, struct peer_op_result *results);

/* Whether an error of the kernel is about the device rather than about what it was asked. */
bool wg_error_is_of_device(int error);
