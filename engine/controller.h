/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface to a WireGuard implementation: everything that the engine needs of it.
 *
 * Every operation returns 0 or a negative errno. On failure `diag` holds the system's message; the
 * caller adds the name of the operation. On success the text of `diag` has no meaning. Operations
 * are idempotent. -ENODEV means that the interface does not exist. Arguments are borrowed for the
 * call. Operations block, each with its own deadline.
 */
#pragma once

#include "device.h"
#include "diff.h"
#include "pause.h"

struct diag;

/* The result of one operation of a list. */
struct peer_op_result {
	int error;        /* 0 or a negative errno */
	char *error_text; /* malloc'ed; NULL on success, if cancelled, or when out of memory */
};

struct controller_ops {
	/*
	 * Create the interface, or adopt an existing WireGuard interface of that name: set its key
	 * and port if they differ and leave its peers alone. -EEXIST if a link of another kind has
	 * the name.
	 */
	int (*create_interface)(void *impl, const char *name, const struct key_secret *private_key,
		uint16_t listen_port, struct diag *diag);
	/*
	 * Optional. Set the firewall mark of the packets that the device sends. It is written only
	 * if it differs, because each write clears the cached source address of every peer.
	 */
	int (*set_fwmark)(void *impl, const char *name, uint32_t fwmark, struct diag *diag);
	/*
	 * Delete the interface. If it does not exist, succeed with `*ret_existed` false. -EEXIST as
	 * above.
	 */
	int (*delete_interface)(void *impl, const char *name, bool *ret_existed, struct diag *diag);
	/* Add the address. Unless `keep_others`, remove all others except link-local ones. */
	int (*configure_address)(void *impl, const char *name, const struct prefix *address,
		bool keep_others, struct diag *diag);
	/*
	 * Optional. Check that the interface, existing or not, can have the address once its MTU is
	 * `mtu` (0: its current one). Changes nothing.
	 */
	int (*check_address)(void *impl, const char *name, const struct prefix *address, int mtu,
		struct diag *diag);
	int (*set_interface_up)(void *impl, const char *name, struct diag *diag);
	int (*set_mtu)(void *impl, const char *name, int mtu, struct diag *diag);
	/*
	 * Execute an update or an add. An allowed IP that is set on this peer leaves any other.
	 * No endpoint means no change of the endpoint; a zero psk clears the psk. `op->desired`
	 * never has a host name as its endpoint. For an add with `op->actual` the controller need
	 * not read the peer's allowed IPs and may write only those that differ; if the peer turns
	 * out not to exist, it is set completely.
	 */
	int (*add_peer)(void *impl, const char *name, const struct peer_op *op, struct diag *diag);
	/* Remove a peer. Succeed if it does not exist. */
	int (*remove_peer)(
		void *impl, const char *name, const struct key_public *key, struct diag *diag);
	/*
	 * Read the complete interface in canonical form. A partial read is a failure; `*ret` is
	 * written only on success.
	 */
	int (*read_device)(void *impl, const char *name, struct device *ret, struct diag *diag);
	/* Optional. The same without the peers: `*ret` has none. */
	int (*read_interface)(void *impl, const char *name, struct device *ret, struct diag *diag);
	/*
	 * Optional. Execute `op_count` operations, in the order of diff.h, and fill one result for
	 * each. A failed operation does not stop the others. Call `pause`, which may be NULL,
	 * between requests to the device; once it ends the work, the remaining operations fail with
	 * -ECANCELED. If this callback is NULL, the caller uses add_peer and remove_peer.
	 */
	void (*apply)(void *impl, const char *name, const struct peer_op *ops, size_t op_count,
		struct peer_op_result *results, const struct pause *pause);
};

struct controller {
	const struct controller_ops *ops;
	void *impl;
};
