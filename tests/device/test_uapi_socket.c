/* SPDX-License-Identifier: Apache-2.0 */
/* The socket of a userspace backend, good and bad. Needs no privilege. */
#include "deadline.h"
#include "diag.h"
#include "fake_uapi.h"
#include "uapi.h"
#include "uapi_socket.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define INTERFACE "wgx"
#define GET_REPLY "listen_port=5\nerrno=0\n\n"

struct bed {
	char directory[64];
	struct uapi_socket uapi;
	struct fake_uapi fake;
	struct secret_buffer request;
	struct secret_buffer reply;
};

static int bed_make(void **state)
{
	struct bed *bed = calloc(1, sizeof *bed);
	if (!bed)
		return -1;
	strcpy(bed->directory, "/tmp/plexwg-test-XXXXXX");
	if (!mkdtemp(bed->directory))
		return -1;
	bed->uapi = (struct uapi_socket){.directory = bed->directory, .timeout_ms = 5000};
	uapi_put_get(&bed->request);
	*state = bed;
	return 0;
}

static int bed_clear(void **state)
{
	struct bed *bed = *state;
	secret_buffer_clear(&bed->request);
	secret_buffer_clear(&bed->reply);
	int error = rmdir(bed->directory);
	free(bed);
	return error;
}

static void fake_start(struct bed *bed, enum fake_manner manner)
{
	fake_uapi_start(&bed->fake, bed->directory, INTERFACE, manner, GET_REPLY, "errno=-22\n\n");
}

static int exchange(struct bed *bed)
{
	return uapi_socket_exchange(&bed->uapi, INTERFACE, &bed->request, &bed->reply, NULL);
}

static void a_reply_comes_back_whole(void **state)
{
	struct bed *bed = *state;
	const enum fake_manner manners[] = {FAKE_REPLIES, FAKE_REPLIES_IN_BITS};
	for (size_t i = 0; i < 2; i++) {
		fake_start(bed, manners[i]);
		assert_int_equal(exchange(bed), 0);
		fake_uapi_stop(&bed->fake, false);
		assert_int_equal(bed->reply.length, strlen(GET_REPLY));
		assert_memory_equal(bed->reply.bytes, GET_REPLY, strlen(GET_REPLY));
		assert_string_equal(bed->fake.requests, "get=1\n\n");
		secret_buffer_clear(&bed->reply);
	}
}

static void a_reply_of_exactly_the_limit_is_accepted(void **state)
{
	struct bed *bed = *state;
	const enum fake_manner manners[] = {FAKE_REPLIES, FAKE_REPLIES_IN_BITS};
	assert_int_equal(UAPI_REPLY_BYTES_MAX, 256 * 1024 * 1024);
	for (size_t i = 0; i < 2; i++) {
		struct diag diag = {0};
		fake_start(bed, manners[i]);
		bed->uapi.reply_bytes_max = strlen(GET_REPLY);
		assert_int_equal(exchange(bed), 0);
		secret_buffer_clear(&bed->reply);
		bed->uapi.reply_bytes_max--;
		assert_int_equal(uapi_socket_exchange(
					 &bed->uapi, INTERFACE, &bed->request, &bed->reply, &diag),
			-EMSGSIZE);
		assert_string_equal(diag_text(&diag), "reply: over 22 bytes");
		assert_int_equal(bed->reply.length, 0);
		fake_uapi_stop(&bed->fake, false);
		diag_clear(&diag);
	}
}

static void no_socket_and_a_dead_one_are_distinguished(void **state)
{
	struct bed *bed = *state;
	assert_int_equal(exchange(bed), UAPI_SOCKET_MISSING);
	assert_int_equal(uapi_socket_probe(&bed->uapi, INTERFACE, NULL), UAPI_SOCKET_MISSING);
	fake_start(bed, FAKE_REPLIES);
	assert_int_equal(uapi_socket_probe(&bed->uapi, INTERFACE, NULL), 0);
	fake_uapi_stop(&bed->fake, true);
	assert_int_equal(exchange(bed), UAPI_SOCKET_DEAD);
	assert_int_equal(uapi_socket_probe(&bed->uapi, INTERFACE, NULL), UAPI_SOCKET_DEAD);
	unlink(bed->fake.path);
}

static void only_a_dead_socket_is_removed(void **state)
{
	struct bed *bed = *state;
	assert_int_equal(uapi_socket_remove_dead(&bed->uapi, INTERFACE, NULL), 0);
	fake_start(bed, FAKE_REPLIES);
	assert_int_equal(uapi_socket_remove_dead(&bed->uapi, INTERFACE, NULL), UAPI_SOCKET_LIVE);
	assert_int_equal(access(bed->fake.path, F_OK), 0);
	fake_uapi_stop(&bed->fake, true);
	assert_int_equal(uapi_socket_remove_dead(&bed->uapi, INTERFACE, NULL), 0);
	assert_int_not_equal(access(bed->fake.path, F_OK), 0);
}

