/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls that the daemon makes once it is up, and no others, for the rest of its life.
 *
 * It cannot start programs or processes, look into others, make memory executable that was
 * writable, signal another process, or open sockets but for the Internet, for netlink's routes and
 * generic families and for UNIX sockets. What is not on
 * the list fails with ENOSYS, as on a system that does not have it: libraries that try what is new
 * then take their other way, and the daemon lives on. New code that fails with "Function not
 * implemented" in `plexwg run` alone has met it: the list is in syscall_filter.c.
 */
#pragma once

struct diag;

/* For all threads, those to come too. Returns 0 or a negative errno. */
int syscall_filter_install(struct diag *diag);
/* For one that starts wireguard-go, and for that program, which inherits it. */
int syscall_filter_install_starter(struct diag *diag);
