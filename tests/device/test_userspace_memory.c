/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exchanges with a userspace backend with each allocation failing in turn: requests are sent whole,
 * and an operation that was not sent has failed.
 */
#include "harness.h"

#include "failing_memory.h"
#include "fake_uapi.h"
#include "userspace_controller.h"
#include "userspace_device.h"
#include "userspace_peers.h"

#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#define NAME "wgx"

static char directory[] = "/tmp/plexwg-test-XXXXXX";

static const char *hex_of(unsigned char key)
{
	static char hex[2 * KEY_BYTES + 1];
	struct key_public bytes = key_of(key);
	return sodium_bin2hex(hex, sizeof hex, bytes.bytes, KEY_BYTES);
}

/* The requests, from "set=1" to an empty line, one after the other. */
static void assert_requests_are_whole(const char *requests)
{
	while (*requests) {
		const char *end = strstr(requests, "\n\n");
		assert_int_equal(strncmp(requests, "set=1\n", 6), 0);
		assert_non_null(end);
		requests = end + 2;
	}
}

static int apply(void *impl)
{
	static struct fake_uapi fake;
	struct userspace_controller userspace = {.uapi = {directory, 5000}};
	struct prefix prefix = prefix_of("10.0.0.2/32");
	const struct peer_config peers[] = {
		{.public_key = key_of(2), .allowed_ips = &prefix, .allowed_ip_count = 1},
		{.public_key = key_of(3),
			.psk = secret_of(4),
			.endpoint = endpoint_of("192.0.2.1:5")},
		{.public_key = key_of(5)},
	};
	const struct peer_op ops[] = {
		{.kind = PEER_OP_REMOVE, .actual = &peers[2]},
		{PEER_OP_UPDATE, PEER_FIELD_ENDPOINT, &peers[1], &peers[1]},
		{PEER_OP_ADD, PEER_FIELDS_ALL, &peers[0], NULL},
	};
	struct peer_op_result results[COUNT_OF(ops)];
	int error = 0;
	fake_uapi_start(&fake, directory, NAME, FAKE_REPLIES, "errno=0\n\n", "errno=0\n\n");
	userspace_apply(&userspace, NAME, ops, COUNT_OF(ops), results, NULL);
	failing_memory_disarm();
	fake_uapi_stop(&fake, false);
	assert_requests_are_whole(fake.requests);
	for (size_t i = 0; i < COUNT_OF(ops); i++) {
		bool was_sent = strstr(fake.requests, hex_of(peer_op_key(&ops[i])->bytes[0]));
		/* The reply to a request may have been lost. */
		assert_true(was_sent || results[i].error);
		error = error ? error : results[i].error;
		free(results[i].error_text);
	}
	return error;
}

static void operations_are_sent_whole_or_not(void **state)
{
	fail_each_allocation(apply, NULL);
}

static int read_device(void *impl)
{
	static struct fake_uapi fake;
	char reply[256];
	const struct uapi_socket uapi = {directory, 5000};
	struct device device = {.mtu = 7};
	snprintf(reply, sizeof reply, "listen_port=5\npublic_key=%s\nallowed_ip=::/0\nerrno=0\n\n",
		hex_of(2));
	fake_uapi_start(&fake, directory, NAME, FAKE_REPLIES, reply, "errno=0\n\n");
	int error = userspace_device_read(&uapi, NAME, &device, NULL);
	failing_memory_disarm();
	fake_uapi_stop(&fake, false);
	if (error) {
		assert_int_equal(device.mtu, 7);
		return error;
	}
	assert_int_equal(device.peers.count, 1);
	device_clear(&device);
	return 0;
}

static void a_device_is_read_whole_or_not(void **state)
{
	fail_each_allocation(read_device, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operations_are_sent_whole_or_not),
		cmocka_unit_test(a_device_is_read_whole_or_not),
	};
	if (sodium_init() < 0 || !mkdtemp(directory))
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	return rmdir(directory) == 0 ? failed : 1;
}
