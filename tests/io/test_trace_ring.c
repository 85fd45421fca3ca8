/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a trace: their size and number, and what a kill or a full disk leaves of them. */
#include "harness.h"
#include "scratch.h"
#include "trace_ring.h"

#include "diag.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RING_BYTES 4096
#define SNAPSHOT   "{\"kind\":\"snapshot\"}\n"
#define LINE_MAX   1024

ssize_t __real_write(int fd, const void *bytes, size_t length);
ssize_t __wrap_write(int fd, const void *bytes, size_t length);

/* The next write stops after that many bytes, and fails or ends the process. */
static size_t cut_after = SIZE_MAX;
static bool is_killed;

ssize_t __wrap_write(int fd, const void *bytes, size_t length)
{
	if (cut_after == SIZE_MAX)
		return __real_write(fd, bytes, length);
	if (cut_after == 0 && !is_killed) {
		errno = ENOSPC;
		return -1;
	}
	ssize_t count =
		cut_after ? __real_write(fd, bytes, cut_after < length ? cut_after : length) : 0;
	cut_after = 0;
	if (is_killed)
		_exit(0);
	return count;
}

static struct trace_ring ring;

static int set_up(void **state)
{
	cut_after = SIZE_MAX;
	is_killed = false;
	scratch_make(state);
	struct scratch *scratch = *state;
	return trace_ring_open(&ring, scratch->directory, RING_BYTES, NULL);
}

static int tear_down(void **state)
{
	trace_ring_close(&ring);
	return scratch_clear(state);
}

static void ring_reopen(struct scratch *scratch, size_t bytes_max)
{
	trace_ring_close(&ring);
	assert_int_equal(trace_ring_open(&ring, scratch->directory, bytes_max, NULL), 0);
}

static int begin(struct diag *diag)
{
	return trace_ring_begin(&ring, SNAPSHOT, strlen(SNAPSHOT), diag);
}

/* Append a line of that length. */
static int append(size_t length, struct diag *diag)
{
	char line[LINE_MAX * 2];
	memset(line, 'x', length);
	line[length - 1] = '\n';
	return trace_ring_append(&ring, line, length, diag);
}

static struct segment_text {
	char text[32];
} segment_of(uint32_t number)
{
	struct segment_text name;
	snprintf(name.text, sizeof name.text, TRACE_SEGMENT_FORMAT, number);
	return name;
}

/* The segments of those numbers are all there are. Return the sum of their sizes. */
static size_t assert_segments(const struct scratch *scratch, uint32_t first, uint32_t last)
{
	size_t bytes = 0, count = 0;
	DIR *list = opendir(scratch->directory);
	const struct dirent *entry;
	assert_non_null(list);
	while ((entry = readdir(list)))
		count += strncmp(entry->d_name, "trace-", 6) == 0;
	closedir(list);
	assert_int_equal(count, last - first + 1);
	for (uint32_t i = first; i <= last; i++) {
		struct stat status;
		assert_int_equal(stat(scratch_path(scratch, segment_of(i).text).text, &status), 0);
		assert_int_equal(status.st_mode & 07777, 0600);
		bytes += (size_t)status.st_size;
	}
	return bytes;
}

static void assert_content(const struct scratch *scratch, uint32_t number, const char *wanted)
{
	char *text = scratch_read(scratch, segment_of(number).text);
	assert_string_equal(text, wanted);
	free(text);
}

static void segments_never_exceed_the_ring(void **state)
{
	struct scratch *scratch = *state;
	uint32_t last = 0;
	assert_int_equal(begin(NULL), 0);
	for (unsigned i = 1; i < 2000; i++) {
		assert_int_equal(append(i * 37 % (i % 50 ? 200 : LINE_MAX) + 1, NULL), 0);
		if (trace_ring_is_due(&ring)) {
			assert_int_equal(begin(NULL), 0);
			last++;
		}
		assert_int_equal(
			assert_segments(scratch, ring.segments[0].number, last), ring.bytes);
		assert_true(ring.bytes <= RING_BYTES);
	}
	assert_true(last > 200);
	assert_true(ring.count >= 3);
	/* The next process goes on, and has less room. */
	ring_reopen(scratch, RING_BYTES / 2);
	assert_true(ring.bytes <= RING_BYTES / 2);
	assert_int_equal(begin(NULL), 0);
	assert_int_equal(assert_segments(scratch, ring.segments[0].number, last + 1), ring.bytes);
}

static void a_segment_is_mostly_lines_even_if_its_snapshot_is_large(void **state)
{
	char snapshot[RING_BYTES / TRACE_LINE_PART];
	memset(snapshot, 's', sizeof snapshot);
	assert_int_equal(trace_ring_begin(&ring, snapshot, sizeof snapshot, NULL), 0);
	for (size_t i = 0; i < sizeof snapshot; i += 64) {
		assert_false(trace_ring_is_due(&ring));
		assert_int_equal(append(64, NULL), 0);
	}
	assert_true(trace_ring_is_due(&ring));
}

