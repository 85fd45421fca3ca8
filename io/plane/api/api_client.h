/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control plane's API, for one node. Each call reports its result through its callback once and
 * is freed then; the event stream lives until it is closed (api_stream.h). The caller handles
 * failures: the client neither retries nor logs.
 *
 * Tokens are borrowed during the function that takes them; copies are wiped. The loop calls the
 * callbacks; their arguments are valid until they return. A callback may cancel any call and start
 * new ones.
 */
#pragma once

#include "api_body.h"
#include "api_reply.h"
#include "api_result.h"
#include "http_client.h"

#define API_REQUEST_IDLE_MS (30 * 1000)
#define API_STREAM_IDLE_MS  (90 * 1000)
#define API_LEAST_RATE      100
#define API_STATE_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define API_EVENT_BYTES_MAX ((size_t)1024 * 1024)
/* The limit of any other response. */
#define API_REPLY_BYTES_MAX ((size_t)64 * 1024)

/* A member of zero means the default above. */
struct api_options {
	const char *url;
	const char *node_id;    /* NULL: only api_register can be called */
	const char *ca_file;    /* NULL: the system's authorities */
	const char *user_agent; /* NULL: plexwg */
	int request_idle_ms;    /* without a byte in either direction */
	int stream_idle_ms;     /* the same, of the event stream */
	int least_rate;         /* of all but the event stream, in bytes per second: http_pace.h */
	size_t state_bytes_max; /* of a state document, and of a registration */
	size_t event_bytes_max; /* of an event's data */
};

struct api_call;

/* Members are private. */
struct api_client {
	struct http_client http;
	struct http_url url;
	char *node_id;
	char *node_path; /* "/v1/nodes/ID", with the id escaped */
	struct api_options options;
	struct api_call *calls;
};

/*
 * Borrows `loop`; texts are copied. Returns 0, -ENOMEM, -EIO, or -EINVAL for an invalid URL
 * (http_url.h) or node id.
 */
int api_client_init(struct api_client *client, struct loop *loop, const struct api_options *options,
	struct diag *diag);
/* Free all calls and streams without a callback. Do not call this from a callback. */
void api_client_deinit(struct api_client *client);

/* A state document as received. */
struct api_state {
	struct secret_buffer *body; /* to take ownership, copy the struct and zero it */
	const char *etag;           /* for the next api_state_fetch; "": none */
};

/*
 * The functions below return 0, -ENOMEM, or -EINVAL for a token that cannot be sent. Only after 0
 * the client calls `on_done`, with the request's `impl`. The functions borrow what a request points
 * to until they return. `ret` may be NULL; `*ret` is for api_call_cancel until `on_done`.
 */

struct api_state_request {
	const char *token;
	const char *etag; /* NULL or "": none */
	/* `state` is NULL unless the outcome is OK. */
	void (*on_done)(void *impl, const struct api_result *result, const struct api_state *state);
	void *impl;
};

int api_state_fetch(struct api_client *client, const struct api_state_request *request,
	struct api_call **ret, struct diag *diag);

struct api_drift_request {
	const char *token;
	int64_t timestamp_ns;
	const struct api_correction *corrections;
	size_t count;
	void (*on_done)(void *impl, const struct api_result *result);
	void *impl;
};

int api_drift_report(struct api_client *client, const struct api_drift_request *request,
	struct api_call **ret, struct diag *diag);

struct api_heartbeat_request {
	const char *token;
	const struct api_heartbeat *heartbeat;
	/* `orders` is NULL unless the outcome is OK. */
	void (*on_done)(
		void *impl, const struct api_result *result, const struct api_orders *orders);
	void *impl;
};

int api_heartbeat_send(struct api_client *client, const struct api_heartbeat_request *request,
	struct api_call **ret, struct diag *diag);

struct api_register_request {
	const char *join_token; /* a secret */
	const struct key_public *public_key;
	const char *hostname;
	/* `registration` is NULL unless the outcome is OK. */
	void (*on_done)(void *impl, const struct api_result *result,
		const struct api_registration *registration);
	void *impl;
};

int api_register(struct api_client *client, const struct api_register_request *request,
	struct api_call **ret, struct diag *diag);

/* Free the call; no callback follows. NULL, and a call whose `on_done` is running, are allowed. */
void api_call_cancel(struct api_call *call);
