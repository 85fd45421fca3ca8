/* SPDX-License-Identifier: Apache-2.0 */
/* When the service manager is notified of what, on a loop. */
#include "harness.h"

#include "scratch.h"
#include "service.h"

#include <stdio.h>
#include <unistd.h>

/* A daemon and the manager's end of its socket. */
struct fixture {
	struct scratch *scratch;
	struct loop loop;
	struct service service;
	int manager;
	char heard[65536]; /* since the last check, a line each */
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	assert_non_null(fixture);
	assert_int_equal(scratch_make((void **)&fixture->scratch), 0);
	struct scratch_path path = scratch_path(fixture->scratch, "notify");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	assert_true(strlen(path.text) < sizeof address.sun_path);
	memcpy(address.sun_path, path.text, strlen(path.text));
	fixture->manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(fixture->manager, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(loop_init(&fixture->loop, NULL), 0);
	struct service_environment environment = {
		.notify_socket = path.text, .watchdog_usec = "40000"};
	assert_int_equal(service_open(&fixture->service, &fixture->loop, &environment, NULL), 0);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	service_close(&fixture->service);
	loop_deinit(&fixture->loop);
	close(fixture->manager);
	scratch_clear((void **)&fixture->scratch);
	free(fixture);
	return 0;
}

static void stop(void *impl)
{
	loop_stop(impl);
}

static void run_for(struct fixture *fixture, int64_t delay_ms)
{
	struct loop_timer timer = {0};
	loop_timer_set(&fixture->loop, &timer, delay_ms, stop, &fixture->loop);
	assert_int_equal(loop_run(&fixture->loop, NULL), 0);
}

/* Everything that the manager has not read. */
static const char *hear(struct fixture *fixture)
{
	size_t length = 0;
	ssize_t size;
	while ((size = recv(fixture->manager, fixture->heard + length,
			sizeof fixture->heard - length - 2, 0)) >= 0) {
		length += (size_t)size;
		fixture->heard[length++] = '\n';
	}
	fixture->heard[length] = '\0';
	return fixture->heard;
}

static unsigned count_in(const char *text, const char *part)
{
	unsigned count = 0;
	for (; (text = strstr(text, part)); text += strlen(part))
		count++;
	return count;
}

/* Until the manager's socket is full. */
static void fill(struct fixture *fixture)
{
	while (service_notify_send(&fixture->service.notify, SERVICE_ALIVE, NULL) == 0)
		continue;
}

static void a_start_requests_time_until_it_is_ready_and_feeds_the_watchdog(void **state)
{
	struct fixture *fixture = *state;
	run_for(fixture, 70);
	assert_int_equal(count_in(hear(fixture), "EXTEND_TIMEOUT_USEC=30000000\n"), 1);
	assert_true(count_in(fixture->heard, "WATCHDOG=1\n") >= 2);
	assert_true(fixture->service.starting_timer.is_set);
	/* A reload before is no end of the start. */
	service_reloading(&fixture->service);
	service_reloaded(&fixture->service);
	assert_int_equal(
		count_in(hear(fixture), "READY=1") + count_in(fixture->heard, "RELOADING"), 0);
	service_status(&fixture->service, "3 peers");
	assert_int_equal(count_in(hear(fixture), "READY=1\nSTATUS=3 peers\n"), 1);
	assert_false(fixture->service.starting_timer.is_set);
	service_status(&fixture->service, "4 peers");
	assert_int_equal(count_in(hear(fixture), "STATUS=4 peers\n"), 1);
	assert_int_equal(count_in(fixture->heard, "READY=1"), 0);
}

static void a_ready_that_could_not_be_sent_is_sent_again(void **state)
{
	struct fixture *fixture = *state;
	fill(fixture);
	service_status(&fixture->service, "3 peers");
	service_status(&fixture->service, "4 peers");
	assert_int_equal(count_in(hear(fixture), "READY=1"), 0);
	run_for(fixture, 150);
	assert_int_equal(count_in(hear(fixture), "READY=1\nSTATUS=4 peers\n"), 1);
	run_for(fixture, 150);
	assert_int_equal(count_in(hear(fixture), "READY=1"), 0);
}

static void a_reload_ends_after_it_began_even_if_a_message_could_not_be_sent(void **state)
{
	struct fixture *fixture = *state;
	service_status(&fixture->service, "3 peers");
	hear(fixture);
	fill(fixture);
	service_reloading(&fixture->service);
	hear(fixture);
	service_reloaded(&fixture->service);
	run_for(fixture, 150);
	hear(fixture);
	const char *began = strstr(fixture->heard, "RELOADING=1\n");
	assert_non_null(began);
	assert_int_equal(count_in(began, "READY=1\nSTATUS=3 peers\n"), 1);
	assert_int_equal(count_in(fixture->heard, "READY=1"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_start_requests_time_until_it_is_ready_and_feeds_the_watchdog),
		TEST(a_ready_that_could_not_be_sent_is_sent_again),
		TEST(a_reload_ends_after_it_began_even_if_a_message_could_not_be_sent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
