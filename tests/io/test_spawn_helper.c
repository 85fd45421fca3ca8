/* SPDX-License-Identifier: Apache-2.0 */
/* The helper that starts programs: what it accepts as a request, and when it ends. */
#include "harness.h"

#include "diag.h"
#include "spawn_helper.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct bed {
	struct spawn_helper helper;
	struct diag diag;
};

/* It gets the interface's name, and exits: the error shows whether it was started. */
static const struct backend program = {.path = "/bin/false", .timeout_ms = 2000};
static const struct uapi_socket uapi = {.directory = "/nonexistent"};

static int bed_make(void **state)
{
	struct bed *bed = calloc(1, sizeof *bed);
	*state = bed;
	return bed ? spawn_helper_start(&bed->helper, &program, &uapi, NULL) : -1;
}

static int bed_clear(void **state)
{
	struct bed *bed = *state;
	spawn_helper_stop(&bed->helper);
	diag_clear(&bed->diag);
	free(bed);
	return 0;
}

static void assert_text(struct bed *bed, const char *part)
{
	if (!strstr(diag_text(&bed->diag), part))
		fail_msg("%s", diag_text(&bed->diag));
}

static void the_helper_rejects_an_invalid_interface_name(void **state)
{
	struct bed *bed = *state;
	static const char *const names[] = {"", ".", "a/b", "all", "two words", "line\n"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		assert_int_equal(spawn_helper_ask(&bed->helper, names[i], &bed->diag), -EINVAL);
		assert_text(bed, "not the name of an interface");
	}
}

static void the_helper_rejects_a_name_without_an_end(void **state)
{
	struct bed *bed = *state;
	char name[16], answer[2048];
	memset(name, 'x', sizeof name);
	assert_int_equal(send(bed->helper.fd, name, sizeof name, 0), sizeof name);
	struct pollfd poller = {bed->helper.fd, POLLIN, 0};
	assert_int_equal(poll(&poller, 1, -1), 1);
	ssize_t length = recv(bed->helper.fd, answer, sizeof answer, 0);
	assert_true(length > 0);
	assert_non_null(memmem(answer, (size_t)length, "not the name of an interface", 28));
}

/* A line of the log, say. */
static void the_helper_ends_at_an_invalid_request(void **state)
{
	struct bed *bed = *state;
	static const char line[] = "time=2026-01-01T00:00:00Z level=INFO msg=Stopping\n";
	siginfo_t info;
	assert_int_equal(send(bed->helper.fd, line, sizeof line, 0), sizeof line);
	assert_int_equal(waitid(P_PID, (id_t)bed->helper.pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(spawn_helper_ask(&bed->helper, "plexwg0", &bed->diag), -EPIPE);
	assert_text(bed, "the helper that starts programs is gone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_helper_rejects_an_invalid_interface_name, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			the_helper_rejects_a_name_without_an_end, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			the_helper_ends_at_an_invalid_request, bed_make, bed_clear),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
