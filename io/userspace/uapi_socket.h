/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The UNIX socket on which a userspace WireGuard program takes the protocol of uapi.h: one
 * connection an exchange, each with a deadline.
 *
 * The socket's path knows nothing of network namespaces. Functions return 0 or a negative errno:
 * -ENOENT if there is no socket, -ECONNREFUSED if there is a dead one, that nobody listens on,
 * -EACCES, before anything is sent, if not only trusted owners (trusted_owner.h) can have put it
 * there or listen on it: requests and replies hold keys.
 */
#pragma once

#include "secret_buffer.h"

struct diag;

/* A million peers take about 200 MB. */
#define UAPI_REPLY_BYTES_MAX  ((size_t)256 << 20)
#define UAPI_SOCKET_DIRECTORY "/var/run/wireguard"
/* The caller waits, and whoever watches it for a minute is not to take it for dead. */
#define UAPI_WHOLE_TIMES 6

struct uapi_socket {
	const char *directory;  /* borrowed; NULL: UAPI_SOCKET_DIRECTORY */
	int timeout_ms;         /* without a byte, the whole UAPI_WHOLE_TIMES that; 0: 5 s */
	size_t reply_bytes_max; /* 0: UAPI_REPLY_BYTES_MAX */
};

/* Whether somebody listens. */
int uapi_socket_probe(const struct uapi_socket *uapi, const char *interface, struct diag *diag);
/*
 * Sends the request and takes the whole reply, up to its empty line. -ETIMEDOUT when the deadline
 * passes, -ECONNRESET when the other side hangs up before, -EMSGSIZE for a reply over the bound. On
 * failure `*ret` is as before; the request may have been carried out all the same.
 */
int uapi_socket_exchange(const struct uapi_socket *uapi, const char *interface,
	const struct secret_buffer *request, struct secret_buffer *ret, struct diag *diag);
/*
 * Removes a dead socket. Returns 0 if there is none now, -EADDRINUSE if somebody listens, -EEXIST
 * if something else has the name.
 */
int uapi_socket_remove_dead(
	const struct uapi_socket *uapi, const char *interface, struct diag *diag);
