/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the userspace controller does beyond the contract: which link and socket it accepts as its
 * own, how it ends a backend, what it sends and how it reports errors.
 */
#include "contract.h"
#include "device_fixture.h"
#include "diag.h"
#include "executor.h"
#include "fake_uapi.h"
#include "link_hooks.h"
#include "netns.h"
#include "userspace_controller.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define NAME        "plexwg-ctl0"
#define SOCKET_PATH UAPI_SOCKET_DIRECTORY "/" NAME ".sock"

struct bed {
	struct userspace_controller userspace;
	struct device_fixture fixture;
	struct fake_uapi fake;
	struct diag diag;
	char reply[512];
};

static int bed_make(void **state)
{
	struct bed *bed = calloc(1, sizeof *bed);
	if (!bed || userspace_controller_init(&bed->userspace, NULL) != 0)
		return -1;
	fixture_begin(&bed->fixture, userspace_controller(&bed->userspace), NAME);
	*state = bed;
	return 0;
}

static int delete_now(struct bed *bed)
{
	bool existed;
	return bed->fixture.controller.ops->delete_interface(
		&bed->userspace, NAME, &existed, &bed->diag);
}

static int create_now(struct bed *bed)
{
	return bed->fixture.controller.ops->create_interface(
		&bed->userspace, NAME, &bed->fixture.private_key, PORT_A, &bed->diag);
}

static int bed_clear(void **state)
{
	struct bed *bed = *state;
	int error = delete_now(bed);
	fixture_end(&bed->fixture);
	userspace_controller_deinit(&bed->userspace);
	diag_clear(&bed->diag);
	free(bed);
	return error;
}

static void expect_text(struct bed *bed, const char *part)
{
	if (!strstr(diag_text(&bed->diag), part))
		fail_msg("\"%s\" is not in \"%s\"", part, diag_text(&bed->diag));
}

/* A link of kind tun that lives as long as the descriptor. */
static int tun_open(void)
{
	struct ifreq request = {.ifr_name = NAME, .ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ioctl(fd, TUNSETIFF, &request), 0);
	return fd;
}

/* A socket file that nobody listens on, as a killed backend leaves it. */
static void dead_socket_make(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET_PATH};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
	close(fd);
}

static void hex_key(const uint8_t *key, char ret[2 * KEY_BYTES + 1])
{
	sodium_bin2hex(ret, 2 * KEY_BYTES + 1, key, KEY_BYTES);
}

/* A backend that has the fixture's key and port already, unless the test changes them. */
static void fake_start(struct bed *bed, const char *extra, const char *set_reply)
{
	char key[2 * KEY_BYTES + 1];
	hex_key(bed->fixture.private_key.bytes, key);
	snprintf(bed->reply, sizeof bed->reply, "private_key=%s\nlisten_port=%d\n%serrno=0\n\n",
		key, PORT_A, extra);
	fake_uapi_start(
		&bed->fake, UAPI_SOCKET_DIRECTORY, NAME, FAKE_REPLIES, bed->reply, set_reply);
}

static pid_t program_pid(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET_PATH};
	struct ucred credentials = {0};
	socklen_t length = sizeof credentials;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length), 0);
	close(fd);
	return credentials.pid;
}

static void a_dead_socket_does_not_hinder_creation(void **state)
{
	struct bed *bed = *state;
	dead_socket_make();
	fixture_create(&bed->fixture);
	fixture_expect_peer_count(&bed->fixture, 0);
}

static void deleting_removes_a_dead_socket(void **state)
{
	struct bed *bed = *state;
	dead_socket_make();
	assert_int_equal(delete_now(bed), 0);
	assert_int_not_equal(access(SOCKET_PATH, F_OK), 0);
}

static void deleting_ends_the_program(void **state)
{
	struct bed *bed = *state;
	fixture_create(&bed->fixture);
	pid_t pid = program_pid();
	assert_true(pid > 1);
	assert_int_equal(kill(pid, 0), 0);
	assert_int_equal(delete_now(bed), 0);
	assert_int_not_equal(access(SOCKET_PATH, F_OK), 0);
	for (int tries = 0; tries < 1000 && kill(pid, 0) == 0; tries++)
		usleep(5000);
	assert_int_equal(kill(pid, 0), -1);
}

