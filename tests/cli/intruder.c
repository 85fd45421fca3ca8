/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An attacker who runs code in the daemon. Preloaded into it, this makes each attempt once, as soon
 * as the file $INTRUDER_FLAG exists and the daemon waits again. It writes a line for each to the
 * daemon's log: "intruder: ATTEMPT: done" or the error. $INTRUDER_VICTIM is a process that is not
 * the daemon's. Before the daemon begins it writes whether the kernel has Landlock.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FOLDER "/etc/cron.d/"

static void say(const char *attempt, bool is_done)
{
	char line[256];
	int length = snprintf(line, sizeof line, "intruder: %s: %s\n", attempt,
		is_done ? "done" : strerror(errno));
	(void)!write(STDERR_FILENO, line, (size_t)length);
}

static void open_try(const char *attempt, const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0644);
	say(attempt, fd >= 0);
	if (fd >= 0)
		close(fd);
}

static void socket_try(const char *attempt, int protocol)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	say(attempt, fd >= 0);
	if (fd >= 0)
		close(fd);
}

/* The owner of a descriptor gets any signal that it asks for when there is something to read. */
static void signal_by_descriptor_try(pid_t victim)
{
	int ends[2];
	bool is_done = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 &&
		       fcntl(ends[0], F_SETSIG, SIGUSR1) == 0 &&
		       fcntl(ends[0], F_SETOWN, victim) == 0 &&
		       fcntl(ends[0], F_SETFL, O_ASYNC) == 0 && write(ends[1], "", 1) == 1;
	say("signal by a descriptor", is_done);
}

static void try_all(void)
{
	static char *const no_words[] = {NULL};
	pid_t victim = atoi(getenv("INTRUDER_VICTIM"));
	open_try("create", FOLDER "new", O_WRONLY | O_CREAT | O_EXCL);
	open_try("write", FOLDER "old", O_WRONLY);
	open_try("truncate", FOLDER "old", O_RDONLY | O_TRUNC);
	say("rename", rename(FOLDER "old", FOLDER "other") == 0);
	say("remove", unlink(FOLDER "old") == 0);
	say("make a directory", mkdir(FOLDER "folder", 0755) == 0);
	say("tgkill", syscall(SYS_tgkill, victim, victim, SIGUSR1) == 0);
	say("kill", kill(victim, SIGUSR1) == 0);
	signal_by_descriptor_try(victim);
	socket_try("nfnetlink", NETLINK_NETFILTER);
	socket_try("xfrm", NETLINK_XFRM);
	execve("/bin/true", no_words, no_words);
	say("execute", false);
	/* Otherwise none of the above would show anything. */
	open_try("(read)", FOLDER "old", O_RDONLY);
	say("(tgkill itself)", syscall(SYS_tgkill, getpid(), gettid(), 0) == 0);
	socket_try("(rtnetlink)", NETLINK_ROUTE);
	socket_try("(generic netlink)", NETLINK_GENERIC);
}

__attribute__((constructor)) static void landlock_look_for(void)
{
	if (syscall(SYS_landlock_create_ruleset, NULL, 0L, LANDLOCK_CREATE_RULESET_VERSION) > 0)
		(void)!write(STDERR_FILENO, "kernel: Landlock\n", 17);
}

int epoll_wait(int fd, struct epoll_event *events, int count, int timeout)
{
	static bool is_over;
	static int (*real)(int, struct epoll_event *, int, int);
	const char *flag = getenv("INTRUDER_FLAG");
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "epoll_wait");
	if (!is_over && flag && access(flag, F_OK) == 0) {
		is_over = true;
		try_all();
	}
	return real(fd, events, count, timeout);
}
