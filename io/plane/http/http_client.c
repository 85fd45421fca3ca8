/* SPDX-License-Identifier: Apache-2.0 */
#include "http_client.h"

#include "curl_memory.h"
#include "diag.h"
#include "http_request.h"
#include "trusted_path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IDLE_CONNECTIONS_MAX 4L
/* How often to check the pace within one idle timeout; without a timeout, every second. */
#define PACE_CHECKS     8
#define PACE_DEFAULT_MS 1000

/* A watch on a socket of libcurl. */
struct http_socket {
	struct loop_watch watch;
	struct http_client *client;
	struct http_socket *next;
};

static void request_unlink(struct http_request *request)
{
	struct http_request **place = &request->client->requests;
	while (*place != request)
		place = &(*place)->next;
	*place = request->next;
}

/* Must not be called from within libcurl. */
static void request_remove(struct http_request *request)
{
	if (request->is_added)
		curl_multi_remove_handle(request->client->multi, request->easy);
	request->is_added = false;
	loop_timer_cancel(request->client->loop, &request->pace_timer);
	request_unlink(request);
}

static void request_finish(struct http_request *request, CURLcode code)
{
	request_remove(request);
	if (!request->is_cancelled)
		http_request_report(request, code);
	http_request_free(request);
}

static void requests_finish_done(struct http_client *client)
{
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(client->multi, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		CURLcode code = message->data.result;
		char *request = NULL;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
		request_finish((struct http_request *)(void *)request, code);
	}
}

static void on_failed(void *impl)
{
	request_finish(impl, CURLE_FAILED_INIT);
}

static void on_pace(void *impl)
{
	struct http_request *request = impl;
	int idle_ms = request->pace_limits.idle_ms;
	if (http_request_expire(request)) {
		request_finish(request, CURLE_OPERATION_TIMEDOUT);
		return;
	}
	loop_timer_set(request->client->loop, &request->pace_timer,
		idle_ms ? (idle_ms + PACE_CHECKS - 1) / PACE_CHECKS : PACE_DEFAULT_MS, on_pace,
		request);
}

static void request_fail_soon(struct http_request *request, int error)
{
	http_request_fault(request, HTTP_END_NETWORK, strerrordesc_np(-error));
	loop_timer_set(request->client->loop, &request->pace_timer, 0, on_failed, request);
}

static void on_socket_ready(void *impl, uint32_t events)
{
	struct http_socket *watched = impl;
	struct http_client *client = watched->client;
	int ready = 0, running;
	/* On an error let libcurl read or write too: it then gets the errno. */
	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		ready |= CURL_CSELECT_IN;
	if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
		ready |= CURL_CSELECT_OUT;
	curl_multi_socket_action(client->multi, watched->watch.fd, ready, &running);
	requests_finish_done(client);
}

static void socket_forget(struct http_socket *watched)
{
	struct http_socket **place = &watched->client->sockets;
	while (*place != watched)
		place = &(*place)->next;
	*place = watched->next;
	loop_watch_remove(watched->client->loop, &watched->watch);
	free(watched);
}

static int socket_add(struct http_client *client, curl_socket_t fd, uint32_t events)
{
	struct http_socket *watched = calloc(1, sizeof *watched);
	if (!watched)
		return -ENOMEM;
	int error =
		loop_watch_add(client->loop, &watched->watch, fd, events, on_socket_ready, watched);
	if (error) {
		free(watched);
		return error;
	}
	watched->client = client;
	watched->next = client->sockets;
	client->sockets = watched;
	curl_multi_assign(client->multi, fd, watched);
	return 0;
}

/* libcurl asks to watch a socket, or to stop watching it. */
static int on_socket_wanted(
	CURL *easy, curl_socket_t fd, int what, void *client_impl, void *socket_impl)
{
	struct http_client *client = client_impl;
	struct http_socket *watched = socket_impl;
	char *request = NULL;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &request);
	if (request)
		http_request_note_socket(
			(struct http_request *)(void *)request, fd, what != CURL_POLL_REMOVE);
	if (what == CURL_POLL_REMOVE) {
		if (watched)
			socket_forget(watched);
		return 0;
	}
	uint32_t events = 0;
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		events |= EPOLLIN;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		events |= EPOLLOUT;
	int error = watched ? loop_watch_change(client->loop, &watched->watch, events)
			    : socket_add(client, fd, events);
	/* If this returned the error, libcurl would fail all requests from then on. */
	if (error && request)
		request_fail_soon((struct http_request *)(void *)request, error);
	return 0;
}

