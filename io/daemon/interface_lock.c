#include "interface_lock.h"

#include "diag.h"
#include "file.h"
#include "interface_config.h"

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

/* Times that the file is found removed by somebody just as it is being locked. */
#define REMOVALS_MAX 16

static int fail_errno(struct diag *diag, int error, const char *place)
{
	return diag_wrap(diag, diag_fail_errno(diag, error), "lock: %s", place);
}

/* Returns a descriptor or a negative errno. */
static int directory_open(const char *path, struct diag *diag)
{
	struct stat status;
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return fail_errno(diag, -errno, path);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail_errno(diag, -errno, path);
	int error = 0;
	if (fstat(fd, &status) != 0)
		error = fail_errno(diag, -errno, path);
	else if (file_others_may_write(status.st_mode))
		error = diag_fail(diag, -EACCES, "lock: %s: others may write it (mode %04o)", path,
			(unsigned)status.st_mode & 07777);
	if (!error)
		return fd;
	close(fd);
	return error;
}

static int name_make(const char *interface, char ret[static NAME_MAX], struct diag *diag)
{
	static const char namespace_path[] = "/proc/thread-self/ns/net";
	struct stat status;
	if (!interface_name_is_valid(interface, strlen(interface)))
		return fail_errno(diag, -EINVAL, "interface name");
	if (stat(namespace_path, &status) != 0)
		return fail_errno(diag, -errno, namespace_path);
	snprintf(ret, NAME_MAX, "%jx-%jx-%s.lock", (uintmax_t)status.st_dev,
		(uintmax_t)status.st_ino, interface);
	return 0;
}

/* The holder's pid as it is written in the file, 0 if it is not there. */
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

static int refuse_held(int fd, const char *interface, struct diag *diag)
{
	char holder[32] = "";
	long pid = holder_read(fd);
	if (pid)
		snprintf(holder, sizeof holder, " (pid %ld)", pid);
	return diag_fail(diag, -EBUSY, "another plexwg%s looks after %s in this network namespace",
		holder, interface);
}

/* For whoever comes second; that the text cannot be written is no reason to stop. */
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

/* Returns a descriptor or a negative errno, -ESTALE if the file is no longer the one of that name.
 */
static int file_lock(int directory_fd, const char *name, const char *interface, struct diag *diag)
{
	int fd = openat(
		directory_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail_errno(diag, -errno, name);
	int error = 0;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		error = errno == EWOULDBLOCK ? refuse_held(fd, interface, diag)
					     : fail_errno(diag, -errno, name);
	else if (!is_there(directory_fd, name, fd))
		error = fail_errno(diag, -ESTALE, name);
	if (!error)
		return fd;
	close(fd);
	return error;
}

int interface_lock_take(struct interface_lock *lock, const char *directory, const char *interface,
	struct diag *diag)
{
	char name[NAME_MAX];
	*lock = (struct interface_lock){0};
	int fd = name_make(interface, name, diag);
	if (fd < 0)
		return fd;
	int directory_fd = directory_open(directory, diag);
	if (directory_fd < 0)
		return directory_fd;
	fd = -ESTALE;
	for (int i = 0; i < REMOVALS_MAX && fd == -ESTALE; i++)
		fd = file_lock(directory_fd, name, interface, diag);
	close(directory_fd);
	if (fd < 0)
		return fd;
	holder_write(fd);
	*lock = (struct interface_lock){.fd = fd, .is_held = true};
	return 0;
}

int interface_lock_check(const char *directory, const char *interface, struct diag *diag)
{
	char name[NAME_MAX];
	int error = 0;
	if (name_make(interface, name, NULL) != 0)
		return 0;
	int directory_fd = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory_fd < 0)
		return 0;
	int fd = openat(directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	close(directory_fd);
	if (fd < 0)
		return 0;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		error = refuse_held(fd, interface, diag);
	close(fd);
	return error;
}

void interface_lock_release(struct interface_lock *lock)
{
	if (!lock->is_held)
		return;
	/* The file stays: to remove it would let two others lock two files of one name. */
	(void)!ftruncate(lock->fd, 0);
	close(lock->fd);
	*lock = (struct interface_lock){0};
}
