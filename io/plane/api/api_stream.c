/* SPDX-License-Identifier: Apache-2.0 */
#include "api_stream.h"

#include "api_call.h"
#include "diag.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct stream_call {
	struct api_call call;
	struct event_stream parser;
	struct api_stream_callbacks callbacks;
	enum api_outcome fault; /* OK: none */
	char fault_text[API_ERROR_SIZE];
};

static int stream_fault(struct stream_call *stream, const char *format, const char *detail)
{
	stream->fault = API_OUTCOME_PROTOCOL;
	snprintf(stream->fault_text, sizeof stream->fault_text, format, detail);
	return -EPROTO;
}

/*
 * Enclose the caller's callbacks: closing the stream in one only marks the call, which is freed
 * when the callback has returned.
 */
static void callback_begin(struct stream_call *stream)
{
	stream->call.is_running = true;
}

static int callback_end(struct stream_call *stream)
{
	stream->call.is_running = false;
	if (!stream->call.is_cancelled)
		return 0;
	api_call_drop(&stream->call);
	return -ECANCELED;
}

static int on_header(void *impl, const struct http_response *response)
{
	struct stream_call *stream = impl;
	const char *type = response->content_type.text;
	char error[API_ERROR_SIZE], detail[16];
	snprintf(detail, sizeof detail, "%d", response->status);
	if (response->status != 200)
		return stream_fault(stream, "status %s instead of a stream", detail);
	if (!http_response_has_type(response, "text/event-stream"))
		return stream_fault(stream, "Content-Type %s instead of text/event-stream",
			quote(type, strlen(type)).text);
	struct api_result result = api_result_of_header(response, error);
	callback_begin(stream);
	stream->callbacks.on_opened(stream->callbacks.impl, &result);
	return callback_end(stream);
}

static int on_body(void *impl, const char *bytes, size_t length)
{
	struct stream_call *stream = impl;
	callback_begin(stream);
	int error = event_stream_push(&stream->parser, bytes, length);
	if (error)
		stream_fault(stream, "%s",
			error == -EMSGSIZE ? "an event without end" : strerrordesc_np(-error));
	return callback_end(stream) || error;
}

static void on_parsed_event(void *impl, const struct stream_event *event)
{
	struct stream_call *stream = impl;
	if (!stream->call.is_cancelled)
		stream->callbacks.on_event(stream->callbacks.impl, event);
}

static void on_parsed_id(void *impl, struct stream_text last_id)
{
	struct stream_call *stream = impl;
	if (!stream->call.is_cancelled)
		stream->callbacks.on_id(stream->callbacks.impl, last_id);
}

static void on_parsed_retry(void *impl, uint64_t retry_ms)
{
	struct stream_call *stream = impl;
	if (!stream->call.is_cancelled)
		stream->callbacks.on_retry(stream->callbacks.impl, retry_ms);
}

static void stream_finish(struct api_call *call, const struct http_result *http)
{
	struct stream_call *stream = (struct stream_call *)call;
	char error[API_ERROR_SIZE];
	struct api_result result = api_result_of(http, error);
	if (stream->fault != API_OUTCOME_OK)
		api_result_fail(&result, stream->fault, stream->fault_text);
	stream->callbacks.on_closed(stream->callbacks.impl, &result);
}

static void stream_clear(struct api_call *call)
{
	event_stream_deinit(&((struct stream_call *)call)->parser);
}

static bool is_sendable(const char *id)
{
	for (; *id; id++)
		if ((unsigned char)*id < ' ' || *id == 0x7f)
			return false;
	return true;
}

int api_stream_open(struct api_client *client, const char *token, const char *last_event_id,
	const struct api_stream_callbacks *callbacks, struct api_call **ret, struct diag *diag)
{
	struct stream_call *stream = api_call_new(client, sizeof *stream, stream_finish);
	if (!stream)
		return diag_fail_errno(diag, -ENOMEM);
	const struct event_stream_callbacks parser_callbacks = {
		.on_event = on_parsed_event,
		.on_id = on_parsed_id,
		.on_retry = on_parsed_retry,
		.impl = stream,
	};
	event_stream_init(&stream->parser, client->options.event_bytes_max, &parser_callbacks);
	stream->callbacks = *callbacks;
	stream->call.clear = stream_clear;
	const struct http_header headers[] = {
		{"Accept", "text/event-stream"},
		{"Cache-Control", "no-cache"},
		{"Last-Event-ID", last_event_id},
	};
	bool resumes = last_event_id && *last_event_id && is_sendable(last_event_id);
	struct http_call http = {
		.bearer_token = token,
		.headers = headers,
		.header_count = resumes ? 3 : 2,
		.pace.idle_ms = client->options.stream_idle_ms,
		.on_header = on_header,
		.on_body = on_body,
	};
	return api_call_start(&stream->call, &http, client->node_path, "/events", ret, diag);
}
