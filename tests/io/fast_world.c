/* SPDX-License-Identifier: Apache-2.0 */
#include "fast_world.h"

#include "api_stream.h"
#include "harness.h"
#include "identity_dir.h"
#include "identity_make.h"
#include "nonce_store.h"
#include "timestamp.h"

#include <sodium.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define CALLS_MAX 8

enum call_kind { CALL_NONE, CALL_STATE, CALL_HEARTBEAT, CALL_REPORT, CALL_STREAM };

/* A call without an answer yet. The daemon knows it by its address. */
struct call {
	enum call_kind kind;
	int64_t due_ns;
	char *state;
	union {
		void (*state)(void *, const struct api_result *, const struct api_state *);
		void (*heartbeat)(void *, const struct api_result *, const struct api_orders *);
		void (*report)(void *, const struct api_result *);
	} done;
	void *impl;
};

static struct {
	const struct fast_plane *plane;
	int64_t now_ns;
	int64_t ahead_ns; /* the node's clock */
	struct call calls[CALLS_MAX];
	struct call stream; /* requested, or open */
	bool is_streaming;
	struct event_stream parser;
	struct api_stream_callbacks callbacks;
	struct fast_counts counts;
} world;

void fast_world_begin(const struct fast_plane *plane, int64_t start_ns)
{
	memset(&world, 0, sizeof world);
	world.plane = plane;
	world.now_ns = start_ns;
}

int64_t fast_world_now_ns(void)
{
	return world.now_ns;
}

void fast_world_set_clock(int64_t ahead_ns)
{
	world.ahead_ns = ahead_ns;
}

struct fast_counts fast_world_counts(void)
{
	return world.counts;
}

static struct call *call_begin(enum call_kind kind, void *impl, struct api_call **ret)
{
	struct call *call = world.calls;
	while (call < world.calls + CALLS_MAX && call->kind != CALL_NONE)
		call++;
	assert_true(call < world.calls + CALLS_MAX);
	*call = (struct call){
		.kind = kind,
		.due_ns = world.now_ns + FAST_WORLD_DELAY_MS * NS_PER_MS,
		.impl = impl,
	};
	if (ret)
		*ret = (struct api_call *)call;
	return call;
}

static const struct api_result ok = {
	.outcome = API_OUTCOME_OK, .status = 200, .error = "", .retry_after_ms = -1};

static void state_answer(const struct call *call)
{
	struct secret_buffer body = {0};
	struct api_state state = {.body = &body, .etag = ""};
	secret_buffer_append_text(&body, call->state);
	free(call->state);
	call->done.state(call->impl, &ok, &state);
	secret_buffer_clear(&body);
}

static void call_answer(struct call *call)
{
	struct call answered = *call;
	struct api_orders orders = {0};
	*call = (struct call){0};
	switch (answered.kind) {
	case CALL_STATE:
		state_answer(&answered);
		break;
	case CALL_HEARTBEAT:
		answered.done.heartbeat(answered.impl, &ok, &orders);
		break;
	case CALL_REPORT:
		answered.done.report(answered.impl, &ok);
		break;
	case CALL_STREAM:
	case CALL_NONE:
		break;
	}
}

static void stream_close(void)
{
	if (world.is_streaming)
		event_stream_deinit(&world.parser);
	world.is_streaming = false;
	world.stream = (struct call){0};
}

static void stream_answer(void)
{
	const struct event_stream_callbacks callbacks = {
		.on_event = world.callbacks.on_event,
		.on_id = world.callbacks.on_id,
		.on_retry = world.callbacks.on_retry,
		.impl = world.callbacks.impl,
	};
	world.stream.due_ns = INT64_MAX;
	world.is_streaming = true;
	event_stream_init(&world.parser, API_EVENT_BYTES_MAX, &callbacks);
	world.callbacks.on_opened(world.callbacks.impl, &ok);
}

bool fast_world_stream(const char *bytes, size_t length)
{
	if (world.is_streaming)
		assert_int_equal(event_stream_push(&world.parser, bytes, length), 0);
	return world.is_streaming;
}

void fast_world_cut_stream(void)
{
	const struct api_result broken = {
		.outcome = API_OUTCOME_NETWORK, .error = "cut", .retry_after_ms = -1};
	if (!world.is_streaming)
		return;
	stream_close();
	world.callbacks.on_closed(world.callbacks.impl, &broken);
}

/* Return the call that is due first; NULL if there is none. */
static struct call *call_first(void)
{
	struct call *first = world.stream.kind == CALL_NONE ? NULL : &world.stream;
	for (struct call *call = world.calls; call < world.calls + CALLS_MAX; call++)
		if (call->kind != CALL_NONE && (!first || call->due_ns < first->due_ns))
			first = call;
	return first;
}

