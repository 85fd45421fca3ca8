/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WireGuard's cross-platform configuration protocol: write requests and read replies as text. Pure;
 * uapi_socket.h transports the text.
 *
 *     struct secret_buffer request = {0};
 *     uapi_begin_set(&request);
 *     uapi_put_peer_op(&request, &op, &diag);      any number of times
 *     uapi_end(&request);                          then check request.out_of_memory
 *
 * Requests and replies hold secrets; error texts never do.
 */
#pragma once

#include "device.h"
#include "diff.h"
#include "secret_buffer.h"

void uapi_put_get(struct secret_buffer *request);

void uapi_begin_set(struct secret_buffer *request);
/* NULL leaves a setting unchanged. Call this before all peers. */
void uapi_put_device(struct secret_buffer *request, const struct key_secret *private_key,
	const uint16_t *listen_port);
/* 0: none. */
void uapi_put_fwmark(struct secret_buffer *request, uint32_t fwmark);
/*
 * Write an operation. An update changes the fields of its mask on an existing peer. If no allowed
 * IP is removed, it only adds the new ones, so that the others never disappear. An add sets all
 * fields. It names all allowed IPs, because another program may have removed the peer, and replaces
 * the present ones only if one of `op->actual` must go or that is unknown. Returns 0, -ENOMEM, or
 * -EINVAL for an endpoint that is a host name; on failure the request is unchanged.
 */
int uapi_put_peer_op(struct secret_buffer *request, const struct peer_op *op, struct diag *diag);
/* Remove a peer; a missing one is not created. */
void uapi_put_remove(struct secret_buffer *request, const struct key_public *key);
void uapi_end(struct secret_buffer *request);

/*
 * Read the `errno` of a reply. Returns 0, the negative errno that it names, or -EPROTO for a reply
 * that is truncated or malformed. `*ret_refused` is true if a valid reply names an error.
 */
int uapi_decode_status(const char *reply, size_t length, bool *ret_refused, struct diag *diag);
/*
 * Decode a reply to get, in canonical form. It holds no MTU, no addresses and no link state. An
 * invalid value counts as absent: peers choose some values, and must not make the device
 * unreadable. Returns 0, -ENOMEM, the negative errno that the reply names, -EPROTO for a truncated
 * or malformed reply, or -EPROTONOSUPPORT for another dialect. On failure `*ret` is unchanged.
 */
int uapi_decode_device(const char *reply, size_t length, struct device *ret, struct diag *diag);
