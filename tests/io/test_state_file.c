/* SPDX-License-Identifier: Apache-2.0 */
/* Which changes of a state file are noticed, whatever its path, and what is read from it. */
#include "harness.h"

#include "scratch.h"
#include "state_file.h"

#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A file as the daemon follows it. */
struct follower {
	struct scratch_path path;
	struct state_file file;
};

static void follow(struct follower *follower, const struct scratch *scratch, const char *name)
{
	struct diag diag = {0};
	follower->path = scratch_path(scratch, name);
	int error = state_file_open(&follower->file, follower->path.text, 0, &diag);
	assert_string_equal(diag_text(&diag), "");
	assert_int_equal(error, 0);
}

static bool has_changed(struct follower *follower)
{
	bool changed;
	struct diag diag = {0};
	int error = state_file_take(&follower->file, &changed, &diag);
	assert_string_equal(diag_text(&diag), "");
	assert_int_equal(error, 0);
	return changed;
}

/* There is exactly one reason to read. */
static void assert_changed(struct follower *follower)
{
	assert_true(has_changed(follower));
	assert_false(has_changed(follower));
}

static void an_untouched_file_has_not_changed(void **state)
{
	struct follower follower;
	scratch_write(*state, "state.json", "1");
	follow(&follower, *state, "state.json");
	free(scratch_read(*state, "state.json"));
	assert_false(has_changed(&follower));
	state_file_close(&follower.file);
}

static void a_file_that_is_written_replaced_or_removed_has_changed(void **state)
{
	struct follower follower;
	scratch_write(*state, "state.json", "1");
	follow(&follower, *state, "state.json");
	scratch_write(*state, "state.json", "2");
	assert_changed(&follower);
	scratch_replace(*state, "state.json", "3");
	assert_changed(&follower);
	scratch_write(*state, "state.json", "4");
	assert_changed(&follower);
	scratch_unlink(*state, "state.json");
	assert_changed(&follower);
	scratch_write(*state, "state.json", "5");
	assert_changed(&follower);
	scratch_chmod(*state, "state.json", 0644);
	assert_changed(&follower);
	scratch_rename(*state, "state.json", "other.json");
	assert_changed(&follower);
	scratch_write(*state, "other.json", "6");
	assert_false(has_changed(&follower));
	state_file_close(&follower.file);
}

static void a_file_written_again_and_again_by_who_keeps_it_open_has_changed_once_closed(
	void **state)
{
	struct follower follower;
	scratch_write(*state, "state.json", "");
	follow(&follower, *state, "state.json");
	FILE *file = fopen(scratch_path(*state, "state.json").text, "w");
	for (int i = 0; i < 3; i++) {
		fprintf(file, "part %d", i);
		fflush(file);
		assert_false(has_changed(&follower));
	}
	fclose(file);
	assert_changed(&follower);
	state_file_close(&follower.file);
}

static void changes_of_other_files_are_ignored(void **state)
{
	struct follower follower;
	scratch_write(*state, "state.json", "1");
	follow(&follower, *state, "state.json");
	scratch_write(*state, "state.json.new", "2");
	scratch_write(*state, "state", "2");
	scratch_rename(*state, "state", "state2");
	scratch_unlink(*state, "state2");
	assert_false(has_changed(&follower));
	state_file_close(&follower.file);
}

/* state.json -> ..data/state.json, ..data -> ..1 */
static void a_link_swapped_as_kubernetes_does_it_has_changed(void **state)
{
	struct follower follower;
	scratch_mkdir(*state, "..1");
	scratch_write(*state, "..1/state.json", "1");
	scratch_link(*state, "..data", "..1");
	scratch_link(*state, "state.json", "..data/state.json");
	follow(&follower, *state, "state.json");
	for (int i = 2; i <= 9; i++) {
		char directory[32], file[64];
		snprintf(directory, sizeof directory, "..%d", i);
		snprintf(file, sizeof file, "%s/state.json", directory);
		scratch_mkdir(*state, directory);
		scratch_write(*state, file, "new");
		assert_false(has_changed(&follower));
		scratch_link(*state, "..data", directory);
		assert_changed(&follower);
	}
	scratch_write(*state, "..1/state.json", "old");
	assert_false(has_changed(&follower));
	scratch_rename(*state, "..data", "aside");
	assert_changed(&follower);
	scratch_rename(*state, "aside", "..data");
	assert_changed(&follower);
	scratch_write(*state, "..9/state.json", "in place");
	assert_changed(&follower);
	state_file_close(&follower.file);
}

