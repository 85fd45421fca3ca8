/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The UNIX socket of a userspace WireGuard program, which speaks the protocol of uapi.h: one
 * connection per exchange, each with a deadline.
 *
 * The path of the socket is the same in all network namespaces. Functions return 0, a verdict on
 * the socket or a negative errno; -EACCES if an untrusted user could have created the socket, or
 * listens on it (trusted_owner.h). Nothing was sent then, because requests and replies hold keys.
 */
#pragma once

#include "secret_buffer.h"

struct diag;

enum uapi_socket_verdict {
	UAPI_SOCKET_MISSING = 1,
	UAPI_SOCKET_DEAD, /* no process listens */
	UAPI_SOCKET_LIVE, /* a program listens; of uapi_socket_remove_dead only */
};

/* A million peers take about 200 MB. */
#define UAPI_REPLY_BYTES_MAX  ((size_t)256 << 20)
#define UAPI_SOCKET_DIRECTORY "/var/run/wireguard"
/* The caller blocks meanwhile, and must stay well below a watchdog of one minute. */
#define UAPI_WHOLE_TIMES 6

struct uapi_socket {
	const char *directory;  /* borrowed; NULL: UAPI_SOCKET_DIRECTORY */
	int timeout_ms;         /* without a byte; in all UAPI_WHOLE_TIMES as long; 0: 5 s */
	size_t reply_bytes_max; /* 0: UAPI_REPLY_BYTES_MAX */
};

/* Returns 0 if a program listens, UAPI_SOCKET_MISSING, UAPI_SOCKET_DEAD or a negative errno. */
int uapi_socket_probe(const struct uapi_socket *uapi, const char *interface, struct diag *diag);
/*
 * Send the request and read the whole reply, up to its empty line. Returns as uapi_socket_probe;
 * -ETIMEDOUT when the deadline passes, -ECONNRESET if the program closes the connection early,
 * -EMSGSIZE for a reply over the limit. On failure `*ret` is unchanged; the program may have
 * executed the request all the same.
 */
int uapi_socket_exchange(const struct uapi_socket *uapi, const char *interface,
	const struct secret_buffer *request, struct secret_buffer *ret, struct diag *diag);
/*
 * Remove a dead socket. Returns 0 if there is none afterwards, UAPI_SOCKET_LIVE or a negative
 * errno; -EEXIST if the path is not a socket.
 */
int uapi_socket_remove_dead(
	const struct uapi_socket *uapi, const char *interface, struct diag *diag);
