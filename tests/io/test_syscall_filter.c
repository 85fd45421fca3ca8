/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Under the filter, everything that the daemon needs works, and nothing else. Each test is a child
 * of its own.
 */
#include "harness.h"

#include "file.h"
#include "sanitized.h"
#include "scratch.h"
#include "syscall_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netdb.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct call {
	const char *name;
	long number;
	long arguments[6];
};

#define CALL(name, ...)                                                                            \
	{                                                                                          \
#name, SYS_##name,                                                                 \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

static char *const no_words[] = {NULL};
static const struct rlimit no_cores;

/* What an intruder in the process would try. */
static const struct call forbidden_to_daemon[] = {
	CALL(execve, (long)"/bin/true", (long)no_words, (long)no_words),
	CALL(fork, 0),
	CALL(vfork, 0),
	CALL(kill, 1, 0),
	CALL(tgkill, 1, 1, 0),
	CALL(fcntl, 0, F_SETOWN, 1),
	CALL(fcntl, 0, F_SETOWN_EX, 0),
	CALL(fcntl, 0, F_SETSIG, SIGKILL),
	CALL(open, (long)"/dev/null", O_TRUNC),
	CALL(openat, AT_FDCWD, (long)"/dev/null", O_RDWR | O_TRUNC),
	CALL(memfd_create, (long)"x", 0),
	CALL(listen, 0, 1),
	CALL(accept4, 0, 0, 0, 0),
#if !SANITIZED
	CALL(clone, SIGCHLD, 0, 0, 0, 0),
#endif
};

/* Or in the one that starts programs, or in wireguard-go. */
static const struct call forbidden[] = {
	CALL(execveat, AT_FDCWD, (long)"/bin/true", (long)no_words, (long)no_words),
	CALL(clone3, 0, 0),
	CALL(process_vm_readv, 1, 0, 0, 0, 0, 0),
	CALL(process_vm_writev, 1, 0, 0, 0, 0, 0),
	CALL(pidfd_getfd, -1, 0, 0),
	CALL(setuid, 0),
	CALL(capset, 0, 0),
	CALL(unshare, CLONE_NEWUSER),
	CALL(setns, -1, 0),
	CALL(mount, 0, 0, 0, 0, 0),
	CALL(chroot, (long)"/"),
	CALL(pivot_root, 0, 0),
	CALL(bpf, 0, 0, 0),
	CALL(perf_event_open, 0, 0, 0, 0, 0),
	CALL(userfaultfd, 0),
	CALL(io_uring_setup, 0, 0),
	CALL(keyctl, 0, 0),
	CALL(init_module, 0, 0, 0),
	CALL(finit_module, -1, 0, 0),
	CALL(kexec_load, 0, 0, 0, 0),
	CALL(mknodat, AT_FDCWD, (long)"x", S_IFCHR, 0),
	CALL(symlinkat, (long)"x", AT_FDCWD, (long)"y"),
	CALL(linkat, AT_FDCWD, (long)"x", AT_FDCWD, (long)"y", 0),
	CALL(fchmodat, AT_FDCWD, (long)"x", 0777),
	CALL(chown, (long)"x", 0, 0),
	CALL(open_by_handle_at, -1, 0, 0),
	CALL(socket, AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER),
	CALL(socket, AF_NETLINK, SOCK_RAW, NETLINK_XFRM),
	CALL(socket, AF_NETLINK, SOCK_RAW, NETLINK_AUDIT),
	CALL(socket, AF_PACKET, SOCK_RAW, 0),
	CALL(socket, AF_ALG, SOCK_SEQPACKET, 0),
	CALL(socket, AF_VSOCK, SOCK_STREAM, 0),
	CALL(mmap, 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	CALL(mprotect, 0, 4096, PROT_READ | PROT_EXEC),
	CALL(pkey_mprotect, 0, 4096, PROT_READ | PROT_EXEC, -1),
	CALL(ioctl, 0, TIOCSTI, (long)"x"),
	CALL(prlimit64, 0, RLIMIT_CORE, (long)&no_cores, 0),
	CALL(reboot, 0, 0, 0, 0),
	CALL(sethostname, (long)"x", 1),
	CALL(settimeofday, 0, 0),
#if !SANITIZED
	CALL(ptrace, PTRACE_TRACEME, 0, 0, 0),
	CALL(clone, SIGCHLD | CLONE_NEWUSER, 0, 0, 0, 0),
	CALL(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0),
#endif
};

static bool is_refused(const struct call *call)
{
	const long *a = call->arguments;
	errno = 0;
	long result = syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
	/* A fork that went through must not go on as a second test. */
	if (result == 0 && (call->number == SYS_fork || call->number == SYS_vfork))
		_exit(0);
	if (result == -1 && errno == ENOSYS)
		return true;
	fprintf(stderr, "# %s: %ld, errno %d\n", call->name, result, errno);
	return false;
}

static int try_forbidden(struct scratch *scratch)
{
	unsigned passed = 0;
	for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
		passed += !is_refused(&forbidden[i]);
	return passed ? 1 : 0;
}

static int try_forbidden_to_daemon(struct scratch *scratch)
{
	unsigned passed = 0;
	for (size_t i = 0; i < sizeof forbidden_to_daemon / sizeof *forbidden_to_daemon; i++)
		passed += !is_refused(&forbidden_to_daemon[i]);
	return passed ? 1 : 0;
}

/* The calls by which the C library signals a thread and aborts. */
static int try_own_signal(struct scratch *scratch)
{
	return pthread_kill(pthread_self(), 0) == 0 && raise(SIGCONT) == 0 ? 0 : 1;
}

/* A program is started, and another ended. */
static int try_program(struct scratch *scratch)
{
	int status;
	pid_t child = fork();
	if (child == 0) {
		execl("/bin/sleep", "sleep", "1000", NULL);
		_exit(1);
	}
	return child > 0 && kill(child, SIGTERM) == 0 && waitpid(child, &status, 0) == child &&
			       WIFSIGNALED(status) && system("exit 7") >> 8 == 7
		       ? 0
		       : 1;
}

static void *look_up(void *impl)
{
	struct addrinfo *found = NULL;
	int *ret_error = impl;
	*ret_error = getaddrinfo("localhost", NULL, NULL, &found);
	if (*ret_error == 0)
		freeaddrinfo(found);
	return NULL;
}

/* The name service loads its modules at the first lookup. Its answer is the status. */
static int try_name(struct scratch *scratch)
{
	pthread_t thread;
	int error;
	if (pthread_create(&thread, NULL, look_up, &error) != 0)
		return 100;
	pthread_join(thread, NULL);
	return -error;
}

/* As trusted_owner.c does. */
static int try_user(struct scratch *scratch)
{
	char texts[4096];
	struct passwd entry;
	struct passwd *found = NULL;
	return getpwnam_r("root", &entry, texts, sizeof texts, &found) || !found;
}

static int try_files(struct scratch *scratch)
{
	struct file_text text = {0};
	struct scratch_path path = scratch_path(scratch, "f");
	for (unsigned i = 0; i < 2; i++)
		if (file_replace(scratch->directory, "f", "text", 4, NULL) != 0)
			return 1;
	if (file_read(path.text, 100, &text, NULL) != 0 || text.length != 4)
		return 2;
	file_text_clear(&text);
	return 0;
}

static int try_sockets(struct scratch *scratch)
{
	static const struct {
		int family, protocol;
	} kinds[] = {
		{AF_UNIX, 0},
		{AF_INET, 0},
		{AF_INET6, 0},
		{AF_NETLINK, NETLINK_ROUTE},
		{AF_NETLINK, NETLINK_GENERIC},
	};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		int fd = socket(kinds[i].family, SOCK_DGRAM | SOCK_CLOEXEC, kinds[i].protocol);
		if (fd < 0 && errno == ENOSYS)
			return 1;
		if (fd >= 0)
			close(fd);
	}
	return 0;
}

static void *wait_for_filter(void *impl)
{
	int *fd = impl;
	char byte;
	(void)!read(fd[0], &byte, 1);
	errno = 0;
	fd[0] = syscall(SYS_unshare, 0L) == -1 && errno == ENOSYS ? 0 : 1;
	return NULL;
}

/* A thread that existed before the filter is under it too. */
static int try_older_thread(struct scratch *scratch)
{
	pthread_t thread;
	int ends[2], fd;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return 1;
	fd = ends[0];
	if (pthread_create(&thread, NULL, wait_for_filter, &fd) != 0)
		return 2;
	if (syscall_filter_install(NULL) != 0 || write(ends[1], "x", 1) != 1)
		return 3;
	pthread_join(thread, NULL);
	return fd == 0 ? 0 : 4;
}

typedef int filter_function(struct diag *diag);

/* Runs `body` in a child, under a filter or not. */
static int child_run(
	struct scratch *scratch, int (*body)(struct scratch *), filter_function *filter)
{
	int status;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(filter && filter(NULL) != 0 ? 99 : body(scratch));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void assert_child(
	struct scratch *scratch, int (*body)(struct scratch *), filter_function *filter)
{
	assert_int_equal(child_run(scratch, body, filter), 0);
}

static void calls_that_an_intruder_would_use_are_filtered(void **state)
{
	assert_child(*state, try_forbidden, syscall_filter_install);
	assert_child(*state, try_forbidden_to_daemon, syscall_filter_install);
}

static void most_of_them_are_filtered_for_the_spawn_helper_too(void **state)
{
	assert_child(*state, try_forbidden, syscall_filter_install_starter);
}

static void the_spawn_helper_starts_and_ends_programs(void **state)
{
	assert_child(*state, try_program, syscall_filter_install_starter);
}

static void a_thread_of_its_own_is_signalled_under_it(void **state)
{
	assert_child(*state, try_own_signal, syscall_filter_install);
}

/* Not every machine resolves the name: the filter must make no difference. */
static void a_name_is_looked_up_in_a_thread_that_is_started_under_it(void **state)
{
	int unfiltered = child_run(*state, try_name, NULL);
	assert_int_not_equal(unfiltered, 100);
	assert_int_equal(child_run(*state, try_name, syscall_filter_install), unfiltered);
}

static void a_user_is_looked_up_under_it(void **state)
{
	assert_int_equal(child_run(*state, try_user, syscall_filter_install),
		child_run(*state, try_user, NULL));
}

static void files_are_read_and_replaced_under_it(void **state)
{
	assert_child(*state, try_files, syscall_filter_install);
}

static void the_sockets_that_are_needed_are_opened_under_it(void **state)
{
	assert_child(*state, try_sockets, syscall_filter_install);
}

static void a_thread_that_was_there_before_is_under_it_too(void **state)
{
	assert_child(*state, try_older_thread, NULL);
}

/* Otherwise the test of what is forbidden would show nothing. */
static void without_the_filter_those_calls_work(void **state)
{
	errno = 0;
	assert_int_equal(syscall(SYS_unshare, 0L), 0);
	int fd = (int)syscall(SYS_memfd_create, "x", 0L);
	assert_true(fd >= 0);
	close(fd);
}

#define FILTER_TEST(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILTER_TEST(calls_that_an_intruder_would_use_are_filtered),
		FILTER_TEST(most_of_them_are_filtered_for_the_spawn_helper_too),
		FILTER_TEST(the_spawn_helper_starts_and_ends_programs),
		FILTER_TEST(a_thread_of_its_own_is_signalled_under_it),
		FILTER_TEST(a_name_is_looked_up_in_a_thread_that_is_started_under_it),
		FILTER_TEST(a_user_is_looked_up_under_it),
		FILTER_TEST(files_are_read_and_replaced_under_it),
		FILTER_TEST(the_sockets_that_are_needed_are_opened_under_it),
		FILTER_TEST(a_thread_that_was_there_before_is_under_it_too),
		FILTER_TEST(without_the_filter_those_calls_work),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