static void a_directory_link_swapped_above_has_changed(void **state)
{
	struct follower follower;
	scratch_mkdir(*state, "1");
	scratch_mkdir(*state, "1/in");
	scratch_write(*state, "1/in/f", "1");
	scratch_mkdir(*state, "2");
	scratch_mkdir(*state, "2/in");
	scratch_write(*state, "2/in/f", "2");
	char absolute[300];
	snprintf(absolute, sizeof absolute, "%s/", scratch_path(*state, "1").text);
	scratch_link(*state, "link", absolute);
	follow(&follower, *state, "link/../link/./in/f");
	scratch_write(*state, "1/in/f", "in place");
	assert_changed(&follower);
	scratch_link(*state, "link", "2");
	assert_changed(&follower);
	scratch_replace(*state, "2/in/f", "new");
	assert_changed(&follower);
	scratch_write(*state, "1/in/f", "old");
	assert_false(has_changed(&follower));
	state_file_close(&follower.file);
}

static void a_directory_replaced_anywhere_above_has_changed(void **state)
{
	struct follower follower;
	scratch_mkdir(*state, "a");
	scratch_mkdir(*state, "a/b");
	scratch_mkdir(*state, "a/b/c");
	scratch_write(*state, "a/b/c/f", "1");
	follow(&follower, *state, "a/b/c/f");
	static const char *const names[] = {"a/b/c", "a/b", "a"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		scratch_rename(*state, names[i], "aside");
		assert_changed(&follower);
		scratch_rename(*state, "aside", names[i]);
		assert_changed(&follower);
	}
	scratch_write(*state, "a/b/c/f", "2");
	assert_changed(&follower);
	state_file_close(&follower.file);
}

static void a_missing_path_is_awaited_step_by_step(void **state)
{
	struct follower follower;
	follow(&follower, *state, "a/b/f");
	assert_false(has_changed(&follower));
	scratch_mkdir(*state, "a");
	assert_changed(&follower);
	scratch_link(*state, "a/b", "../elsewhere");
	assert_changed(&follower);
	scratch_mkdir(*state, "elsewhere");
	assert_changed(&follower);
	scratch_write(*state, "elsewhere/other", "1");
	assert_false(has_changed(&follower));
	scratch_write(*state, "elsewhere/f", "1");
	assert_changed(&follower);
	state_file_close(&follower.file);
}

static void a_broken_path_may_be_repaired(void **state)
{
	struct follower follower;
	scratch_link(*state, "f", "g");
	scratch_link(*state, "g", "f");
	follow(&follower, *state, "f");
	scratch_unlink(*state, "g");
	assert_changed(&follower);
	scratch_write(*state, "g", "1");
	assert_changed(&follower);
	scratch_unlink(*state, "f");
	assert_changed(&follower);
	scratch_mkdir(*state, "f");
	assert_changed(&follower);
	state_file_close(&follower.file);

	/* A file where a directory belongs. */
	follow(&follower, *state, "g/f");
	scratch_unlink(*state, "g");
	assert_changed(&follower);
	scratch_mkdir(*state, "g");
	assert_changed(&follower);
	scratch_write(*state, "g/f", "1");
	assert_changed(&follower);
	state_file_close(&follower.file);
}

static void a_write_by_another_name_has_changed(void **state)
{
	struct follower follower;
	scratch_mkdir(*state, "a");
	scratch_mkdir(*state, "b");
	scratch_write(*state, "a/f", "1");
	assert_int_equal(
		link(scratch_path(*state, "a/f").text, scratch_path(*state, "b/g").text), 0);
	follow(&follower, *state, "a/f");
	scratch_write(*state, "b/g", "2");
	assert_changed(&follower);
	state_file_close(&follower.file);
}

