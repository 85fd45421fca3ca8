/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of a recording: complete at every moment, and readable only by its owner.
 */
#include "harness.h"

#include "json_scan.h"
#include "record_file.h"
#include "scratch.h"

#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KILL_COUNT     100
#define STEP_BYTES_MAX 30000
#define HEAD           "{\"scenario\":\"a title\""

static int file_open(struct record_file *file, const char *path, struct diag *diag)
{
	return record_file_open(file, path, HEAD, strlen(HEAD), diag);
}

static void step_add(struct record_file *file, size_t length)
{
	char text[STEP_BYTES_MAX + 3];
	memset(text, 'x', sizeof text);
	text[0] = text[length + 1] = '"';
	assert_int_equal(record_file_append(file, text, length + 2, NULL), 0);
}

/* How many steps the file holds, which is JSON. */
static size_t steps_count(const struct scratch *scratch, const char *name)
{
	char *text = scratch_read(scratch, name);
	struct json_span document, steps, step;
	struct diag diag = {0};
	size_t count = 0;
	if (json_scan_document(text, strlen(text), &document, &diag) != 0)
		fail_msg("%s: %.100s ... %s", diag_text(&diag), text,
			text + (strlen(text) > 100 ? strlen(text) - 100 : 0));
	assert_true(json_span_find_member(document, "steps", &steps));
	struct json_cursor cursor = json_cursor_open(steps);
	while (json_cursor_element(&cursor, &step))
		count++;
	free(text);
	return count;
}

static void it_is_whole_after_each_step_whatever_its_length(void **state)
{
	struct scratch_path path = scratch_path(*state, "record");
	struct record_file file;
	assert_int_equal(file_open(&file, path.text, NULL), 0);
	assert_int_equal(steps_count(*state, "record"), 0);
	for (size_t i = 1; i <= 300; i++) {
		bool is_long = i % 10 == 0;
		step_add(&file, randombytes_uniform(is_long ? STEP_BYTES_MAX : 300));
		assert_int_equal(steps_count(*state, "record"), i);
	}
	record_file_close(&file);
	assert_int_equal(steps_count(*state, "record"), 300);
	assert_false(scratch_has(*state, "record.new"));
}

static ino_t inode_of(const char *path)
{
	struct stat status;
	assert_int_equal(stat(path, &status), 0);
	return status.st_ino;
}

/* The step with its line feed and quotes, and the closing brackets, fill the page to the byte. */
static void what_fits_the_page_is_written_in_place_and_what_does_not_into_a_copy(void **state)
{
	for (size_t over = 0; over <= 1; over++) {
		struct scratch_path path = scratch_path(*state, over ? "over" : "fits");
		struct record_file file;
		assert_int_equal(file_open(&file, path.text, NULL), 0);
		ino_t before = inode_of(path.text);
		step_add(&file, 4096 - (size_t)file.end - strlen("\n\"\"\n]}\n") + over);
		assert_int_equal(inode_of(path.text) != before, over);
		assert_int_equal(steps_count(*state, over ? "over" : "fits"), 1);
		record_file_close(&file);
	}
}

/* Steps of which some fit a page and others do not, until it is killed. */
static void add_steps_for_ever(const char *path)
{
	struct record_file file;
	if (file_open(&file, path, NULL) != 0)
		_exit(1);
	for (unsigned i = 0;; i++) {
		char text[STEP_BYTES_MAX];
		size_t length = randombytes_uniform(i % 3 == 0 ? STEP_BYTES_MAX - 2 : 500) + 2;
		memset(text, 'x', length);
		text[0] = text[length - 1] = '"';
		if (record_file_append(&file, text, length, NULL) != 0)
			_exit(1);
	}
}

static void a_kill_leaves_it_whole(void **state)
{
	struct scratch_path path = scratch_path(*state, "record");
	size_t count = 0;
	for (unsigned i = 0; i < KILL_COUNT; i++) {
		struct timespec pause = {.tv_nsec = 2000000 + randombytes_uniform(6000000)};
		int status = 0;
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			add_steps_for_ever(path.text);
		while (!scratch_has(*state, "record"))
			;
		nanosleep(&pause, NULL);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		count += steps_count(*state, "record");
		scratch_unlink(*state, "record");
	}
	print_message("# %zu steps in %d files\n", count, KILL_COUNT);
	assert_true(count > KILL_COUNT);
}

static mode_t mode_of(const char *path)
{
	struct stat status;
	assert_int_equal(lstat(path, &status), 0);
	return status.st_mode & 07777;
}

