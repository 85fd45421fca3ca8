/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Let only one process at a time manage an interface. A process that changes an interface holds its
 * lock: a locked file named after the network namespace and the interface. The kernel releases the
 * lock when the process ends, in whatever way.
 */
#pragma once

#include <stdbool.h>

struct diag;

#define INTERFACE_LOCK_DIRECTORY "/run/plexwg"

struct interface_lock {
	int fd;
	bool is_held;
};

/* Result of both functions: another process holds the lock. */
#define INTERFACE_LOCK_BUSY 1

/*
 * Take the lock of that interface in the calling thread's network namespace, without waiting.
 *
 * `directory` is created with mode 0755 if it is missing, and opened with trusted_directory_open.
 * Lock files get its owner, so that a `down` by root does not lock out the daemon's user. Returns
 * 0, INTERFACE_LOCK_BUSY with `another plexwg (pid 123) looks after plexd0 in this network
 * namespace`, or a negative errno.
 */
int interface_lock_take(struct interface_lock *lock, const char *directory, const char *interface,
	struct diag *diag);
/*
 * For a process that cannot take the lock and goes on without it: check whether another process
 * holds it. Returns 0, also if that cannot be determined, or INTERFACE_LOCK_BUSY as above.
 */
int interface_lock_check(const char *directory, const char *interface, struct diag *diag);
/* No effect on the zero state. */
void interface_lock_release(struct interface_lock *lock);
