/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to the userspace WireGuard program of an interface. Private to io/userspace.
 *
 * Functions return 0 or a negative errno; -ENODEV if no program answers for the interface.
 */
#pragma once

#include "device.h"
#include "secret_buffer.h"
#include "uapi_socket.h"

struct diag;

/* Read keys, port and peers. On failure `*ret` is unchanged. */
int userspace_device_read(
	const struct uapi_socket *uapi, const char *name, struct device *ret, struct diag *diag);
/*
 * Execute a set request. `*ret_refused` is true if the program answered with an error. After any
 * failure a part of the request may have been executed.
 */
int userspace_device_set(const struct uapi_socket *uapi, const char *name,
	const struct secret_buffer *request, bool *ret_refused, struct diag *diag);
