/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walk along a path, name by name and symbolic link by symbolic link, as the kernel resolves it.
 * Each step starts at the file that the last one opened, so that a caller who checks every step has
 * checked the whole path, whatever is renamed meanwhile. Functions return 0 or a negative errno.
 */
#pragma once

#include <limits.h>
#include <sys/stat.h>

struct path_walk {
	int fd;              /* the current directory of the walk, opened with O_PATH */
	char rest[PATH_MAX]; /* the names still to resolve from there; empty at the end */
	unsigned link_count;
};

/* The file that a name leads to. */
struct path_step {
	int fd; /* opened with O_PATH */
	struct stat status;
};

/* Start at the root, or at the working directory if `path` is relative. */
int path_walk_open(struct path_walk *walk, const char *path);
/* Take the next name off `rest`, which must not be empty. */
int path_walk_name(struct path_walk *walk, char ret[static NAME_MAX + 1]);
/* Open the file of that name, following no symbolic link but those in /proc. The caller hands
 * `*ret` to path_walk_go or closes its descriptor. */
int path_walk_lookup(const struct path_walk *walk, const char *name, struct path_step *ret);
/* Move on to that file. For a symbolic link, put its target in front of `rest` instead. Takes over
 * the step's descriptor, on failure too. */
int path_walk_go(struct path_walk *walk, const struct path_step *step);
void path_walk_close(struct path_walk *walk);
