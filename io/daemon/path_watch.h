/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notices when the file that a path leads to may have changed: it was written, replaced, deleted or
 * made, or the path now leads elsewhere, since a directory or a symbolic link anywhere along it was
 * put in another's place. Nothing of the path need be there.
 *
 * It only says that there is something to look at. Whoever reads the file after path_watch_open or
 * path_watch_take misses no change: one that comes during the reading is there to be taken. What
 * the system does not tell of (another machine's writes to a network file system, say) stays
 * unnoticed, so it is well to look now and then besides.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct diag;

/* A name that is looked up in a watched directory on the way; "" for the file itself. */
struct path_place {
	int descriptor; /* of inotify */
	char name[NAME_MAX + 1];
};

struct path_watch {
	int fd;           /* readable when there is something to take; -1: closed */
	const char *path; /* borrowed; a relative one begins at the working directory */
	struct path_place *places;
	size_t count;
	size_t capacity;
};

/*
 * Both return 0, or a negative errno if not all of the path is watched (no more watches are to be
 * had, or a directory may not be read). Then the file is to be looked at now, and now and then from
 * here on; the next change that is noticed tries again. If not even that is possible, `fd` is -1.
 */
int path_watch_open(struct path_watch *watch, const char *path, struct diag *diag);
/* Takes what has come, without waiting. On failure `*ret_changed` is true. */
int path_watch_take(struct path_watch *watch, bool *ret_changed, struct diag *diag);
void path_watch_close(struct path_watch *watch);