static void on_curl_timeout(void *impl)
{
	struct http_client *client = impl;
	int running;
	curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	requests_finish_done(client);
}

static int on_timer_wanted(CURLM *multi, long timeout_ms, void *impl)
{
	struct http_client *client = impl;
	if (timeout_ms < 0)
		loop_timer_cancel(client->loop, &client->curl_timer);
	else
		loop_timer_set(
			client->loop, &client->curl_timer, timeout_ms, on_curl_timeout, client);
	return 0;
}

static void request_add(struct http_request *request)
{
	CURLMcode code = curl_multi_add_handle(request->client->multi, request->easy);
	request->is_added = code == CURLM_OK;
	if (code == CURLM_OK)
		return;
	http_request_fault(request, HTTP_END_NETWORK, curl_multi_strerror(code));
	request_finish(request, CURLE_FAILED_INIT);
}

/*
 * Start new requests and free cancelled ones. The loop calls this later, because the call that
 * asked for it may come from within libcurl. Callbacks meanwhile only add requests at the front of
 * the list and mark others as cancelled.
 */
static void on_turn(void *impl)
{
	struct http_client *client = impl;
	struct http_request *next;
	for (struct http_request *request = client->requests; request; request = next) {
		next = request->next;
		if (request->is_cancelled) {
			request_remove(request);
			http_request_free(request);
		} else if (!request->is_added) {
			request_add(request);
		}
	}
}

int http_request_start(struct http_client *client, const struct http_call *call,
	struct http_request **ret, struct diag *diag)
{
	struct http_request *request;
	int error = http_request_create(client, call, &request, diag);
	if (error)
		return error;
	request->next = client->requests;
	client->requests = request;
	on_pace(request);
	loop_timer_set(client->loop, &client->turn_timer, 0, on_turn, client);
	*ret = request;
	return 0;
}

void http_request_cancel(struct http_request *request)
{
	if (!request || request->is_done)
		return;
	request->is_cancelled = true;
	loop_timer_cancel(request->client->loop, &request->pace_timer);
	loop_timer_set(
		request->client->loop, &request->client->turn_timer, 0, on_turn, request->client);
}

static int multi_set_up(struct http_client *client)
{
	CURLM *multi = client->multi;
	CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted);
	if (code == CURLM_OK)
		code = curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, client);
	if (code == CURLM_OK)
		code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
	if (code == CURLM_OK)
		code = curl_multi_setopt(multi, CURLMOPT_TIMERDATA, client);
	if (code == CURLM_OK)
		code = curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS_MAX);
	return code == CURLM_OK ? 0 : -EIO;
}

/* A missing file is no error here: each connection reads it again, and reports it. */
static int ca_file_check(const char *path, struct diag *diag)
{
	struct stat status;
	int fd = trusted_file_open(path, &status, diag);
	if (fd >= 0)
		return close(fd);
	if (fd != -ENOENT)
		return fd;
	if (diag)
		diag_clear(diag);
	return 0;
}

int http_client_init(struct http_client *client, struct loop *loop, const char *ca_file,
	const char *user_agent, struct diag *diag)
{
	int error = ca_file ? ca_file_check(ca_file, diag) : 0;
	if (error)
		return diag_wrap(diag, error, "CA file");
	error = curl_memory_start();
	if (error)
		return diag_wrap(diag, diag_fail_errno(diag, error), "libcurl");
	*client = (struct http_client){.loop = loop, .multi = curl_multi_init()};
	client->ca_file = ca_file ? strdup(ca_file) : NULL;
	client->user_agent = strdup(user_agent);
	if (!client->multi || !client->user_agent || (ca_file && !client->ca_file))
		error = -ENOMEM;
	if (!error)
		error = multi_set_up(client);
	if (!error)
		return 0;
	http_client_deinit(client);
	return diag_wrap(diag, diag_fail_errno(diag, error), "libcurl");
}

void http_client_deinit(struct http_client *client)
{
	while (client->requests) {
		struct http_request *request = client->requests;
		request_remove(request);
		http_request_free(request);
	}
	curl_multi_cleanup(client->multi);
	while (client->sockets)
		socket_forget(client->sockets); /* NOLINT(clang-analyzer-unix.Malloc): it unlinks */
	loop_timer_cancel(client->loop, &client->curl_timer);
	loop_timer_cancel(client->loop, &client->turn_timer);
	free(client->ca_file);
	free(client->user_agent);
	curl_memory_stop();
	*client = (struct http_client){0};
}
