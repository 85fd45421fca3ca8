/* SPDX-License-Identifier: Apache-2.0 */
/* What a service manager receives, on a socket of the test's own. */
#include "harness.h"

#include "scratch.h"
#include "service_notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* A manager's end: a socket at that address, `path` as in NOTIFY_SOCKET. */
static int manager_listen(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(path);
	memcpy(address.sun_path, path, length);
	if (*path == '@')
		address.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(fd >= 0);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size + (*path == '/')), 0);
	return fd;
}

struct heard {
	char text[4096];
};

static struct heard manager_hear(int fd)
{
	struct heard heard;
	ssize_t size = recv(fd, heard.text, sizeof heard.text - 1, 0);
	assert_true(size >= 0);
	heard.text[size] = '\0';
	return heard;
}

static struct service_notify notify_open(const char *path)
{
	struct service_environment environment = {.notify_socket = path};
	struct service_notify notify;
	assert_int_equal(service_notify_open(&notify, &environment, NULL), 0);
	return notify;
}

static void each_message_is_one_datagram(void **state)
{
	static const struct {
		enum service_message message;
		const char *status;
		const char *heard;
	} rows[] = {
		{SERVICE_READY, NULL, "READY=1\n"},
		{SERVICE_READY, "12 peers", "READY=1\nSTATUS=12 peers"},
		{SERVICE_STATUS_ONLY, "12 peers", "STATUS=12 peers"},
		{SERVICE_STATUS_ONLY, "", "STATUS="},
		{SERVICE_STOPPING, "Teardown", "STOPPING=1\nSTATUS=Teardown"},
		{SERVICE_ALIVE, NULL, "WATCHDOG=1\n"},
	};
	struct scratch_path path = scratch_path(*state, "notify");
	int manager = manager_listen(path.text);
	struct service_notify notify = notify_open(path.text);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(service_notify_send(&notify, rows[i].message, rows[i].status), 0);
		assert_string_equal(manager_hear(manager).text, rows[i].heard);
	}
	service_notify_close(&notify);
	close(manager);
}

static void an_abstract_address_is_supported(void **state)
{
	char path[64];
	snprintf(path, sizeof path, "@plexwg-test-%ld", (long)getpid());
	int manager = manager_listen(path);
	struct service_notify notify = notify_open(path);
	assert_int_equal(service_notify_send(&notify, SERVICE_READY, NULL), 0);
	assert_string_equal(manager_hear(manager).text, "READY=1\n");
	service_notify_close(&notify);
	close(manager);
}

static int64_t now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void a_reload_reports_when_it_began(void **state)
{
	struct scratch_path path = scratch_path(*state, "notify");
	int manager = manager_listen(path.text);
	struct service_notify notify = notify_open(path.text);
	int64_t before_us = now_us(), recorded_us = 0;
	assert_int_equal(service_notify_send(&notify, SERVICE_RELOADING, "Reading"), 0);
	char rest[32];
	assert_int_equal(
		sscanf(manager_hear(manager).text, "RELOADING=1\nMONOTONIC_USEC=%" SCNd64 "\n%31s",
			&recorded_us, rest),
		2);
	assert_true(recorded_us >= before_us && recorded_us <= now_us());
	assert_string_equal(rest, "STATUS=Reading");
	service_notify_close(&notify);
	close(manager);
}

static void a_status_stays_one_line(void **state)
{
	struct scratch_path path = scratch_path(*state, "notify");
	int manager = manager_listen(path.text);
	struct service_notify notify = notify_open(path.text);
	assert_int_equal(service_notify_send(&notify, SERVICE_STATUS_ONLY, "a\nMAINPID=1\r\tb"), 0);
	assert_string_equal(manager_hear(manager).text, "STATUS=a MAINPID=1  b");
	service_notify_close(&notify);
	close(manager);
}

static void a_long_status_is_cut_between_two_characters(void **state)
{
	struct scratch_path path = scratch_path(*state, "notify");
	int manager = manager_listen(path.text);
	struct service_notify notify = notify_open(path.text);
	char status[3001];
	for (size_t offset = 0; offset < 2; offset++) {
		memset(status, 'x', sizeof status);
		for (size_t i = offset; i + 2 < sizeof status; i += 2)
			memcpy(status + i, "\xc3\xa9", 2);
		status[3000] = '\0';
		assert_int_equal(service_notify_send(&notify, SERVICE_STATUS_ONLY, status), 0);
		struct heard heard = manager_hear(manager);
		size_t length = strlen(heard.text);
		assert_true(length > 1000 && length < 1100);
		assert_int_equal((unsigned char)heard.text[length - 1], 0xa9);
	}
	service_notify_close(&notify);
	close(manager);
}

