/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all calls have in common, for the files that make them. Each kind of call is a struct that
 * begins with this one.
 */
#pragma once

#include "api_client.h"

struct api_call {
	struct api_client *client;
	struct api_call *next;
	struct http_request *request;
	bool may_be_unmodified; /* 304 is an answer to it */
	bool is_running;        /* a callback of its own runs, so it is freed only after that */
	bool is_cancelled;      /* meanwhile */
	/* Reads the answer and tells whoever asked. */
	void (*finish)(struct api_call *call, const struct http_result *http);
	/* Wipes what the kind holds beyond this. May be NULL. */
	void (*clear)(struct api_call *call);
};

/* A call of `size` bytes, zeroed but for what is given; NULL when memory is out. */
void *api_call_new(struct api_client *client, size_t size,
	void (*finish)(struct api_call *call, const struct http_result *http));

/*
 * Sends it, with what `http` says; URL, `on_done` and limits that are zero are filled in. The path
 * is `prefix` and `suffix` together. On failure the call is freed. Returns as http_request_start.
 */
int api_call_start(struct api_call *call, struct http_call *http, const char *prefix,
	const char *suffix, struct api_call **ret, struct diag *diag);

/* Frees it, or has it freed once the callback that runs now is over. */
void api_call_drop(struct api_call *call);

/* What came of it, as api_result_of says. A body has to be JSON, if it says what it is. */
struct api_result api_call_result(
	const struct api_call *call, const struct http_result *http, char error[API_ERROR_SIZE]);
