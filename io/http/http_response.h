/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server answers, apart from the body: status and the few header fields that matter here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A longer value counts as missing, and so does one with a control character in it. */
#define HTTP_FIELD_MAX 511

struct http_field {
	char text[HTTP_FIELD_MAX + 1]; /* "": missing */
};

struct http_response {
	int status;         /* 0: no answer came */
	int64_t arrived_ms; /* when the header was complete, as loop_now_ms counts */
	struct http_field content_type;
	struct http_field content_encoding;
	struct http_field date;
	struct http_field age;
	struct http_field etag;
	struct http_field retry_after;
};

/* Takes in one line of a header, its end included. A status line starts the response anew. */
void http_response_take_line(struct http_response *response, const char *line, size_t length);
/* Whether the line is the empty one that ends a header. */
bool http_line_is_empty(const char *line, size_t length);

/* The value of Content-Type without parameters is `type`, such as "text/event-stream". */
bool http_response_has_type(const struct http_response *response, const char *type);