/* Advance to the first thing that is due until then and do it; without one, advance to then. */
static void time_pass(int64_t until_ns)
{
	struct call *call = call_first();
	int64_t call_ns = call ? call->due_ns : INT64_MAX;
	int64_t first_ns = call_ns < world.plane->next_ns ? call_ns : world.plane->next_ns;
	if (first_ns > until_ns) {
		world.now_ns = until_ns;
		return;
	}
	if (first_ns > world.now_ns)
		world.now_ns = first_ns;
	if (first_ns != call_ns)
		world.plane->act(world.plane->impl);
	else if (call == &world.stream)
		stream_answer();
	else
		call_answer(call);
}

/* The replacements of the functions of these names. */

int __real_epoll_wait(int fd, struct epoll_event *events, int count, int timeout_ms);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int count, int timeout_ms);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_fsync(int fd);
void __real_nonce_store_expire(struct nonce_store *store, struct moment now);
void __wrap_nonce_store_expire(struct nonce_store *store, struct moment now);
int __wrap_api_state_fetch(struct api_client *client, const struct api_state_request *request,
	struct api_call **ret, struct diag *diag);
int __wrap_api_heartbeat_send(struct api_client *client,
	const struct api_heartbeat_request *request, struct api_call **ret, struct diag *diag);
int __wrap_api_drift_report(struct api_client *client, const struct api_drift_request *request,
	struct api_call **ret, struct diag *diag);
int __wrap_api_stream_open(struct api_client *client, const char *token, const char *last_event_id,
	const struct api_stream_callbacks *callbacks, struct api_call **ret, struct diag *diag);
void __wrap_api_call_cancel(struct api_call *call);

int __wrap_epoll_wait(int fd, struct epoll_event *events, int count, int timeout_ms)
{
	int ready = __real_epoll_wait(fd, events, count, 0);
	if (ready == 0 && timeout_ms != 0)
		time_pass(timeout_ms < 0 ? INT64_MAX : world.now_ns + timeout_ms * NS_PER_MS);
	return ready;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	int64_t now_ns = world.now_ns + (clock == CLOCK_REALTIME ? world.ahead_ns : 0);
	*ret = (struct timespec){.tv_sec = now_ns / NS_PER_S, .tv_nsec = now_ns % NS_PER_S};
	return 0;
}

int __wrap_fsync(int fd)
{
	return 0;
}

void __wrap_nonce_store_expire(struct nonce_store *store, struct moment now)
{
	__real_nonce_store_expire(store, now);
	world.counts.nonces = store->count;
}

int __wrap_api_state_fetch(struct api_client *client, const struct api_state_request *request,
	struct api_call **ret, struct diag *diag)
{
	struct call *call = call_begin(CALL_STATE, request->impl, ret);
	/* The document when the fetch began: events that arrive meanwhile are newer. */
	call->state = strdup(world.plane->state(world.plane->impl));
	assert_non_null(call->state);
	call->done.state = request->on_done;
	world.counts.fetches++;
	return 0;
}

int __wrap_api_heartbeat_send(struct api_client *client,
	const struct api_heartbeat_request *request, struct api_call **ret, struct diag *diag)
{
	call_begin(CALL_HEARTBEAT, request->impl, ret)->done.heartbeat = request->on_done;
	world.counts.heartbeats++;
	return 0;
}

int __wrap_api_drift_report(struct api_client *client, const struct api_drift_request *request,
	struct api_call **ret, struct diag *diag)
{
	call_begin(CALL_REPORT, request->impl, ret)->done.report = request->on_done;
	world.counts.reports++;
	return 0;
}

int __wrap_api_stream_open(struct api_client *client, const char *token, const char *last_event_id,
	const struct api_stream_callbacks *callbacks, struct api_call **ret, struct diag *diag)
{
	assert_int_equal(world.stream.kind, CALL_NONE);
	world.stream = (struct call){
		.kind = CALL_STREAM, .due_ns = world.now_ns + FAST_WORLD_DELAY_MS * NS_PER_MS};
	world.callbacks = *callbacks;
	*ret = (struct api_call *)&world.stream;
	world.counts.streams++;
	return 0;
}

void __wrap_api_call_cancel(struct api_call *call)
{
	struct call *ours = (struct call *)call;
	if (ours == &world.stream) {
		stream_close();
	} else if (ours) {
		free(ours->state);
		*ours = (struct call){0};
	}
}

void fast_world_identity(
	const char *directory, uint8_t ret_signing_secret[static 64], struct identity *ret)
{
	struct identity_registration registration = {
		.node_id = "node-1", .mesh_ip = ip_of("10.100.0.1"), .node_secret_key = "token"};
	struct identity prepared = {0};
	int lock;
	_Static_assert(crypto_sign_SECRETKEYBYTES == 64, "as in the header");
	crypto_sign_keypair(registration.signing_public_key.bytes, ret_signing_secret);
	assert_int_equal(identity_prepare(directory, &prepared, &lock, NULL), 0);
	close(lock);
	assert_int_equal(identity_complete(directory, &registration, NULL), 0);
	identity_clear(&prepared);
	assert_int_equal(identity_dir_load(directory, ret, NULL), 0);
}
