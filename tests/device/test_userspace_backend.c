/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting a backend: its environment, its lifetime, how its end is reported. The backend is this
 * test itself (started with -f), or a real one.
 */
#include "backend.h"
#include "diag.h"
#include "fake_uapi.h"
#include "link_hooks.h"
#include "netns.h"
#include "uapi.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define REAL_NAME "plexwg-prog0"
#define LOG_SIZE  8192

extern char **environ;

/* The backend's side: the name of its interface selects its behaviour. */

static void surroundings_print(void)
{
	char target[256];
	for (char **variable = environ; *variable; variable++)
		printf("environment %s\n", *variable);
	DIR *directory = opendir("/proc/self/fd");
	for (struct dirent *entry; directory && (entry = readdir(directory));) {
		int fd = atoi(entry->d_name);
		ssize_t length =
			readlinkat(dirfd(directory), entry->d_name, target, sizeof target - 1);
		if (entry->d_name[0] != '.' && fd != dirfd(directory) && length > 0)
			printf("descriptor %d %.*s\n", fd, (int)length, target);
	}
	closedir(directory);
	sigset_t mask;
	sigprocmask(SIG_SETMASK, NULL, &mask);
	printf("leader %d\n", getsid(0) == getpid());
	printf("blocked %d\n", sigismember(&mask, SIGTERM));
	printf("ignored %d\n", signal(SIGPIPE, SIG_DFL) == SIG_IGN);
	printf("directory %s\n", getcwd(target, sizeof target));
	printf("pid %d\n", getpid());
	fflush(stdout);
}

static int complain(void)
{
	printf("\n ERROR: no\ttun\x1b[2J\xe2\x80\xae \n\nsecond line\n\n");
	fflush(stdout);
	return 1;
}

/* Until the pipe takes no more. */
static int babble(void)
{
	size_t taken = 0;
	for (ssize_t count; taken < (1 << 20) && (count = write(1, "babble ", 7)) > 0;)
		taken += (size_t)count;
	kill(getpid(), taken < (1 << 20) ? SIGKILL : SIGABRT);
	return 0;
}

static int program_main(const char *name)
{
	if (strcmp(name, "exits") == 0)
		return 42;
	if (strcmp(name, "aborts") == 0)
		kill(getpid(), SIGKILL);
	if (strcmp(name, "bereaves") == 0)
		return kill(getppid(), SIGKILL);
	if (strcmp(name, "complains") == 0)
		return complain();
	if (strcmp(name, "babbles") == 0)
		return babble();
	surroundings_print();
	static struct fake_uapi fake;
	if (strcmp(name, "answers") == 0)
		fake_uapi_start(
			&fake, UAPI_SOCKET_DIRECTORY, name, FAKE_REPLIES, "errno=0\n\n", "");
	if (strcmp(name, "dialect") == 0)
		fake_uapi_start(&fake, UAPI_SOCKET_DIRECTORY, name, FAKE_REPLIES,
			"own_public_key="
			"0202020202020202020202020202020202020202020202020202020202020202\n"
			"listen_port=1\nerrno=0\n\n",
			"");
	pause();
	return 0;
}

/* The test's side. */

/*
 * Path of the backend, unless it is a real one. Read before there are namespaces: in a chroot this
 * path would lead elsewhere.
 */
static char self_path[256];

struct bed {
	char log_path[64];
	char log[LOG_SIZE];
	struct backend program;
	struct uapi_socket uapi;
	struct diag diag;
};

static int bed_make(void **state)
{
	struct bed *bed = calloc(1, sizeof *bed);
	if (!bed)
		return -1;
	strcpy(bed->log_path, "/tmp/plexwg-test-XXXXXX");
	int fd = mkstemp(bed->log_path);
	close(fd);
	bed->program = (struct backend){.path = self_path, .log_path = bed->log_path};
	*state = bed;
	return fd < 0;
}

static int bed_clear(void **state)
{
	struct bed *bed = *state;
	unlink(bed->log_path);
	diag_clear(&bed->diag);
	free(bed);
	return 0;
}

