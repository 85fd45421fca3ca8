/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request; shared by http_client.c and http_request.c only.
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
	uint64_t body_bytes; /* received so far, decompressed */
	size_t body_max;
	const char *body_max_option;
	bool accepts_gzip;
	int fd; /* of its connection; -1: not known */
	struct loop_timer pace_timer;
	struct http_pace_limits pace_limits;
	struct http_pace pace;
	bool has_pace; /* `pace` has begun: the request is connected */
	int64_t start_ms;
	bool is_added; /* to the multi handle */
	bool is_cancelled;
	bool is_done;   /* on_done is running */
	bool has_fault; /* the client ended it, as follows, and not libcurl */
	enum http_end fault;
	char fault_text[64];
	char curl_text[CURL_ERROR_SIZE]; /* libcurl's error text */
	int (*on_header)(void *impl, const struct http_response *response);
	int (*on_body)(void *impl, const char *bytes, size_t length);
	void (*on_done)(void *impl, const struct http_result *result);
	void *impl;
};

/* Create a request with all its options, in neither the multi handle nor the list. */
int http_request_create(struct http_client *client, const struct http_call *call,
	struct http_request **ret, struct diag *diag);
/* Wipe and free a request, which must be in neither the multi handle nor the list. */
void http_request_free(struct http_request *request);

/* Set how the request ends, unless it is set. */
void http_request_fault(struct http_request *request, enum http_end end, const char *error);
/* Note that libcurl uses that socket for the request, or no longer does. */
void http_request_note_socket(struct http_request *request, int fd, bool is_wanted);
/* Set the fault of a request that is idle or too slow. Returns whether it did. */
bool http_request_expire(struct http_request *request);
/* Call on_done with the fault, or without one with libcurl's `code`. */
void http_request_report(struct http_request *request, CURLcode code);
