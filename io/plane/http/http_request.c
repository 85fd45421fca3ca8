/* SPDX-License-Identifier: Apache-2.0 */
#include "http_request.h"

#include "diag.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CONNECT_TIMEOUT_MS 30000
/*
 * libcurl's own connect timeout comes first and has the better error text. But out of memory,
 * libcurl may lose a request.
 */
#define CONNECT_GRACE_MS 500
#define KEEPALIVE_S      60L

void http_request_fault(struct http_request *request, enum http_end end, const char *error)
{
	if (request->has_fault)
		return;
	request->has_fault = true;
	request->fault = end;
	snprintf(request->fault_text, sizeof request->fault_text, "%s", error);
}

void http_request_note_socket(struct http_request *request, int fd, bool is_wanted)
{
	if (is_wanted)
		request->fd = fd;
	else if (request->fd == fd)
		request->fd = -1;
}

/*
 * Ask the kernel which bytes the server has acknowledged. libcurl counts bytes when they enter the
 * send buffer, which a slow line takes minutes to empty.
 */
static struct http_pace_counts counts_take(const struct http_request *request)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof info;
	if (request->fd >= 0 && getsockopt(request->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
		info = (struct tcp_info){0};
	/* Received bytes count decompressed: chunk and TLS framing could go on without end. */
	uint64_t useful = info.tcpi_bytes_acked + request->header_bytes + request->body_bytes;
	return (struct http_pace_counts){
		.moved = useful + info.tcpi_bytes_received, .useful = useful};
}

static bool is_connected(const struct http_request *request)
{
	curl_off_t connected_us = 0;
	curl_easy_getinfo(request->easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
	return connected_us > 0;
}

static int connect_timeout_ms(const struct http_pace_limits *limits)
{
	bool is_short = limits->idle_ms && limits->idle_ms < CONNECT_TIMEOUT_MS;
	return is_short ? limits->idle_ms : CONNECT_TIMEOUT_MS;
}

static enum http_pace_verdict pace_judge(struct http_request *request)
{
	struct http_pace_limits limits = request->pace_limits;
	struct http_pace_counts counts = counts_take(request);
	int64_t now_ms = loop_now_ms();
	if (request->has_pace) {
		/* A stream sends only when there is an event. */
		if (request->on_body && request->response.status)
			limits.least_rate = 0;
		return http_pace_check(&request->pace, &limits, now_ms, &counts);
	}
	request->has_pace = is_connected(request);
	http_pace_begin(&request->pace, now_ms, &counts);
	bool is_late = now_ms - request->start_ms > connect_timeout_ms(&limits) + CONNECT_GRACE_MS;
	return !request->has_pace && is_late ? HTTP_PACE_IDLE : HTTP_PACE_GOOD;
}

bool http_request_expire(struct http_request *request)
{
	const struct http_pace_limits *limits = &request->pace_limits;
	char text[sizeof request->fault_text] = "";
	switch (pace_judge(request)) {
	case HTTP_PACE_GOOD:
		return false;
	case HTTP_PACE_IDLE:
		snprintf(text, sizeof text, "nothing sent or received for %g s",
			(request->has_pace ? limits->idle_ms : connect_timeout_ms(limits)) / 1e3);
		break;
	case HTTP_PACE_SLOW:
		snprintf(text, sizeof text, "too slow: under %d bytes/s for %g s",
			limits->least_rate, HTTP_PACE_WINDOW * limits->idle_ms / 1e3);
		break;
	}
	http_request_fault(request, HTTP_END_TIMED_OUT, text);
	return true;
}

static bool encoding_is_expected(const struct http_request *request)
{
	const char *encoding = request->response.content_encoding.text;
	return request->accepts_gzip || !*encoding || strcmp(encoding, "identity") == 0;
}

/* Return whether to read the body; if not, set the fault. */
static bool header_accept(struct http_request *request)
{
	const struct http_response *response = &request->response;
	if (response->status >= 300 && response->status != 304) {
		http_request_fault(request, HTTP_END_RESPONSE, "");
		return false;
	}
	if (!encoding_is_expected(request)) {
		http_request_fault(
			request, HTTP_END_PROTOCOL, "the body is encoded, which was not requested");
		return false;
	}
	if (request->on_header && request->on_header(request->impl, response) != 0) {
		http_request_fault(request, HTTP_END_ABORTED, "not wanted");
		return false;
	}
	return true;
}

/* Take one header line: of the response, of a 1xx response before it, or of a trailer. */
static size_t take_header(char *line, size_t size, size_t count, void *impl)
{
	struct http_request *request = impl;
	size_t length = size * count;
	if (request->is_cancelled)
		return 0;
	request->header_bytes += length;
	if (request->header_bytes > HTTP_HEADER_BYTES_MAX) {
		http_request_fault(request, HTTP_END_TOO_LARGE, "the header is too long");
		return 0;
	}
	if (request->response.status)
		return length;
	if (!http_line_is_empty(line, length)) {
		http_response_take_line(&request->response, line, length);
		return length;
	}
	long status = 0;
	curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200)
		return length;
	request->response.status = (int)status;
	request->response.arrived_ms = loop_now_ms();
	return header_accept(request) ? length : 0;
}

static bool body_collect(struct http_request *request, const char *bytes, size_t length)
{
	if (length > request->body_max - request->body.length) {
		char error[128];
		const char *option = request->body_max_option;
		snprintf(error, sizeof error, "the body is over %zu bytes%s%s%s", request->body_max,
			option ? " (" : "", option ? option : "", option ? ")" : "");
		http_request_fault(request, HTTP_END_TOO_LARGE, error);
		return false;
	}
	secret_buffer_append(&request->body, bytes, length);
	if (request->body.out_of_memory) {
		http_request_fault(request, HTTP_END_TOO_LARGE, "no memory for the body");
		return false;
	}
	return true;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *impl)
{
	struct http_request *request = impl;
	size_t length = size * count;
	if (request->is_cancelled)
		return 0;
	request->body_bytes += length;
	if (!request->on_body)
		return body_collect(request, bytes, length) ? length : 0;
	if (request->on_body(request->impl, bytes, length) == 0)
		return length;
	http_request_fault(request, HTTP_END_ABORTED, "not wanted");
	return 0;
}

static bool text_is_sendable(const char *text)
{
	for (; *text; text++)
		if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7f)
			return false;
	return true;
}

