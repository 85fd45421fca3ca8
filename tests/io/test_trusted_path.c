/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that only a trusted owner can have put where they are. The tests try owners on all parts of
 * a path in turn; only root can give files away.
 */
#include "harness.h"

#include "file.h"
#include "scratch.h"
#include "trusted_path.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534
#define LIMIT  ((size_t)1 << 20)

static int opens(const struct scratch *scratch, const char *name, struct diag *diag)
{
	struct stat status;
	int fd = trusted_file_open(scratch_path(scratch, name).text, &status, diag);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static void assert_refused(const struct scratch *scratch, const char *name, int error,
	const char *place, const char *why)
{
	struct diag diag = {0};
	char text[600];
	assert_int_equal(opens(scratch, name, &diag), error);
	struct scratch_path path = scratch_path(scratch, name);
	assert_int_equal(strncmp(diag_text(&diag), path.text, strlen(path.text)), 0);
	snprintf(text, sizeof text, "%s: %s", place, why);
	assert_contains(diag_text(&diag), text);
	diag_clear(&diag);
}

static void give_to(const struct scratch *scratch, const char *name, uid_t owner)
{
	assert_int_equal(lchown(scratch_path(scratch, name).text, owner, (gid_t)-1), 0);
}

/* As Kubernetes mounts it: the file, a link to a folder, and that folder, all under one more. */
static void tree_make(const struct scratch *scratch)
{
	scratch_mkdir(scratch, "above");
	scratch_mkdir(scratch, "above/volume");
	scratch_mkdir(scratch, "above/volume/..1");
	scratch_write(scratch, "above/volume/..1/f", "text");
	scratch_link(scratch, "above/volume/..data", "..1");
	scratch_link(scratch, "above/volume/f", "..data/f");
	scratch_link(scratch, "far", scratch_path(scratch, "above/volume/f").text);
}

static void a_file_of_a_trusted_owner_is_opened_through_links(void **state)
{
	static const char *const names[] = {
		"far", "above/volume/f", "above/volume/..1/f", "above//volume/./../volume/f"};
	tree_make(*state);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		assert_int_equal(opens(*state, names[i], NULL), 0);
}

static void every_part_of_the_path_has_a_trusted_owner(void **state)
{
	static const char *const parts[] = {"above", "above/volume", "above/volume/..1",
		"above/volume/..1/f", "above/volume/..data", "above/volume/f", "far"};
	if (geteuid() != 0)
		skip();
	tree_make(*state);
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		give_to(*state, parts[i], NOBODY);
		assert_refused(*state, "far", -EACCES, scratch_path(*state, parts[i]).text,
			"owned by uid 65534, must be root or plexwg");
		give_to(*state, parts[i], 0);
		assert_int_equal(opens(*state, "far", NULL), 0);
	}
}

static void no_part_of_the_path_is_writable_by_others(void **state)
{
	static const char *const parts[] = {
		"above", "above/volume", "above/volume/..1", "above/volume/..1/f"};
	static const mode_t modes[] = {0720, 0702, 0777, 02770};
	tree_make(*state);
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		for (size_t j = 0; j < COUNT_OF(modes); j++) {
			char why[80];
			snprintf(why, sizeof why, "others may write it (mode %04o)", modes[j]);
			scratch_chmod(*state, parts[i], modes[j]);
			assert_refused(
				*state, "far", -EACCES, scratch_path(*state, parts[i]).text, why);
			scratch_chmod(*state, parts[i], 0700);
			assert_int_equal(opens(*state, "far", NULL), 0);
		}
	}
}

static void a_trusted_file_is_safe_in_a_sticky_directory(void **state)
{
	tree_make(*state);
	scratch_chmod(*state, "above", 01777);
	scratch_chmod(*state, "above/volume", 01777);
	assert_int_equal(opens(*state, "far", NULL), 0);
	/* A file's sticky bit has no meaning. */
	scratch_chmod(*state, "above/volume/..1/f", 01622);
	assert_int_equal(opens(*state, "far", NULL), -EACCES);
	if (geteuid() != 0)
		return;
	scratch_chmod(*state, "above/volume/..1/f", 0600);
	give_to(*state, "above/volume/f", NOBODY);
	assert_int_equal(opens(*state, "far", NULL), -EACCES);
}

