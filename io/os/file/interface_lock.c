/* SPDX-License-Identifier: Apache-2.0 */
#include "interface_lock.h"

#include "diag.h"
#include "file.h"
#include "interface_config.h"
#include "trusted_owner.h"
#include "trusted_path.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* How often to retry if the file is removed between opening and locking it. */
#define REMOVALS_MAX 16

/* Result of file_lock besides INTERFACE_LOCK_BUSY: another file has the name now, or none. */
#define FILE_REPLACED 2

static int lock_fail(struct diag *diag, int error, const char *place)
{
	return diag_wrap(diag, diag_fail_errno(diag, error), "lock: %s", place);
}

/* Returns a descriptor or a negative errno. Other users may see which process holds a lock. */
static int directory_open(const char *path, struct diag *diag)
{
	struct stat status;
	bool is_made = mkdir(path, 0755) == 0;
	if (!is_made && errno != EEXIST)
		return lock_fail(diag, -errno, path);
	if (lstat(path, &status) == 0 && !S_ISDIR(status.st_mode))
		return diag_fail(diag, -ENOTDIR, "lock: %s: must be a directory, not a link", path);
	int fd = trusted_directory_open(path, diag);
	if (fd < 0)
		return diag_wrap(diag, fd, "lock");
	/* mkdir() applied the umask. */
	if (!is_made || fchmod(fd, 0755) == 0)
		return fd;
	int error = lock_fail(diag, -errno, path);
	close(fd);
	return error;
}

static int lock_path_make(
	const char *directory, const char *interface, char ret[static PATH_MAX], struct diag *diag)
{
	static const char namespace_path[] = "/proc/thread-self/ns/net";
	struct stat status;
	if (!interface_name_is_valid(interface, strlen(interface)))
		return lock_fail(diag, -EINVAL, "interface name");
	if (stat(namespace_path, &status) != 0)
		return lock_fail(diag, -errno, namespace_path);
	if (snprintf(ret, PATH_MAX, "%s/%jx-%jx-%s.lock", directory, (uintmax_t)status.st_dev,
		    (uintmax_t)status.st_ino, interface) >= PATH_MAX)
		return lock_fail(diag, -ENAMETOOLONG, directory);
	return 0;
}

/* Return the holder's pid from the file; 0 if there is none. */
static long holder_read(int fd)
{
	char text[32];
	ssize_t length = pread(fd, text, sizeof text - 1, 0);
	if (length <= 0)
		return 0;
	text[length] = '\0';
	long pid = strtol(text, NULL, 10);
	return pid > 0 ? pid : 0;
}

static int fail_busy(int fd, const char *interface, struct diag *diag)
{
	char holder[32] = "";
	long pid = holder_read(fd);
	if (pid)
		snprintf(holder, sizeof holder, " (pid %ld)", pid);
	return diag_fail(diag, INTERFACE_LOCK_BUSY,
		"another plexwg%s looks after %s in this network namespace", holder, interface);
}

/* Write the pid for the error of the next process. The lock works without it: ignore errors. */
static void holder_write(int fd)
{
	char text[32];
	int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)length, 0) != length)
		(void)!ftruncate(fd, 0);
}

static bool is_there(int directory_fd, const char *name, int fd)
{
	struct stat named, opened;
	return fstatat(directory_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstat(fd, &opened) == 0 && named.st_dev == opened.st_dev &&
	       named.st_ino == opened.st_ino;
}

/*
 * Make the lock file that of the directory's owner. That owner may have created it, but must not
 * make root give away another file that is linked under its name.
 */
static int file_claim(int directory_fd, int fd, const char *path, struct diag *diag)
{
	struct stat status;
	if (fstat(fd, &status) != 0)
		return lock_fail(diag, -errno, path);
	if (!S_ISREG(status.st_mode) || status.st_nlink > 1)
		return diag_fail(
			diag, -EINVAL, "lock: %s: must be a regular file with no other name", path);
	int error = file_hand_over(directory_fd, fd);
	return error ? lock_fail(diag, error, path) : 0;
}

/* Returns 0 with a descriptor, INTERFACE_LOCK_BUSY, FILE_REPLACED or a negative errno. */
static int file_lock(
	int directory_fd, const char *path, const char *interface, int *ret, struct diag *diag)
{
	const char *name = strrchr(path, '/') + 1;
	int fd = openat(
		directory_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0)
		return lock_fail(diag, -errno, path);
	int error = 0;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		error = errno == EWOULDBLOCK ? fail_busy(fd, interface, diag)
					     : lock_fail(diag, -errno, path);
	else if (!is_there(directory_fd, name, fd))
		error = FILE_REPLACED;
	else
		error = file_claim(directory_fd, fd, path, diag);
	if (error)
		close(fd);
	else
		*ret = fd;
	return error;
}

int interface_lock_take(struct interface_lock *lock, const char *directory, const char *interface,
	struct diag *diag)
{
	char path[PATH_MAX];
	*lock = (struct interface_lock){0};
	int error = lock_path_make(directory, interface, path, diag);
	if (error)
		return error;
	int directory_fd = directory_open(directory, diag);
	if (directory_fd < 0)
		return directory_fd;
	int fd = -1;
	error = FILE_REPLACED;
	for (int i = 0; i < REMOVALS_MAX && error == FILE_REPLACED; i++)
		error = file_lock(directory_fd, path, interface, &fd, diag);
	close(directory_fd);
	if (error == FILE_REPLACED)
		return lock_fail(diag, -ESTALE, path);
	if (error)
		return error;
	holder_write(fd);
	*lock = (struct interface_lock){.fd = fd, .is_held = true};
	return 0;
}

/* Ignore a lock on an untrusted owner's file: with it any user could block `down`. */
int interface_lock_check(const char *directory, const char *interface, struct diag *diag)
{
	char path[PATH_MAX];
	struct diag ignored = {0};
	struct stat status;
	int error = lock_path_make(directory, interface, path, &ignored);
	diag_clear(&ignored);
	if (error)
		return 0;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (fstat(fd, &status) == 0 && owner_is_trusted(status.st_uid) &&
		flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		error = fail_busy(fd, interface, diag);
	close(fd);
	return error;
}

void interface_lock_release(struct interface_lock *lock)
{
	if (!lock->is_held)
		return;
	/* Do not remove the file: two processes could then lock two files of the same name. */
	(void)!ftruncate(lock->fd, 0);
	close(lock->fd);
	*lock = (struct interface_lock){0};
}