/* Wipes its `line`; curl_memory.h wipes libcurl's copies. */
static int header_add(struct http_request *request, const char *name, const char *separator,
	const char *value, struct diag *diag)
{
	if (!text_is_sendable(value))
		return diag_fail(
			diag, -EINVAL, "%s: has a control character and cannot be sent", name);
	struct secret_buffer line = {0};
	secret_buffer_append_text(&line, name);
	secret_buffer_append_text(&line, separator);
	secret_buffer_append_text(&line, value);
	secret_buffer_append(&line, "", 1);
	struct curl_slist *headers =
		line.out_of_memory ? NULL : curl_slist_append(request->headers, line.bytes);
	secret_buffer_clear(&line);
	if (!headers)
		return diag_fail_errno(diag, -ENOMEM);
	request->headers = headers;
	return 0;
}

static int headers_add(
	struct http_request *request, const struct http_call *call, struct diag *diag)
{
	int error = 0;
	for (size_t i = 0; i < call->header_count && !error; i++)
		error = header_add(
			request, call->headers[i].name, ": ", call->headers[i].value, diag);
	if (!error && call->bearer_token) {
		error = header_add(request, "Authorization", ": Bearer ", call->bearer_token, diag);
		secret_buffer_append_text(&request->token, call->bearer_token);
	}
	/* Send a large body at once instead of waiting for "100 Continue". */
	if (!error && call->body)
		error = header_add(request, "Expect", ":", "", diag);
	if (!error && request->token.out_of_memory)
		error = diag_fail_errno(diag, -ENOMEM);
	return error;
}

