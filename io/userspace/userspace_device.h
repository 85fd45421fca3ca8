/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a userspace WireGuard program is asked, by the name of its interface. The parts of the
 * userspace controller share this; nobody else needs it.
 *
 * -ENODEV means that no program answers for the interface.
 */
#pragma once

#include "device.h"
#include "secret_buffer.h"
#include "uapi_socket.h"

struct diag;

/* Keys, port and peers. Returns 0 or a negative errno, `*ret` then being as before. */
int userspace_device_read(
	const struct uapi_socket *uapi, const char *name, struct device *ret, struct diag *diag);
/*
 * Carries out a whole request to set something. `*ret_refused` is true if the program answered
 * and said no; after any failure a part of the request may have been carried out.
 */
int userspace_device_set(const struct uapi_socket *uapi, const char *name,
	const struct secret_buffer *request, bool *ret_refused, struct diag *diag);
