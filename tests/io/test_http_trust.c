/* SPDX-License-Identifier: Apache-2.0 */
#include "freed_memory.h"
#include "http_fixture.h"
#include "http_request.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* As libcurl might, if a server put the token into a text that becomes an error. */
static void an_error_that_contains_the_token_is_replaced(void **state)
{
	struct http_fixture *fixture = *state;
	struct asked asked = {.fixture = fixture};
	struct http_call call = call_of(fixture, STATE_PATH);
	call.impl = &asked;
	fixture->waiting = 2;
	struct http_request *request;
	assert_int_equal(http_request_create(&fixture->client, &call, &request, NULL), 0);
	snprintf(request->curl_text, sizeof request->curl_text, "strange header: x%sx", TOKEN);
	http_request_report(request, CURLE_WEIRD_SERVER_REPLY);
	http_request_free(request);
	assert_int_equal(asked.end, HTTP_END_PROTOCOL);
	assert_lacks(asked.error, TOKEN);
	assert_string_equal(asked.error, curl_easy_strerror(CURLE_WEIRD_SERVER_REPLY));
	fixture->waiting = 0;
}

static void nothing_secret_is_left_in_freed_memory(void **state)
{
	struct http_fixture *fixture = *state;
	char document[2000] = "{\"peers\":[],\"x\":\"";
	memset(document + strlen(document), 'T', sizeof document - strlen(document));
	strcpy(document + sizeof document - 3, "\"}");
	plane_process_tell(&fixture->plane, "PUT", "/nodes/n1/state", "%s", document);
	struct http_call call = call_of(fixture, STATE_PATH), stream = stream_of(fixture, 0);
	struct http_call post = call_of(fixture, DRIFT_PATH);
	post.body = document;
	post.body_length = strlen(document);
	freed_memory_watch('T', 24);
	/* Without a reader it would be optimised away. */
	char *volatile control = strdup(TOKEN);
	free(control);
	assert_true(freed_memory_hits() > 0);
	freed_memory_watch('T', 24);
	for (int i = 0; i < 2; i++) {
		call.accepts_gzip = i > 0;
		struct asked asked = ask_one(fixture, &call);
		assert_int_equal(asked.body.length, strlen(document));
		secret_buffer_clear(&asked.body);
		asked = ask_one(fixture, &post);
		assert_int_equal(asked.response.status, 400);
		fault(fixture, "'mode':'mute','count':1");
		call.pace.idle_ms = 50;
		asked = ask_one(fixture, &call);
		assert_int_equal(asked.end, HTTP_END_TIMED_OUT);
		call.pace.idle_ms = PATIENCE_MS;
		asked = (struct asked){.in_header = cancel_self};
		ask(fixture, &asked, &stream);
		wait_all(fixture);
	}
	http_client_deinit(&fixture->client);
	assert_int_equal(freed_memory_hits(), 0);
	freed_memory_watch('T', 0);
	http_client_open(fixture, NULL);
}

/* The control plane speaks TLS from here on, with a new authority in a directory of its own. */
static void tls_open(struct http_fixture *fixture, char directory[32], const char *cert_hosts)
{
	strcpy(directory, "/tmp/plexwg-test.XXXXXX");
	assert_non_null(mkdtemp(directory));
	const char *const arguments[] = {"--tls", directory, "--listen", "127.0.0.1:0",
		cert_hosts ? "--cert-hosts" : NULL, cert_hosts, NULL};
	plane_process_stop(&fixture->plane);
	plane_process_start(&fixture->plane, arguments);
	plane_process_tell(&fixture->plane, "PUT", "/nodes/n1", "{\"token\":\"%s\"}", TOKEN);
	http_url_clear(&fixture->url);
	assert_int_equal(http_url_parse(fixture->plane.api, &fixture->url, NULL), 0);
}

static void authority_remove(const char *directory)
{
	static const char *const names[] = {"ca.pem", "ca.key"};
	char path[64];
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		snprintf(path, sizeof path, "%s/%s", directory, names[i]);
		unlink(path);
	}
	rmdir(directory);
}

static void client_reopen(struct http_fixture *fixture, const char *ca_file)
{
	http_client_deinit(&fixture->client);
	http_client_open(fixture, ca_file);
}

static void a_server_is_trusted_through_the_authority_that_is_named(void **state)
{
	struct http_fixture *fixture = *state;
	char directory[32], other_ca[64], other[32];
	tls_open(fixture, other, NULL);
	snprintf(other_ca, sizeof other_ca, "%s/ca.pem", other);
	tls_open(fixture, directory, NULL);

	client_reopen(fixture, fixture->plane.ca_file);
	struct asked asked = get(fixture, STATE_PATH);
	assert_int_equal(asked.end, HTTP_END_RESPONSE);
	assert_int_equal(asked.response.status, 200);
	secret_buffer_clear(&asked.body);

	client_reopen(fixture, NULL);
	asked = get(fixture, STATE_PATH);
	assert_end(&asked, HTTP_END_NETWORK, "certificate");
	client_reopen(fixture, other_ca);
	asked = get(fixture, STATE_PATH);
	assert_end(&asked, HTTP_END_NETWORK, "certificate");
	client_reopen(fixture, "/nonexistent/ca.pem");
	asked = get(fixture, STATE_PATH);
	assert_end(&asked, HTTP_END_NETWORK, "/nonexistent/ca.pem");

	authority_remove(other);
	authority_remove(directory);
}

