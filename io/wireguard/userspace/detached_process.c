/* SPDX-License-Identifier: Apache-2.0 */
#include "detached_process.h"

#include "diag.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_GRACE_MS       1000
#define FIRST_PRIVATE_FD   3
#define ORDER_END          'e'
#define STATUS_NOT_STARTED 127

/* The arguments of the two processes. None of the descriptors is a standard one. */
struct startup {
	const char *path;
	char *const *arguments;
	char *const *environment;
	int null_fd;
	int output_fd;
	int report_fd;
	int order_fd;
	int starters_fds[2]; /* the starter's ends of the last two; to be closed */
};

/*
 * The supervisor's side, up to the next comment of this kind. It runs after a fork of a process
 * that may have several threads, so it makes async-signal-safe calls only.
 */

static void report(const struct startup *startup, enum detached_state state, int value)
{
	struct detached_report message = {state, value};
	/* Ignore errors: the starter may have exited. */
	(void)send(startup->report_fd, &message, sizeof message, MSG_NOSIGNAL);
}

static void signals_reset(void)
{
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* On failure, returns false with errno. */
static bool surroundings_prepare(const struct startup *startup)
{
	return setsid() >= 0 && chdir("/") == 0 && dup2(startup->null_fd, STDIN_FILENO) >= 0 &&
	       dup2(startup->output_fd, STDOUT_FILENO) >= 0 &&
	       dup2(startup->output_fd, STDERR_FILENO) >= 0 &&
	       close_range(FIRST_PRIVATE_FD, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
}

__attribute__((noreturn)) static void become_program(const struct startup *startup)
{
	umask(S_IWGRP | S_IWOTH);
	if (surroundings_prepare(startup)) {
		signals_reset();
		execve(startup->path, startup->arguments, startup->environment);
	}
	report(startup, DETACHED_NOT_STARTED, -errno);
	_exit(STATUS_NOT_STARTED);
}

/* Open a descriptor that becomes readable when a child exits. All signals are blocked here. */
static int exit_watch(void)
{
	sigset_t child_exit;
	sigemptyset(&child_exit);
	sigaddset(&child_exit, SIGCHLD);
	struct sigaction action = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDSTOP};
	sigaction(SIGCHLD, &action, NULL);
	return signalfd(-1, &child_exit, SFD_CLOEXEC);
}

static void backend_end(pid_t pid, int exit_fd)
{
	struct pollfd poller = {exit_fd, POLLIN, 0};
	kill(pid, SIGTERM);
	if (poll(&poller, 1, END_GRACE_MS) <= 0)
		kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void exit_report(const struct startup *startup, pid_t pid)
{
	int status = 0;
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		report(startup, DETACHED_KILLED, WTERMSIG(status));
	else
		report(startup, DETACHED_EXITED, WEXITSTATUS(status));
}

/* Wait until the program exits or the starter sends an order; end of file releases the program. */
__attribute__((noreturn)) static void supervise(const struct startup *startup)
{
	close(startup->starters_fds[0]);
	close(startup->starters_fds[1]);
	int exit_fd = exit_watch();
	pid_t pid = exit_fd < 0 ? -1 : _Fork();
	if (pid == 0)
		become_program(startup);
	if (pid < 0) {
		report(startup, DETACHED_NOT_STARTED, -errno);
		_exit(STATUS_NOT_STARTED);
	}
	struct pollfd pollers[] = {{startup->order_fd, POLLIN, 0}, {exit_fd, POLLIN, 0}};
	poll(pollers, 2, -1);
	char order = 0;
	if (pollers[1].revents)
		exit_report(startup, pid);
	else if (read(startup->order_fd, &order, 1) == 1 && order == ORDER_END)
		backend_end(pid, exit_fd);
	_exit(0);
}

/* The starter's side. */

/* Return a duplicate above the standard descriptors, which dup2 overwrites, or -1 with errno. */
static int private_fd(int fd)
{
	return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FIRST_PRIVATE_FD);
}

/*
 * Make a pair of connected private sockets: unlike a pipe, writing after the other end has closed
 * raises no signal. Returns 0 or a negative errno.
 */
static int private_pair(int ret[2])
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return -errno;
	ret[0] = private_fd(ends[0]);
	ret[1] = private_fd(ends[1]);
	int error = ret[0] < 0 || ret[1] < 0 ? -errno : 0;
	close(ends[0]);
	close(ends[1]);
	return error;
}

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int null_open(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int private = private_fd(fd);
	int saved = errno;
	fd_close(&fd);
	errno = saved;
	return private;
}

/* Block signals around the fork, so that no handler of the starter runs in the child. */
static pid_t supervisor_fork(const struct startup *startup)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid_t pid = fork();
	if (pid == 0)
		supervise(startup);
	int saved = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = saved;
	return pid;
}

int detached_process_start(const char *path, char *const *arguments, char *const *environment,
	int output_fd, struct detached_process *ret, struct diag *diag)
{
	int reports[2] = {-1, -1};
	int orders[2] = {-1, -1};
	struct startup startup = {
		.path = path,
		.arguments = arguments,
		.environment = environment,
		.null_fd = -1,
		.output_fd = -1,
	};
	pid_t supervisor = -1;
	int error = private_pair(reports);
	if (!error)
		error = private_pair(orders);
	if (error)
		goto out;
	startup.null_fd = null_open();
	startup.output_fd = private_fd(output_fd);
	startup.report_fd = reports[1];
	startup.order_fd = orders[0];
	startup.starters_fds[0] = reports[0];
	startup.starters_fds[1] = orders[1];
	if (startup.null_fd >= 0 && startup.output_fd >= 0)
		supervisor = supervisor_fork(&startup);
	if (supervisor < 0)
		error = -errno;
out:
	fd_close(&startup.null_fd);
	fd_close(&startup.output_fd);
	fd_close(&reports[1]);
	fd_close(&orders[0]);
	if (error) {
		fd_close(&reports[0]);
		fd_close(&orders[1]);
		return diag_fail_errno(diag, error);
	}
	*ret = (struct detached_process){supervisor, reports[0], orders[1]};
	return 0;
}

struct detached_report detached_process_poll(struct detached_process *process, int timeout_ms)
{
	struct detached_report running = {DETACHED_RUNNING, 0};
	struct detached_report message;
	struct pollfd poller = {process->report_fd, POLLIN, 0};
	if (poll(&poller, 1, timeout_ms) <= 0)
		return running;
	/* A report is waiting, so this read does not block and no signal interrupts it. */
	if (read(process->report_fd, &message, sizeof message) == sizeof message)
		return message;
	/* The supervisor ended without a report, so another process killed it. */
	return (struct detached_report){DETACHED_KILLED, SIGKILL};
}

void detached_process_release(struct detached_process *process, enum detached_fate fate)
{
	/* The supervisor may have ended after its last report. */
	if (fate == DETACHED_IS_ENDED)
		(void)send(process->order_fd, &(char){ORDER_END}, 1, MSG_NOSIGNAL);
	fd_close(&process->order_fd);
	while (waitpid(process->supervisor, NULL, 0) < 0 && errno == EINTR)
		;
	fd_close(&process->report_fd);
}
