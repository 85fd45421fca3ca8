/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where requests may go: https to anywhere; http to literal loopback addresses only (127.0.0.0/8
 * and [::1]), which no proxy ever gets to see. A name such as localhost is no literal address.
 */
#pragma once

#include <stdbool.h>

struct diag;

#define HTTP_URL_MAX 2048

struct http_url {
	char *text;       /* owned; as libcurl writes it, without a slash at the end */
	bool is_http;     /* without TLS */
	bool is_loopback; /* its host is a literal loopback address */
};

/*
 * Reads a base URL, to which paths are appended: scheme, host, optionally a port and a path. User
 * information, a query and a fragment are refused. Returns 0, -ENOMEM, or -EINVAL with a text that
 * says what is wrong with the URL and does not repeat a password in it.
 */
int http_url_parse(const char *text, struct http_url *ret, struct diag *diag);
void http_url_clear(struct http_url *url);
