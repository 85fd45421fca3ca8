/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read and replace whole files.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct diag;

struct file_text {
	char *text; /* not NUL-terminated */
	size_t length;
	size_t capacity;
	bool others_may_read; /* according to the file's mode; set by file_read_trusted */
};

/*
 * Read all of `path`: a file, standard input if it is "-", or an inherited descriptor if it is
 * "/dev/fd/N". Free `ret` with file_text_clear.
 *
 * Errors: -EFBIG if there are more than `limit` bytes (a regular file is then not read at all),
 * -ENOMEM, or the system's errno. The text in `diag` begins with the path.
 */
int file_read(const char *path, size_t limit, struct file_text *ret, struct diag *diag);
/* As file_read, but open a file with trusted_file_open. */
int file_read_trusted(const char *path, size_t limit, struct file_text *ret, struct diag *diag);
/* As file_read_trusted, and fail with -EACCES if anyone but the file's owner and this process's
 * groups may read it. */
int file_read_private(const char *path, size_t limit, struct file_text *ret, struct diag *diag);
/* Whether `path` is "-" or names a descriptor, and therefore can be read only once. */
bool file_is_descriptor(const char *path);
/* The name of `path` in errors: the path itself, or "standard input". */
const char *file_display_name(const char *path);
/* Wipe and free the text. */
void file_text_clear(struct file_text *file);

/*
 * Replace `directory`/`name` by a file of mode 0600 that holds `text`. The file is written under a
 * temporary name, synced and renamed, and the directory is synced: after a crash it is either the
 * old or the new file. The directory is opened with trusted_directory_open, and the new file gets
 * its owner. Returns 0 or a negative errno; the text in `diag` begins with the path.
 */
int file_replace(const char *directory, const char *name, const char *text, size_t length,
	struct diag *diag);
/*
 * If this process is root, give the open file `fd` to the owner of the directory it was created in,
 * so that an unprivileged daemon can use it too. Returns 0 or a negative errno.
 */
int file_hand_over(int directory_fd, int fd);
