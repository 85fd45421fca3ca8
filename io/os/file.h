/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files read whole and replaced whole.
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
	bool others_may_read; /* the file it came from */
};

/*
 * Reads all of `path`, or of what this process was started with: standard input if it is "-", a
 * descriptor if it is "/dev/fd/N". Returns 0, -EFBIG over `limit` bytes, which costs no memory if
 * it is a file, or what the system said; errors begin with the path.
 */
int file_read(const char *path, size_t limit, struct file_text *ret, struct diag *diag);
/* The same of a file that trusted_file_open opens. */
int file_read_trusted(const char *path, size_t limit, struct file_text *ret, struct diag *diag);
/* And -EACCES if others than its owner and the groups of this process may read it. */
int file_read_private(const char *path, size_t limit, struct file_text *ret, struct diag *diag);
/* Whether it is "-", or names a descriptor, and thus can be read once only. */
bool file_is_descriptor(const char *path);
/* What errors call it: the path, or "standard input". */
const char *file_display_name(const char *path);
/* Wipes and frees. */
void file_text_clear(struct file_text *file);

/*
 * Replaces `directory`/`name` by a file of mode 0600 with that text: written under another name,
 * synced, renamed, the directory synced, so that after a crash it is the old or the new one. The
 * directory is one that trusted_directory_open opens, and the file belongs to its owner.
 */
int file_replace(const char *directory, const char *name, const char *text, size_t length,
	struct diag *diag);
/*
 * What a process of root has made in a directory belongs to the directory's owner, who can then use
 * it too. Returns 0 or a negative errno.
 */
int file_hand_over(int directory_fd, int fd);
