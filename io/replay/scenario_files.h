/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files a path means.
 */
#pragma once

#include "text_list.h"

struct diag;

/*
 * Adds the files that `path` means to `files`: itself, or, if it is a directory, every *.json in it
 * at any depth, sorted by path. Links to directories are not followed. Returns 0 or a negative
 * errno, what could be found being found all the same; a directory without any is -ENOENT.
 */
int scenario_files_find(const char *path, struct text_list *files, struct diag *diag);
