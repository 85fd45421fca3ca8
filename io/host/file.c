#include "file.h"

#include "diag.h"
#include "secret_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
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

/* `room`: for the whole text and one byte more, so that its end is found without growing; a guess.
 */
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

const char *file_display_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

int file_read(const char *path, size_t limit, struct file_text *ret, struct diag *diag)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return diag_wrap(diag, diag_fail_errno(diag, -errno), "%s", path);
	struct file_text file = {0};
	struct stat status;
	size_t room = READ_BYTES_MIN;
	int error = 0;
	if (!is_stdin) {
		error = fstat(fd, &status) < 0 ? -errno : 0;
		if (!error && S_ISDIR(status.st_mode))
			error = -EISDIR;
		file.mode = error ? 0 : status.st_mode;
		if (!error && status.st_size > 0 && (size_t)status.st_size <= limit)
			room = (size_t)status.st_size + 1;
	}
	if (!error)
		error = descriptor_read(fd, room, limit, &file);
	if (!is_stdin)
		close(fd);
	if (!error) {
		*ret = file;
		return 0;
	}
	file_text_clear(&file);
	if (error == -EFBIG)
		diag_fail(diag, error, "over %zu bytes", limit);
	else
		diag_fail_errno(diag, error);
	return diag_wrap(diag, error, "%s", file_display_name(path));
}

int file_read_trusted(const char *path, size_t limit, struct file_text *ret, struct diag *diag)
{
	struct file_text file = {0};
	int error = file_read(path, limit, &file, diag);
	if (error)
		return error;
	if (!file_others_may_write(file.mode)) {
		*ret = file;
		return 0;
	}
	error = diag_fail(diag, -EACCES, "%s: others may write it (mode %04o)", path,
		(unsigned)file.mode & 07777);
	file_text_clear(&file);
	return error;
}

void file_text_clear(struct file_text *file)
{
	secret_free(file->text, file->capacity);
	*file = (struct file_text){0};
}

bool file_others_may_read(mode_t mode)
{
	return (mode & (S_IRGRP | S_IROTH)) != 0;
}

bool file_others_may_write(mode_t mode)
{
	return (mode & (S_IWGRP | S_IWOTH)) != 0;
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
	int directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory_fd < 0)
		error = -errno;
	if (!error && snprintf(temporary, sizeof temporary, ".%s.new", name) >= NAME_MAX)
		error = -ENAMETOOLONG;
	if (!error) {
		/* What an earlier crash left there is not to be written through. */
		unlinkat(directory_fd, temporary, 0);
		fd = openat(directory_fd, temporary,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		error = fd < 0 ? -errno : write_all(fd, text, length);
		if (fd >= 0)
			close(fd);
		if (!error && renameat(directory_fd, temporary, directory_fd, name) < 0)
			error = -errno;
		if (!error && fsync(directory_fd) < 0)
			error = -errno;
		if (error && fd >= 0)
			unlinkat(directory_fd, temporary, 0);
	}
	if (directory_fd >= 0)
		close(directory_fd);
	if (!error)
		return 0;
	diag_fail_errno(diag, error);
	return diag_wrap(diag, error, "%s/%s", directory, name);
}
