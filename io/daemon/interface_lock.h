/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One process at a time looks after an interface: whoever changes one holds its lock, a locked file
 * named after the network namespace and the interface. The system takes it back from a process that
 * is gone, however it went.
 */
#pragma once

#include <stdbool.h>

struct diag;

#define INTERFACE_LOCK_DIRECTORY "/run/plexwg"

struct interface_lock {
	int fd;
	bool is_held;
};

/*
 * Takes the lock of that interface in the network namespace that the thread is in now, without
 * waiting. `directory` is made, with mode 0755, if it is missing; it must be one that
 * trusted_directory_open opens, and what is in it belongs to its owner, so that root's `down` locks
 * the daemon's user out of nothing. Returns 0, or a negative errno; -EBUSY with
 * `another plexwg (pid 123) looks after plexd0 in this network namespace`.
 */
int interface_lock_take(struct interface_lock *lock, const char *directory, const char *interface,
	struct diag *diag);
/*
 * For one that does without the lock since it cannot be taken: whether it is held, as far as can be
 * seen. Returns 0 or -EBUSY, as above.
 */
int interface_lock_check(const char *directory, const char *interface, struct diag *diag);
/* The zero state is fine. */
void interface_lock_release(struct interface_lock *lock);
