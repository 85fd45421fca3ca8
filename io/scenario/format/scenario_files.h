/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the scenario files of a path. */
#pragma once

#include "text_list.h"

struct diag;

/*
 * Add the files of `path` to `files`: the file itself, or, if it is a directory, every *.json in it
 * at any depth, sorted by path. Does not follow links to directories. Returns 0 or a negative
 * errno; files that could be found are in `files` even then. A directory without any is -ENOENT.
 */
int scenario_files_find(const char *path, struct text_list *files, struct diag *diag);
