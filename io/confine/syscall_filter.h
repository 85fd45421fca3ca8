/*
 * The system calls that the daemon makes once it is up, and no others, for the rest of its life.
 *
 * It cannot start programs or processes, look into others, make memory executable that was
 * writable, or open sockets but for the Internet, for netlink and for UNIX sockets. What is not on
 * the list fails with ENOSYS, as on a system that does not have it: libraries that try what is new
 * then take their other way, and the daemon lives on. New code that fails with "Function not
 * implemented" in `plexwg run` alone has met it: the list is in syscall_filter.c.
 */
#pragma once

struct diag;

/* For all threads, those to come too. Returns 0 or a negative errno. */
int syscall_filter_install(struct diag *diag);
