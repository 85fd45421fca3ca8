/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include "diag.h"
#include "secret_memory.h"
#include "trusted_path.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES_MIN (64 * 1024)

static int text_grow(struct file_text *file, size_t wanted)
{
	char *text = secret_grow(file->text, file->capacity, file->length, wanted);
	if (!text)
		return -ENOMEM;
	file->text = text;
	file->capacity = wanted;
	return 0;
}

/* `room` is a guess at the size of the text plus one byte, so that read() meets the end of the file
 * without growing the buffer. */
static int descriptor_read(int fd, size_t room, size_t limit, struct file_text *file)
{
	for (;;) {
		if (file->length == file->capacity) {
			int error = text_grow(file, file->capacity ? file->capacity * 2 : room);
			if (error)
				return error;
		}
		ssize_t count = read(fd, file->text + file->length, file->capacity - file->length);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (count == 0)
			return 0;
		file->length += (size_t)count;
		if (file->length > limit)
			return -EFBIG;
	}
}

/* This process's own groups do not count as others: Kubernetes makes secrets readable for the
 * pod's group. */
static bool others_may_read(const struct stat *status)
{
	bool is_own_group = status->st_gid == getegid() || group_member(status->st_gid);
	return (status->st_mode & S_IROTH) || ((status->st_mode & S_IRGRP) && !is_own_group);
}

/* Return the descriptor that `path` names, or -1. */
static int descriptor_of(const char *path)
{
	static const char *const directories[] = {"/dev/fd/", "/proc/self/fd/"};
	if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdin") == 0)
		return STDIN_FILENO;
	for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
		size_t length = strlen(directories[i]);
		const char *number = path + length;
		if (strncmp(path, directories[i], length) == 0 && *number &&
			strspn(number, "0123456789") == strlen(number) && strlen(number) < 8)
			return (int)strtol(number, NULL, 10);
	}
	return -1;
}

const char *file_display_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

bool file_is_descriptor(const char *path)
{
	return descriptor_of(path) >= 0;
}

/* The caller adds the path to errors. */
static int open_read(
	int fd, const struct stat *status, size_t limit, struct file_text *ret, struct diag *diag)
{
	struct file_text file = {0};
	size_t room = READ_BYTES_MIN;
	int error = 0;
	if (S_ISREG(status->st_mode) && status->st_size > 0) {
		if ((uintmax_t)status->st_size > limit)
			error = -EFBIG;
		else
			room = (size_t)status->st_size + 1;
	}
	if (!error)
		error = descriptor_read(fd, room, limit, &file);
	if (!error) {
		*ret = file;
		return 0;
	}
	file_text_clear(&file);
	return error == -EFBIG ? diag_fail(diag, error, "over %zu bytes", limit)
			       : diag_fail_errno(diag, error);
}

int file_read(const char *path, size_t limit, struct file_text *ret, struct diag *diag)
{
	struct stat status = {0};
	int fd = descriptor_of(path);
	bool is_ours = fd < 0;
	int error = 0;
	if (is_ours) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		error = fd < 0 || fstat(fd, &status) != 0 ? -errno : 0;
		if (!error && S_ISDIR(status.st_mode))
			error = -EISDIR;
		if (error)
			diag_fail_errno(diag, error);
	}
	if (!error)
		error = open_read(fd, &status, limit, ret, diag);
	if (is_ours && fd >= 0)
		close(fd);
	return error ? diag_wrap(diag, error, "%s", file_display_name(path)) : 0;
}

static int read_trusted(
	const char *path, size_t limit, bool is_private, struct file_text *ret, struct diag *diag)
{
	struct stat status;
	if (file_is_descriptor(path))
		return file_read(path, limit, ret, diag);
	int fd = trusted_file_open(path, &status, diag);
	if (fd < 0)
		return fd;
	bool is_open_to_others = others_may_read(&status);
	int error = 0;
	if (is_private && is_open_to_others)
		error = diag_fail(diag, -EACCES,
			"others may read it (mode %04o); chmod 0600 makes it private",
			(unsigned)status.st_mode & 07777);
	if (!error)
		error = open_read(fd, &status, limit, ret, diag);
	close(fd);
	if (error)
		return diag_wrap(diag, error, "%s", path);
	ret->others_may_read = is_open_to_others;
	return 0;
}

int file_read_trusted(const char *path, size_t limit, struct file_text *ret, struct diag *diag)
{
	return read_trusted(path, limit, false, ret, diag);
}

int file_read_private(const char *path, size_t limit, struct file_text *ret, struct diag *diag)
{
	return read_trusted(path, limit, true, ret, diag);
}

void file_text_clear(struct file_text *file)
{
	secret_free(file->text, file->capacity);
	*file = (struct file_text){0};
}

int file_hand_over(int directory_fd, int fd)
{
	struct stat directory;
	if (geteuid() != 0)
		return 0;
	if (fstat(directory_fd, &directory) != 0)
		return -errno;
	if (directory.st_uid == 0)
		return 0;
	return fchown(fd, directory.st_uid, directory.st_gid) == 0 ? 0 : -errno;
}

static int write_all(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t count = write(fd, text, length);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		text += count;
		length -= (size_t)count;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

int file_replace(
	const char *directory, const char *name, const char *text, size_t length, struct diag *diag)
{
	char temporary[NAME_MAX + 1];
	int error = 0;
	int fd = -1;
	int directory_fd = trusted_directory_open(directory, diag);
	if (directory_fd < 0)
		return directory_fd;
	if (!error && snprintf(temporary, sizeof temporary, ".%s.new", name) >= NAME_MAX)
		error = -ENAMETOOLONG;
	if (!error) {
		/* An earlier crash may have left a file under the temporary name. */
		unlinkat(directory_fd, temporary, 0);
		fd = openat(directory_fd, temporary,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		error = fd < 0 ? -errno : file_hand_over(directory_fd, fd);
		if (!error)
			error = write_all(fd, text, length);
		if (fd >= 0)
			close(fd);
		if (!error && renameat(directory_fd, temporary, directory_fd, name) < 0)
			error = -errno;
		if (!error && fsync(directory_fd) < 0)
			error = -errno;
		if (error && fd >= 0)
			unlinkat(directory_fd, temporary, 0);
	}
	close(directory_fd);
	if (!error)
		return 0;
	diag_fail_errno(diag, error);
	return diag_wrap(diag, error, "%s/%s", directory, name);
}