static void a_relative_path_begins_at_the_working_directory(void **state)
{
	struct state_file file;
	struct scratch *scratch = *state;
	bool changed;
	char *before = getcwd(NULL, 0);
	assert_non_null(before);
	assert_int_equal(chdir(scratch->directory), 0);
	assert_int_equal(state_file_open(&file, "state.json", 0, NULL), 0);
	scratch_write(*state, "state.json", "1");
	assert_int_equal(state_file_take(&file, &changed, NULL), 0);
	assert_true(changed);
	state_file_close(&file);
	assert_int_equal(chdir(before), 0);
	free(before);
}

/* How many inodes the descriptor watches. */
static unsigned watch_count(int fd)
{
	char path[64], line[512];
	unsigned count = 0;
	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof line, file))
		count += strncmp(line, "inotify ", 8) == 0;
	fclose(file);
	return count;
}

static void parts_no_longer_on_the_path_are_not_watched(void **state)
{
	struct follower follower;
	scratch_mkdir(*state, "1");
	scratch_mkdir(*state, "2");
	scratch_write(*state, "1/f", "1");
	scratch_write(*state, "2/f", "2");
	scratch_link(*state, "link", "1");
	follow(&follower, *state, "link/f");
	int next_fd = dup(0);
	close(next_fd);
	unsigned count = watch_count(follower.file.watch.fd);
	assert_true(count >= 4);
	for (int i = 0; i < 100; i++) {
		scratch_link(*state, "link", i % 2 ? "1" : "2");
		assert_changed(&follower);
		assert_int_equal(watch_count(follower.file.watch.fd), count);
	}
	int fd = dup(0);
	close(fd);
	assert_int_equal(fd, next_fd);
	state_file_close(&follower.file);
}

static void events_that_were_lost_count_as_a_change(void **state)
{
	struct follower follower;
	unsigned queue = 0;
	FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
	if (!file || fscanf(file, "%u", &queue) != 1 || queue > 100000) {
		if (file)
			fclose(file);
		skip();
	}
	fclose(file);
	scratch_write(*state, "state.json", "1");
	scratch_write(*state, "a", "");
	scratch_write(*state, "b", "");
	follow(&follower, *state, "state.json");
	for (unsigned i = 0; i <= queue; i++)
		scratch_chmod(*state, i % 2 ? "a" : "b", 0600);
	bool changed = false;
	for (unsigned i = 0; i <= queue / 256; i++)
		changed |= has_changed(&follower);
	assert_true(changed);
	assert_false(has_changed(&follower));
	state_file_close(&follower.file);
}

/* The system has no more watches, from the one after the next `watches_left` on. */
static bool watches_are_scarce;
static unsigned watches_left;

int __real_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask);

int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	if (watches_are_scarce && watches_left == 0) {
		errno = ENOSPC;
		return -1;
	}
	if (watches_are_scarce)
		watches_left--;
	return __real_inotify_add_watch(fd, path, mask);
}

static void a_path_not_wholly_watched_is_an_error_until_it_is(void **state)
{
	struct follower follower;
	struct diag diag = {0};
	bool changed = false;
	scratch_mkdir(*state, "1");
	scratch_link(*state, "link", "1");
	follow(&follower, *state, "link/f");
	unsigned count = watch_count(follower.file.watch.fd);
	watches_are_scarce = true;
	watches_left = count - 1;
	scratch_write(*state, "1/f", "1");
	assert_int_equal(state_file_take(&follower.file, &changed, &diag), -ENOSPC);
	assert_true(changed);
	assert_contains(diag_text(&diag), "link/f: No space left on device");
	diag_clear(&diag);

	for (unsigned enough = 0; enough < count; enough++) {
		struct state_file late;
		watches_left = enough;
		assert_int_equal(state_file_open(&late, follower.path.text, 0, NULL), -ENOSPC);
		assert_true(late.watch.fd >= 0);
		state_file_close(&late);
	}
	struct state_file missing;
	struct scratch_path nowhere = scratch_path(*state, "no/such/file");
	watches_left = 1;
	assert_int_equal(state_file_open(&missing, nowhere.text, 0, NULL), -ENOSPC);
	state_file_close(&missing);
	watches_are_scarce = false;

	scratch_link(*state, "link", "1");
	assert_true(has_changed(&follower));
	scratch_write(*state, "1/f", "2");
	assert_changed(&follower);
	state_file_close(&follower.file);
}

