/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request: what http_client.c and http_request.c know of it.
 */
#pragma once

#include "http_client.h"

#include <curl/curl.h>

struct http_request {
	struct http_client *client;
	struct http_request *next;
	CURL *easy;
	struct curl_slist *headers;
	struct secret_buffer token;
	struct secret_buffer sent_body;
	struct http_response response;
	size_t header_bytes;
	struct secret_buffer body;
	uint64_t body_bytes; /* that came so far, unpacked */
	size_t body_max;
	const char *body_max_option;
	bool accepts_gzip;
	int fd; /* of its connection; -1: none is known */
	struct loop_timer pace_timer;
	struct http_pace_limits pace_limits;
	struct http_pace pace;
	bool has_pace; /* it has begun: there is a connection */
	int64_t start_ms;
	bool is_added; /* to the multi handle */
	bool is_cancelled;
	bool is_done;   /* its on_done runs now */
	bool has_fault; /* found here rather than by libcurl; the next two say which */
	enum http_end fault;
	char fault_text[64];
	char curl_text[CURL_ERROR_SIZE]; /* libcurl's words */
	int (*on_header)(void *impl, const struct http_response *response);
	int (*on_body)(void *impl, const char *bytes, size_t length);
	void (*on_done)(void *impl, const struct http_result *result);
	void *impl;
};

/* The request with all its options, not added to anything yet. */
int http_request_create(struct http_client *client, const struct http_call *call,
	struct http_request **ret, struct diag *diag);
/* Wipes and frees; it must be out of the multi handle and the list. */
void http_request_free(struct http_request *request);

/* Notes how it ends, unless that is known. */
void http_request_fault(struct http_request *request, enum http_end end, const char *error);
/* libcurl waits for that socket, or does not any more. */
void http_request_note_socket(struct http_request *request, int fd, bool is_wanted);
/* End a request that is too slow or was never connected. Return whether it did. */
bool http_request_expire(struct http_request *request);
/* Takes `code` for its end, unless that is known, and calls on_done. */
void http_request_report(struct http_request *request, CURLcode code);
