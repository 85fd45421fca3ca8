/* SPDX-License-Identifier: Apache-2.0 */
#include "signals.h"

#include "diag.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

int signals_open(struct signals *signals, struct diag *diag)
{
	sigset_t set;
	*signals = (struct signals){.fd = -1};
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	int error = -pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (!error) {
		signals->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
		error = signals->fd < 0 ? -errno : 0;
	}
	return error ? diag_wrap(diag, diag_fail_errno(diag, error), "signals") : 0;
}

int signals_take(struct signals *signals, struct signals_taken *ret, struct diag *diag)
{
	struct signals_taken taken = {0};
	struct signalfd_siginfo info;
	for (;;) {
		ssize_t size = read(signals->fd, &info, sizeof info);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0 && errno == EAGAIN)
			break;
		if (size < 0)
			return diag_wrap(diag, diag_fail_errno(diag, -errno), "signals");
		if (info.ssi_signo == SIGHUP)
			taken.reload = true;
		else
			taken.end = (int)info.ssi_signo;
	}
	*ret = taken;
	return 0;
}

void signals_close(struct signals *signals)
{
	if (signals->fd >= 0)
		close(signals->fd);
	signals->fd = -1;
}