static void a_killed_program_is_enodev_and_creating_starts_another(void **state)
{
	struct bed *bed = *state;
	struct device device = {0};
	fixture_create(&bed->fixture);
	assert_int_equal(kill(program_pid(), SIGKILL), 0);
	for (int tries = 0; tries < 1000 && link_is_there(NAME); tries++)
		usleep(5000);
	assert_int_equal(bed->fixture.controller.ops->read_device(
				 &bed->userspace, NAME, &device, &bed->diag),
		-ENODEV);
	fixture_create(&bed->fixture);
	fixture_expect_peer_count(&bed->fixture, 0);
}

static void *stop_soon(void *impl)
{
	usleep(100000);
	fake_uapi_stop(impl, false);
	return NULL;
}

/* As after another program deleted the link: its backend goes on for a while. */
static void a_program_that_is_about_to_end_is_waited_for(void **state)
{
	struct bed *bed = *state;
	pthread_t stopper;
	fake_start(bed, "", "errno=0\n\n");
	assert_int_equal(pthread_create(&stopper, NULL, stop_soon, &bed->fake), 0);
	assert_int_equal(create_now(bed), 0);
	pthread_join(stopper, NULL);
}

static void deleting_waits_until_the_program_has_ended(void **state)
{
	struct bed *bed = *state;
	pthread_t stopper;
	int fd = tun_open();
	fake_start(bed, "", "errno=0\n\n");
	assert_int_equal(pthread_create(&stopper, NULL, stop_soon, &bed->fake), 0);
	assert_int_equal(delete_now(bed), 0);
	assert_int_not_equal(access(SOCKET_PATH, F_OK), 0);
	assert_false(link_is_there(NAME));
	pthread_join(stopper, NULL);
	close(fd);
}

static void an_interface_is_restored_after_another_program_deleted_its_link(void **state)
{
	struct bed *bed = *state;
	fixture_create(&bed->fixture);
	for (int i = 0; i < 5; i++) {
		assert_true(ip_command("link delete " NAME));
		fixture_create(&bed->fixture);
		fixture_expect_peer_count(&bed->fixture, 0);
	}
}

static void a_tun_link_without_a_program_is_not_ours(void **state)
{
	struct bed *bed = *state;
	int fd = tun_open();
	struct device device = {0};
	assert_int_equal(create_now(bed), -EEXIST);
	expect_text(bed, "no WireGuard program answers for it (no socket)");
	assert_int_equal(delete_now(bed), -EEXIST);
	dead_socket_make();
	assert_int_equal(create_now(bed), -EEXIST);
	expect_text(bed, "dead socket");
	assert_int_equal(delete_now(bed), -EEXIST);
	assert_int_equal(bed->fixture.controller.ops->read_device(
				 &bed->userspace, NAME, &device, &bed->diag),
		-ENODEV);
	assert_int_equal(access(SOCKET_PATH, F_OK), 0);
	close(fd);
}

static void a_link_of_another_kind_is_named_in_the_error(void **state)
{
	struct bed *bed = *state;
	struct contract_hooks hooks = system_link_hooks();
	assert_true(hooks.add_foreign_link(NULL, NAME));
	assert_int_equal(create_now(bed), -EEXIST);
	expect_text(bed, "kind veth");
	assert_int_equal(delete_now(bed), -EEXIST);
	expect_text(bed, "kind veth");
	assert_true(hooks.remove_foreign_link(NULL, NAME));
}

static void a_program_that_serves_another_namespace_is_not_ours(void **state)
{
	struct bed *bed = *state;
	fake_start(bed, "", "errno=0\n\n");
	assert_int_equal(create_now(bed), -EEXIST);
	expect_text(bed, "another network namespace");
	assert_int_equal(delete_now(bed), 0);
	assert_int_equal(access(SOCKET_PATH, F_OK), 0);
	fake_uapi_stop(&bed->fake, false);
}

static void adopting_a_correct_interface_sets_nothing(void **state)
{
	struct bed *bed = *state;
	int fd = tun_open();
	fake_start(bed, "", "errno=0\n\n");
	assert_int_equal(create_now(bed), 0);
	fake_uapi_stop(&bed->fake, false);
	close(fd);
	assert_null(strstr(bed->fake.requests, "set=1"));
}

static void adopting_with_another_port_does_not_touch_the_key(void **state)
{
	struct bed *bed = *state;
	int fd = tun_open();
	fake_start(bed, "listen_port=9\n", "errno=0\n\n");
	assert_int_equal(create_now(bed), 0);
	fake_uapi_stop(&bed->fake, false);
	close(fd);
	assert_non_null(strstr(bed->fake.requests, "set=1\nlisten_port=51821\n\n"));
}