static const char *log_read(struct bed *bed)
{
	FILE *file = fopen(bed->log_path, "r");
	assert_non_null(file);
	bed->log[fread(bed->log, 1, sizeof bed->log - 1, file)] = '\0';
	fclose(file);
	return bed->log;
}

static int start(struct bed *bed, const char *name)
{
	return backend_start(&bed->program, name, &bed->uapi, &bed->diag);
}

static void expect_text(struct bed *bed, const char *part)
{
	if (!strstr(diag_text(&bed->diag), part))
		fail_msg("\"%s\" is not in \"%s\"", part, diag_text(&bed->diag));
}

static void a_program_that_exits_is_reported_with_its_status(void **state)
{
	struct bed *bed = *state;
	assert_int_equal(start(bed, "exits"), -EIO);
	expect_text(bed, "exited with status 42");
}

static void a_program_that_is_killed_is_reported_with_its_signal(void **state)
{
	struct bed *bed = *state;
	assert_int_equal(start(bed, "aborts"), -EIO);
	expect_text(bed, "ended by signal 9");
}

/* The supervisor, between it and its starter, has no time to report anything. */
static void a_supervisor_that_is_killed_counts_as_the_program_s_end(void **state)
{
	struct bed *bed = *state;
	assert_int_equal(start(bed, "bereaves"), -EIO);
	expect_text(bed, "ended by signal 9");
}

/* The test's own log, or the memory used without one. */
static void a_backend_s_output_is_reported_on_one_line(void **state)
{
	struct bed *bed = *state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(start(bed, "complains"), -EIO);
		expect_text(bed,
			"exited with status 1 before it answered; its output: ERROR: no tun?[2J??? "
			"second line");
		assert_int_equal(
			strcspn(diag_text(&bed->diag), "\n\x1b"), strlen(diag_text(&bed->diag)));
		bed->program.log_path = NULL;
	}
}

/* Output of an earlier backend is not reported as its own. */
static void only_its_own_output_is_reported(void **state)
{
	struct bed *bed = *state;
	assert_int_equal(start(bed, "complains"), -EIO);
	assert_int_equal(start(bed, "exits"), -EIO);
	assert_null(strstr(diag_text(&bed->diag), "its output"));
}

static void a_backend_s_long_output_is_cut(void **state)
{
	struct bed *bed = *state;
	bed->program.log_path = NULL;
	assert_int_equal(start(bed, "babbles"), -EIO);
	expect_text(bed, "ended by signal 9 before it answered; its output: babble babble");
	assert_true(strlen(diag_text(&bed->diag)) < 700);
}

static void a_backend_with_another_protocol_is_named_and_ended(void **state)
{
	struct bed *bed = *state;
	assert_int_equal(start(bed, "dialect"), -EPROTONOSUPPORT);
	expect_text(bed, self_path);
	expect_text(bed, "another dialect");
	assert_int_equal(unlink(UAPI_SOCKET_DIRECTORY "/dialect.sock"), 0);
	const char *line = strstr(log_read(bed), "\npid ");
	assert_non_null(line);
	assert_int_equal(kill((pid_t)atoi(line + 5), 0), -1);
}