/* Read, and return the text, which the caller frees; NULL if it is unchanged. */
static char *read_text(struct follower *follower)
{
	enum state_file_outcome outcome;
	struct file_text text = {0};
	struct diag diag = {0};
	int error = state_file_read(&follower->file, &outcome, &text, &diag);
	assert_string_equal(diag_text(&diag), "");
	assert_int_equal(error, 0);
	if (outcome == STATE_FILE_UNCHANGED)
		return NULL;
	char *copy = strndup(text.text, text.length);
	assert_non_null(copy);
	file_text_clear(&text);
	return copy;
}

static void assert_text(struct follower *follower, const char *expected)
{
	char *text = read_text(follower);
	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static void assert_unreadable(struct follower *follower, int error, const char *part)
{
	enum state_file_outcome outcome;
	struct file_text text = {.length = 77};
	struct diag diag = {0};
	assert_int_equal(state_file_read(&follower->file, &outcome, &text, &diag), error);
	assert_contains(diag_text(&diag), part);
	assert_int_equal(text.length, 77);
	diag_clear(&diag);
}

static void a_text_is_returned_once(void **state)
{
	struct follower follower;
	scratch_write(*state, "f", "one");
	follow(&follower, *state, "f");
	assert_text(&follower, "one");
	assert_null(read_text(&follower));
	scratch_replace(*state, "f", "one");
	assert_changed(&follower);
	assert_null(read_text(&follower));
	scratch_write(*state, "f", "two");
	assert_text(&follower, "two");
	scratch_write(*state, "f", "one");
	assert_text(&follower, "one");
	scratch_write(*state, "f", "");
	assert_text(&follower, "");
	assert_null(read_text(&follower));
	state_file_forget(&follower.file);
	assert_text(&follower, "");
	state_file_close(&follower.file);
}

static void a_rejected_text_stays_rejected(void **state)
{
	struct follower follower;
	scratch_write(*state, "f", "broken");
	follow(&follower, *state, "f");
	assert_text(&follower, "broken");
	assert_int_equal(state_file_reject(&follower.file, "byte 0: unexpected character"), 0);
	assert_unreadable(&follower, -EINVAL, "byte 0: unexpected character");
	scratch_replace(*state, "f", "broken");
	assert_unreadable(&follower, -EINVAL, "byte 0: unexpected character");
	scratch_write(*state, "f", "sound");
	assert_text(&follower, "sound");
	assert_null(read_text(&follower));
	scratch_write(*state, "f", "broken");
	assert_text(&follower, "broken");
	state_file_close(&follower.file);
}

static void a_missing_or_untrusted_file_is_an_error(void **state)
{
	struct follower follower;
	follow(&follower, *state, "f");
	assert_unreadable(&follower, -ENOENT, "/f: No such file or directory");
	scratch_write(*state, "f", "one");
	assert_text(&follower, "one");
	scratch_chmod(*state, "f", 0622);
	assert_unreadable(&follower, -EACCES, "/f: others may write it (mode 0622)");
	scratch_chmod(*state, "f", 0600);
	assert_null(read_text(&follower));
	scratch_unlink(*state, "f");
	assert_unreadable(&follower, -ENOENT, "/f: No such file");
	scratch_write(*state, "f", "one");
	assert_null(read_text(&follower));
	scratch_unlink(*state, "f");
	scratch_mkdir(*state, "f");
	assert_unreadable(&follower, -EISDIR, "/f: Is a directory");
	state_file_close(&follower.file);
}

static void a_pipe_does_not_block(void **state)
{
	struct follower follower;
	assert_int_equal(mkfifo(scratch_path(*state, "f").text, 0600), 0);
	follow(&follower, *state, "f");
	assert_unreadable(&follower, -EINVAL, "/f: not a regular file");
	state_file_close(&follower.file);
}

static void the_mode_shows_who_may_read(void **state)
{
	struct follower follower;
	enum state_file_outcome outcome;
	struct file_text text;
	scratch_write(*state, "f", "one");
	scratch_chmod(*state, "f", 0604);
	follow(&follower, *state, "f");
	assert_int_equal(state_file_read(&follower.file, &outcome, &text, NULL), 0);
	assert_true(text.others_may_read);
	file_text_clear(&text);
	state_file_close(&follower.file);
}

static void a_change_during_the_read_is_not_lost(void **state)
{
	struct follower follower;
	scratch_write(*state, "f", "one");
	follow(&follower, *state, "f");
	scratch_write(*state, "f", "two");
	assert_true(has_changed(&follower));
	scratch_write(*state, "f", "three");
	assert_text(&follower, "three");
	assert_changed(&follower);
	assert_null(read_text(&follower));
	state_file_close(&follower.file);
}

/* Versions as fast as possible, written in every way. */
static int write_versions(const struct scratch *scratch, int count)
{
	char text[32], directory[32], name[64];
	for (int i = 1; i <= count; i++) {
		snprintf(text, sizeof text, "%d", i);
		snprintf(directory, sizeof directory, "..%d", i);
		snprintf(name, sizeof name, "%s/f", directory);
		switch (i % 3) {
		case 0:
			scratch_mkdir(scratch, directory);
			scratch_write(scratch, name, text);
			scratch_link(scratch, "..data", directory);
			break;
		case 1:
			scratch_replace(scratch, "..data/f", text);
			break;
		default:
			scratch_write(scratch, "..data/f", text);
		}
	}
	return 0;
}

static void the_last_of_many_versions_is_read(void **state)
{
	enum { VERSIONS = 1000, WAIT_MS = 20000 };
	struct follower follower;
	char last[32], seen[32] = "";
	snprintf(last, sizeof last, "%d", VERSIONS);
	scratch_mkdir(*state, "..0");
	scratch_write(*state, "..0/f", "0");
	scratch_link(*state, "..data", "..0");
	scratch_link(*state, "f", "..data/f");
	follow(&follower, *state, "f");
	fflush(NULL);
	pid_t writer = fork();
	if (writer == 0)
		_exit(write_versions(*state, VERSIONS));
	struct pollfd poller = {follower.file.watch.fd, POLLIN, 0};
	while (strcmp(seen, last) != 0 && poll(&poller, 1, WAIT_MS) == 1) {
		enum state_file_outcome outcome;
		struct file_text text;
		has_changed(&follower);
		if (state_file_read(&follower.file, &outcome, &text, NULL) != 0 ||
			outcome != STATE_FILE_TEXT)
			continue;
		snprintf(seen, sizeof seen, "%.*s", (int)text.length, text.text);
		file_text_clear(&text);
	}
	int status;
	assert_int_equal(waitpid(writer, &status, 0), writer);
	assert_int_equal(status, 0);
	assert_string_equal(seen, last);
	state_file_close(&follower.file);
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(an_untouched_file_has_not_changed),
		FILE_TEST(a_file_that_is_written_replaced_or_removed_has_changed),
		FILE_TEST(
			a_file_written_again_and_again_by_who_keeps_it_open_has_changed_once_closed),
		FILE_TEST(changes_of_other_files_are_ignored),
		FILE_TEST(a_link_swapped_as_kubernetes_does_it_has_changed),
		FILE_TEST(a_directory_link_swapped_above_has_changed),
		FILE_TEST(a_directory_replaced_anywhere_above_has_changed),
		FILE_TEST(a_missing_path_is_awaited_step_by_step),
		FILE_TEST(a_broken_path_may_be_repaired),
		FILE_TEST(a_write_by_another_name_has_changed),
		FILE_TEST(a_relative_path_begins_at_the_working_directory),
		FILE_TEST(parts_no_longer_on_the_path_are_not_watched),
		FILE_TEST(events_that_were_lost_count_as_a_change),
		FILE_TEST(a_path_not_wholly_watched_is_an_error_until_it_is),
		FILE_TEST(a_text_is_returned_once),
		FILE_TEST(a_rejected_text_stays_rejected),
		FILE_TEST(a_missing_or_untrusted_file_is_an_error),
		FILE_TEST(a_pipe_does_not_block),
		FILE_TEST(the_mode_shows_who_may_read),
		FILE_TEST(a_change_during_the_read_is_not_lost),
		FILE_TEST(the_last_of_many_versions_is_read),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
