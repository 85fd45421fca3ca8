/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parse a base URL, to which request paths are appended: https to any host, http to literal
 * loopback addresses only (127.0.0.0/8 and [::1]; localhost is a name).
 */
#pragma once

#include <stdbool.h>

struct diag;

#define HTTP_URL_MAX 2048

struct http_url {
	char *text;       /* owned; normalised by libcurl, without a slash at the end */
	bool is_http;     /* without TLS */
	bool is_loopback; /* the host is a literal loopback address; no proxy is used */
};

/*
 * Parse scheme, host, and optionally port and path. A user name, a query or a fragment is an error.
 * Returns 0, -ENOMEM, or -EINVAL with a text that does not quote the URL, which may hold a
 * password.
 */
int http_url_parse(const char *text, struct http_url *ret, struct diag *diag);
void http_url_clear(struct http_url *url);
