/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walk along a path, name by name and link by link, as the kernel would look it up. Whoever looks
 * at what each step finds knows that the next one begins there and nowhere else.
 */
#pragma once

#include <limits.h>
#include <sys/stat.h>

struct path_walk {
	int fd;              /* where it has got to: a descriptor for O_PATH only */
	char rest[PATH_MAX]; /* what is still to be looked up from there; empty at the end */
	unsigned link_count;
};

/* What a name leads to. */
struct path_step {
	int fd; /* for O_PATH only */
	struct stat status;
};

/* From the root, or from the working directory if `path` is relative. All return 0 or a negative
 * errno. */
int path_walk_open(struct path_walk *walk, const char *path);
/* Takes the next name off a rest that holds one. */
int path_walk_name(struct path_walk *walk, char ret[static NAME_MAX + 1]);
/* Looks it up. `*ret` is for path_walk_go or close(). */
int path_walk_look(const struct path_walk *walk, const char *name, struct path_step *ret);
/* Goes there. Of a symbolic link the text comes before the rest; `step` is closed in any case. */
int path_walk_go(struct path_walk *walk, const struct path_step *step);
void path_walk_close(struct path_walk *walk);
