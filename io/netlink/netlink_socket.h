/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A netlink socket that preserves the kernel's errno and extended error text, which libnl reduces
 * to a few codes of its own. It owns its receive buffer and wipes it, because answers may hold
 * keys.
 *
 * The socket is long-lived. After an incomplete exchange the next one reopens it, so that a late
 * answer is never read as the answer to another request. Not thread-safe. netlink_reply.h describes
 * answers.
 *
 * Functions return 0 or a negative errno, with its text in `diag`.
 */
#pragma once

#include "diag.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nl_msg;
struct nl_sock;
struct nlmsghdr;

struct netlink_socket {
	struct nl_sock *sock; /* NULL: the next exchange opens it */
	int protocol;
	unsigned char *buffer;
	size_t received_max;      /* bytes of `buffer` to wipe */
	int timeout_ms;           /* for each part of an answer */
	size_t message_bytes_max; /* the largest message that can be sent */
	size_t sent_count;
};

/* Called for each message of an answer. Returns 0 or a negative errno, which the exchange then
 * returns. */
struct netlink_handler {
	int (*handle)(void *impl, struct nlmsghdr *header);
	void *impl;
};

#define NETLINK_REQUESTS_MAX 8

/* One of up to NETLINK_REQUESTS_MAX requests that are sent together, and its result. */
struct netlink_request {
	struct nl_msg *message;
	int error;        /* 0 or a negative errno */
	bool is_refused;  /* the error is the kernel's answer */
	struct diag diag; /* the caller clears it */
};

/* Open a socket in the thread's current network namespace. `protocol` such as NETLINK_ROUTE. */
int netlink_socket_open(
	struct netlink_socket *netlink, int protocol, int timeout_ms, struct diag *diag);
/* Close the socket and wipe its buffer. A zeroed struct is allowed. */
void netlink_socket_close(struct netlink_socket *netlink);
/* The netlink port, by which the kernel identifies the sender to others; 0: the socket is closed.
 */
uint32_t netlink_socket_port(const struct netlink_socket *netlink);

/*
 * Send `message` and read its whole answer. The kernel executes the message during the send, which
 * cannot be interrupted. `handler` and `ret_refused` may be NULL. Errors:
 *   the kernel's errno, with its extended text; `*ret_refused` is then true
 *   the handler's
 *   -EAGAIN     the dump was torn by a concurrent change
 *   -ETIMEDOUT  no answer in time
 *   -EIO        a malformed answer, or one without an end
 */
int netlink_socket_exchange(struct netlink_socket *netlink, struct nl_msg *message,
	const struct netlink_handler *handler, bool *ret_refused, struct diag *diag);

/*
 * Send several requests at once, none of them a dump. The kernel executes and answers each one;
 * each gets its own result, as above. Together they may have `message_bytes_max` bytes.
 */
void netlink_socket_exchange_all(
	struct netlink_socket *netlink, struct netlink_request *requests, size_t count);

/*
 * Send a dump request, read the first message of its answer and close the socket, which discards
 * the rest. The next exchange reopens it. Returns as netlink_socket_exchange does.
 */
int netlink_socket_peek(struct netlink_socket *netlink, struct nl_msg *message,
	const struct netlink_handler *handler, struct diag *diag);
