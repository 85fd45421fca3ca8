/* SPDX-License-Identifier: Apache-2.0 */
#include "api_call.h"

#include "diag.h"

#include <errno.h>
#include <stdio.h>

#define STATE_OPTION "--max-state-mib"

struct state_call {
	struct api_call call;
	void (*on_done)(void *impl, const struct api_result *result, const struct api_state *state);
	void *impl;
};

static void state_finish(struct api_call *call, const struct http_result *http)
{
	const struct state_call *fetch = (const struct state_call *)call;
	char error[API_ERROR_SIZE];
	struct api_result result = api_call_result(call, http, error);
	if (result.outcome == API_OUTCOME_OK && result.status != 200) {
		snprintf(error, sizeof error, "status %d instead of a document", result.status);
		api_result_fail(&result, API_OUTCOME_PROTOCOL, error);
	}
	struct api_state state = {.body = http->body, .etag = http->response->etag.text};
	fetch->on_done(fetch->impl, &result, result.outcome == API_OUTCOME_OK ? &state : NULL);
}

int api_state_fetch(struct api_client *client, const struct api_state_request *request,
	struct api_call **ret, struct diag *diag)
{
	struct state_call *fetch = api_call_new(client, sizeof *fetch, state_finish);
	if (!fetch)
		return diag_fail_errno(diag, -ENOMEM);
	fetch->call.may_be_unmodified = request->etag && *request->etag;
	fetch->on_done = request->on_done;
	fetch->impl = request->impl;
	/* A response from a cache would undo the events since. */
	const struct http_header headers[] = {
		{"Accept", "application/json"},
		{"Cache-Control", "no-cache"},
		{"If-None-Match", request->etag},
	};
	struct http_call http = {
		.bearer_token = request->token,
		.headers = headers,
		.header_count = fetch->call.may_be_unmodified ? 3 : 2,
		.accepts_gzip = true,
		.body_max = client->options.state_bytes_max,
		.body_max_option = STATE_OPTION,
	};
	return api_call_start(&fetch->call, &http, client->node_path, "/state", ret, diag);
}

/* A request with a body; `body_error` is the result of writing it. */
struct post {
	const char *prefix;
	const char *suffix;
	struct secret_buffer body;
	int body_error;
};

/* Send the request. Its body is wiped in any case. */
static int post_start(struct api_call *call, struct http_call *http, struct post *post,
	struct api_call **ret, struct diag *diag)
{
	static const struct http_header headers[] = {
		{"Accept", "application/json"},
		{"Content-Type", "application/json"},
	};
	int error = post->body_error;
	http->headers = headers;
	http->header_count = sizeof headers / sizeof *headers;
	http->body = post->body.bytes;
	http->body_length = post->body.length;
	http->accepts_gzip = true;
	if (error) {
		diag_fail_errno(diag, error);
		api_call_drop(call);
	} else {
		error = api_call_start(call, http, post->prefix, post->suffix, ret, diag);
	}
	secret_buffer_clear(&post->body);
	return error;
}

struct drift_call {
	struct api_call call;
	void (*on_done)(void *impl, const struct api_result *result);
	void *impl;
};

/* The body of the response is ignored, so its type does not matter. */
static void drift_finish(struct api_call *call, const struct http_result *http)
{
	const struct drift_call *report = (const struct drift_call *)call;
	char error[API_ERROR_SIZE];
	secret_buffer_truncate(http->body, 0);
	struct api_result result = api_call_result(call, http, error);
	report->on_done(report->impl, &result);
}

int api_drift_report(struct api_client *client, const struct api_drift_request *request,
	struct api_call **ret, struct diag *diag)
{
	struct drift_call *report = api_call_new(client, sizeof *report, drift_finish);
	if (!report)
		return diag_fail_errno(diag, -ENOMEM);
	report->on_done = request->on_done;
	report->impl = request->impl;
	struct post post = {.prefix = client->node_path, .suffix = "/drift"};
	post.body_error = api_body_drift(
		&post.body, request->timestamp_ns, request->corrections, request->count);
	struct http_call http = {.bearer_token = request->token};
	return post_start(&report->call, &http, &post, ret, diag);
}

struct heartbeat_call {
	struct api_call call;
	void (*on_done)(
		void *impl, const struct api_result *result, const struct api_orders *orders);
	void *impl;
};

static void heartbeat_finish(struct api_call *call, const struct http_result *http)
{
	const struct heartbeat_call *heartbeat = (const struct heartbeat_call *)call;
	char error[API_ERROR_SIZE];
	struct api_orders orders = {0};
	struct diag diag = {0};
	struct api_result result = api_call_result(call, http, error);
	if (result.outcome == API_OUTCOME_OK &&
		api_reply_read_orders(http->body->bytes, http->body->length, &orders, &diag) != 0)
		api_result_fail(&result, API_OUTCOME_PROTOCOL, diag_text(&diag));
	heartbeat->on_done(
		heartbeat->impl, &result, result.outcome == API_OUTCOME_OK ? &orders : NULL);
	diag_clear(&diag);
}

int api_heartbeat_send(struct api_client *client, const struct api_heartbeat_request *request,
	struct api_call **ret, struct diag *diag)
{
	struct heartbeat_call *call = api_call_new(client, sizeof *call, heartbeat_finish);
	if (!call)
		return diag_fail_errno(diag, -ENOMEM);
	call->on_done = request->on_done;
	call->impl = request->impl;
	struct post post = {.prefix = client->node_path, .suffix = "/heartbeat"};
	post.body_error = api_body_heartbeat(&post.body, client->node_id, request->heartbeat);
	struct http_call http = {.bearer_token = request->token};
	return post_start(&call->call, &http, &post, ret, diag);
}

struct register_call {
	struct api_call call;
	void (*on_done)(void *impl, const struct api_result *result,
		const struct api_registration *registration);
	void *impl;
};

static void register_finish(struct api_call *call, const struct http_result *http)
{
	const struct register_call *asked = (const struct register_call *)call;
	char error[API_ERROR_SIZE];
	struct api_registration registration = {0};
	struct arena arena = {.is_secret = true};
	struct diag diag = {0};
	struct api_result result = api_call_result(call, http, error);
	if (result.outcome == API_OUTCOME_OK &&
		api_reply_read_registration(
			http->body->bytes, http->body->length, &arena, &registration, &diag) != 0)
		api_result_fail(&result, API_OUTCOME_PROTOCOL, diag_text(&diag));
	asked->on_done(
		asked->impl, &result, result.outcome == API_OUTCOME_OK ? &registration : NULL);
	arena_clear(&arena);
	diag_clear(&diag);
}

int api_register(struct api_client *client, const struct api_register_request *request,
	struct api_call **ret, struct diag *diag)
{
	struct register_call *call = api_call_new(client, sizeof *call, register_finish);
	if (!call)
		return diag_fail_errno(diag, -ENOMEM);
	call->on_done = request->on_done;
	call->impl = request->impl;
	struct post post = {.prefix = "/v1/register", .suffix = ""};
	post.body_error = api_body_register(&post.body, request->join_token,
		key_public_format(request->public_key).text, request->hostname);
	/* The response holds the peers, as a state document does. */
	struct http_call http = {
		.body_max = client->options.state_bytes_max,
		.body_max_option = STATE_OPTION,
	};
	return post_start(&call->call, &http, &post, ret, diag);
}
