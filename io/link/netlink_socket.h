/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A netlink socket that keeps what the kernel said: its errno, and the text it adds to some
 * errors, both of which libnl folds into fewer codes of its own.
 *
 * The socket lives long and is opened anew by itself after an exchange that broke off, so that a
 * late answer is never taken for the next one. Not thread-safe.
 */
#pragma once

#include "diag.h"

#include <stdbool.h>
#include <stdint.h>

struct nl_msg;
struct nl_sock;
struct nlmsghdr;

struct netlink_socket {
	struct nl_sock *sock; /* NULL: to be opened by the next exchange */
	int protocol;
	int timeout_ms; /* for each message of an answer */
};

/* Called for each message of an answer. Returns 0, or a negative errno that ends up as the
 * exchange's. */
struct netlink_handler {
	int (*handle)(void *impl, struct nlmsghdr *header);
	void *impl;
};

#define NETLINK_REQUESTS_MAX 8

/* One of several requests that go at once, so many at most, and how it went. */
struct netlink_request {
	struct nl_msg *message;
	int error;        /* 0 or a negative errno */
	bool is_refused;  /* it is the kernel's own word */
	struct diag diag; /* what it said; to be cleared by whoever asked */
};

/* `protocol` such as NETLINK_ROUTE. Returns 0 or a negative errno. */
int netlink_socket_open(
	struct netlink_socket *netlink, int protocol, int timeout_ms, struct diag *diag);
void netlink_socket_close(struct netlink_socket *netlink);
/* The sender of its messages, as the kernel names it to others; 0: it is closed. */
uint32_t netlink_socket_port(const struct netlink_socket *netlink);

/*
 * Sends `message` and takes its whole answer. Returns 0 or a negative errno: the kernel's own, with
 * its text; -EAGAIN if a dump was torn by a change (the answer is then not to be used, and the
 * message may be sent again); -ETIMEDOUT; -EIO for an answer that makes no sense. `handler` may be
 * NULL where only an acknowledgement is expected.
 */
int netlink_socket_exchange(struct netlink_socket *netlink, struct nl_msg *message,
	const struct netlink_handler *handler, struct diag *diag);
