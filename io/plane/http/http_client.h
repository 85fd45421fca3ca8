/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP requests on the loop, any number at once, through libcurl.
 *
 * The client always verifies the server, follows no redirects, and uses neither cookies nor .netrc.
 * It uses a proxy from the environment, but never for a literal loopback address, and does not send
 * it the bearer token. HTTP/1.1 only: with HTTP/2, libcurl would reuse a dead connection after each
 * timeout.
 *
 * The loop calls all callbacks; these functions never do. A callback may cancel any request and
 * start new ones. The program must ignore SIGPIPE.
 */
#pragma once

#include "http_pace.h"
#include "http_response.h"
#include "http_url.h"
#include "loop.h"
#include "secret_buffer.h"

struct diag;
struct http_request;
struct http_socket;

/* The limit of all header lines of a response, including 1xx responses and trailers. */
#define HTTP_HEADER_BYTES_MAX ((size_t)64 * 1024)

/* How a request ended. */
enum http_end {
	HTTP_END_RESPONSE,  /* a response; with a status over 299 the body is not read */
	HTTP_END_NETWORK,   /* name not resolved, not connected, not trusted, connection lost */
	HTTP_END_TIMED_OUT, /* not connected in time, no bytes for too long, or too slow */
	HTTP_END_TOO_LARGE, /* header or body over the limit */
	HTTP_END_PROTOCOL,  /* not HTTP, or an encoding that was not requested */
	HTTP_END_ABORTED,   /* on_header or on_body ended it */
};

struct http_result {
	enum http_end end;
	const char *error; /* without secrets; "" for HTTP_END_RESPONSE */
	const struct http_response *response;
	struct secret_buffer *body; /* to take ownership, copy the struct and zero it */
};

struct http_header {
	const char *name;
	const char *value;
};

/* The client copies all texts but `body_max_option`, and wipes the copies at the end. */
struct http_call {
	const struct http_url *url;
	const char *path;         /* appended to the URL; begins with a slash, already escaped */
	const char *bearer_token; /* NULL: none */
	const struct http_header *headers;
	size_t header_count;
	const char *body; /* to POST; NULL: a GET */
	size_t body_length;
	bool accepts_gzip;
	size_t body_max;             /* limit of the decompressed body; unused with on_body */
	const char *body_max_option; /* the option to name in an error; a constant, or NULL */
	/* The total time is not limited. With on_body, the least rate ends with the header. */
	struct http_pace_limits pace;

	/* The header of a response with status 200 to 299 or 304 is complete. Return non-zero to
	 * end the request. May be NULL. */
	int (*on_header)(void *impl, const struct http_response *response);
	/* A piece of the body, valid during the call. Return non-zero to end the request. NULL: the
	 * client collects the body. */
	int (*on_body)(void *impl, const char *bytes, size_t length);
	/* Called exactly once, unless the request is cancelled; frees the request. */
	void (*on_done)(void *impl, const struct http_result *result);
	void *impl;
};

/* Members are private. */
struct http_client {
	struct loop *loop;
	void *multi;
	char *ca_file;
	char *user_agent;
	struct loop_timer curl_timer;
	struct loop_timer turn_timer; /* starts and frees requests */
	struct http_request *requests;
	struct http_socket *sockets;
};

/*
 * Borrows `loop`. `ca_file` is the CA bundle in PEM that replaces the system's; NULL: the system's.
 * Each connection reads it again. Returns 0, -ENOMEM, -EIO, or the reason not to trust that file.
 */
int http_client_init(struct http_client *client, struct loop *loop, const char *ca_file,
	const char *user_agent, struct diag *diag);
/* Free all requests without a callback. Do not call this from a callback. */
void http_client_deinit(struct http_client *client);

/* Returns 0, -ENOMEM, or -EINVAL for a token or header that cannot be sent. */
int http_request_start(struct http_client *client, const struct http_call *call,
	struct http_request **ret, struct diag *diag);
/* Free the request; no callback follows. NULL is allowed. */
void http_request_cancel(struct http_request *request);
