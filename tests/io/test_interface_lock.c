/* SPDX-License-Identifier: Apache-2.0 */
/* Which process manages an interface. */
#include "harness.h"

#include "interface_lock.h"
#include "scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME  "plexwg-lock0"
#define OWNER 4242 /* the user that root trusts here */
#define OTHER 65534

/* Replaces the password database. */
bool __wrap_owner_is_trusted(uid_t owner);

bool __wrap_owner_is_trusted(uid_t owner)
{
	return owner == geteuid() || owner == 0 || owner == OWNER;
}

static int take(void **state, struct interface_lock *lock, const char *name, struct diag *diag)
{
	return interface_lock_take(lock, scratch_path(*state, "run").text, name, diag);
}

/* The path of the only file there. */
static struct scratch_path lock_file(void **state)
{
	struct scratch_path path = {""};
	DIR *directory = opendir(scratch_path(*state, "run").text);
	assert_non_null(directory);
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		assert_string_equal(path.text, "");
		char name[200];
		snprintf(name, sizeof name, "run/%.190s", entry->d_name);
		path = scratch_path(*state, name);
	}
	closedir(directory);
	assert_string_not_equal(path.text, "");
	return path;
}

static void a_lock_is_held_by_one_at_a_time(void **state)
{
	struct interface_lock first, second;
	struct diag diag = {0};
	char text[128];
	assert_int_equal(take(state, &first, NAME, NULL), 0);
	assert_int_equal(take(state, &second, NAME, &diag), INTERFACE_LOCK_BUSY);
	snprintf(text, sizeof text,
		"another plexwg (pid %ld) looks after " NAME " in this network namespace",
		(long)getpid());
	assert_string_equal(diag_text(&diag), text);
	interface_lock_release(&second);
	assert_int_equal(take(state, &second, NAME, NULL), INTERFACE_LOCK_BUSY);
	interface_lock_release(&first);
	assert_int_equal(take(state, &second, NAME, NULL), 0);
	interface_lock_release(&second);
	diag_clear(&diag);
}

static void another_interface_is_another_lock(void **state)
{
	struct interface_lock first, second;
	assert_int_equal(take(state, &first, NAME, NULL), 0);
	assert_int_equal(take(state, &second, NAME "1", NULL), 0);
	interface_lock_release(&first);
	interface_lock_release(&second);
}

/* Runs in a copy of the process; its result is the exit status. */
static int run_apart(int (*run)(void **state), void **state)
{
	int status;
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		_exit(run(state));
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define NO_NAMESPACE 99

static int take_elsewhere(void **state)
{
	struct interface_lock lock;
	if (unshare(CLONE_NEWNET) != 0)
		return NO_NAMESPACE;
	return take(state, &lock, NAME, NULL) == 0 ? 0 : 1;
}

static void another_network_namespace_is_another_lock(void **state)
{
	struct interface_lock lock;
	assert_int_equal(take(state, &lock, NAME, NULL), 0);
	int status = run_apart(take_elsewhere, state);
	interface_lock_release(&lock);
	if (status == NO_NAMESPACE)
		skip();
	assert_int_equal(status, 0);
}

static int take_here(void **state)
{
	struct interface_lock lock;
	return take(state, &lock, NAME, NULL);
}

static void another_process_does_not_get_the_lock(void **state)
{
	struct interface_lock lock;
	assert_int_equal(take(state, &lock, NAME, NULL), 0);
	assert_int_equal(run_apart(take_here, state), INTERFACE_LOCK_BUSY);
	interface_lock_release(&lock);
	assert_int_equal(run_apart(take_here, state), 0);
	assert_int_equal(take(state, &lock, NAME, NULL), 0);
	interface_lock_release(&lock);
}

static int take_and_be_killed(void **state)
{
	struct interface_lock lock;
	if (take(state, &lock, NAME, NULL) != 0)
		return 1;
	raise(SIGKILL);
	return 2;
}

static void a_killed_holder_leaves_no_lock(void **state)
{
	struct interface_lock lock;
	assert_int_equal(run_apart(take_and_be_killed, state), -1);
	assert_int_equal(take(state, &lock, NAME, NULL), 0);
	interface_lock_release(&lock);
}

static void started_programs_do_not_hold_the_lock(void **state)
{
	struct interface_lock lock;
	assert_int_equal(take(state, &lock, NAME, NULL), 0);
	assert_true(fcntl(lock.fd, F_GETFD) & FD_CLOEXEC);
	interface_lock_release(&lock);
}

static void a_holder_without_a_pid_in_the_file_still_holds_the_lock(void **state)
{
	static const char *const texts[] = {"", "x", "-5", "0"};
	struct interface_lock lock;
	assert_int_equal(take(state, &lock, NAME, NULL), 0);
	interface_lock_release(&lock);
	int fd = open(lock_file(state).text, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct diag diag = {0};
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, texts[i], strlen(texts[i]), 0), strlen(texts[i]));
		assert_int_equal(take(state, &lock, NAME, &diag), INTERFACE_LOCK_BUSY);
		assert_string_equal(diag_text(&diag),
			"another plexwg looks after " NAME " in this network namespace");
		diag_clear(&diag);
	}
	close(fd);
}

