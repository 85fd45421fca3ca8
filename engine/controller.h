/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seam to the operating system: all that the engine asks of a WireGuard implementation.
 *
 * Every operation returns 0 or a negative errno, and only then does the text in `diag` count: what
 * the system said (without naming the operation: the caller does). Every operation is idempotent.
 * -ENODEV means that the interface is not there. Texts and keys given are borrowed for the call.
 * Operations block, each with a deadline of its own.
 */
#pragma once

#include "device.h"
#include "diff.h"
#include "pause.h"

struct diag;

/* How one operation of a list went. */
struct peer_op_result {
	int error;        /* 0 or a negative errno */
	char *error_text; /* malloc'ed, NULL without an error or memory */
};

struct controller_ops {
	/*
	 * Creates the interface, or adopts the WireGuard interface that has that name: its key and
	 * port are put right where they differ, its peers stay. -EEXIST if a link of another kind
	 * has the name.
	 */
	int (*create_interface)(void *impl, const char *name, const struct key_secret *private_key,
		uint16_t listen_port, struct diag *diag);
	/*
	 * Optional. The mark that the device puts on the packets it sends; it is written only if
	 * it differs, since every write makes the device forget where its packets came from.
	 */
	int (*set_fwmark)(void *impl, const char *name, uint32_t fwmark, struct diag *diag);
	/*
	 * An interface that is not there counts as deleted; whether it was there is in
	 * `*ret_existed` then. -EEXIST as above.
	 */
	int (*delete_interface)(void *impl, const char *name, bool *ret_existed, struct diag *diag);
	/*
	 * The interface gets this address, and, unless `keep_others`, loses all others but
	 * link-local ones.
	 */
	int (*configure_address)(void *impl, const char *name, const struct prefix *address,
		bool keep_others, struct diag *diag);
	/*
	 * Optional. Whether the interface, or one that is yet to be created, can have the address
	 * once it has the MTU `mtu` (0: the one it has). Changes nothing.
	 */
	int (*check_address)(void *impl, const char *name, const struct prefix *address, int mtu,
		struct diag *diag);
	int (*set_interface_up)(void *impl, const char *name, struct diag *diag);
	int (*set_mtu)(void *impl, const char *name, int mtu, struct diag *diag);
	/*
	 * Carries out an update or an add. Allowed IPs given to this peer leave every other. No
	 * endpoint leaves the endpoint as it is; a zero psk clears the psk. `op->desired` never
	 * has a host name for an endpoint. An add with `op->actual` need not look what allowed IPs
	 * the peer has, and may give and take no others than those that differ; a peer that is
	 * found not to be there is set whole all the same.
	 */
	int (*add_peer)(void *impl, const char *name, const struct peer_op *op, struct diag *diag);
	/* A peer that is not there counts as removed. */
	int (*remove_peer)(
		void *impl, const char *name, const struct key_public *key, struct diag *diag);
	/*
	 * Reads all of the interface, in canonical form. On failure `*ret` is as before: there is
	 * no such thing as a part of a device.
	 */
	int (*read_device)(void *impl, const char *name, struct device *ret, struct diag *diag);
	/* Optional. The same, but for the peers, of which `*ret` has none. */
	int (*read_interface)(void *impl, const char *name, struct device *ret, struct diag *diag);
	/*
	 * Optional. Carries out `op_count` operations, which stand in the order of diff.h, and
	 * fills one result for each; one that fails stops no other. Takes `pause`, which may be
	 * NULL, between two requests to the device; at its end the operations that are left fail
	 * with -ECANCELED. NULL: the operations above are called one by one.
	 */
	void (*apply)(void *impl, const char *name, const struct peer_op *ops, size_t op_count,
		struct peer_op_result *results, const struct pause *pause);
};

struct controller {
	const struct controller_ops *ops;
	void *impl;
};
