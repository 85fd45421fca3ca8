/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scenario file that grows by steps and is a whole scenario at every moment, whenever the process
 * is killed.
 *
 * A kill can cut a write where it crosses from one page of the file to the next, and nowhere else.
 * So what fits the page is written over the closing brackets, in place, and what does not goes into
 * a copy of the file that then takes its place. Standard output can be no such file: there the
 * brackets are closed at the end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct diag;

/* A copy of a larger file takes too long. */
#define RECORD_BYTES_MAX (64 << 20)

struct record_file {
	const char *path; /* borrowed; NULL: standard output */
	int fd;           /* -1: not open */
	off_t end;        /* where the closing brackets stand */
	bool has_steps;
};

/*
 * Makes the file, of mode 0600, with all members but the steps: `head` is an object without its
 * closing brace. What was recorded there before is kept as PATH.old; anything but a file is
 * refused. "-" is standard output. Returns 0 or a negative errno with the reason, which begins with
 * the path.
 */
int record_file_open(struct record_file *file, const char *path, const char *head, size_t length,
	struct diag *diag);
/* Adds steps, which are joined by commas. On an error the file is as before, and -EFBIG is that of
 * a file that would become too long. */
int record_file_append(
	struct record_file *file, const char *steps, size_t length, struct diag *diag);
void record_file_close(struct record_file *file);