static void a_port_that_is_taken_is_an_error(void **state)
{
	struct bed *bed = *state;
	struct sockaddr_in6 address = {
		.sin6_family = AF_INET6, .sin6_port = htons(PORT_A), .sin6_addr = in6addr_any};
	fixture_create(&bed->fixture);
	assert_int_equal(
		bed->fixture.controller.ops->set_interface_up(&bed->userspace, NAME, NULL), 0);
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	address.sin6_port = htons(PORT_B);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(bed->fixture.controller.ops->create_interface(&bed->userspace, NAME,
				 &bed->fixture.private_key, PORT_B, &bed->diag),
		-EADDRINUSE);
	expect_text(bed, "UDP port 51822 of " NAME ": Address already in use");
	close(fd);
	assert_int_equal(bed->fixture.controller.ops->create_interface(&bed->userspace, NAME,
				 &bed->fixture.private_key, PORT_B, &bed->diag),
		0);
	assert_int_equal(fixture_read(&bed->fixture)->listen_port, PORT_B);
}

static void one_failed_operation_of_a_list_stops_no_other(void **state)
{
	struct bed *bed = *state;
	enum { COUNT = 6, BAD = 3 };
	struct peer_op ops[COUNT];
	struct peer_config *peers[COUNT];
	fixture_create(&bed->fixture);
	for (unsigned i = 0; i < COUNT; i++) {
		char allowed_ip[32];
		snprintf(allowed_ip, sizeof allowed_ip, "10.%u.0.0/16", i);
		peers[i] = fixture_peer(&bed->fixture,
			(struct test_peer){.number = i + 2,
				.allowed_ips = allowed_ip,
				.endpoint = i == BAD ? "[fe80::1%nosuchlink]:1" : "192.0.2.1:1"});
		ops[i] = (struct peer_op){.kind = PEER_OP_ADD, .desired = peers[i]};
	}
	struct peer_op_result *results =
		executor_run(&bed->fixture.controller, NAME, ops, COUNT, NULL);
	assert_non_null(results);
	for (unsigned i = 0; i < COUNT; i++) {
		assert_int_equal(results[i].error, i == BAD ? -EINVAL : 0);
		if (i == BAD)
			assert_string_equal(results[i].error_text, "Invalid argument");
		else
			fixture_expect_peer(&bed->fixture, peers[i]);
	}
	peer_op_results_free(results, COUNT);
}

static void a_link_local_endpoint_with_a_zone_is_accepted(void **state)
{
	struct bed *bed = *state;
	struct peer_config *peer = fixture_peer(
		&bed->fixture, (struct test_peer){.number = 2, .endpoint = "[fe80::1%lo]:1"});
	fixture_create(&bed->fixture);
	fixture_add(&bed->fixture, peer);
	fixture_expect_peer(&bed->fixture, peer);
}

static void a_list_for_a_silent_backend_waits_for_one_deadline(void **state)
{
	struct bed *bed = *state;
	enum { COUNT = 2000 };
	struct peer_config *peer =
		fixture_peer(&bed->fixture, (struct test_peer){.number = 2,
						    .allowed_ips = "10.0.0.0/8,fd00::/8",
						    .endpoint = "192.0.2.1:1",
						    .psk = 3});
	struct peer_op *ops = calloc(COUNT, sizeof *ops);
	assert_non_null(ops);
	for (unsigned i = 0; i < COUNT; i++)
		ops[i] = (struct peer_op){.kind = PEER_OP_ADD, .desired = peer};
	bed->userspace.uapi.timeout_ms = 100;
	fake_uapi_start(&bed->fake, UAPI_SOCKET_DIRECTORY, NAME, FAKE_STAYS_SILENT, "", "");
	struct peer_op_result *results =
		executor_run(&bed->fixture.controller, NAME, ops, COUNT, NULL);
	fake_uapi_stop(&bed->fake, false);
	assert_int_equal(bed->fake.connection_count, 1);
	for (unsigned i = 0; i < COUNT; i++)
		assert_int_equal(results[i].error, -ETIMEDOUT);
	peer_op_results_free(results, COUNT);
	free(ops);
}

static void an_unreadable_reply_is_no_device(void **state)
{
	struct bed *bed = *state;
	struct device device = {.mtu = 4711};
	int fd = tun_open();
	fake_start(bed, "public_key=nonsense\n", "errno=0\n\n");
	assert_int_equal(bed->fixture.controller.ops->read_device(
				 &bed->userspace, NAME, &device, &bed->diag),
		-EPROTO);
	assert_int_equal(device.mtu, 4711);
	fake_uapi_stop(&bed->fake, false);
	close(fd);
}

