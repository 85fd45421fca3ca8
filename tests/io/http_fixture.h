/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP requests of a test: a control plane as the server, a client on a loop, and the result of
 * each request. Every failure fails the test.
 */
#pragma once

#include "harness.h"
#include "http_client.h"
#include "plane_process.h"

/* How long a test waits for what should happen at once. */
#define PATIENCE_MS 20000

#define STATE_PATH  "/v1/nodes/n1/state"
#define EVENTS_PATH "/v1/nodes/n1/events"
#define DRIFT_PATH  "/v1/nodes/n1/drift"

/* The token of the node n1. Of one byte, so that freed_memory.h can search for it. */
#define TOKEN "TTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTT"

struct http_fixture {
	struct plane_process plane;
	struct loop loop;
	struct http_client client;
	struct http_url url;
	int waiting; /* for so many requests */
};

/* One request and its result. */
struct asked {
	struct http_fixture *fixture;
	struct http_request *request;
	bool is_done;
	enum http_end end;
	struct http_response response;
	char error[512];
	struct secret_buffer body; /* to be cleared */
	size_t header_count;
	size_t piece_count;
	/* What a callback does besides; NULL: nothing. */
	void (*in_header)(struct asked *asked);
	void (*in_piece)(struct asked *asked);
	void (*in_done)(struct asked *asked);
	struct asked *other; /* the request it does it to */
};

int http_set_up(void **state);
/* Also checks that nothing is left on the loop. */
int http_tear_down(void **state);
void http_client_open(struct http_fixture *fixture, const char *ca_file);

/* A GET with the token; a stream with callbacks. */
struct http_call call_of(struct http_fixture *fixture, const char *path);
struct http_call stream_of(struct http_fixture *fixture, int idle_timeout_ms);

/* Start it, as one more to wait for. */
void ask(struct http_fixture *fixture, struct asked *asked, struct http_call *call);
/* Do not wait for it. */
void asked_over(struct asked *asked);
void wait_all(struct http_fixture *fixture);
void run_for(struct http_fixture *fixture, int64_t delay_ms);
/* Start it and wait; no error contains the token. */
struct asked ask_one(struct http_fixture *fixture, struct http_call *call);
struct asked get(struct http_fixture *fixture, const char *path);

/* For a callback: cancel its own request, twice. */
void cancel_self(struct asked *asked);

/* `text` is the content of the JSON object, with single quotes for double ones. */
void fault(struct http_fixture *fixture, const char *text);
void faults_clear(struct http_fixture *fixture);
bool plane_knows(struct http_fixture *fixture, const char *path, const char *part);

/* It ended so, with this text; clears it. */
void assert_end(struct asked *asked, enum http_end end, const char *words);
