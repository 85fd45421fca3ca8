/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A netlink socket that preserves the kernel's errno and extended error text, which libnl reduces
 * to a few codes of its own.
 *
 * The socket is long-lived. After an exchange that broke off it is opened anew by the next one, so
 * that a late answer is never mistaken for that of another request. Not thread-safe.
 */
#pragma once

#include "diag.h"

#include <stdbool.h>
#include <stdint.h>

struct nl_msg;
struct nl_sock;
struct nlmsghdr;

struct netlink_socket {
	struct nl_sock *sock; /* NULL: the next exchange opens it */
	int protocol;
	int timeout_ms; /* for each message of an answer */
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

/* `protocol` such as NETLINK_ROUTE. Returns 0 or a negative errno. */
int netlink_socket_open(
	struct netlink_socket *netlink, int protocol, int timeout_ms, struct diag *diag);
void netlink_socket_close(struct netlink_socket *netlink);
/* The netlink port, by which the kernel identifies the sender to others; 0: the socket is closed.
 */
uint32_t netlink_socket_port(const struct netlink_socket *netlink);

/*
 * Send `message` and receive its whole answer. `handler` may be NULL where only an acknowledgement
 * is expected.
 *
 * Errors: the kernel's errno, with its text; the handler's; -EAGAIN if the data of a dump changed
 * meanwhile (discard the answer; the message may be sent again); -ETIMEDOUT; -EIO for a malformed
 * answer; -ENOMEM.
 */
int netlink_socket_exchange(struct netlink_socket *netlink, struct nl_msg *message,
	const struct netlink_handler *handler, struct diag *diag);
