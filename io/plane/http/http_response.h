/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A response without its body: the status and the header fields that plexwg uses.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A longer value, or one with a control character, counts as missing. */
#define HTTP_FIELD_MAX 511

struct http_field {
	char text[HTTP_FIELD_MAX + 1]; /* "": missing */
};

struct http_response {
	int status;         /* 0: no response */
	int64_t arrived_ms; /* when the header was complete; loop_now_ms */
	struct http_field content_type;
	struct http_field content_encoding;
	struct http_field date;
	struct http_field age;
	struct http_field etag;
	struct http_field retry_after;
};

/* Parse one header line, including its line end. A status line resets the response. */
void http_response_take_line(struct http_response *response, const char *line, size_t length);
/* Whether the line is the empty one that ends a header. */
bool http_line_is_empty(const char *line, size_t length);

/* Whether Content-Type, without its parameters, is `type`, such as "text/event-stream". */
bool http_response_has_type(const struct http_response *response, const char *type);
