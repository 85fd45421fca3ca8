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
	mode_t mode; /* of the file; 0 for standard input */
};

/*
 * Reads all of `path`, or of standard input if it is "-". Returns 0, -EFBIG over `limit` bytes, or
 * what the system said; errors begin with the path.
 */
int file_read(const char *path, size_t limit, struct file_text *ret, struct diag *diag);
/* The same of a file that others may not write: -EACCES if they may. */
int file_read_trusted(const char *path, size_t limit, struct file_text *ret, struct diag *diag);
/* What errors call it: the path, or "standard input". */
const char *file_display_name(const char *path);
/* Wipes and frees. */
void file_text_clear(struct file_text *file);

/* Whether others than the owner may read, or write, a file of that mode. */
bool file_others_may_read(mode_t mode);
bool file_others_may_write(mode_t mode);

/*
 * Replaces `directory`/`name` by a file of mode 0600 with that text: written under another name,
 * synced, renamed, the directory synced, so that after a crash it is the old or the new one.
 */
int file_replace(const char *directory, const char *name, const char *text, size_t length,
	struct diag *diag);
