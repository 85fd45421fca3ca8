/* SPDX-License-Identifier: Apache-2.0 */
#include "path_watch.h"

#include "array.h"
#include "diag.h"
#include "path_walk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define TAKES_MAX   64 /* reads in one call; the next call takes the rest */
#define EVENT_BYTES (16 * 1024)

/*
 * Events of a directory: a name in it now means another file, or the file was written. The _SELF
 * events mean that the directory itself was moved or deleted.
 */
#define CHANGES                                                                                    \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB |        \
		IN_DELETE_SELF | IN_MOVE_SELF)

static int places_add(struct path_watch *watch, int descriptor, const char *name)
{
	struct path_place *places =
		array_grow(watch->places, watch->count, &watch->capacity, sizeof *places);
	if (!places)
		return -ENOMEM;
	watch->places = places;
	struct path_place *place = &watch->places[watch->count++];
	place->descriptor = descriptor;
	snprintf(place->name, sizeof place->name, "%s", name);
	return 0;
}

/* Call it before looking up the name there, so that no later change goes unnoticed. */
static int place_watch(struct path_watch *watch, int fd, const char *name)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	int descriptor = inotify_add_watch(watch->fd, path, CHANGES);
	return descriptor < 0 ? -errno : places_add(watch, descriptor, name);
}

/* Watch and look up the next name. Returns 0, or a negative errno where the path ends. */
static int walk_step(struct path_watch *watch, struct path_walk *walk, int *ret_watch_error)
{
	char name[NAME_MAX + 1];
	struct path_step step;
	int error = path_walk_name(walk, name);
	if (error)
		return error;
	int watch_error = place_watch(watch, walk->fd, name);
	if (watch_error)
		*ret_watch_error = watch_error;
	error = path_walk_lookup(walk, name, &step);
	return error ? error : path_walk_go(walk, &step);
}

/* Watch all places along the path, however far it leads. Returns 0, or the error of a place that
 * cannot be watched. */
static int watch_walk(struct path_watch *watch)
{
	struct path_walk walk;
	int watch_error = 0;
	int error = path_walk_open(&walk, watch->path);
	if (error)
		return error;
	while (!error && walk.rest[0])
		error = walk_step(watch, &walk, &watch_error);
	/* The file's own watch reports writes through other names of it. An unreadable file cannot
	 * be watched, but its directory reports when it becomes readable. */
	if (!error)
		error = place_watch(watch, walk.fd, "");
	path_walk_close(&walk);
	return watch_error ? watch_error : error == -ENOMEM || error == -ENOSPC ? error : 0;
}

static bool is_watched(const struct path_watch *watch, int descriptor)
{
	for (size_t i = 0; i < watch->count; i++)
		if (watch->places[i].descriptor == descriptor)
			return true;
	return false;
}

/* Watch the places along the path as it is now, and unwatch those it no longer passes. */
static int watch_renew(struct path_watch *watch, struct diag *diag)
{
	struct path_watch before = *watch;
	watch->places = NULL;
	watch->count = watch->capacity = 0;
	int error = watch_walk(watch);
	for (size_t i = 0; i < before.count; i++)
		if (!is_watched(watch, before.places[i].descriptor))
			inotify_rm_watch(watch->fd, before.places[i].descriptor);
	free(before.places);
	if (!error)
		return 0;
	diag_fail_errno(diag, error);
	return diag_wrap(diag, error, "watch %s", watch->path);
}

int path_watch_open(struct path_watch *watch, const char *path, struct diag *diag)
{
	*watch = (struct path_watch){.path = path};
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd < 0)
		return diag_wrap(diag, diag_fail_errno(diag, -errno), "watch %s", path);
	return watch_renew(watch, diag);
}

static bool event_matters(const struct path_watch *watch, const struct inotify_event *event)
{
	if (event->mask & IN_Q_OVERFLOW)
		return true;
	for (size_t i = 0; i < watch->count; i++) {
		const struct path_place *place = &watch->places[i];
		if (place->descriptor == event->wd &&
			(event->len == 0 || strcmp(place->name, event->name) == 0))
			return true;
	}
	return false;
}

static bool events_matter(const struct path_watch *watch, const char *bytes, size_t size)
{
	bool matters = false;
	for (size_t at = 0; at < size;) {
		const struct inotify_event *event = (const struct inotify_event *)(bytes + at);
		matters |= event_matters(watch, event);
		at += sizeof *event + event->len;
	}
	return matters;
}

/* Returns 1 if an event matters, 0 if none does, or a negative errno. */
static int events_take(struct path_watch *watch)
{
	_Alignas(struct inotify_event) char bytes[EVENT_BYTES];
	bool matters = false;
	for (int i = 0; i < TAKES_MAX; i++) {
		ssize_t size = read(watch->fd, bytes, sizeof bytes);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0 && errno == EAGAIN)
			break;
		if (size < 0)
			return -errno;
		matters |= events_matter(watch, bytes, (size_t)size);
	}
	return matters;
}

int path_watch_take(struct path_watch *watch, bool *ret_changed, struct diag *diag)
{
	int taken = events_take(watch);
	*ret_changed = taken != 0;
	if (taken < 0)
		return diag_wrap(diag, diag_fail_errno(diag, taken), "watch %s", watch->path);
	return taken ? watch_renew(watch, diag) : 0;
}

void path_watch_close(struct path_watch *watch)
{
	if (watch->fd >= 0)
		close(watch->fd);
	free(watch->places);
	*watch = (struct path_watch){.fd = -1};
}
