/* SPDX-License-Identifier: Apache-2.0 */
#include "spawn_helper.h"

#include "deadline.h"
#include "diag.h"
#include "interface_config.h"
#include "syscall_filter.h"

#include <errno.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_PRIVATE_FD 3
/* The helper waits as long as the program may take; this is added for its answer. */
#define ANSWER_GRACE_MS 5000

struct order {
	char interface[INTERFACE_NAME_MAX + 1];
};

struct answer {
	int error;
	char text[1024]; /* of the error, possibly truncated */
};

/* The helper's side. */

/* Block all signals, which are for the daemon, and close the daemon's files. */
static int helper_prepare(int fd)
{
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_NAME, "plexwg-starter");
	if (fd != FIRST_PRIVATE_FD && dup2(fd, FIRST_PRIVATE_FD) < 0)
		return -errno;
	if (close_range(FIRST_PRIVATE_FD + 1, ~0U, 0) != 0)
		return -errno;
	/* Ignore errors: the daemon reports that the system has no filters. */
	(void)syscall_filter_install_starter(NULL);
	return FIRST_PRIVATE_FD;
}

/* Check the order, because an attacker may control the daemon. */
static int order_carry_out(const struct order *order, const struct backend *backend,
	const struct uapi_socket *uapi, struct diag *diag)
{
	size_t length = strnlen(order->interface, sizeof order->interface);
	if (length == sizeof order->interface || !interface_name_is_valid(order->interface, length))
		return diag_fail(diag, -EINVAL, "helper: not the name of an interface");
	return backend_start(backend, order->interface, uapi, diag);
}

__attribute__((noreturn)) static void helper_serve(
	int fd, const struct backend *backend, const struct uapi_socket *uapi)
{
	struct order order;
	fd = helper_prepare(fd);
	while (fd >= 0 && recv(fd, &order, sizeof order, MSG_TRUNC) == sizeof order) {
		struct diag diag = {0};
		struct answer answer = {0};
		answer.error = order_carry_out(&order, backend, uapi, &diag);
		snprintf(answer.text, sizeof answer.text, "%s", diag_text(&diag));
		diag_clear(&diag);
		(void)send(fd, &answer, sizeof answer, MSG_NOSIGNAL);
	}
	_exit(0);
}

/* The daemon's side. */

int spawn_helper_start(struct spawn_helper *helper, const struct backend *backend,
	const struct uapi_socket *uapi, struct diag *diag)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return diag_wrap(diag, diag_fail_errno(diag, -errno), "helper");
	pid_t pid = fork();
	if (pid == 0)
		helper_serve(ends[1], backend, uapi);
	int error = pid < 0 ? -errno : 0;
	close(ends[1]);
	if (error) {
		close(ends[0]);
		return diag_wrap(diag, diag_fail_errno(diag, error), "helper");
	}
	*helper = (struct spawn_helper){
		.fd = ends[0], .pid = pid, .timeout_ms = backend_timeout_ms(backend)};
	return 0;
}

static int answer_await(struct spawn_helper *helper, struct answer *ret)
{
	struct deadline deadline = deadline_in(helper->timeout_ms + ANSWER_GRACE_MS);
	struct pollfd poller = {helper->fd, POLLIN, 0};
	for (;;) {
		int ready = poll(&poller, 1, deadline_left_ms(deadline));
		if (ready == 0)
			return -ETIMEDOUT;
		if (ready > 0)
			break;
		if (errno != EINTR)
			return -errno;
	}
	return recv(helper->fd, ret, sizeof *ret, MSG_DONTWAIT) == sizeof *ret ? 0 : -EPIPE;
}

int spawn_helper_ask(struct spawn_helper *helper, const char *interface, struct diag *diag)
{
	struct order order = {0};
	struct answer answer;
	snprintf(order.interface, sizeof order.interface, "%s", interface);
	/* Discard late answers to earlier orders. */
	while (recv(helper->fd, &answer, sizeof answer, MSG_DONTWAIT) > 0)
		;
	int error = send(helper->fd, &order, sizeof order, MSG_NOSIGNAL) < 0 ? -errno : 0;
	if (!error)
		error = answer_await(helper, &answer);
	if (error == -EPIPE)
		return diag_fail(diag, error,
			"the helper that starts programs is gone; a restart brings it back");
	if (error)
		return diag_wrap(diag, diag_fail_errno(diag, error), "helper");
	answer.text[sizeof answer.text - 1] = '\0';
	return answer.error ? diag_fail(diag, answer.error, "%s", answer.text) : 0;
}

void spawn_helper_stop(struct spawn_helper *helper)
{
	close(helper->fd);
	while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR)
		;
}
