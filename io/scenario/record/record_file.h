/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scenario file that grows by steps. It is a complete scenario at every moment, whenever the
 * process is killed.
 *
 * A kill can cut a write only where it crosses from one page of the file to the next. So steps that
 * fit the page are written in place, over the closing brackets. Steps that do not fit go into a
 * copy of the file, which then replaces it. On standard output neither is possible: there the
 * closing brackets come at the end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct diag;

/* Copying a larger file takes too long. */
#define RECORD_BYTES_MAX (64 << 20)

struct record_file {
	const char *path; /* borrowed; NULL: standard output */
	int fd;           /* -1: not open */
	off_t end;        /* where the closing brackets stand */
	bool has_steps;
};

/*
 * Create the file, of mode 0600, with all members but the steps: `head` is an object without its
 * closing brace. An earlier recording is renamed to PATH.old; anything but a regular file is
 * rejected. "-" is standard output. Returns 0 or a negative errno with the reason, which begins
 * with the path.
 */
int record_file_open(struct record_file *file, const char *path, const char *head, size_t length,
	struct diag *diag);
/* Append steps, which are joined by commas. An error leaves the file as it was; -EFBIG: the file
 * would exceed RECORD_BYTES_MAX. */
int record_file_append(
	struct record_file *file, const char *steps, size_t length, struct diag *diag);
void record_file_close(struct record_file *file);
