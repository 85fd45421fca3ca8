#include "detached_process.h"

#include "deadline.h"
#include "diag.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_GRACE_MS       1000
#define FIRST_PRIVATE_FD   3
#define ORDER_END          'e'
#define STATUS_NOT_STARTED 127

/* What the two processes are given. Their descriptors are none of the standard ones. */
struct startup {
	const char *path;
	char *const *arguments;
	char *const *environment;
	int null_fd;
	int output_fd;
	int report_fd;       /* the end that writes */
	int order_fd;        /* the end that reads */
	int starters_fds[2]; /* the starter's ends of the two pipes */
};

/*
 * From here to the next line of this kind the code runs in copies of a process that may have had
 * several threads: nothing but async-signal-safe calls.
 */

static void report(const struct startup *startup, enum detached_state state, int value)
{
	struct detached_report message = {state, value};
	ssize_t written = write(startup->report_fd, &message, sizeof message);
	(void)written; /* a starter that is gone needs no report */
}

static void signals_reset(void)
{
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Returns false with errno. */
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

static void program_end(pid_t pid, int pidfd)
{
	struct pollfd poller = {pidfd, POLLIN, 0};
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

/* Waits for the program to exit or the starter to speak; silence from it means "let it go". */
__attribute__((noreturn)) static void supervise(const struct startup *startup)
{
	close(startup->starters_fds[0]);
	close(startup->starters_fds[1]);
	pid_t pid = _Fork();
	if (pid == 0)
		become_program(startup);
	int pidfd = pid > 0 ? pidfd_open(pid, 0) : -1;
	if (pidfd < 0) {
		report(startup, DETACHED_NOT_STARTED, -errno);
		if (pid > 0)
			kill(pid, SIGKILL);
		_exit(1);
	}
	struct pollfd pollers[] = {{startup->order_fd, POLLIN, 0}, {pidfd, POLLIN, 0}};
	poll(pollers, 2, -1);
	char order = 0;
	if (pollers[1].revents)
		exit_report(startup, pid);
	else if (read(startup->order_fd, &order, 1) == 1 && order == ORDER_END)
		program_end(pid, pidfd);
	_exit(0);
}

/* The starter's side again. */

/* A duplicate that no standard descriptor can overwrite, or -1 with errno. */
static int private_fd(int fd)
{
	return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FIRST_PRIVATE_FD);
}

/* A pipe whose ends are private ones. Returns 0 or a negative errno. */
static int private_pipe(int ret[2])
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
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

/* No signal may run a handler of the starter in the copy: they wait until it is sorted out. */
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
	int error = private_pipe(reports);
	if (!error)
		error = private_pipe(orders);
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
	ssize_t count = read(process->report_fd, &message, sizeof message);
	if (count == sizeof message)
		return message;
	/* The supervisor is gone without a word, so somebody killed it. */
	return count < 0 && errno == EINTR ? running
					   : (struct detached_report){DETACHED_KILLED, SIGKILL};
}

void detached_process_release(struct detached_process *process, enum detached_fate fate)
{
	if (fate == DETACHED_IS_ENDED) {
		ssize_t written = write(process->order_fd, &(char){ORDER_END}, 1);
		(void)written; /* without a supervisor there is nobody to tell */
	}
	fd_close(&process->order_fd);
	while (waitpid(process->supervisor, NULL, 0) < 0 && errno == EINTR)
		;
	fd_close(&process->report_fd);
}
