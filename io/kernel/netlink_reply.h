/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer to one netlink request, taken datagram by datagram. Pure: who receives them is
 * genl_socket.h.
 *
 * An answer is an acknowledgement, an error, or a dump, whose end has an errno of its own. What is
 * cut short, or was torn by a change meanwhile, is never taken for the whole.
 */
#pragma once

#include "netlink_socket.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netlink_reply {
	uint32_t sequence; /* of the request; other messages are late answers, and skipped */
	bool is_dump;
	bool is_first_enough;           /* of a dump's messages only the first is wanted */
	struct netlink_handler handler; /* `handle` may be NULL */
	struct diag *diag;

	bool is_done;    /* the end was seen */
	bool is_refused; /* `error` is the kernel's word */
	bool is_torn;
	int error; /* negative errno, the first */
};

/* Takes what one receive gave. `is_cut`: it was longer than the buffer. */
void netlink_reply_take(struct netlink_reply *reply, const void *bytes, size_t length, bool is_cut);

/*
 * How it went, once it is done or nothing more comes: 0, the first error, -EAGAIN for a torn dump,
 * -EIO for an answer without an end.
 */
int netlink_reply_result(const struct netlink_reply *reply);
