/* SPDX-License-Identifier: Apache-2.0 */
#include "trusted_path.h"

#include "diag.h"
#include "path_walk.h"
#include "trusted_owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_FLAGS (O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC)

int access_fail_errno(struct diag *diag, int error)
{
	if (error == -EACCES)
		return diag_fail(diag, error, "Permission denied to uid %u", (unsigned)geteuid());
	return diag_fail_errno(diag, error);
}

static int check_owner(const char *place, const struct stat *status, struct diag *diag)
{
	if (owner_is_trusted(status->st_uid))
		return 0;
	return diag_fail(diag, -EACCES, "%s: owned by uid %u, must be %s", place,
		(unsigned)status->st_uid, trusted_owners_text().text);
}

int trusted_check(const char *place, const struct stat *status, struct diag *diag)
{
	int error = check_owner(place, status, diag);
	if (!error && (status->st_mode & (S_IWGRP | S_IWOTH)))
		error = diag_fail(diag, -EACCES, "%s: others may write it (mode %04o)", place,
			(unsigned)status->st_mode & 07777);
	return error;
}

/* Check one part of the path. Only its owner matters for a sticky directory, which protects its
 * entries, for a link, which has no mode, and for a socket, whose mode lets clients connect. */
static int check_passed(const char *place, const struct stat *status, struct diag *diag)
{
	mode_t mode = status->st_mode;
	bool is_sticky = S_ISDIR(mode) && (mode & S_ISVTX);
	return is_sticky || S_ISLNK(mode) || S_ISSOCK(mode) ? check_owner(place, status, diag)
							    : trusted_check(place, status, diag);
}

/* Return the real name of an open file, which links and "." in the path may hide. */
static const char *place_name(int fd, const char *path, char ret[static PATH_MAX])
{
	char link[64];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t length = readlink(link, ret, PATH_MAX - 1);
	if (length <= 0 || ret[0] != '/')
		return path;
	ret[length] = '\0';
	return ret;
}

static int step_check(const struct path_step *step, const char *path, struct diag *diag)
{
	char place[PATH_MAX];
	int error = check_passed(path, &step->status, NULL);
	if (!error)
		return 0;
	check_passed(place_name(step->fd, path, place), &step->status, diag);
	return strcmp(place, path) == 0 ? error : diag_wrap(diag, error, "%s", path);
}

/*
 * Follow `path` through all its directories and links, checking each. At the end the walk is at the
 * directory that `path` leads to; if it leads to another kind of file, the walk is at that file's
 * directory, `ret_name` is its name there and `*ret` its status.
 */
static int trusted_walk(struct path_walk *walk, const char *path,
	char ret_name[static NAME_MAX + 1], struct stat *ret, struct diag *diag)
{
	struct path_step step = {.fd = walk->fd};
	int error = fstat(walk->fd, &step.status) == 0 ? step_check(&step, path, diag)
						       : diag_fail_errno(diag, -errno);
	while (!error && walk->rest[0]) {
		error = path_walk_name(walk, ret_name);
		if (!error)
			error = path_walk_lookup(walk, ret_name, &step);
		if (error)
			return diag_wrap(diag, access_fail_errno(diag, error), "%s", path);
		error = step_check(&step, path, diag);
		bool is_end = !S_ISDIR(step.status.st_mode) && !S_ISLNK(step.status.st_mode);
		if (error || (is_end && !walk->rest[0])) {
			close(step.fd);
			break;
		}
		error = path_walk_go(walk, &step);
		if (error)
			diag_wrap(diag, diag_fail_errno(diag, error), "%s", path);
	}
	*ret = step.status;
	return error;
}

/* Start at the root even for a relative path: the owner of any directory above the working
 * directory could replace it. */
static int walk_open(struct path_walk *walk, const char *path, struct diag *diag)
{
	char absolute[PATH_MAX];
	int error = 0;
	*walk = (struct path_walk){.fd = -1};
	if (*path == '/' || !*path) {
		error = path_walk_open(walk, path);
	} else if (!getcwd(absolute, sizeof absolute)) {
		error = -errno;
	} else {
		size_t length = strlen(absolute);
		size_t room = sizeof absolute - length;
		bool fits = snprintf(absolute + length, room, "/%s", path) < (int)room;
		error = fits ? path_walk_open(walk, absolute) : -ENAMETOOLONG;
	}
	return error ? diag_wrap(diag, diag_fail_errno(diag, error), "%s", path) : 0;
}

/* Returns a descriptor or a negative errno. Checks the opened file again, since it may have been
 * replaced after the walk. */
static int file_open(
	int directory_fd, const char *name, const char *path, struct stat *ret, struct diag *diag)
{
	int fd = openat(directory_fd, name, FILE_FLAGS);
	int error = fd < 0 || fstat(fd, ret) != 0 ? access_fail_errno(diag, -errno) : 0;
	if (!error && !S_ISREG(ret->st_mode))
		error = diag_fail(diag, -EINVAL, "not a regular file");
	if (error)
		diag_wrap(diag, error, "%s", path);
	else
		error = trusted_check(path, ret, diag);
	if (!error)
		return fd;
	if (fd >= 0)
		close(fd);
	return error;
}

int trusted_file_open(const char *path, struct stat *ret, struct diag *diag)
{
	struct path_walk walk;
	char name[NAME_MAX + 1];
	int error = walk_open(&walk, path, diag);
	if (!error)
		error = trusted_walk(&walk, path, name, ret, diag);
	if (!error && S_ISDIR(ret->st_mode))
		error = diag_wrap(diag, diag_fail_errno(diag, -EISDIR), "%s", path);
	else if (!error && !S_ISREG(ret->st_mode))
		error = diag_fail(diag, -EINVAL, "%s: not a regular file", path);
	int fd = error ? error : file_open(walk.fd, name, path, ret, diag);
	path_walk_close(&walk);
	return fd;
}

int trusted_directory_open(const char *path, struct diag *diag)
{
	struct path_walk walk;
	struct stat status = {0};
	char name[NAME_MAX + 1] = ".";
	int error = walk_open(&walk, path, diag);
	int fd = -1;
	if (!error)
		error = trusted_walk(&walk, path, name, &status, diag);
	if (!error) {
		fd = openat(walk.fd, S_ISDIR(status.st_mode) ? "." : name,
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		error = fd < 0 || fstat(fd, &status) != 0
				? diag_wrap(diag, diag_fail_errno(diag, -errno), "%s", path)
				: trusted_check(path, &status, diag);
	}
	path_walk_close(&walk);
	if (!error)
		return fd;
	if (fd >= 0)
		close(fd);
	return error;
}

int trusted_path_check(const char *path, struct diag *diag)
{
	struct path_walk walk;
	struct stat status;
	char name[NAME_MAX + 1];
	int error = walk_open(&walk, path, diag);
	if (!error)
		error = trusted_walk(&walk, path, name, &status, diag);
	path_walk_close(&walk);
	return error;
}