static void a_file_that_is_no_socket_is_left_alone(void **state)
{
	struct bed *bed = *state;
	char path[128];
	snprintf(path, sizeof path, "%s/" INTERFACE ".sock", bed->directory);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(uapi_socket_remove_dead(&bed->uapi, INTERFACE, NULL), -EEXIST);
	assert_int_equal(unlink(path), 0);
}

static void a_silent_backend_is_given_up_at_the_deadline(void **state)
{
	struct bed *bed = *state;
	struct diag diag = {0};
	bed->uapi.timeout_ms = 50;
	fake_start(bed, FAKE_STAYS_SILENT);
	assert_int_equal(
		uapi_socket_exchange(&bed->uapi, INTERFACE, &bed->request, &bed->reply, &diag),
		-ETIMEDOUT);
	fake_uapi_stop(&bed->fake, false);
	assert_non_null(strstr(diag_text(&diag), "in time"));
	assert_null(bed->reply.bytes);
	diag_clear(&diag);
}

/* The whole reply takes longer than the limit on time without a byte. */
static void a_slow_backend_is_waited_for(void **state)
{
	struct bed *bed = *state;
	bed->uapi.timeout_ms = 2 * FAKE_PAUSE_MS;
	fake_start(bed, FAKE_REPLIES_SLOWLY);
	assert_int_equal(exchange(bed), 0);
	fake_uapi_stop(&bed->fake, false);
	assert_true(strlen(GET_REPLY) / 7 >= 3);
	assert_int_equal(bed->reply.length, strlen(GET_REPLY));
}

static void an_endless_reply_is_given_up(void **state)
{
	struct bed *bed = *state;
	bed->uapi.timeout_ms = 2 * FAKE_PAUSE_MS;
	fake_start(bed, FAKE_DRIPS);
	assert_int_equal(exchange(bed), -ETIMEDOUT);
	fake_uapi_stop(&bed->fake, false);
	assert_null(bed->reply.bytes);
}

static void a_backend_that_hangs_up_is_an_error(void **state)
{
	struct bed *bed = *state;
	fake_start(bed, FAKE_HANGS_UP);
	assert_int_equal(exchange(bed), -ECONNRESET);
	fake_uapi_stop(&bed->fake, false);
	assert_null(bed->reply.bytes);
}

static void a_reply_that_ends_early_is_an_error(void **state)
{
	struct bed *bed = *state;
	fake_uapi_start(&bed->fake, bed->directory, INTERFACE, FAKE_REPLIES_EARLY,
		"listen_port=5\nerrno=0\n", "");
	assert_int_equal(exchange(bed), -ECONNRESET);
	fake_uapi_stop(&bed->fake, false);
}

/* More than the socket buffers: the backend rejects it before all of it is sent. */
static void an_error_in_the_middle_of_a_long_request_is_reported(void **state)
{
	struct bed *bed = *state;
	bool refused = false;
	fake_start(bed, FAKE_REPLIES_EARLY);
	secret_buffer_clear(&bed->request);
	uapi_begin_set(&bed->request);
	while (bed->request.length < 4 * 1024 * 1024)
		secret_buffer_append_text(&bed->request, "allowed_ip=10.0.0.0/8\n");
	uapi_end(&bed->request);
	assert_false(bed->request.out_of_memory);
	assert_int_equal(exchange(bed), 0);
	fake_uapi_stop(&bed->fake, false);
	assert_int_equal(
		uapi_decode_status(bed->reply.bytes, bed->reply.length, &refused, NULL), -EINVAL);
	assert_true(refused);
}

static void a_path_that_is_too_long_is_an_error(void **state)
{
	struct bed *bed = *state;
	char directory[200];
	memset(directory, 'd', sizeof directory - 1);
	directory[sizeof directory - 1] = '\0';
	bed->uapi.directory = directory;
	assert_int_equal(exchange(bed), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_reply_comes_back_whole, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			a_reply_of_exactly_the_limit_is_accepted, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			no_socket_and_a_dead_one_are_distinguished, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(only_a_dead_socket_is_removed, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			a_file_that_is_no_socket_is_left_alone, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			a_silent_backend_is_given_up_at_the_deadline, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(a_slow_backend_is_waited_for, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(an_endless_reply_is_given_up, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			a_backend_that_hangs_up_is_an_error, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			a_reply_that_ends_early_is_an_error, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			an_error_in_the_middle_of_a_long_request_is_reported, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			a_path_that_is_too_long_is_an_error, bed_make, bed_clear),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
