/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that outlives the one that started it: reparented at once, in a session of its own,
 * with nothing inherited but what it is given. While it starts up a supervisor between the two
 * tells whether it runs; it goes away with detached_process_release.
 */
#pragma once

#include <sys/types.h>

struct diag;

struct detached_process {
	pid_t supervisor;
	int report_fd; /* what the supervisor says */
	int order_fd;  /* closing it lets the process go */
};

enum detached_state {
	DETACHED_RUNNING,
	DETACHED_NOT_STARTED, /* exec failed */
	DETACHED_EXITED,
	DETACHED_KILLED, /* by a signal */
};

struct detached_report {
	enum detached_state state;
	int value; /* negative errno, exit status or signal */
};

/*
 * Starts `path`; `output_fd` becomes its standard output and error, and stays the caller's. All
 * signals are as at the start of a system, the working directory is "/". Returns 0 or a negative
 * errno. On success detached_process_release must follow.
 */
int detached_process_start(const char *path, char *const *arguments, char *const *environment,
	int output_fd, struct detached_process *ret, struct diag *diag);
/* Waits for news, at most `timeout_ms`. DETACHED_RUNNING if there are none. */
struct detached_report detached_process_poll(struct detached_process *process, int timeout_ms);
enum detached_fate {
	DETACHED_LIVES_ON,
	DETACHED_IS_ENDED, /* asked to, then killed */
};
void detached_process_release(struct detached_process *process, enum detached_fate fate);