static void a_directory_for_files_is_writable_by_its_owner_only(void **state)
{
	struct diag diag = {0};
	scratch_mkdir(*state, "d");
	scratch_write(*state, "f", "text");
	int fd = trusted_directory_open(scratch_path(*state, "d").text, NULL);
	assert_true(fd >= 0);
	close(fd);
	scratch_chmod(*state, "d", 01777);
	assert_int_equal(trusted_directory_open(scratch_path(*state, "d").text, &diag), -EACCES);
	assert_contains(diag_text(&diag), "/d: others may write it (mode 1777)");
	diag_clear(&diag);
	assert_int_equal(trusted_directory_open(scratch_path(*state, "f").text, NULL), -ENOTDIR);
	assert_int_equal(trusted_directory_open(scratch_path(*state, "x").text, NULL), -ENOENT);
	assert_int_equal(file_replace("/proc/nowhere", "f", "", 0, NULL), -ENOENT);
}

static void socket_make(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(strlen(path) < sizeof address.sun_path);
	strcpy(address.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	close(fd);
}

static void only_a_regular_file_is_opened(void **state)
{
	static const char wrong[] = "not a regular file";
	struct scratch_path fifo = scratch_path(*state, "fifo");
	struct scratch_path socket = scratch_path(*state, "socket");
	assert_int_equal(mkfifo(fifo.text, 0600), 0);
	socket_make(socket.text);
	scratch_chmod(*state, "socket", 0600);
	scratch_mkdir(*state, "directory");
	assert_refused(*state, "fifo", -EINVAL, fifo.text, wrong);
	assert_refused(*state, "socket", -EINVAL, socket.text, wrong);
	assert_refused(*state, "directory", -EISDIR, scratch_path(*state, "directory").text,
		"Is a directory");
	assert_refused(*state, "none", -ENOENT, scratch_path(*state, "none").text, "No such file");
	assert_refused(
		*state, "fifo/f", -ENOTDIR, scratch_path(*state, "fifo/f").text, "Not a directory");
	scratch_link(*state, "loop", "loop");
	assert_refused(*state, "loop", -ELOOP, scratch_path(*state, "loop").text, "Too many");
}

/* Replace the file with a pipe after it was checked. */
static struct scratch_path swapped;
int __real_openat64(int directory, const char *name, int flags, ...);
int __wrap_openat64(int directory, const char *name, int flags, ...);

int __wrap_openat64(int directory, const char *name, int flags, ...)
{
	va_list list;
	va_start(list, flags);
	mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
	va_end(list);
	if (*swapped.text && !(flags & O_PATH)) {
		unlink(swapped.text);
		mkfifo(swapped.text, 0600);
		swapped.text[0] = '\0';
	}
	return __real_openat64(directory, name, flags, mode);
}

static void a_file_replaced_by_a_pipe_does_not_block(void **state)
{
	scratch_write(*state, "f", "text");
	swapped = scratch_path(*state, "f");
	struct scratch_path path = swapped;
	alarm(20);
	assert_refused(*state, "f", -EINVAL, path.text, "not a regular file");
	alarm(0);
}

static void a_relative_path_is_checked_from_the_root_too(void **state)
{
	char before[PATH_MAX];
	tree_make(*state);
	assert_non_null(getcwd(before, sizeof before));
	assert_int_equal(chdir(scratch_path(*state, "above/volume").text), 0);
	struct stat status;
	int fd = trusted_file_open("..1/f", &status, NULL);
	scratch_chmod(*state, "above", 0777);
	int refused = trusted_file_open("..1/f", &status, NULL);
	assert_int_equal(chdir(before), 0);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(refused, -EACCES);
}

static long peak_kib(void)
{
	struct rusage usage;
	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_maxrss;
}

static void a_file_over_its_limit_is_not_read(void **state)
{
	struct scratch_path path = scratch_path(*state, "f");
	struct file_text text;
	struct diag diag = {0};
	scratch_write(*state, "f", "");
	/* Sparse, in case the system has no room for it. */
	assert_int_equal(truncate(path.text, (off_t)10 << 30), 0);
	long before = peak_kib();
	assert_int_equal(file_read(path.text, (size_t)1 << 30, &text, &diag), -EFBIG);
	assert_contains(diag_text(&diag), "/f: over 1073741824 bytes");
	assert_int_equal(file_read_trusted(path.text, (size_t)1 << 30, &text, NULL), -EFBIG);
	assert_int_equal(file_read_private(path.text, (size_t)1 << 30, &text, NULL), -EFBIG);
	assert_true(peak_kib() - before < 64 * 1024);
	diag_clear(&diag);
	/* What stays is searched for secrets, whole. */
	assert_int_equal(truncate(path.text, 0), 0);
}

static void a_file_at_its_limit_is_read(void **state)
{
	struct file_text text;
	scratch_write(*state, "f", "four");
	assert_int_equal(file_read_private(scratch_path(*state, "f").text, 4, &text, NULL), 0);
	assert_int_equal(text.length, 4);
	file_text_clear(&text);
	assert_int_equal(file_read_private(scratch_path(*state, "f").text, 3, &text, NULL), -EFBIG);
}

/* Each of the following runs is a process of its own, as another user. */
static const struct scratch *shared;

static bool become(uid_t user, gid_t group, gid_t other_group)
{
	return setgroups(1, &other_group) == 0 && setresgid(group, group, group) == 0 &&
	       setresuid(user, user, user) == 0;
}

static int read_as(gid_t group, gid_t other_group)
{
	struct file_text text = {0};
	if (!become(NOBODY, group, other_group))
		return 1;
	int error = file_read_private(scratch_path(shared, "f").text, LIMIT, &text, NULL);
	file_text_clear(&text);
	return -error;
}

static int read_by_group(void)
{
	return read_as(4242, 65534);
}

static int read_by_further_group(void)
{
	return read_as(65534, 4242);
}

static int run(int (*body)(void))
{
	int status;
	pid_t child = fork();
	if (child == 0)
		_exit(body());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_secret_is_read_by_its_owner_and_by_this_processs_groups(void **state)
{
	struct file_text text;
	if (geteuid() != 0)
		skip();
	shared = *state;
	scratch_chmod(*state, ".", 0755);
	scratch_write(*state, "f", "secret");
	struct scratch_path path = scratch_path(*state, "f");
	assert_int_equal(chown(path.text, 0, 4242), 0);
	scratch_chmod(*state, "f", 0440);
	assert_int_equal(run(read_by_group), 0);
	assert_int_equal(run(read_by_further_group), 0);
	/* Root is not in that group. */
	assert_int_equal(file_read_private(path.text, LIMIT, &text, NULL), -EACCES);
	assert_int_equal(file_read_trusted(path.text, LIMIT, &text, NULL), 0);
	assert_true(text.others_may_read);
	file_text_clear(&text);
	scratch_chmod(*state, "f", 0444);
	assert_int_equal(run(read_by_group), EACCES);
	scratch_chmod(*state, "f", 0660);
	assert_int_equal(run(read_by_group), EACCES);
}

static int read_another_users(void)
{
	return read_as(65534, 65534);
}

static void another_user_trusts_root_and_itself(void **state)
{
	if (geteuid() != 0)
		skip();
	shared = *state;
	scratch_chmod(*state, ".", 0755);
	scratch_write(*state, "f", "secret");
	struct scratch_path path = scratch_path(*state, "f");
	assert_int_equal(chown(path.text, NOBODY, NOBODY), 0);
	assert_int_equal(run(read_another_users), 0);
	give_to(*state, "f", 4242);
	scratch_chmod(*state, "f", 0440);
	assert_int_equal(run(read_another_users), EACCES);
}

static void an_inherited_descriptor_is_read(void **state)
{
	static const char *const formats[] = {"/dev/fd/%d", "/proc/self/fd/%d"};
	for (size_t i = 0; i < COUNT_OF(formats); i++) {
		int ends[2];
		char path[40];
		struct file_text text;
		assert_int_equal(pipe(ends), 0);
		assert_int_equal(write(ends[1], "piped", 5), 5);
		close(ends[1]);
		snprintf(path, sizeof path, formats[i], ends[0]);
		assert_true(file_is_descriptor(path));
		assert_int_equal(file_read_private(path, LIMIT, &text, NULL), 0);
		assert_int_equal(text.length, 5);
		assert_int_equal(memcmp(text.text, "piped", 5), 0);
		file_text_clear(&text);
		close(ends[0]);
		assert_int_equal(file_read_trusted(path, LIMIT, &text, NULL), -EBADF);
	}
	assert_true(file_is_descriptor("-") && file_is_descriptor("/dev/stdin"));
	assert_false(file_is_descriptor("/dev/fd/") || file_is_descriptor("/dev/fd/1x") ||
		     file_is_descriptor("/dev/null") || file_is_descriptor("1"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_of_a_trusted_owner_is_opened_through_links),
		TEST(every_part_of_the_path_has_a_trusted_owner),
		TEST(no_part_of_the_path_is_writable_by_others),
		TEST(a_trusted_file_is_safe_in_a_sticky_directory),
		TEST(a_directory_for_files_is_writable_by_its_owner_only),
		TEST(only_a_regular_file_is_opened),
		TEST(a_file_replaced_by_a_pipe_does_not_block),
		TEST(a_relative_path_is_checked_from_the_root_too),
		TEST(a_file_over_its_limit_is_not_read),
		TEST(a_file_at_its_limit_is_read),
		TEST(a_secret_is_read_by_its_owner_and_by_this_processs_groups),
		TEST(another_user_trusts_root_and_itself),
		TEST(an_inherited_descriptor_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
