/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notice when the file that a path leads to may have changed: it was written, replaced, deleted or
 * created, or the path leads to another file because a directory or symbolic link along it was
 * replaced. No part of the path need exist.
 *
 * The watch reports only that something may have changed. A caller who reads the file after
 * path_watch_open and after each path_watch_take misses no change: a change during the read is
 * reported by the next take. inotify does not report everything (not another machine's writes to a
 * network file system, for instance), so read the file periodically as well.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct diag;

/* A name that the path looks up in a watched directory; "" for the file itself. */
struct path_place {
	int descriptor; /* inotify's */
	char name[NAME_MAX + 1];
};

struct path_watch {
	int fd;           /* readable when there are events to take; -1: closed */
	const char *path; /* borrowed; may be relative to the working directory */
	struct path_place *places;
	size_t count;
	size_t capacity;
};

/*
 * Both functions return 0, or a negative errno if part of the path is not watched (no watches left,
 * or an unreadable directory). The caller must then read the file now and periodically; the next
 * change that is noticed makes path_watch_take try again. If nothing is watched, `fd` is -1.
 */
int path_watch_open(struct path_watch *watch, const char *path, struct diag *diag);
/* Take the pending events, without waiting. On failure `*ret_changed` is true. */
int path_watch_take(struct path_watch *watch, bool *ret_changed, struct diag *diag);
void path_watch_close(struct path_watch *watch);
