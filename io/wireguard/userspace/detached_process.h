/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start a process that outlives the caller: reparented at once, in a session of its own, with no
 * inherited descriptors or signal settings. During its start a supervisor process between the two
 * reports its state. The supervisor ends with detached_process_release.
 */
#pragma once

#include <sys/types.h>

struct diag;

struct detached_process {
	pid_t supervisor;
	int report_fd; /* from the supervisor */
	int order_fd;  /* to the supervisor; closing it releases the process */
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
 * Start `path`. Its standard output and error are `output_fd`, which the caller still owns. All
 * signals have their default action, and the working directory is "/". Returns 0 or a negative
 * errno. After success the caller must call detached_process_release.
 */
int detached_process_start(const char *path, char *const *arguments, char *const *environment,
	int output_fd, struct detached_process *ret, struct diag *diag);
/* Wait up to `timeout_ms` for a report. Returns DETACHED_RUNNING if there is none. */
struct detached_report detached_process_poll(struct detached_process *process, int timeout_ms);
enum detached_fate {
	DETACHED_LIVES_ON,
	DETACHED_IS_ENDED, /* by SIGTERM, then by SIGKILL */
};
void detached_process_release(struct detached_process *process, enum detached_fate fate);
