/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part that all calls share; for the files of io/api only. Each kind of call is a struct that
 * begins with struct api_call.
 */
#pragma once

#include "api_client.h"

struct api_call {
	struct api_client *client;
	struct api_call *next;
	struct http_request *request;
	bool may_be_unmodified; /* the request is conditional: 304 is valid */
	bool is_running;        /* its callback is running: free it afterwards */
	bool is_cancelled;      /* during its callback */
	/* Read the response and call the caller's callback. */
	void (*finish)(struct api_call *call, const struct http_result *http);
	/* Wipe the members of the kind. May be NULL. */
	void (*clear)(struct api_call *call);
};

/* Allocate a call of `size` bytes, zeroed but for the arguments. Returns NULL if out of memory. */
void *api_call_new(struct api_client *client, size_t size,
	void (*finish)(struct api_call *call, const struct http_result *http));

/*
 * Start the request of `http`, in which this sets URL, path, `on_done` and limits that are zero.
 * The path is `prefix` followed by `suffix`. On failure the call is freed. Returns as
 * http_request_start.
 */
int api_call_start(struct api_call *call, struct http_call *http, const char *prefix,
	const char *suffix, struct api_call **ret, struct diag *diag);

/* Free the call now, or after its callback if that is running. */
void api_call_drop(struct api_call *call);

/* Return the result, as api_result_of does. A Content-Type other than JSON is a PROTOCOL error. */
struct api_result api_call_result(
	const struct api_call *call, const struct http_result *http, char error[API_ERROR_SIZE]);