static void without_a_manager_nothing_is_sent(void **state)
{
	static const char *const none[] = {NULL, ""};
	for (size_t i = 0; i < COUNT_OF(none); i++) {
		struct service_environment environment = {
			.notify_socket = none[i], .watchdog_usec = "30000000"};
		struct service_notify notify;
		assert_int_equal(service_notify_open(&notify, &environment, NULL), 0);
		assert_int_equal(notify.fd, -1);
		assert_int_equal(notify.alive_interval_ms, 0);
		assert_int_equal(service_notify_send(&notify, SERVICE_READY, "x"), 0);
		service_notify_close(&notify);
	}
}

static void an_invalid_address_is_rejected(void **state)
{
	char too_long[120];
	memset(too_long, 'x', sizeof too_long);
	too_long[0] = '/';
	too_long[108] = '\0';
	const char *const paths[] = {"notify", "vsock:2:1234", "/", "@", too_long};
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		struct service_environment environment = {.notify_socket = paths[i]};
		struct service_notify notify;
		struct diag diag = {0};
		assert_true(service_notify_open(&notify, &environment, &diag) < 0);
		assert_contains(diag_text(&diag), "NOTIFY_SOCKET: \"");
		assert_int_equal(service_notify_send(&notify, SERVICE_READY, NULL), 0);
		service_notify_close(&notify);
		diag_clear(&diag);
	}
	/* The longest possible names. */
	too_long[107] = '\0';
	struct service_notify notify = notify_open(too_long);
	assert_true(notify.fd >= 0);
	service_notify_close(&notify);
	too_long[107] = 'x';
	too_long[0] = '@';
	notify = notify_open(too_long);
	assert_true(notify.fd >= 0);
	service_notify_close(&notify);
}

static void a_manager_that_does_not_read_blocks_nothing(void **state)
{
	struct scratch_path path = scratch_path(*state, "notify");
	int manager = manager_listen(path.text);
	struct service_notify notify = notify_open(path.text);
	int error = 0;
	for (int i = 0; i < 1000000 && !error; i++)
		error = service_notify_send(&notify, SERVICE_ALIVE, NULL);
	assert_int_equal(error, -EAGAIN);
	manager_hear(manager);
	assert_int_equal(service_notify_send(&notify, SERVICE_READY, NULL), 0);
	close(manager);
	assert_int_equal(service_notify_send(&notify, SERVICE_READY, NULL), -ECONNREFUSED);
	service_notify_close(&notify);
}

static void a_manager_that_comes_back_is_notified_again(void **state)
{
	struct scratch_path path = scratch_path(*state, "notify");
	struct service_notify notify = notify_open(path.text);
	assert_int_equal(service_notify_send(&notify, SERVICE_READY, NULL), -ENOENT);
	int manager = manager_listen(path.text);
	assert_int_equal(service_notify_send(&notify, SERVICE_READY, NULL), 0);
	assert_string_equal(manager_hear(manager).text, "READY=1\n");
	service_notify_close(&notify);
	close(manager);
}

static void the_watchdog_is_notified_twice_in_its_time(void **state)
{
	char own_pid[32];
	snprintf(own_pid, sizeof own_pid, "%ld", (long)getpid());
	const struct {
		const char *usec;
		const char *pid;
		int64_t interval_ms;
	} rows[] = {
		{"30000000", NULL, 15000},
		{"30000000", own_pid, 15000},
		{"1", NULL, 1},
		{"30000000", "1", 0},
		{"30000000", "", 0},
		{"30000000", "x", 0},
		{NULL, own_pid, 0},
		{"", NULL, 0},
		{"0", NULL, 0},
		{"-1", NULL, 0},
		{"30s", NULL, 0},
		{"99999999999999999999", NULL, 0},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct service_environment environment = {.notify_socket = "/nobody/listens",
			.watchdog_usec = rows[i].usec,
			.watchdog_pid = rows[i].pid};
		struct service_notify notify;
		assert_int_equal(service_notify_open(&notify, &environment, NULL), 0);
		assert_int_equal(notify.alive_interval_ms, rows[i].interval_ms);
		service_notify_close(&notify);
	}
}

#define NOTIFY_TEST(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NOTIFY_TEST(each_message_is_one_datagram),
		NOTIFY_TEST(an_abstract_address_is_supported),
		NOTIFY_TEST(a_reload_reports_when_it_began),
		NOTIFY_TEST(a_status_stays_one_line),
		NOTIFY_TEST(a_long_status_is_cut_between_two_characters),
		NOTIFY_TEST(without_a_manager_nothing_is_sent),
		NOTIFY_TEST(an_invalid_address_is_rejected),
		NOTIFY_TEST(a_manager_that_does_not_read_blocks_nothing),
		NOTIFY_TEST(a_manager_that_comes_back_is_notified_again),
		NOTIFY_TEST(the_watchdog_is_notified_twice_in_its_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