static CURLcode set_numbers(CURL *easy, const struct http_call *call)
{
	const struct {
		CURLoption option;
		long value;
	} numbers[] = {
		{CURLOPT_NOSIGNAL, 1},
		/* Cancelling must not wait for a name server. */
		{CURLOPT_QUICK_EXIT, 1},
		{CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
		{CURLOPT_PATH_AS_IS, 1},
		{CURLOPT_FOLLOWLOCATION, 0},
		{CURLOPT_NETRC, CURL_NETRC_IGNORED},
		{CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
		{CURLOPT_SSL_VERIFYPEER, 1},
		{CURLOPT_SSL_VERIFYHOST, 2},
		{CURLOPT_CA_CACHE_TIMEOUT, 0},
		{CURLOPT_HEADEROPT, CURLHEADER_SEPARATE},
		{CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
		{CURLOPT_TCP_KEEPALIVE, 1},
		{CURLOPT_TCP_KEEPIDLE, KEEPALIVE_S},
		{CURLOPT_TCP_KEEPINTVL, KEEPALIVE_S},
		{CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms(&call->pace)},
	};
	CURLcode code = CURLE_OK;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers && code == CURLE_OK; i++)
		code = curl_easy_setopt(easy, numbers[i].option, numbers[i].value);
	return code;
}

static CURLcode set_texts(
	struct http_request *request, const struct http_call *call, const char *url)
{
	const struct http_client *client = request->client;
	const struct {
		CURLoption option;
		const char *text;
	} texts[] = {
		{CURLOPT_URL, url},
		{CURLOPT_PROTOCOLS_STR, call->url->is_http ? "http" : "https"},
		{CURLOPT_USERAGENT, client->user_agent},
		{CURLOPT_ACCEPT_ENCODING, call->accepts_gzip ? "gzip" : NULL},
	};
	CURLcode code = CURLE_OK;
	for (size_t i = 0; i < sizeof texts / sizeof *texts && code == CURLE_OK; i++)
		code = curl_easy_setopt(request->easy, texts[i].option, texts[i].text);
	/* An empty text overrides a proxy in the environment. */
	if (code == CURLE_OK && call->url->is_loopback)
		code = curl_easy_setopt(request->easy, CURLOPT_PROXY, "");
	if (code == CURLE_OK && client->ca_file)
		code = curl_easy_setopt(request->easy, CURLOPT_CAINFO, client->ca_file);
	/* Otherwise libcurl trusts the system's authorities as well. */
	if (code == CURLE_OK && client->ca_file)
		code = curl_easy_setopt(request->easy, CURLOPT_CAPATH, NULL);
	return code;
}

/* Setting a body makes the request a POST. */
static CURLcode set_body(struct http_request *request, const struct http_call *call)
{
	if (!call->body)
		return CURLE_OK;
	secret_buffer_append(&request->sent_body, call->body, call->body_length);
	if (request->sent_body.out_of_memory)
		return CURLE_OUT_OF_MEMORY;
	CURLcode code = curl_easy_setopt(
		request->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_length);
	if (code == CURLE_OK)
		code = curl_easy_setopt(request->easy, CURLOPT_POSTFIELDS,
			call->body_length ? request->sent_body.bytes : "");
	return code;
}

static CURLcode set_callbacks(struct http_request *request)
{
	CURL *easy = request->easy;
	CURLcode code = curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->curl_text);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
	return code;
}

static int options_set(
	struct http_request *request, const struct http_call *call, struct diag *diag)
{
	char *url = NULL;
	if (asprintf(&url, "%s%s", call->url->text, call->path) < 0)
		return diag_fail_errno(diag, -ENOMEM);
	CURLcode code = set_numbers(request->easy, call);
	if (code == CURLE_OK)
		code = set_texts(request, call, url);
	if (code == CURLE_OK)
		code = set_body(request, call);
	if (code == CURLE_OK)
		code = set_callbacks(request);
	free(url);
	if (code == CURLE_OUT_OF_MEMORY)
		return diag_fail_errno(diag, -ENOMEM);
	return code == CURLE_OK ? 0 : diag_fail(diag, -EINVAL, "%s", curl_easy_strerror(code));
}

int http_request_create(struct http_client *client, const struct http_call *call,
	struct http_request **ret, struct diag *diag)
{
	struct http_request *request = calloc(1, sizeof *request);
	if (!request)
		return diag_fail_errno(diag, -ENOMEM);
	request->client = client;
	request->body_max = call->body_max;
	request->body_max_option = call->body_max_option;
	request->accepts_gzip = call->accepts_gzip;
	request->fd = -1;
	request->pace_limits = call->pace;
	request->start_ms = loop_now_ms();
	request->on_header = call->on_header;
	request->on_body = call->on_body;
	request->on_done = call->on_done;
	request->impl = call->impl;
	request->easy = curl_easy_init();
	int error =
		request->easy ? headers_add(request, call, diag) : diag_fail_errno(diag, -ENOMEM);
	if (!error)
		error = options_set(request, call, diag);
	if (error)
		http_request_free(request);
	else
		*ret = request;
	return error;
}

void http_request_free(struct http_request *request)
{
	loop_timer_cancel(request->client->loop, &request->pace_timer);
	/* The handle points to the header and the body: free it first. */
	curl_easy_cleanup(request->easy);
	curl_slist_free_all(request->headers);
	secret_buffer_clear(&request->token);
	secret_buffer_clear(&request->sent_body);
	secret_buffer_clear(&request->body);
	free(request);
}

static enum http_end end_of(CURLcode code)
{
	if (code == CURLE_OK)
		return HTTP_END_RESPONSE;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return HTTP_END_TIMED_OUT;
	if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY ||
		code == CURLE_BAD_CONTENT_ENCODING)
		return HTTP_END_PROTOCOL;
	return HTTP_END_NETWORK;
}