static void the_directory_is_world_readable_and_the_file_private(void **state)
{
	struct interface_lock lock;
	struct stat status;
	static const mode_t masks[] = {0, 077};
	for (size_t i = 0; i < COUNT_OF(masks); i++) {
		mode_t mask = umask(masks[i]);
		assert_int_equal(take(state, &lock, NAME, NULL), 0);
		umask(mask);
		assert_int_equal(stat(scratch_path(*state, "run").text, &status), 0);
		assert_int_equal(status.st_mode & 07777, 0755);
		struct scratch_path file = lock_file(state);
		assert_int_equal(stat(file.text, &status), 0);
		assert_int_equal(status.st_mode & 07777, 0600);
		interface_lock_release(&lock);
		assert_int_equal(unlink(file.text), 0);
		assert_int_equal(rmdir(scratch_path(*state, "run").text), 0);
	}
}

static void a_directory_that_others_may_write_is_rejected(void **state)
{
	struct interface_lock lock;
	struct diag diag = {0};
	scratch_mkdir(*state, "run");
	scratch_chmod(*state, "run", 0777);
	assert_int_equal(take(state, &lock, NAME, &diag), -EACCES);
	assert_contains(diag_text(&diag), "run: others may write it (mode 0777)");
	assert_false(lock.is_held);
	diag_clear(&diag);
}

static void no_link_is_followed(void **state)
{
	struct interface_lock lock;
	struct diag diag = {0};
	scratch_mkdir(*state, "elsewhere");
	scratch_link(*state, "run", "elsewhere");
	assert_int_equal(take(state, &lock, NAME, &diag), -ENOTDIR);
	assert_contains(diag_text(&diag), "/run: must be a directory, not a link");
	diag_clear(&diag);
	scratch_unlink(*state, "run");

	assert_int_equal(take(state, &lock, NAME, NULL), 0);
	interface_lock_release(&lock);
	struct scratch_path path = lock_file(state);
	scratch_write(*state, "victim", "precious");
	assert_int_equal(unlink(path.text), 0);
	assert_int_equal(symlink("../victim", path.text), 0);
	assert_int_equal(take(state, &lock, NAME, NULL), -ELOOP);
	char *text = scratch_read(*state, "victim");
	assert_string_equal(text, "precious");
	free(text);
}

static void a_file_that_has_another_name_is_no_lock(void **state)
{
	struct interface_lock lock;
	struct diag diag = {0};
	assert_int_equal(take(state, &lock, NAME, NULL), 0);
	interface_lock_release(&lock);
	struct scratch_path path = lock_file(state);
	scratch_write(*state, "victim", "precious");
	assert_int_equal(unlink(path.text), 0);
	assert_int_equal(link(scratch_path(*state, "victim").text, path.text), 0);
	assert_int_equal(take(state, &lock, NAME, &diag), -EINVAL);
	assert_contains(diag_text(&diag), "must be a regular file with no other name");
	char *text = scratch_read(*state, "victim");
	assert_string_equal(text, "precious");
	free(text);
	diag_clear(&diag);
}

/* Only root gives files away, and only root can give a directory to another user. */
static void files_that_root_makes_belong_to_the_owner_of_the_directory(void **state)
{
	struct interface_lock lock;
	struct stat status;
	if (geteuid() != 0)
		skip();
	scratch_mkdir(*state, "run");
	assert_int_equal(take(state, &lock, NAME, NULL), 0);
	interface_lock_release(&lock);
	assert_int_equal(chown(scratch_path(*state, "run").text, OWNER, OWNER), 0);
	for (int i = 0; i < 2; i++) {
		/* Once with the file that root left there before, once with a new one. */
		assert_int_equal(take(state, &lock, NAME, NULL), 0);
		assert_int_equal(stat(lock_file(state).text, &status), 0);
		assert_int_equal(status.st_uid, OWNER);
		assert_int_equal(status.st_gid, OWNER);
		interface_lock_release(&lock);
		assert_int_equal(unlink(lock_file(state).text), 0);
	}
}

