/* SPDX-License-Identifier: Apache-2.0 */
#include "userspace_peers.h"

#include "diag.h"
#include "executor.h"
#include "uapi.h"
#include "userspace_controller.h"
#include "userspace_device.h"

#include <errno.h>
#include <string.h>

/*
 * The size at which a request is sent: a few hundred peers, so that even a slow program answers
 * well before the deadline.
 */
#define REQUEST_BYTES (64 * 1024)

int userspace_add_peer(void *impl, const char *name, const struct peer_op *op, struct diag *diag)
{
	struct userspace_controller *userspace = impl;
	struct secret_buffer request = {0};
	bool is_refused;
	uapi_begin_set(&request);
	int error = uapi_put_peer_op(&request, op, diag);
	uapi_end(&request);
	if (!error)
		error = userspace_device_set(&userspace->uapi, name, &request, &is_refused, diag);
	secret_buffer_clear(&request);
	return error;
}

int userspace_remove_peer(
	void *impl, const char *name, const struct key_public *key, struct diag *diag)
{
	struct userspace_controller *userspace = impl;
	struct secret_buffer request = {0};
	bool is_refused;
	uapi_begin_set(&request);
	uapi_put_remove(&request, key);
	uapi_end(&request);
	int error = userspace_device_set(&userspace->uapi, name, &request, &is_refused, diag);
	secret_buffer_clear(&request);
	return error;
}

/* The execution of one list. A result without an error is a success, or not known yet. */
struct batch {
	const struct uapi_socket *uapi;
	const char *name;
	const struct peer_op *ops;
	size_t op_count;
	struct peer_op_result *results;
	const struct pause *pause;
};

/* Fail the operations from `begin` up to `end` that have not failed already. */
static void range_fail(
	struct batch *batch, size_t begin, size_t end, int error, const struct diag *diag)
{
	for (size_t i = begin; i < end; i++)
		peer_op_result_fail(&batch->results[i], error, diag);
}

/* Write operations until `end` or until the request is full. Returns the first one not written. */
static size_t range_encode(
	struct batch *batch, size_t begin, size_t end, struct secret_buffer *request)
{
	size_t i = begin;
	uapi_begin_set(request);
	for (; i < end && request->length < REQUEST_BYTES; i++) {
		struct diag diag = {0};
		int error = uapi_put_peer_op(request, &batch->ops[i], &diag);
		if (error)
			range_fail(batch, i, i + 1, error, &diag);
		diag_clear(&diag);
	}
	uapi_end(request);
	return i;
}

/*
 * Execute the operations from `begin` on, as many as fit one request, and return the first that is
 * left. After a refusal, repeat the operations one by one, so that each has its own result. If the
 * program does not answer, fail all that follow at once: each would wait for its own deadline.
 */
static size_t range_send(struct batch *batch, size_t begin, size_t end)
{
	struct diag diag = {0};
	struct secret_buffer request = {0};
	bool is_refused;
	end = range_encode(batch, begin, end, &request);
	int error = userspace_device_set(batch->uapi, batch->name, &request, &is_refused, &diag);
	secret_buffer_clear(&request);
	if (is_refused && end - begin > 1) {
		while (begin < end && !pause_take(batch->pause))
			begin = range_send(batch, begin, begin + 1);
		end = begin;
	} else if (error) {
		end = is_refused ? end : batch->op_count;
		range_fail(batch, begin, end, error, &diag);
	}
	diag_clear(&diag);
	return end;
}

void userspace_apply(void *impl, const char *name, const struct peer_op *ops, size_t op_count,
	struct peer_op_result *results, const struct pause *pause)
{
	struct userspace_controller *userspace = impl;
	struct batch batch = {&userspace->uapi, name, ops, op_count, results, pause};
	size_t next = 0;
	for (size_t i = 0; i < op_count; i++)
		results[i] = (struct peer_op_result){0};
	while (next < op_count && !pause_take(pause))
		next = range_send(&batch, next, op_count);
	range_fail(&batch, next, op_count, -ECANCELED, NULL);
}