static void a_server_with_another_name_is_not_trusted(void **state)
{
	struct http_fixture *fixture = *state;
	char directory[32];
	tls_open(fixture, directory, "control.example,127.0.0.2");
	client_reopen(fixture, fixture->plane.ca_file);
	struct asked asked = get(fixture, STATE_PATH);
	assert_end(&asked, HTTP_END_NETWORK, "127.0.0.1");
	assert_false(plane_knows(fixture, "/requests", STATE_PATH));
	authority_remove(directory);
}

static void a_new_authority_file_counts_at_the_next_connection(void **state)
{
	struct http_fixture *fixture = *state;
	char old[32], new[32], path[64], link_path[] = "/tmp/plexwg-test-ca.XXXXXX";
	int fd = mkstemp(link_path);
	assert_true(fd >= 0);
	close(fd);
	unlink(link_path);
	tls_open(fixture, old, NULL);
	snprintf(path, sizeof path, "%s/ca.pem", old);
	assert_int_equal(symlink(path, link_path), 0);
	client_reopen(fixture, link_path);
	struct asked asked = get(fixture, STATE_PATH);
	assert_int_equal(asked.response.status, 200);
	secret_buffer_clear(&asked.body);

	tls_open(fixture, new, NULL);
	asked = get(fixture, STATE_PATH);
	assert_end(&asked, HTTP_END_NETWORK, "certificate");
	unlink(link_path);
	snprintf(path, sizeof path, "%s/ca.pem", new);
	assert_int_equal(symlink(path, link_path), 0);
	asked = get(fixture, STATE_PATH);
	assert_int_equal(asked.response.status, 200);
	secret_buffer_clear(&asked.body);
	unlink(link_path);
	authority_remove(old);
	authority_remove(new);
}

/* Accept one connection, store its first bytes, and hang up. */
struct fake_proxy {
	int fd;
	pthread_t thread;
	char heard[2048];
};

static void *proxy_run(void *impl)
{
	struct fake_proxy *proxy = impl;
	int fd = accept(proxy->fd, NULL, NULL);
	if (fd < 0)
		return NULL;
	ssize_t count = read(fd, proxy->heard, sizeof proxy->heard - 1);
	proxy->heard[count > 0 ? count : 0] = '\0';
	close(fd);
	return NULL;
}

static void proxy_start(struct fake_proxy *proxy, char url[64])
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof address;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*proxy = (struct fake_proxy){.fd = socket(AF_INET, SOCK_STREAM, 0)};
	assert_true(proxy->fd >= 0);
	assert_int_equal(bind(proxy->fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(proxy->fd, 4), 0);
	assert_int_equal(getsockname(proxy->fd, (struct sockaddr *)&address, &length), 0);
	snprintf(url, 64, "http://127.0.0.1:%d", ntohs(address.sin_port));
	assert_int_equal(pthread_create(&proxy->thread, NULL, proxy_run, proxy), 0);
}

static void proxy_stop(struct fake_proxy *proxy)
{
	shutdown(proxy->fd, SHUT_RDWR);
	pthread_join(proxy->thread, NULL);
	close(proxy->fd);
}

static const char *const proxy_names[] = {"http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"};

static void proxy_set(const char *url)
{
	for (size_t i = 0; i < COUNT_OF(proxy_names); i++) {
		if (url)
			setenv(proxy_names[i], url, 1);
		else
			unsetenv(proxy_names[i]);
	}
}

static void a_loopback_address_is_never_reached_through_a_proxy(void **state)
{
	struct http_fixture *fixture = *state;
	struct fake_proxy proxy;
	char url[64];
	proxy_start(&proxy, url);
	proxy_set(url);
	struct asked asked = get(fixture, STATE_PATH);
	assert_int_equal(asked.response.status, 200);
	secret_buffer_clear(&asked.body);
	proxy_set(NULL);
	proxy_stop(&proxy);
	assert_string_equal(proxy.heard, "");
}

static void a_proxy_is_used_for_others_and_not_shown_the_token(void **state)
{
	struct http_fixture *fixture = *state;
	struct fake_proxy proxy;
	struct http_url url = {0};
	char proxy_url[64];
	proxy_start(&proxy, proxy_url);
	proxy_set(proxy_url);
	assert_int_equal(http_url_parse("https://control.invalid/mesh", &url, NULL), 0);
	struct http_call call = call_of(fixture, STATE_PATH);
	call.url = &url;
	struct asked asked = ask_one(fixture, &call);
	proxy_set(NULL);
	proxy_stop(&proxy);
	assert_end(&asked, HTTP_END_NETWORK, "");
	assert_contains(proxy.heard, "CONNECT control.invalid:443");
	assert_lacks(proxy.heard, "Authorization");
	assert_lacks(proxy.heard, TOKEN);
	http_url_clear(&url);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, http_set_up, http_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_error_that_contains_the_token_is_replaced),
		TEST(a_server_is_trusted_through_the_authority_that_is_named),
		TEST(a_server_with_another_name_is_not_trusted),
		TEST(a_new_authority_file_counts_at_the_next_connection),
		TEST(a_loopback_address_is_never_reached_through_a_proxy),
		TEST(a_proxy_is_used_for_others_and_not_shown_the_token),
		TEST(nothing_secret_is_left_in_freed_memory),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