static void a_line_over_a_quarter_of_the_ring_is_an_error(void **state)
{
	struct scratch *scratch = *state;
	struct diag diag = {0};
	char snapshot[RING_BYTES / TRACE_LINE_PART + 1];
	memset(snapshot, 's', sizeof snapshot);
	assert_int_equal(trace_ring_begin(&ring, snapshot, sizeof snapshot, &diag), -EFBIG);
	assert_string_equal(
		diag_text(&diag), "a line takes 1025 bytes, and --trace-mib allows 1024");
	diag_clear(&diag);
	assert_false(scratch_has(scratch, segment_of(0).text));
	assert_int_equal(begin(NULL), 0);
	assert_int_equal(append(LINE_MAX + 1, NULL), -EFBIG);
	assert_content(scratch, 0, SNAPSHOT);
}

static void many_short_lives_leave_a_limited_number_of_files(void **state)
{
	struct scratch *scratch = *state;
	for (unsigned i = 0; i < TRACE_SEGMENTS_MAX + 10; i++) {
		ring_reopen(scratch, RING_BYTES * 100);
		assert_int_equal(begin(NULL), 0);
	}
	assert_segments(scratch, 10, TRACE_SEGMENTS_MAX + 9);
}

static void other_files_are_left_alone(void **state)
{
	struct scratch *scratch = *state;
	static const char *const names[] = {"trace-1.jsonl", "trace-00000007.jsonl.bak",
		"trace-00000007.json", "trace--0000007.jsonl", "trace-000000007.jsonl"};
	char text[RING_BYTES];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	for (size_t i = 0; i < COUNT_OF(names); i++)
		scratch_write(scratch, names[i], text);
	ring_reopen(scratch, RING_BYTES);
	assert_int_equal(ring.count, 0);
	assert_int_equal(begin(NULL), 0);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		assert_true(scratch_has(scratch, names[i]));
	assert_true(scratch_has(scratch, segment_of(0).text));
}

/* The disk is full after each number of bytes. */
static void a_line_that_does_not_fit_on_the_disk_is_taken_back(void **state)
{
	struct scratch *scratch = *state;
	struct diag diag = {0};
	assert_int_equal(begin(NULL), 0);
	for (size_t i = 0; i < 20; i++) {
		cut_after = i;
		assert_int_equal(append(20, &diag), -ENOSPC);
		assert_contains(diag_text(&diag), scratch->directory);
		assert_contains(diag_text(&diag), "trace-00000000.jsonl: No space left on device");
		diag_clear(&diag);
		assert_content(scratch, 0, SNAPSHOT);
	}
	cut_after = 3;
	assert_int_equal(begin(NULL), -ENOSPC);
	assert_false(scratch_has(scratch, segment_of(1).text));
	cut_after = SIZE_MAX;
	ring_reopen(scratch, RING_BYTES);
	assert_int_equal(begin(NULL), 0);
	assert_int_equal(append(2, NULL), 0);
	assert_content(scratch, 1, SNAPSHOT "x\n");
}

/* The process is killed after each number of bytes of a snapshot and of a line. */
static void a_kill_cuts_the_last_line_at_most(void **state)
{
	struct scratch *scratch = *state;
	size_t snapshot_length = strlen(SNAPSHOT);
	for (size_t i = 0; i <= snapshot_length + 5; i++) {
		bool is_line = i > snapshot_length;
		pid_t child = fork();
		if (child == 0) {
			if (is_line)
				begin(NULL);
			is_killed = true;
			cut_after = is_line ? i - snapshot_length : i;
			_exit(is_line ? append(5, NULL) : begin(NULL));
		}
		assert_int_equal(waitpid(child, NULL, 0), child);
		char wanted[64] = SNAPSHOT "xxxx\n";
		wanted[i] = '\0';
		assert_content(scratch, ring.next_number, wanted);
		ring_reopen(scratch, RING_BYTES);
		/* The next process appends nothing to it. */
		assert_int_equal(ring.count, i + 1);
	}
}

static void a_directory_that_others_may_write_is_rejected(void **state)
{
	struct scratch *scratch = *state;
	struct diag diag = {0};
	assert_int_equal(chmod(scratch->directory, 0777), 0);
	assert_int_equal(begin(&diag), -EACCES);
	assert_contains(diag_text(&diag), scratch->directory);
	diag_clear(&diag);
	struct trace_ring other;
	assert_int_equal(trace_ring_open(&other, scratch->directory, RING_BYTES, NULL), -EACCES);
	assert_int_equal(chmod(scratch->directory, 0700), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(segments_never_exceed_the_ring),
		TEST(a_segment_is_mostly_lines_even_if_its_snapshot_is_large),
		TEST(a_line_over_a_quarter_of_the_ring_is_an_error),
		TEST(many_short_lives_leave_a_limited_number_of_files),
		TEST(other_files_are_left_alone),
		TEST(a_line_that_does_not_fit_on_the_disk_is_taken_back),
		TEST(a_kill_cuts_the_last_line_at_most),
		TEST(a_directory_that_others_may_write_is_rejected),
	};
	return cmocka_run_group_tests_name("trace_ring", tests, NULL, NULL);
}