static void only_tested_backends_are_searched_for(void **state)
{
	static const char *const others[] = {"boringtun", "boringtun-cli"};
	struct bed *bed = *state;
	struct backend_path path;
	assert_int_equal(backend_find(&path, NULL), 0);
	assert_string_equal(strrchr(path.text, '/'), "/wireguard-go");
	/* There is nothing else to find here. */
	assert_int_equal(mount("tmpfs", "/usr/bin", "tmpfs", 0, ""), 0);
	for (size_t i = 0; i < 2; i++) {
		char other[64];
		snprintf(other, sizeof other, "/usr/bin/%s", others[i]);
		int fd = open(other, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
		assert_true(fd >= 0);
		close(fd);
	}
	int error = backend_find(&path, &bed->diag);
	assert_int_equal(umount("/usr/bin"), 0);
	assert_int_equal(error, -ENOENT);
	expect_text(bed, "no wireguard-go is installed in ");
}

/* Its device cannot be created. */
static void a_real_backend_that_fails_is_reported_with_its_output(void **state)
{
	struct bed *bed = *state;
	bed->program = (struct backend){0};
	assert_int_equal(mount("/dev/null", "/dev/net/tun", NULL, MS_BIND, NULL), 0);
	int error = start(bed, REAL_NAME);
	assert_int_equal(umount("/dev/net/tun"), 0);
	assert_int_equal(error, -EIO);
	expect_text(bed, "wireguard-go exited with status 1 before it answered; its output: ");
	expect_text(bed, "Failed to create TUN device");
	assert_null(strstr(diag_text(&bed->diag), "kernel has first class support"));
}

static void a_missing_backend_is_reported_by_name(void **state)
{
	struct bed *bed = *state;
	bed->program.path = "/nonexistent/wireguard";
	assert_int_equal(start(bed, "x"), -ENOENT);
	expect_text(bed, "/nonexistent/wireguard: No such file or directory");
	bed->program.path = "/etc/passwd";
	assert_int_equal(start(bed, "x"), -EACCES);
}

static void a_log_file_that_cannot_be_opened_is_reported(void **state)
{
	struct bed *bed = *state;
	bed->program.log_path = "/nonexistent/log";
	assert_int_equal(start(bed, "x"), -ENOENT);
	expect_text(bed, "/nonexistent/log");
}

static size_t descriptor_count(void)
{
	size_t count = 0;
	DIR *directory = opendir("/proc/self/fd");
	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static void a_start_leaves_no_descriptor_behind(void **state)
{
	struct bed *bed = *state;
	size_t before = descriptor_count();
	start(bed, "exits");
	start(bed, "complains");
	bed->program.path = "/nonexistent/wireguard";
	start(bed, "x");
	assert_int_equal(descriptor_count(), before);
}

static pid_t logged_pid(struct bed *bed)
{
	const char *line = strstr(log_read(bed), "\npid ");
	assert_non_null(line);
	return (pid_t)atoi(line + 5);
}

static void a_program_that_never_answers_is_ended(void **state)
{
	struct bed *bed = *state;
	bed->program.timeout_ms = 2000;
	assert_int_equal(start(bed, "waits"), -ETIMEDOUT);
	expect_text(bed, "did not answer in time");
	assert_int_equal(kill(logged_pid(bed), 0), -1);
}

static void end_answering_program(struct bed *bed)
{
	assert_int_equal(kill(logged_pid(bed), SIGKILL), 0);
	assert_int_equal(unlink(UAPI_SOCKET_DIRECTORY "/answers.sock"), 0);
}

static void a_backend_gets_a_clean_environment(void **state)
{
	struct bed *bed = *state;
	assert_int_equal(setenv("WG_PROCESS_FOREGROUND", "7", 1), 0);
	int leaked = open("/dev/zero", O_RDONLY);
	sigset_t set, before;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &before);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(start(bed, "answers"), 0);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(leaked);
	unsetenv("WG_PROCESS_FOREGROUND");
	end_answering_program(bed);

	const char *log = log_read(bed);
	assert_null(strstr(log, "WG_PROCESS_FOREGROUND=7"));
	assert_null(strstr(log, "WG_SUDO"));
	assert_null(strstr(log, "HOME="));
	assert_non_null(strstr(log, "environment PATH=/"));
	assert_non_null(strstr(log, "descriptor 0 /dev/null\n"));
	assert_non_null(strstr(log, "descriptor 1 /tmp/plexwg-test-"));
	assert_non_null(strstr(log, "descriptor 2 /tmp/plexwg-test-"));
	assert_null(strstr(log, "descriptor 3"));
	assert_null(strstr(log, "/dev/zero"));
	assert_null(strstr(log, "pipe:"));
	assert_non_null(strstr(log, "leader 1"));
	assert_non_null(strstr(log, "blocked 0"));
	assert_non_null(strstr(log, "ignored 0"));
	assert_non_null(strstr(log, "directory /\n"));
}

static void starting_works_without_standard_descriptors(void **state)
{
	struct bed *bed = *state;
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		close_range(0, 2, 0);
		_exit(start(bed, "answers") != 0);
	}
	int status = -1;
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	end_answering_program(bed);
	const char *log = log_read(bed);
	assert_non_null(strstr(log, "descriptor 0 /dev/null\n"));
	assert_non_null(strstr(log, "descriptor 1 /tmp/plexwg-test-"));
	assert_null(strstr(log, "descriptor 3"));
}

