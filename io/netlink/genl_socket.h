/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A generic netlink socket. It owns its receive buffer and wipes it, because answers hold keys.
 *
 * The socket is long-lived. After an incomplete exchange the next one reopens it, so that a late
 * answer is never read as the answer to another request. Not thread-safe. netlink_reply.h describes
 * answers.
 *
 * Functions return 0 or a negative errno, with its text in `diag`.
 */
#pragma once

#include "netlink_socket.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct genl_socket {
	struct nl_sock *sock; /* NULL: the next exchange opens it */
	unsigned char *buffer;
	size_t received_max;      /* bytes of `buffer` to wipe */
	int timeout_ms;           /* for each part of an answer */
	size_t message_bytes_max; /* the largest message that can be sent */
	size_t sent_count;
};

/* Open a socket in the thread's current network namespace. `timeout_ms` 0 means 10 s. */
int genl_socket_open(struct genl_socket *genl, int timeout_ms, struct diag *diag);
/* Close the socket and wipe its buffer. A zeroed struct is allowed. */
void genl_socket_close(struct genl_socket *genl);

/*
 * Send `message` and read its whole answer. The kernel executes the message during the send, which
 * cannot be interrupted. `handler` and `ret_refused` may be NULL. Errors:
 *   the kernel's errno, with its extended text; `*ret_refused` is then true
 *   the handler's
 *   -EAGAIN     the dump was torn by a concurrent change
 *   -ETIMEDOUT  no answer in time
 *   -EIO        a malformed answer, or one without an end
 */
int genl_socket_exchange(struct genl_socket *genl, struct nl_msg *message,
	const struct netlink_handler *handler, bool *ret_refused, struct diag *diag);

/*
 * Send several requests at once, none of them a dump. The kernel executes and answers each one;
 * each gets its own result, as above. Together they may have `message_bytes_max` bytes.
 */
void genl_socket_exchange_all(
	struct genl_socket *genl, struct netlink_request *requests, size_t count);

/*
 * Send a dump request, read the first message of its answer and close the socket, which discards
 * the rest. The next exchange reopens it. Returns as genl_socket_exchange does.
 */
int genl_socket_peek(struct genl_socket *genl, struct nl_msg *message,
	const struct netlink_handler *handler, struct diag *diag);

/*
 * Look up the number of a family; the kernel loads its module if needed. -ENOENT if the kernel has
 * no such family.
 */
int genl_socket_family(
	struct genl_socket *genl, const char *name, uint16_t *ret, struct diag *diag);
