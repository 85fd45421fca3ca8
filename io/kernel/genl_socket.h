/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A generic netlink socket that owns the memory it receives into, and wipes it: answers hold keys.
 *
 * It lives long and is opened anew by itself after an exchange that broke off, so that a late
 * answer is never taken for the next one. Not thread-safe. See netlink_reply.h for what an answer
 * can be.
 */
#pragma once

#include "netlink_socket.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct genl_socket {
	struct nl_sock *sock; /* NULL: to be opened by the next exchange */
	unsigned char *buffer;
	size_t received_max;      /* so much of it is to be wiped */
	int timeout_ms;           /* for each part of an answer */
	size_t message_bytes_max; /* of what can be sent */
	size_t sent_count;
};

/* In the network namespace that the thread is in now. `timeout_ms` 0 is 10 s. */
int genl_socket_open(struct genl_socket *genl, int timeout_ms, struct diag *diag);
/* The zero state is fine. */
void genl_socket_close(struct genl_socket *genl);

/*
 * Sends `message` and takes its whole answer; the kernel carries the message out while it is sent,
 * which nothing can cut short. Returns 0 or a negative errno: the kernel's own, with its text and
 * `*ret_refused` true; the handler's; -EAGAIN if a dump was torn; -ETIMEDOUT; -EIO for an answer
 * that makes no sense or has no end. `handler` and `ret_refused` may be NULL.
 */
int genl_socket_exchange(struct genl_socket *genl, struct nl_msg *message,
	const struct netlink_handler *handler, bool *ret_refused, struct diag *diag);

/*
 * Sends several requests at once, none of them for a dump: the kernel carries each of them out, and
 * answers each. Fills in how each went, as above. So many bytes as one message may have at most.
 */
void genl_socket_exchange_all(
	struct genl_socket *genl, struct netlink_request *requests, size_t count);

/*
 * Sends the request for a dump and takes the first message of the answer; the rest is dropped along
 * with the socket, which the next exchange opens anew. Returns as above.
 */
int genl_socket_peek(struct genl_socket *genl, struct nl_msg *message,
	const struct netlink_handler *handler, struct diag *diag);

/*
 * The number of a family, whose module the kernel loads for it if there is one. -ENOENT if the
 * kernel has no such family.
 */
int genl_socket_family(
	struct genl_socket *genl, const char *name, uint16_t *ret, struct diag *diag);
