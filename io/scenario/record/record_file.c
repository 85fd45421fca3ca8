/* SPDX-License-Identifier: Apache-2.0 */
#include "record_file.h"

#include "diag.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_BYTES 4096

static const char closing[] = "\n]}\n";
#define CLOSING_LENGTH (sizeof closing - 1)

/* Write the whole text at `at`, or at the file position if `at` is negative. */
static int record_write(int fd, const char *text, size_t length, off_t at)
{
	for (size_t done = 0; done < length;) {
		ssize_t count = at < 0 ? write(fd, text + done, length - done)
				       : pwrite(fd, text + done, length - done, at + (off_t)done);
		if (count < 0 && errno != EINTR)
			return -errno;
		done += count > 0 ? (size_t)count : 0;
	}
	return 0;
}

static int copy_beginning(int from, int to, off_t length)
{
	off_t at = 0;
	while (at < length) {
		ssize_t count = sendfile(to, from, &at, (size_t)(length - at));
		if (count < 0 && errno != EINTR)
			return -errno;
		if (count == 0)
			return -EIO;
	}
	return 0;
}

/* The path with an ending. The caller frees it. */
static char *path_with(const char *path, const char *ending)
{
	char *text = NULL;
	return asprintf(&text, "%s%s", path, ending) < 0 ? NULL : text;
}

/*
 * Replace the file by a new one: the old one up to its closing brackets, `text`, closing brackets.
 */
static int file_replace_by_copy(struct record_file *file, const char *text, size_t length)
{
	char *new_path = path_with(file->path, ".new");
	if (!new_path)
		return -ENOMEM;
	unlink(new_path);
	int error = 0;
	int fd = open(new_path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		error = -errno;
	if (!error && file->end)
		error = copy_beginning(file->fd, fd, file->end);
	if (!error)
		error = record_write(fd, text, length, file->end);
	if (!error)
		error = record_write(fd, closing, CLOSING_LENGTH, file->end + (off_t)length);
	if (!error && rename(new_path, file->path) != 0)
		error = -errno;
	if (!error) {
		if (file->fd >= 0)
			close(file->fd);
		file->fd = fd;
	} else if (fd >= 0) {
		close(fd);
		unlink(new_path);
	}
	free(new_path);
	return error;
}

static bool fits_page(off_t at, size_t length)
{
	return at / PAGE_BYTES == (at + (off_t)length - 1) / PAGE_BYTES;
}

static int file_write(struct record_file *file, const char *text, size_t length)
{
	if (!file->path)
		return record_write(file->fd, text, length, -1);
	if (file->fd < 0 || !fits_page(file->end, length + CLOSING_LENGTH))
		return file_replace_by_copy(file, text, length);
	char page[PAGE_BYTES];
	memcpy(page, text, length);
	memcpy(page + length, closing, CLOSING_LENGTH);
	return record_write(file->fd, page, length + CLOSING_LENGTH, file->end);
}

static int file_add(struct record_file *file, const char *text, size_t length, struct diag *diag)
{
	const char *name = file->path ? file->path : "standard output";
	if (file->path && file->end + (off_t)length > RECORD_BYTES_MAX)
		return diag_fail(diag, -EFBIG, "%s: over %d MiB", name, RECORD_BYTES_MAX >> 20);
	int error = file_write(file, text, length);
	if (error) {
		diag_fail_errno(diag, error);
		return diag_wrap(diag, error, "%s", name);
	}
	file->end += (off_t)length;
	return 0;
}

/* Rename an earlier recording. */
static int path_clear(const char *path, struct diag *diag)
{
	struct stat status;
	if (lstat(path, &status) != 0)
		return errno == ENOENT ? 0 : diag_fail_errno(diag, -errno);
	if (!S_ISREG(status.st_mode))
		return diag_fail(diag, -EINVAL, "not a file");
	char *old_path = path_with(path, ".old");
	int error = old_path ? 0 : -ENOMEM;
	if (!error && rename(path, old_path) != 0)
		error = -errno;
	free(old_path);
	return error ? diag_fail_errno(diag, error) : 0;
}

int record_file_open(struct record_file *file, const char *path, const char *head, size_t length,
	struct diag *diag)
{
	bool is_stream = strcmp(path, "-") == 0;
	*file = (struct record_file){.path = is_stream ? NULL : path, .fd = -1};
	int error = 0;
	if (is_stream) {
		file->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		if (file->fd < 0)
			error = diag_fail_errno(diag, -errno);
	} else {
		error = path_clear(path, diag);
	}
	if (error)
		return diag_wrap(diag, error, "%s", path);
	char *text = NULL;
	int text_length = asprintf(&text, "%.*s,\n\"steps\":[", (int)length, head);
	if (text_length < 0)
		error = diag_fail_errno(diag, -ENOMEM);
	else
		error = file_add(file, text, (size_t)text_length, diag);
	free(text);
	if (error)
		record_file_close(file);
	return error;
}

int record_file_append(
	struct record_file *file, const char *steps, size_t length, struct diag *diag)
{
	char *text = NULL;
	int text_length =
		asprintf(&text, "%s\n%.*s", file->has_steps ? "," : "", (int)length, steps);
	if (text_length < 0)
		return diag_fail_errno(diag, -ENOMEM);
	int error = file_add(file, text, (size_t)text_length, diag);
	free(text);
	if (!error)
		file->has_steps = true;
	return error;
}

void record_file_close(struct record_file *file)
{
	if (file->fd < 0)
		return;
	if (!file->path)
		(void)record_write(file->fd, closing, CLOSING_LENGTH, -1);
	close(file->fd);
	file->fd = -1;
}
