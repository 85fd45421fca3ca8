/* SPDX-License-Identifier: Apache-2.0 */
#include "trace_ring.h"

#include "diag.h"
#include "file.h"
#include "trusted_path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct segment_name {
	char text[32];
};

static struct segment_name segment_name(uint32_t number)
{
	struct segment_name name;
	snprintf(name.text, sizeof name.text, TRACE_SEGMENT_FORMAT, number);
	return name;
}

static int ring_fail(const struct trace_ring *ring, int error, uint32_t number, struct diag *diag)
{
	diag_fail_errno(diag, error);
	return diag_wrap(diag, error, "%s/%s", ring->directory, segment_name(number).text);
}

/* Delete the oldest segments but the one that is written until there is room for that much. */
static int ring_make_room(
	struct trace_ring *ring, int directory, size_t length, bool is_next, struct diag *diag)
{
	size_t spared = !is_next && ring->fd >= 0;
	size_t room = TRACE_SEGMENTS_MAX + !is_next;
	while (ring->count > spared &&
		(ring->bytes + length > ring->bytes_max || ring->count >= room)) {
		struct trace_segment *oldest = &ring->segments[0];
		if (unlinkat(directory, segment_name(oldest->number).text, 0) != 0 &&
			errno != ENOENT)
			return ring_fail(ring, -errno, oldest->number, diag);
		ring->bytes -= oldest->bytes;
		memmove(oldest, oldest + 1, --ring->count * sizeof *oldest);
	}
	return 0;
}

static int compare_segments(const void *a, const void *b)
{
	const struct trace_segment *x = a, *y = b;
	return (x->number > y->number) - (x->number < y->number);
}

/* Add a segment. Of too many, which only another program can have made, ignore the rest. */
static void segment_found(struct trace_ring *ring, int directory, const char *name)
{
	struct stat status;
	const char *digits = name + strcspn(name, "0123456789");
	uint32_t number = (uint32_t)strtoul(digits, NULL, 10);
	if (strcmp(name, segment_name(number).text) != 0 ||
		fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
		ring->count == TRACE_SEGMENTS_MAX)
		return;
	ring->segments[ring->count++] =
		(struct trace_segment){.number = number, .bytes = (size_t)status.st_size};
	ring->bytes += (size_t)status.st_size;
}

int trace_ring_open(
	struct trace_ring *ring, const char *directory, size_t bytes_max, struct diag *diag)
{
	*ring = (struct trace_ring){.directory = directory, .bytes_max = bytes_max, .fd = -1};
	int fd = trusted_directory_open(directory, diag);
	if (fd < 0)
		return fd;
	int listed = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = listed < 0 ? NULL : fdopendir(listed);
	int error = list ? 0 : diag_wrap(diag, diag_fail_errno(diag, -errno), "%s", directory);
	const struct dirent *entry;
	while (list && (entry = readdir(list)))
		segment_found(ring, fd, entry->d_name);
	if (list)
		closedir(list);
	else if (listed >= 0)
		close(listed);
	qsort(ring->segments, ring->count, sizeof *ring->segments, compare_segments);
	if (ring->count)
		ring->next_number = ring->segments[ring->count - 1].number + 1;
	if (!error)
		error = ring_make_room(ring, fd, 0, false, diag);
	close(fd);
	return error;
}

void trace_ring_close(struct trace_ring *ring)
{
	if (ring->fd >= 0)
		close(ring->fd);
	ring->fd = -1;
}

/* A line that cannot be written whole is taken back, as far as possible. */
static int segment_write(
	struct trace_ring *ring, const char *line, size_t length, struct diag *diag)
{
	struct trace_segment *segment = &ring->segments[ring->count - 1];
	size_t done = 0;
	while (done < length) {
		ssize_t count = write(ring->fd, line + done, length - done);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0) {
			int error = -errno;
			if (ftruncate(ring->fd, (off_t)segment->bytes) != 0)
				segment->bytes += done;
			return ring_fail(ring, error, segment->number, diag);
		}
		done += (size_t)count;
	}
	segment->bytes += length;
	ring->bytes += length;
	return 0;
}

static int line_check(const struct trace_ring *ring, size_t length, struct diag *diag)
{
	size_t max = ring->bytes_max / TRACE_LINE_PART;
	return length <= max
		       ? 0
		       : diag_fail(diag, -EFBIG,
				 "a line takes %zu bytes, and --trace-mib allows %zu", length, max);
}

static int segment_create(struct trace_ring *ring, int directory, struct diag *diag)
{
	uint32_t number = ring->next_number;
	trace_ring_close(ring);
	ring->fd = openat(directory, segment_name(number).text,
		O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int error = ring->fd < 0 ? -errno : file_hand_over(directory, ring->fd);
	if (error)
		return ring_fail(ring, error, number, diag);
	ring->segments[ring->count++] = (struct trace_segment){.number = number};
	ring->next_number++;
	return 0;
}

int trace_ring_begin(struct trace_ring *ring, const char *line, size_t length, struct diag *diag)
{
	int error = line_check(ring, length, diag);
	if (error)
		return error;
	int directory = trusted_directory_open(ring->directory, diag);
	if (directory < 0)
		return directory;
	error = ring_make_room(ring, directory, length, true, diag);
	if (!error)
		error = segment_create(ring, directory, diag);
	if (!error) {
		error = segment_write(ring, line, length, diag);
		/* Without its snapshot the file is of no use. */
		if (error)
			unlinkat(directory, segment_name(ring->next_number - 1).text, 0);
	}
	close(directory);
	ring->snapshot_bytes = length;
	return error;
}

int trace_ring_append(struct trace_ring *ring, const char *line, size_t length, struct diag *diag)
{
	int error = line_check(ring, length, diag);
	if (!error && ring->bytes + length > ring->bytes_max) {
		int directory = trusted_directory_open(ring->directory, diag);
		if (directory < 0)
			return directory;
		error = ring_make_room(ring, directory, length, false, diag);
		close(directory);
	}
	return error ? error : segment_write(ring, line, length, diag);
}

bool trace_ring_is_due(const struct trace_ring *ring)
{
	size_t bytes = ring->segments[ring->count - 1].bytes;
	return bytes >= ring->bytes_max / TRACE_SEGMENT_PART && bytes >= 2 * ring->snapshot_bytes;
}
