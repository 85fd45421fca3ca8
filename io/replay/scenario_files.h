/*
 * Which files a path means, and what is in them.
 */
#pragma once

#include "text_list.h"

struct diag;

#define SCENARIO_BYTES_MAX ((size_t)1 << 30)

/*
 * Adds the files that `path` means to `files`: itself, or, if it is a directory, every *.json in it
 * at any depth, sorted by path. Links to directories are not followed. Returns 0 or a negative
 * errno, what could be found being found all the same; a directory without any is -ENOENT.
 */
int scenario_files_find(const char *path, struct text_list *files, struct diag *diag);

/* All of a file (`-`: standard input), malloc'ed. Returns 0 or a negative errno. */
int scenario_file_read(const char *path, char **ret, size_t *ret_length, struct diag *diag);
