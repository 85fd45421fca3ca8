/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP requests that run on the loop, any number at once, over libcurl.
 *
 * The other side is always verified; redirects are not followed; there are no cookies and no
 * .netrc; a proxy is what libcurl finds in the environment, though never for a literal loopback
 * address, and it is not shown the bearer token. HTTP/1.1 only: with HTTP/2 a connection that died
 * in silence would be used again after each timeout.
 *
 * All callbacks come from the loop, never from within a call of these functions. From any of them
 * every request may be cancelled and new ones started. The program must ignore SIGPIPE.
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

/* Of all header lines of an answer, those before it (1xx) and behind it included. */
#define HTTP_HEADER_BYTES_MAX ((size_t)64 * 1024)

/* How a request came to its end. */
enum http_end {
	HTTP_END_RESPONSE,  /* with an answer; of one with a status over 299 the body is not read */
	HTTP_END_NETWORK,   /* no name, no connection, no trust, or it broke */
	HTTP_END_TIMED_OUT, /* no connection in time, then nothing for too long, or too slowly */
	HTTP_END_TOO_LARGE, /* header or body is over the limit */
	HTTP_END_PROTOCOL,  /* what came is not HTTP, or in an encoding nobody asked for */
	HTTP_END_ABORTED,   /* on_header or on_body wanted no more */
};

struct http_result {
	enum http_end end;
	const char *error; /* what went wrong, without secrets; "" for HTTP_END_RESPONSE */
	const struct http_response *response;
	struct secret_buffer *body; /* may be taken over by copying the struct and zeroing it */
};

struct http_header {
	const char *name;
	const char *value;
};

/* Texts are copied and the copies wiped in the end. */
struct http_call {
	const struct http_url *url;
	const char *path; /* put after the URL; begins with a slash, ready for use in a URL */
	const char *bearer_token; /* NULL: none */
	const struct http_header *headers;
	size_t header_count;
	const char *body; /* to be posted; NULL: it is a GET */
	size_t body_length;
	bool accepts_gzip;
	size_t body_max;             /* of the answer, decompressed; of no meaning with on_body */
	const char *body_max_option; /* sets it, for an error to name; a constant, or NULL */
	/* There is no limit to the time of the whole. The rate is that of the whole answer, with
	 * on_body of its header only. */
	struct http_pace_limits pace;

	/* The header of an answer with a status of 200 to 299, or 304. Not 0: it is of no use. May
	 * be NULL. */
	int (*on_header)(void *impl, const struct http_response *response);
	/* A piece of the body, for the call only. Not 0: stop. NULL: it is collected. */
	int (*on_body)(void *impl, const char *bytes, size_t length);
	/* Exactly once, unless the request is cancelled; afterwards the request is gone. */
	void (*on_done)(void *impl, const struct http_result *result);
	void *impl;
};

/* Members are the client's own. */
struct http_client {
	struct loop *loop;
	void *multi;
	char *ca_file;
	char *user_agent;
	struct loop_timer curl_timer;
	struct loop_timer turn_timer; /* starts and buries requests */
	struct http_request *requests;
	struct http_socket *sockets;
};

/*
 * Borrows `loop`. `ca_file` holds the only authorities that count, in PEM; NULL: the system's. It
 * is read anew for each connection. Returns 0, -ENOMEM, -EIO, or why that file cannot be trusted.
 */
int http_client_init(struct http_client *client, struct loop *loop, const char *ca_file,
	const char *user_agent, struct diag *diag);
/* Ends all requests without a callback. Not to be called from a callback of one. */
void http_client_deinit(struct http_client *client);

/* Returns 0, -ENOMEM, or -EINVAL for a token or header that cannot be sent. */
int http_request_start(struct http_client *client, const struct http_call *call,
	struct http_request **ret, struct diag *diag);
/* No callback comes any more, and the request is gone. NULL is fine. */
void http_request_cancel(struct http_request *request);
