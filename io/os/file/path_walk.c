/* SPDX-License-Identifier: Apache-2.0 */
#include "path_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#define LINKS_MAX 40 /* the kernel's own limit */

static int walk_to(struct path_walk *walk, int fd)
{
	if (fd < 0)
		return -errno;
	close(walk->fd);
	walk->fd = fd;
	return 0;
}

int path_walk_open(struct path_walk *walk, const char *path)
{
	size_t skipped = strspn(path, "/");
	*walk = (struct path_walk){.fd = -1};
	if (!*path)
		return -ENOENT;
	if (strlen(path) >= sizeof walk->rest)
		return -ENAMETOOLONG;
	strcpy(walk->rest, path + skipped);
	walk->fd = open(skipped ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return walk->fd < 0 ? -errno : 0;
}

int path_walk_name(struct path_walk *walk, char ret[static NAME_MAX + 1])
{
	size_t length = strcspn(walk->rest, "/");
	if (length > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(ret, walk->rest, length);
	ret[length] = '\0';
	size_t gap = strspn(walk->rest + length, "/");
	memmove(walk->rest, walk->rest + length + gap, strlen(walk->rest + length + gap) + 1);
	return 0;
}

/* A link in /proc leads to an open file; its text is not a path to that file. */
static bool is_magic_link(const struct path_step *step)
{
	struct statfs filesystem;
	return S_ISLNK(step->status.st_mode) && fstatfs(step->fd, &filesystem) == 0 &&
	       filesystem.f_type == PROC_SUPER_MAGIC;
}

int path_walk_lookup(const struct path_walk *walk, const char *name, struct path_step *ret)
{
	/* O_DIRECTORY first: it triggers an automount, which O_PATH alone does not. */
	int fd = openat(walk->fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOTDIR)
		fd = openat(walk->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct path_step step = {.fd = fd};
	int error = fd < 0 || fstat(fd, &step.status) != 0 ? -errno : 0;
	if (!error && is_magic_link(&step)) {
		step.fd = openat(walk->fd, name, O_PATH | O_CLOEXEC);
		error = step.fd < 0 || fstat(step.fd, &step.status) != 0 ? -errno : 0;
		close(fd);
	}
	if (!error)
		*ret = step;
	else if (step.fd >= 0)
		close(step.fd);
	return error;
}

static int link_follow(struct path_walk *walk, int fd)
{
	char text[PATH_MAX];
	ssize_t length = readlinkat(fd, "", text, sizeof text - 1);
	if (length < 0)
		return -errno;
	text[length] = '\0';
	if (++walk->link_count > LINKS_MAX)
		return -ELOOP;
	size_t rest = strlen(walk->rest);
	size_t gap = rest ? 1 : 0;
	size_t skipped = strspn(text, "/");
	size_t taken = (size_t)length - skipped;
	if (taken + gap + rest >= sizeof walk->rest)
		return -ENAMETOOLONG;
	memmove(walk->rest + taken + gap, walk->rest, rest + 1);
	memcpy(walk->rest, text + skipped, taken);
	if (gap)
		walk->rest[taken] = '/';
	return skipped ? walk_to(walk, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)) : 0;
}

int path_walk_go(struct path_walk *walk, const struct path_step *step)
{
	if (!S_ISLNK(step->status.st_mode))
		return walk_to(walk, step->fd);
	int error = link_follow(walk, step->fd);
	close(step->fd);
	return error;
}

void path_walk_close(struct path_walk *walk)
{
	if (walk->fd >= 0)
		close(walk->fd);
	walk->fd = -1;
}
