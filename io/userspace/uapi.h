/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WireGuard's cross-platform configuration protocol as text: requests are written, replies are
 * read. Pure: who carries the text is uapi_socket.h.
 *
 *     struct secret_buffer request = {0};
 *     uapi_begin_set(&request);
 *     uapi_put_peer_op(&request, &op, &diag);      any number of times
 *     uapi_end(&request);                          then request.out_of_memory tells
 *
 * Requests and replies hold secrets; error texts never do.
 */
#pragma once

#include "device.h"
#include "diff.h"
#include "secret_buffer.h"

void uapi_put_get(struct secret_buffer *request);

void uapi_begin_set(struct secret_buffer *request);
/* Either may be left out by NULL. Stands before all peers. */
void uapi_put_device(struct secret_buffer *request, const struct key_secret *private_key,
	const uint16_t *listen_port);
/* 0: none. */
void uapi_put_fwmark(struct secret_buffer *request, uint32_t fwmark);
/*
 * An update changes the fields of its mask on a peer that is there; allowed IPs that only grow are
 * added, so that the old ones are never away. An add sets the peer whole. It names all of its
 * allowed IPs, since the peer may be gone, and replaces them only where one of `op->actual` is to
 * go, or that is not known. Returns 0, -ENOMEM, or -EINVAL for an endpoint that is a host name; on
 * failure the request is as before.
 */
int uapi_put_peer_op(struct secret_buffer *request, const struct peer_op *op, struct diag *diag);
/* A peer that is not there stays so. */
void uapi_put_remove(struct secret_buffer *request, const struct key_public *key);
void uapi_end(struct secret_buffer *request);

/*
 * The `errno` of a reply. Returns 0, the negative errno that it names, or -EPROTO for a reply that
 * is cut short or makes no sense. `*ret_refused` is true if the reply is sound and names an error.
 */
int uapi_decode_status(const char *reply, size_t length, bool *ret_refused, struct diag *diag);
/*
 * A reply to get, in canonical form; MTU, addresses and whether the link is up are not in it. A
 * value that makes no sense counts as none (an allowed IP as not there): peers choose some of them,
 * and may not hide the device. Returns 0, -ENOMEM, the negative errno that it names, -EPROTO for a
 * reply that is not whole, or -EPROTONOSUPPORT for another dialect. On failure `*ret` is as before.
 */
int uapi_decode_device(const char *reply, size_t length, struct device *ret, struct diag *diag);
