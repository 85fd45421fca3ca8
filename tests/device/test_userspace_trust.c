/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No key goes to an untrusted process: a socket of another user gets not one byte. Every operation
 * meets each attack, with the link and without.
 */
#include "device_fixture.h"
#include "diag.h"
#include "link_hooks.h"
#include "netns.h"
#include "userspace_controller.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <setjmp.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NAME   "plexwg-trust0"
#define NOBODY 65534

/* What the listening process writes, where the test can see it. */
struct heard {
	unsigned connections;
	size_t bytes;
};

struct listener {
	pid_t pid;
	struct heard *heard;
};

struct bed {
	struct userspace_controller userspace;
	struct device_fixture fixture;
	struct diag diag;
	char directory[64]; /* of the socket */
	struct listener listener;
};

static int bed_make(void **state)
{
	struct bed *bed = calloc(1, sizeof *bed);
	if (!bed || userspace_controller_init(&bed->userspace, NULL) != 0)
		return -1;
	bed->listener.heard = mmap(NULL, sizeof *bed->listener.heard, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (bed->listener.heard == MAP_FAILED)
		return -1;
	fixture_begin(&bed->fixture, userspace_controller(&bed->userspace), NAME);
	strcpy(bed->directory, UAPI_SOCKET_DIRECTORY "/trust");
	bed->userspace.uapi = (struct uapi_socket){.directory = bed->directory, .timeout_ms = 500};
	*state = bed;
	return mkdir(bed->directory, 0755);
}

static struct sockaddr_un address_in(const char *directory)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof address.sun_path, "%s/%s.sock", directory, NAME);
	return address;
}

/* Answer as a device does, so that nothing but trust can fail. */
static void listen_for_ever(int fd, struct heard *heard)
{
	static const char reply[] = "listen_port=1\nerrno=0\n\n";
	char bytes[4096];
	for (;;) {
		int connection = accept(fd, NULL, NULL);
		if (connection < 0)
			_exit(1);
		heard->connections++;
		for (ssize_t count; (count = read(connection, bytes, sizeof bytes)) > 0;) {
			heard->bytes += (size_t)count;
			(void)send(connection, reply, sizeof reply - 1, MSG_NOSIGNAL);
		}
		close(connection);
	}
}

/* A process of that user that listens in that directory. */
static void listener_start(struct bed *bed, uid_t user, const char *directory)
{
	int ready[2];
	char byte;
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct sockaddr_un address = address_in(directory);
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (setresuid(user, user, user) != 0 ||
			bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
			chmod(address.sun_path, 0777) != 0 || listen(fd, 8) != 0 ||
			write(ready[1], "", 1) != 1)
			_exit(1);
		listen_for_ever(fd, bed->listener.heard);
	}
	bed->listener.pid = pid;
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
}

static int bed_clear(void **state)
{
	struct bed *bed = *state;
	if (bed->listener.pid > 0) {
		kill(bed->listener.pid, SIGKILL);
		waitpid(bed->listener.pid, NULL, 0);
	}
	munmap(bed->listener.heard, sizeof *bed->listener.heard);
	fixture_end(&bed->fixture);
	userspace_controller_deinit(&bed->userspace);
	diag_clear(&bed->diag);
	free(bed);
	return system("rm -rf " UAPI_SOCKET_DIRECTORY "/trust " UAPI_SOCKET_DIRECTORY "/other");
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

static void expect_refusal(struct bed *bed, int error, const char *words)
{
	if (error != -EACCES || !strstr(diag_text(&bed->diag), words) ||
		!strstr(diag_text(&bed->diag), UAPI_SOCKET_DIRECTORY + 4))
		fail_msg("%d \"%s\", not \"%s\"", error, diag_text(&bed->diag), words);
	diag_clear(&bed->diag);
}

static void expect_nothing_but_refusals(struct bed *bed, const char *words)
{
	const struct controller_ops *ops = bed->fixture.controller.ops;
	struct peer_config *peer = fixture_peer(&bed->fixture,
		(struct test_peer){.number = 2, .psk = 3, .allowed_ips = "10.0.0.0/8"});
	struct peer_op op = {.kind = PEER_OP_ADD, .fields = PEER_FIELDS_ALL, .desired = peer};
	struct peer_op_result result = {0};
	struct device device = {.mtu = 4711};
	bool existed = false;
	void *impl = &bed->userspace;
	struct diag *diag = &bed->diag;
	const struct key_secret *key = &bed->fixture.private_key;
	expect_refusal(bed, ops->create_interface(impl, NAME, key, PORT_A, diag), words);
	int fd = tun_open();
	expect_refusal(bed, ops->create_interface(impl, NAME, key, PORT_A, diag), words);
	expect_refusal(bed, ops->set_fwmark(impl, NAME, 7, diag), words);
	expect_refusal(bed, ops->add_peer(impl, NAME, &op, diag), words);
	expect_refusal(bed, ops->remove_peer(impl, NAME, &peer->public_key, diag), words);
	expect_refusal(bed, ops->read_device(impl, NAME, &device, diag), words);
	expect_refusal(bed, ops->delete_interface(impl, NAME, &existed, diag), words);
	assert_false(existed);
	ops->apply(impl, NAME, &op, 1, &result, NULL);
	assert_int_equal(result.error, -EACCES);
	free(result.error_text);
	assert_int_equal(device.mtu, 4711);
	assert_true(link_is_there(NAME));
	close(fd);
	assert_int_equal(bed->listener.heard->bytes, 0);
}

static void a_socket_of_another_user_gets_no_byte(void **state)
{
	struct bed *bed = *state;
	assert_int_equal(chmod(bed->directory, 01777), 0);
	listener_start(bed, NOBODY, bed->directory);
	expect_nothing_but_refusals(bed, ".sock: owned by uid 65534, must be root or");
}

/* As a socket that root made and gave away, or that was renamed there. */
static void a_socket_of_root_that_another_user_listens_on_gets_no_byte(void **state)
{
	struct bed *bed = *state;
	assert_int_equal(chmod(bed->directory, 01777), 0);
	listener_start(bed, NOBODY, bed->directory);
	assert_int_equal(chown(address_in(bed->directory).sun_path, 0, 0), 0);
	expect_nothing_but_refusals(bed, ".sock: served by uid 65534, must be root or");
	assert_true(bed->listener.heard->connections > 0);
}

static void a_directory_of_another_user_is_rejected(void **state)
{
	struct bed *bed = *state;
	listener_start(bed, 0, bed->directory);
	assert_int_equal(chown(bed->directory, NOBODY, NOBODY), 0);
	expect_nothing_but_refusals(bed, "trust: owned by uid 65534, must be root or");
	assert_int_equal(bed->listener.heard->connections, 0);
}

static void a_directory_that_others_may_write_is_rejected(void **state)
{
	static const mode_t modes[] = {0777, 0775, 0757};
	struct bed *bed = *state;
	listener_start(bed, 0, bed->directory);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(chmod(bed->directory, modes[i]), 0);
		expect_nothing_but_refusals(bed, "trust: others may write it (mode 07");
	}
	assert_int_equal(bed->listener.heard->connections, 0);
}

