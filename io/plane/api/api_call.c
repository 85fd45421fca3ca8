/* SPDX-License-Identifier: Apache-2.0 */
#include "api_call.h"

#include "diag.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *api_call_new(struct api_client *client, size_t size,
	void (*finish)(struct api_call *call, const struct http_result *http))
{
	struct api_call *call = calloc(1, size);
	if (!call)
		return NULL;
	call->client = client;
	call->finish = finish;
	call->next = client->calls;
	client->calls = call;
	return call;
}

void api_call_drop(struct api_call *call)
{
	if (call->is_running) {
		call->is_cancelled = true;
		return;
	}
	struct api_call **place = &call->client->calls;
	while (*place != call)
		place = &(*place)->next;
	*place = call->next;
	if (call->clear)
		call->clear(call);
	free(call);
}

void api_call_cancel(struct api_call *call)
{
	if (!call || call->is_cancelled)
		return;
	http_request_cancel(call->request);
	api_call_drop(call);
}

static void on_http_done(void *impl, const struct http_result *http)
{
	struct api_call *call = impl;
	call->is_running = true;
	call->finish(call, http);
	call->is_running = false;
	api_call_drop(call);
}

int api_call_start(struct api_call *call, struct http_call *http, const char *prefix,
	const char *suffix, struct api_call **ret, struct diag *diag)
{
	struct api_client *client = call->client;
	char *path = NULL;
	int error = 0;
	if (asprintf(&path, "%s%s", prefix, suffix) < 0) {
		path = NULL;
		error = diag_fail_errno(diag, -ENOMEM);
	}
	http->url = &client->url;
	http->path = path;
	http->on_done = on_http_done;
	http->impl = call;
	if (!http->body_max)
		http->body_max = API_REPLY_BYTES_MAX;
	if (!http->pace.idle_ms)
		http->pace.idle_ms = client->options.request_idle_ms;
	http->pace.least_rate = client->options.least_rate;
	if (!error)
		error = http_request_start(&client->http, http, &call->request, diag);
	free(path);
	if (error)
		api_call_drop(call);
	else if (ret)
		*ret = call;
	return error;
}

struct api_result api_call_result(
	const struct api_call *call, const struct http_result *http, char error[API_ERROR_SIZE])
{
	const char *type = http->response->content_type.text;
	struct api_result result = api_result_of(http, error);
	if (result.outcome == API_OUTCOME_NOT_MODIFIED && !call->may_be_unmodified)
		api_result_fail(
			&result, API_OUTCOME_PROTOCOL, "status 304 to an unconditional request");
	if (result.outcome != API_OUTCOME_OK || !http->body->length || !*type ||
		http_response_has_type(http->response, "application/json"))
		return result;
	snprintf(error, API_ERROR_SIZE, "Content-Type %s instead of application/json",
		quote(type, strlen(type)).text);
	api_result_fail(&result, API_OUTCOME_PROTOCOL, error);
	return result;
}
