/* SPDX-License-Identifier: Apache-2.0 */
#include "userspace_device.h"

#include "diag.h"
#include "uapi.h"

#include <errno.h>

static int device_exchange(const struct uapi_socket *uapi, const char *name,
	const struct secret_buffer *request, struct secret_buffer *ret, struct diag *diag)
{
	if (request->out_of_memory)
		return diag_fail_errno(diag, -ENOMEM);
	int error = uapi_socket_exchange(uapi, name, request, ret, diag);
	if (error == UAPI_SOCKET_MISSING || error == UAPI_SOCKET_DEAD)
		return diag_wrap(
			diag, -ENODEV, "no userspace WireGuard program answers for the interface");
	return error;
}

int userspace_device_read(
	const struct uapi_socket *uapi, const char *name, struct device *ret, struct diag *diag)
{
	struct secret_buffer request = {0};
	struct secret_buffer reply = {0};
	uapi_put_get(&request);
	int error = device_exchange(uapi, name, &request, &reply, diag);
	if (!error)
		error = uapi_decode_device(reply.bytes, reply.length, ret, diag);
	secret_buffer_clear(&request);
	secret_buffer_clear(&reply);
	return error;
}

int userspace_device_set(const struct uapi_socket *uapi, const char *name,
	const struct secret_buffer *request, bool *ret_refused, struct diag *diag)
{
	struct secret_buffer reply = {0};
	*ret_refused = false;
	int error = device_exchange(uapi, name, request, &reply, diag);
	if (!error)
		error = uapi_decode_status(reply.bytes, reply.length, ret_refused, diag);
	secret_buffer_clear(&reply);
	return error;
}
