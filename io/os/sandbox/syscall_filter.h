/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allow only the system calls that the daemon needs once it is up, for the rest of its life.
 *
 * The daemon then cannot start programs or processes, trace or signal other processes, make
 * writable memory executable, or open sockets other than IPv4, IPv6, UNIX, and netlink's route and
 * generic protocols. A call that is not on the list fails with ENOSYS, as on a kernel without it:
 * libraries fall back from newer calls to older ones, and the daemon keeps running. If new code
 * fails with "Function not implemented" only in `plexwg run`, add the call to the list in
 * syscall_filter.c.
 */
#pragma once

struct diag;

/* Filter the calls of all threads, present and future. Returns 0 or a negative errno. */
int syscall_filter_install(struct diag *diag);
/* The same for a process that starts wireguard-go, and for that program, which inherits the filter.
 */
int syscall_filter_install_starter(struct diag *diag);