/* An endpoint that the peer chose does not hide the peer. */
static void a_peer_with_an_unusable_endpoint_is_read_and_removed(void **state)
{
	struct bed *bed = *state;
	const struct controller_ops *ops = bed->fixture.controller.ops;
	struct peer_config *peer = fixture_peer(
		&bed->fixture, (struct test_peer){.number = 2, .endpoint = "192.0.2.2:1"});
	fixture_create(&bed->fixture);
	fixture_add(&bed->fixture, peer);
	peer->endpoint.port = 0;
	assert_int_equal(ops->add_peer(&bed->userspace, NAME,
				 &(struct peer_op){PEER_OP_UPDATE, PEER_FIELD_ENDPOINT, peer, peer},
				 &bed->diag),
		0);
	const struct device *device = fixture_read(&bed->fixture);
	assert_int_equal(device->peers.count, 1);
	assert_int_equal(device->peers.peers[0].endpoint.kind, ENDPOINT_UNUSABLE);
	assert_string_equal(endpoint_format(&device->peers.peers[0].endpoint).text, "192.0.2.2:0");
	fixture_remove(&bed->fixture, peer);
	fixture_expect_peer_count(&bed->fixture, 0);
}

/* As boringtun behaves. Its link is not ours, for delete either. */
static void a_backend_with_another_protocol_is_named_and_not_touched(void **state)
{
	struct bed *bed = *state;
	const struct controller_ops *ops = bed->fixture.controller.ops;
	struct device device = {.mtu = 4711};
	int fd = tun_open();
	fake_uapi_start(&bed->fake, UAPI_SOCKET_DIRECTORY, NAME, FAKE_REPLIES,
		"own_public_key=0202020202020202020202020202020202020202020202020202020202020202\n"
		"listen_port=1\nerrno=0\n\n",
		"errno=0\n\n");
	assert_int_equal(create_now(bed), -EPROTONOSUPPORT);
	expect_text(bed, "another dialect");
	expect_text(bed, "wireguard-go");
	assert_int_equal(
		ops->read_device(&bed->userspace, NAME, &device, &bed->diag), -EPROTONOSUPPORT);
	assert_int_equal(ops->set_fwmark(&bed->userspace, NAME, 7, &bed->diag), -EPROTONOSUPPORT);
	assert_int_equal(delete_now(bed), -EPROTONOSUPPORT);
	assert_true(link_is_there(NAME));
	fake_uapi_stop(&bed->fake, false);
	assert_null(strstr(bed->fake.requests, "set=1"));
	close(fd);
}

/* A backend that cannot be read can be deleted all the same. */
static void a_backend_with_unreadable_replies_can_be_deleted(void **state)
{
	struct bed *bed = *state;
	pthread_t stopper;
	int fd = tun_open();
	fake_start(bed, "public_key=nonsense\n", "errno=0\n\n");
	assert_int_equal(pthread_create(&stopper, NULL, stop_soon, &bed->fake), 0);
	assert_int_equal(delete_now(bed), 0);
	assert_false(link_is_there(NAME));
	pthread_join(stopper, NULL);
	close(fd);
}

static int controller_tests(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_make, bed_clear)
	const struct CMUnitTest tests[] = {
		TEST(a_dead_socket_does_not_hinder_creation),
		TEST(deleting_removes_a_dead_socket),
		TEST(deleting_ends_the_program),
		TEST(a_killed_program_is_enodev_and_creating_starts_another),
		TEST(a_program_that_is_about_to_end_is_waited_for),
		TEST(deleting_waits_until_the_program_has_ended),
		TEST(an_interface_is_restored_after_another_program_deleted_its_link),
		TEST(a_tun_link_without_a_program_is_not_ours),
		TEST(a_link_of_another_kind_is_named_in_the_error),
		TEST(a_program_that_serves_another_namespace_is_not_ours),
		TEST(adopting_a_correct_interface_sets_nothing),
		TEST(adopting_with_another_port_does_not_touch_the_key),
		TEST(a_port_that_is_taken_is_an_error),
		TEST(one_failed_operation_of_a_list_stops_no_other),
		TEST(a_link_local_endpoint_with_a_zone_is_accepted),
		TEST(a_list_for_a_silent_backend_waits_for_one_deadline),
		TEST(an_unreadable_reply_is_no_device),
		TEST(a_peer_with_an_unusable_endpoint_is_read_and_removed),
		TEST(a_backend_with_another_protocol_is_named_and_not_touched),
		TEST(a_backend_with_unreadable_replies_can_be_deleted),
	};
#undef TEST
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return netns_run(true, controller_tests);
}