static void only_its_owner_may_read_it_whatever_the_mask(void **state)
{
	struct scratch_path path = scratch_path(*state, "record");
	struct record_file file;
	mode_t mask = umask(0);
	assert_int_equal(file_open(&file, path.text, NULL), 0);
	assert_int_equal(mode_of(path.text), 0600);
	step_add(&file, STEP_BYTES_MAX);
	assert_int_equal(mode_of(path.text), 0600);
	record_file_close(&file);
	umask(mask);
}

static void an_earlier_recording_is_renamed(void **state)
{
	struct scratch_path path = scratch_path(*state, "record");
	struct record_file file;
	scratch_write(*state, "record", "an older one, which others may read");
	scratch_chmod(*state, "record", 0644);
	assert_int_equal(file_open(&file, path.text, NULL), 0);
	assert_int_equal(mode_of(path.text), 0600);
	assert_int_equal(steps_count(*state, "record"), 0);
	record_file_close(&file);
	char *old = scratch_read(*state, "record.old");
	assert_string_equal(old, "an older one, which others may read");
	free(old);
}

static void what_is_no_file_is_rejected(void **state)
{
	struct scratch_path path = scratch_path(*state, "record");
	struct record_file file;
	struct diag diag = {0};
	scratch_link(*state, "record", "/dev/null");
	assert_int_equal(file_open(&file, path.text, &diag), -EINVAL);
	assert_contains(diag_text(&diag), "record: not a file");
	diag_clear(&diag);
	assert_int_equal(file_open(&file, "/dev/null", NULL), -EINVAL);
	struct scratch_path nowhere = scratch_path(*state, "none/record");
	assert_int_equal(file_open(&file, nowhere.text, NULL), -ENOENT);
}

static void a_step_that_finds_no_room_leaves_it_as_it_was(void **state)
{
	struct scratch_path path = scratch_path(*state, "record");
	struct record_file file;
	struct rlimit old_limit;
	struct diag diag = {0};
	assert_int_equal(file_open(&file, path.text, NULL), 0);
	step_add(&file, 100);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old_limit), 0);
	struct rlimit limit = {.rlim_cur = 8192, .rlim_max = old_limit.rlim_max};
	void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	char text[STEP_BYTES_MAX];
	memset(text, '1', sizeof text);
	assert_int_equal(record_file_append(&file, text, sizeof text, &diag), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old_limit), 0);
	signal(SIGXFSZ, handler);
	assert_int_equal(steps_count(*state, "record"), 1);
	assert_false(scratch_has(*state, "record.new"));
	step_add(&file, 100);
	assert_int_equal(steps_count(*state, "record"), 2);
	record_file_close(&file);
	diag_clear(&diag);
}

static void it_does_not_grow_beyond_its_limit(void **state)
{
	struct scratch_path path = scratch_path(*state, "record");
	struct record_file file;
	struct diag diag = {0};
	char *text = malloc(RECORD_BYTES_MAX);
	assert_non_null(text);
	memset(text, ' ', RECORD_BYTES_MAX);
	assert_int_equal(file_open(&file, path.text, NULL), 0);
	assert_int_equal(record_file_append(&file, text, RECORD_BYTES_MAX, &diag), -EFBIG);
	assert_contains(diag_text(&diag), "record: over 64 MiB");
	assert_int_equal(steps_count(*state, "record"), 0);
	record_file_close(&file);
	diag_clear(&diag);
	free(text);
}

static void standard_output_is_closed_at_the_end(void **state)
{
	struct record_file file;
	int saved = dup(STDOUT_FILENO);
	struct scratch_path path = scratch_path(*state, "out");
	int fd = open(path.text, O_WRONLY | O_CREAT, 0600);
	assert_true(saved >= 0 && fd >= 0);
	fflush(stdout);
	assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	int error = file_open(&file, "-", NULL);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(fd);
	assert_int_equal(error, 0);
	step_add(&file, 100);
	step_add(&file, 5000);
	record_file_close(&file);
	assert_int_equal(steps_count(*state, "out"), 2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(it_is_whole_after_each_step_whatever_its_length),
		CASE(what_fits_the_page_is_written_in_place_and_what_does_not_into_a_copy),
		CASE(a_kill_leaves_it_whole),
		CASE(only_its_owner_may_read_it_whatever_the_mask),
		CASE(an_earlier_recording_is_renamed),
		CASE(what_is_no_file_is_rejected),
		CASE(a_step_that_finds_no_room_leaves_it_as_it_was),
		CASE(it_does_not_grow_beyond_its_limit),
		CASE(standard_output_is_closed_at_the_end),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