static void a_directory_of_another_user_is_rejected(void **state)
{
	struct interface_lock lock;
	struct diag diag = {0};
	if (geteuid() != 0)
		skip();
	scratch_mkdir(*state, "run");
	assert_int_equal(chown(scratch_path(*state, "run").text, OTHER, OTHER), 0);
	assert_int_equal(take(state, &lock, NAME, &diag), -EACCES);
	assert_contains(diag_text(&diag), "/run: owned by uid 65534, must be root or plexwg");
	diag_clear(&diag);
}

static void a_directory_that_cannot_be_made_is_named(void **state)
{
	struct interface_lock lock;
	struct diag diag = {0};
	struct scratch_path path = scratch_path(*state, "no/such/place");
	assert_int_equal(interface_lock_take(&lock, path.text, NAME, &diag), -ENOENT);
	assert_contains(diag_text(&diag), path.text);
	diag_clear(&diag);
}

static void an_invalid_interface_name_becomes_no_path(void **state)
{
	static const char *const names[] = {"", ".", "..", "a/b", "0123456789abcdef"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct interface_lock lock;
		assert_int_equal(take(state, &lock, names[i], NULL), -EINVAL);
	}
	assert_false(scratch_has(*state, "run"));
}

static void descriptors_are_closed(void **state)
{
	struct interface_lock first, second;
	int before = dup(0);
	close(before);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(take(state, &first, NAME, NULL), 0);
		assert_int_equal(take(state, &second, NAME, NULL), INTERFACE_LOCK_BUSY);
		interface_lock_release(&first);
		interface_lock_release(&first);
	}
	int after = dup(0);
	close(after);
	assert_int_equal(after, before);
}

/* Another program removes the file just as it is being locked. */
static unsigned removals_left;
static struct scratch_path removed_path;

int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);

int __wrap_flock(int fd, int operation)
{
	if (removals_left) {
		removals_left--;
		unlink(removed_path.text);
	}
	return __real_flock(fd, operation);
}

static void a_file_removed_while_it_is_locked_is_no_lock(void **state)
{
	struct interface_lock first, second;
	assert_int_equal(take(state, &first, NAME, NULL), 0);
	interface_lock_release(&first);
	removed_path = lock_file(state);
	removals_left = 2;
	assert_int_equal(take(state, &first, NAME, NULL), 0);
	assert_int_equal(removals_left, 0);
	assert_int_equal(take(state, &second, NAME, NULL), INTERFACE_LOCK_BUSY);
	interface_lock_release(&first);
	removals_left = 1000;
	assert_int_equal(take(state, &first, NAME, NULL), -ESTALE);
	removals_left = 0;
}

#define LOCK_TEST(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOCK_TEST(a_lock_is_held_by_one_at_a_time),
		LOCK_TEST(another_interface_is_another_lock),
		LOCK_TEST(another_network_namespace_is_another_lock),
		LOCK_TEST(another_process_does_not_get_the_lock),
		LOCK_TEST(a_killed_holder_leaves_no_lock),
		LOCK_TEST(started_programs_do_not_hold_the_lock),
		LOCK_TEST(a_holder_without_a_pid_in_the_file_still_holds_the_lock),
		LOCK_TEST(the_directory_is_world_readable_and_the_file_private),
		LOCK_TEST(a_directory_that_others_may_write_is_rejected),
		LOCK_TEST(no_link_is_followed),
		LOCK_TEST(a_file_that_has_another_name_is_no_lock),
		LOCK_TEST(files_that_root_makes_belong_to_the_owner_of_the_directory),
		LOCK_TEST(a_directory_of_another_user_is_rejected),
		LOCK_TEST(a_directory_that_cannot_be_made_is_named),
		LOCK_TEST(an_invalid_interface_name_becomes_no_path),
		LOCK_TEST(descriptors_are_closed),
		LOCK_TEST(a_file_removed_while_it_is_locked_is_no_lock),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