static void starting_leaves_no_children_and_no_descriptors_behind(void **state)
{
	struct bed *bed = *state;
	int before = dup(0);
	close(before);
	assert_int_equal(start(bed, "exits"), -EIO);
	bed->program.timeout_ms = 50;
	assert_int_equal(start(bed, "waits"), -ETIMEDOUT);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	int after = dup(0);
	close(after);
	assert_int_equal(after, before);
}

/* A request that makes wireguard-go write to its output. */
static void make_it_complain(struct bed *bed, const char *name)
{
	struct secret_buffer request = {0};
	struct secret_buffer reply = {0};
	bool refused = false;
	secret_buffer_append_text(&request, "set=1\nlisten_port=nonsense\n\n");
	assert_int_equal(uapi_socket_exchange(&bed->uapi, name, &request, &reply, &bed->diag), 0);
	assert_int_equal(uapi_decode_status(reply.bytes, reply.length, &refused, NULL), -EINVAL);
	assert_true(refused);
	secret_buffer_clear(&request);
	secret_buffer_clear(&reply);
}

/* Its socket's removal ends it. */
static void end_real_program(struct bed *bed, const char *name)
{
	assert_int_equal(unlink(UAPI_SOCKET_DIRECTORY "/" REAL_NAME ".sock"), 0);
	for (int tries = 0; tries < 1000 && link_is_there(name); tries++)
		usleep(5000);
	assert_false(link_is_there(name));
}

/* In a process of its own that is gone, with all its descriptors, on return. */
static void start_from_a_starter_that_exits(struct bed *bed)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		int error = start(bed, REAL_NAME);
		if (error)
			fprintf(stderr, "%s\n", diag_text(&bed->diag));
		_exit(error != 0);
	}
	int status = -1;
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

static void a_real_program_outlives_its_starter_and_logs_to_a_file(void **state)
{
	struct bed *bed = *state;
	bed->program.path = NULL;
	start_from_a_starter_that_exits(bed);
	for (int i = 0; i < 3; i++)
		make_it_complain(bed, REAL_NAME);
	assert_non_null(strstr(log_read(bed), "listen_port"));
	end_real_program(bed, REAL_NAME);
}

static void a_real_program_outlives_its_starter_without_a_log(void **state)
{
	struct bed *bed = *state;
	bed->program = (struct backend){0};
	start_from_a_starter_that_exits(bed);
	/* More output than is read. */
	for (int i = 0; i < 100; i++)
		make_it_complain(bed, REAL_NAME);
	end_real_program(bed, REAL_NAME);
}

static int program_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_program_that_exits_is_reported_with_its_status, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			a_program_that_is_killed_is_reported_with_its_signal, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			a_supervisor_that_is_killed_counts_as_the_program_s_end, bed_make,
			bed_clear),
		cmocka_unit_test_setup_teardown(
			a_backend_s_output_is_reported_on_one_line, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			only_its_own_output_is_reported, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			a_start_leaves_no_descriptor_behind, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			a_backend_s_long_output_is_cut, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			a_backend_with_another_protocol_is_named_and_ended, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			only_tested_backends_are_searched_for, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			a_real_backend_that_fails_is_reported_with_its_output, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			a_missing_backend_is_reported_by_name, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			a_log_file_that_cannot_be_opened_is_reported, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			a_program_that_never_answers_is_ended, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			a_backend_gets_a_clean_environment, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			starting_works_without_standard_descriptors, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			starting_leaves_no_children_and_no_descriptors_behind, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			a_real_program_outlives_its_starter_and_logs_to_a_file, bed_make,
			bed_clear),
		cmocka_unit_test_setup_teardown(
			a_real_program_outlives_its_starter_without_a_log, bed_make, bed_clear),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "-f") == 0)
		return program_main(argv[2]);
	if (readlink("/proc/self/exe", self_path, sizeof self_path - 1) < 0)
		return 1;
	return netns_run(true, program_tests);
}