/* Cut " after 12 ms", so that the same problem has the same text every time. */
static void drop_duration(char *text)
{
	char *start = strstr(text, " after ");
	if (!start)
		return;
	char *end = start + strlen(" after ");
	size_t digits = strspn(end, "0123456789");
	end += digits;
	if (!digits || strncmp(end, " m", 2) != 0)
		return;
	end += strcspn(end + 1, " :") + 1;
	memmove(start, end, strlen(end) + 1);
}

/* libcurl has two texts for it, depending on which of its timers runs out first. */
static bool has_timed_out_in_connect(const struct http_request *request, CURLcode code)
{
	curl_off_t lookup_us = 0, connect_us = 0;
	curl_easy_getinfo(request->easy, CURLINFO_NAMELOOKUP_TIME_T, &lookup_us);
	curl_easy_getinfo(request->easy, CURLINFO_CONNECT_TIME_T, &connect_us);
	return code == CURLE_OPERATION_TIMEDOUT && lookup_us && !connect_us;
}

/*
 * Return libcurl's error text, always the same for the same problem. A text that contains the token
 * is replaced: libcurl may quote a response in which the server echoes the request.
 */
static const char *words_of(struct http_request *request, CURLcode code)
{
	const struct secret_buffer *token = &request->token;
	char *text = request->curl_text;
	long system_error = 0;
	if (code == CURLE_COULDNT_CONNECT)
		curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &system_error);
	if (has_timed_out_in_connect(request, code))
		system_error = ETIMEDOUT;
	if (system_error) {
		snprintf(text, sizeof request->curl_text, "cannot connect: %s",
			strerror((int)system_error));
		return text;
	}
	if (!*text || (token->length && memmem(text, strlen(text), token->bytes, token->length)))
		return curl_easy_strerror(code);
	drop_duration(text);
	return text;
}

void http_request_report(struct http_request *request, CURLcode code)
{
	struct http_result result = {
		.end = request->has_fault ? request->fault : end_of(code),
		.error = request->has_fault ? request->fault_text : "",
		.response = &request->response,
		.body = &request->body,
	};
	if (!request->has_fault && code != CURLE_OK)
		result.error = words_of(request, code);
	request->is_done = true;
	request->on_done(request->impl, &result);
}