static void a_parent_directory_of_another_user_is_rejected(void **state)
{
	struct bed *bed = *state;
	assert_int_equal(chown(bed->directory, NOBODY, NOBODY), 0);
	strcat(bed->directory, "/below");
	assert_int_equal(mkdir(bed->directory, 0755), 0);
	listener_start(bed, 0, bed->directory);
	expect_nothing_but_refusals(bed, "trust: owned by uid 65534, must be root or");
	assert_int_equal(bed->listener.heard->connections, 0);
}

/* A link to a socket of root's with another purpose, such as a log's. */
static void a_link_that_another_user_put_there_is_not_followed(void **state)
{
	struct bed *bed = *state;
	const char *other = UAPI_SOCKET_DIRECTORY "/other";
	struct sockaddr_un target = address_in(other);
	struct sockaddr_un link = address_in(bed->directory);
	assert_int_equal(mkdir(other, 0755), 0);
	assert_int_equal(chmod(bed->directory, 01777), 0);
	listener_start(bed, 0, other);
	assert_int_equal(symlink(target.sun_path, link.sun_path), 0);
	assert_int_equal(lchown(link.sun_path, NOBODY, NOBODY), 0);
	expect_nothing_but_refusals(bed, ".sock: owned by uid 65534, must be root or");
	assert_int_equal(bed->listener.heard->connections, 0);
}

/* As in a mount namespace with a tmpfs. */
static void a_socket_of_root_in_a_sticky_directory_is_accepted(void **state)
{
	struct bed *bed = *state;
	struct device device = {0};
	assert_int_equal(chmod(bed->directory, 01777), 0);
	listener_start(bed, 0, bed->directory);
	int fd = tun_open();
	assert_int_equal(bed->fixture.controller.ops->read_device(
				 &bed->userspace, NAME, &device, &bed->diag),
		0);
	assert_int_equal(device.listen_port, 1);
	device_clear(&device);
	close(fd);
}

/* There is nothing of ours to delete, and another user's socket is left alone. */
static void deleting_a_missing_interface_leaves_another_user_s_socket(void **state)
{
	struct bed *bed = *state;
	bool existed = true;
	assert_int_equal(chmod(bed->directory, 01777), 0);
	listener_start(bed, NOBODY, bed->directory);
	assert_int_equal(bed->fixture.controller.ops->delete_interface(
				 &bed->userspace, NAME, &existed, &bed->diag),
		0);
	assert_false(existed);
	assert_int_equal(access(address_in(bed->directory).sun_path, F_OK), 0);
	assert_int_equal(bed->listener.heard->bytes, 0);
}

static int trust_tests(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_make, bed_clear)
	const struct CMUnitTest tests[] = {
		TEST(a_socket_of_another_user_gets_no_byte),
		TEST(a_socket_of_root_that_another_user_listens_on_gets_no_byte),
		TEST(a_directory_of_another_user_is_rejected),
		TEST(a_directory_that_others_may_write_is_rejected),
		TEST(a_parent_directory_of_another_user_is_rejected),
		TEST(a_link_that_another_user_put_there_is_not_followed),
		TEST(a_socket_of_root_in_a_sticky_directory_is_accepted),
		TEST(deleting_a_missing_interface_leaves_another_user_s_socket),
	};
#undef TEST
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return netns_run(true, trust_tests);
}
