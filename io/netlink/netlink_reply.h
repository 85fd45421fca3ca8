/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer to one netlink request, parsed datagram by datagram. Pure; genl_socket.h receives the
 * datagrams.
 *
 * An answer is an acknowledgement, an error, or a dump, which ends with an errno of its own. A dump
 * that is truncated, or torn by a concurrent change, never counts as complete.
 */
#pragma once

#include "netlink_socket.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netlink_reply {
	uint32_t sequence; /* of the request; messages with another one are late, and skipped */
	bool is_dump;
	bool is_first_enough;           /* stop after the first message of a dump */
	struct netlink_handler handler; /* `handle` may be NULL */
	struct diag *diag;

	bool is_done;    /* the end was received */
	bool is_refused; /* `error` is the kernel's answer */
	bool is_torn;    /* the device changed during the dump */
	int error;       /* negative errno, the first */
};

/* Parse one datagram. `is_cut`: it did not fit into the buffer. */
void netlink_reply_take(struct netlink_reply *reply, const void *bytes, size_t length, bool is_cut);

/*
 * Return the result after the last datagram: 0, the first error, -EAGAIN for a torn dump, or -EIO
 * for an answer without an end.
 */
int netlink_reply_result(const struct netlink_reply *reply);
