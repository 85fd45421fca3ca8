/* SPDX-License-Identifier: Apache-2.0 */
#include "netns.h"

#include "backend.h"
#include "diag.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS_NO_WORLD 99

static bool loopback_up(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
	if (fd >= 0)
		close(fd);
	return up;
}

/* Make mounts private from here on, so that nothing outside sees them. */
static bool mounts_prepare(void)
{
	if (mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0)
		return false;
	if (mkdir(UAPI_SOCKET_DIRECTORY, 0755) != 0 && errno != EEXIST)
		return false;
	return mount("tmpfs", UAPI_SOCKET_DIRECTORY, "tmpfs", 0, "mode=0755") == 0 &&
	       mount("proc", "/proc", "proc", 0, NULL) == 0;
}

/* Return the exit status of `pid` once it ended; reap other children meanwhile. */
static int status_wait(pid_t pid)
{
	for (;;) {
		int wait_status;
		pid_t ended = wait(&wait_status);
		if (ended == pid)
			return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status)
						      : 128 + WTERMSIG(wait_status);
		if (ended < 0 && errno != EINTR)
			return STATUS_NO_WORLD;
	}
}

static int no_world(void)
{
	fprintf(stderr, "no world for the test: %s\n", strerror(errno));
	return STATUS_NO_WORLD;
}

/* The first process of the namespace: all others end with it. */
static int world_begin(int (*run)(void))
{
	if (!mounts_prepare() || !loopback_up())
		return no_world();
	pid_t test = fork();
	if (test == 0)
		exit(run());
	return status_wait(test);
}

/* A process namespace is for children only, and a process that made it cannot make others. */
static int world_make(int (*run)(void))
{
	if (unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID) != 0)
		return no_world();
	pid_t first = fork();
	if (first == 0)
		_exit(world_begin(run));
	return status_wait(first);
}

static const char *reason_to_skip(bool needs_program)
{
	struct backend_path program;
	if (geteuid() != 0)
		return "needs root";
	if (system("ip -V >/dev/null 2>&1") != 0)
		return "needs ip(8)";
	if (needs_program && access("/dev/net/tun", R_OK | W_OK) != 0)
		return "needs /dev/net/tun";
	if (needs_program && backend_find(&program, NULL) != 0)
		return "needs wireguard-go";
	return NULL;
}

int netns_run(bool needs_program, int (*run)(void))
{
	const char *reason = reason_to_skip(needs_program);
	if (reason) {
		printf("1..0 # SKIP %s\n", reason);
		return 0;
	}
	fflush(NULL);
	pid_t maker = fork();
	if (maker == 0)
		_exit(world_make(run));
	int status = status_wait(maker);
	if (status == STATUS_NO_WORLD)
		printf("1..0 # SKIP needs namespaces of its own\n");
	return status == STATUS_NO_WORLD ? 0 : status;
}
