/* SPDX-License-Identifier: Apache-2.0 */
#include "syscall_filter.h"

#include "diag.h"
#include "sanitized.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

/* Allowed with any arguments. */
static const int calls[] = {
	/* Memory */
	SCMP_SYS(brk),
	SCMP_SYS(madvise),
	SCMP_SYS(mlock),
	SCMP_SYS(mlock2),
	SCMP_SYS(mremap),
	SCMP_SYS(munlock),
	SCMP_SYS(munmap),
	/* Files: identity, state, cache, scenario, and the resolver's */
	SCMP_SYS(access),
	SCMP_SYS(close),
	SCMP_SYS(dup),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(fchmod),
	SCMP_SYS(fchown),
	SCMP_SYS(fdatasync),
	SCMP_SYS(flock),
	SCMP_SYS(fstat),
	SCMP_SYS(fstatfs),
	SCMP_SYS(fsync),
	SCMP_SYS(ftruncate),
	SCMP_SYS(getcwd),
	SCMP_SYS(getdents64),
	SCMP_SYS(inotify_add_watch),
	SCMP_SYS(inotify_init1),
	SCMP_SYS(inotify_rm_watch),
	SCMP_SYS(lseek),
	SCMP_SYS(lstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(read),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(readv),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(sendfile),
	SCMP_SYS(stat),
	SCMP_SYS(statfs),
	SCMP_SYS(statx),
	SCMP_SYS(umask),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	/* Sockets, but not listen() and accept() */
	SCMP_SYS(bind),
	SCMP_SYS(connect),
	SCMP_SYS(getpeername),
	SCMP_SYS(getsockname),
	SCMP_SYS(getsockopt),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmmsg),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(setsockopt),
	SCMP_SYS(shutdown),
	/* Waiting, clocks and pipes */
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_pwait2),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(eventfd2),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(nanosleep),
	SCMP_SYS(pipe2),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(pselect6),
	SCMP_SYS(select),
	SCMP_SYS(signalfd4),
	SCMP_SYS(time),
	SCMP_SYS(wait4),
	/* The process's own threads and signals */
	SCMP_SYS(arch_prctl),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(futex),
	SCMP_SYS(gettid),
	SCMP_SYS(membarrier),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rseq),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigtimedwait),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_yield),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(set_tid_address),
	SCMP_SYS(sigaltstack),
	/* Users, limits and system information */
	SCMP_SYS(getegid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getgroups),
	SCMP_SYS(getpid),
	SCMP_SYS(getppid),
	SCMP_SYS(getrandom),
	SCMP_SYS(getrlimit),
	SCMP_SYS(getrusage),
	SCMP_SYS(getuid),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
#if SANITIZED
	/* LeakSanitizer traces all threads from a process that shares their memory. */
	SCMP_SYS(clone),
	SCMP_SYS(getdents),
	SCMP_SYS(prctl),
	SCMP_SYS(ptrace),
#endif
};

/* Allow the call if its argument, masked, equals the value. Rows for the same call are
 * alternatives. */
struct argument_rule {
	int call;
	unsigned argument;
	uint64_t mask;
	uint64_t value;
};

#define ALL_BITS UINT64_MAX
#define INT_BITS UINT32_MAX

static const struct argument_rule argument_rules[] = {
	/* No memory is writable and executable at once, and no writable memory becomes executable.
	 * The modules of the name service are mapped from their files with final protections. */
	{SCMP_SYS(mmap), 2, PROT_EXEC, 0},
	{SCMP_SYS(mmap), 2, PROT_EXEC | PROT_WRITE, PROT_EXEC},
	{SCMP_SYS(mprotect), 2, PROT_EXEC, 0},
	{SCMP_SYS(socket), 0, INT_BITS, AF_UNIX},
	{SCMP_SYS(socket), 0, INT_BITS, AF_INET},
	{SCMP_SYS(socket), 0, INT_BITS, AF_INET6},
	{SCMP_SYS(socketpair), 0, INT_BITS, AF_UNIX},
	{SCMP_SYS(ioctl), 1, INT_BITS, FIONREAD},
	{SCMP_SYS(ioctl), 1, INT_BITS, FIONBIO},
	{SCMP_SYS(ioctl), 1, INT_BITS, SIOCGIFINDEX},
	{SCMP_SYS(ioctl), 1, INT_BITS, SIOCGIFNAME},
	{SCMP_SYS(ioctl), 1, INT_BITS, TCGETS},
	{SCMP_SYS(prctl), 0, INT_BITS, PR_SET_NAME},
	{SCMP_SYS(prctl), 0, INT_BITS, PR_SET_VMA},
	/* Read limits, but do not set them. */
	{SCMP_SYS(prlimit64), 2, ALL_BITS, 0},
};

static const struct argument_rule daemon_rules[] = {
	/* Threads, but no processes. clone3 fails, since a filter cannot read its flags; libc then
	 * calls clone. */
	{SCMP_SYS(clone), 0, CLONE_THREAD, CLONE_THREAD},
	/* Not F_SETOWN and F_SETSIG: they could send any signal to another process. */
	{SCMP_SYS(fcntl), 1, INT_BITS, F_DUPFD},
	{SCMP_SYS(fcntl), 1, INT_BITS, F_DUPFD_CLOEXEC},
	{SCMP_SYS(fcntl), 1, INT_BITS, F_GETFD},
	{SCMP_SYS(fcntl), 1, INT_BITS, F_GETFL},
	{SCMP_SYS(fcntl), 1, INT_BITS, F_SETFD},
	{SCMP_SYS(fcntl), 1, INT_BITS, F_SETFL},
	/* No O_TRUNC: the daemon never truncates files, and Landlock covers it only since ABI 3. */
	{SCMP_SYS(open), 1, O_TRUNC, 0},
	{SCMP_SYS(openat), 2, O_TRUNC, 0},
};

/* Further calls for starting wireguard-go, and those of wireguard-go itself. */
static const int starter_calls[] = {
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	SCMP_SYS(chdir),
	SCMP_SYS(close_range),
	SCMP_SYS(dup2),
	SCMP_SYS(dup3),
	SCMP_SYS(execve),
	SCMP_SYS(fcntl),
	SCMP_SYS(fork),
	SCMP_SYS(getpgrp),
	SCMP_SYS(getsid),
	SCMP_SYS(kill),
	SCMP_SYS(listen),
	SCMP_SYS(memfd_create),
	SCMP_SYS(mincore),
	SCMP_SYS(mkdir),
	SCMP_SYS(mkdirat),
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(pipe),
	SCMP_SYS(rt_sigsuspend),
	SCMP_SYS(setitimer),
	SCMP_SYS(setsid),
	SCMP_SYS(tgkill),
	SCMP_SYS(timer_create),
	SCMP_SYS(timer_delete),
	SCMP_SYS(timer_settime),
	SCMP_SYS(tkill),
	SCMP_SYS(vfork),
	SCMP_SYS(waitid),
};

#define CLONE_NAMESPACES                                                                           \
	(CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID |              \
		CLONE_NEWUSER | CLONE_NEWUTS)

static const struct argument_rule starter_rules[] = {
	{SCMP_SYS(clone), 0, CLONE_NAMESPACES, 0},
	{SCMP_SYS(ioctl), 1, INT_BITS, SIOCGIFMTU},
	{SCMP_SYS(ioctl), 1, INT_BITS, SIOCSIFMTU},
	{SCMP_SYS(ioctl), 1, INT_BITS, TUNGETIFF},
	{SCMP_SYS(ioctl), 1, INT_BITS, TUNSETIFF},
	{SCMP_SYS(ioctl), 1, INT_BITS, TUNSETOFFLOAD},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int calls_add(scmp_filter_ctx filter, const int *numbers, size_t count)
{
	int error = 0;
	for (size_t i = 0; i < count && !error; i++)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, numbers[i], 0);
	return error;
}

static int argument_rules_add(
	scmp_filter_ctx filter, const struct argument_rule *rules, size_t count)
{
	int error = 0;
	for (size_t i = 0; i < count && !error; i++) {
		const struct argument_rule *rule = &rules[i];
		struct scmp_arg_cmp comparison =
			SCMP_CMP(rule->argument, SCMP_CMP_MASKED_EQ, rule->mask, rule->value);
		error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rule->call, 1, &comparison);
	}
	return error;
}

/* Other netlink protocols would reach the packet filter and IPsec. */
static int netlink_add(scmp_filter_ctx filter)
{
	static const uint64_t protocols[] = {NETLINK_ROUTE, NETLINK_GENERIC};
	int error = 0;
	for (size_t i = 0; i < COUNT(protocols) && !error; i++)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
			SCMP_A0(SCMP_CMP_MASKED_EQ, INT_BITS, AF_NETLINK),
			SCMP_A2(SCMP_CMP_MASKED_EQ, INT_BITS, protocols[i]));
	return error;
}

static int shared_add(scmp_filter_ctx filter)
{
	/* Include the threads that run already. */
	int error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (!error)
		error = calls_add(filter, calls, COUNT(calls));
	if (!error)
		error = argument_rules_add(filter, argument_rules, COUNT(argument_rules));
	return error ? error : netlink_add(filter);
}

static int daemon_add(scmp_filter_ctx filter)
{
	/* Signals to the process's own threads. */
	struct argument_rule own = {SCMP_SYS(tgkill), 0, INT_BITS, (uint32_t)getpid()};
	int error = argument_rules_add(filter, daemon_rules, COUNT(daemon_rules));
	return error ? error : argument_rules_add(filter, &own, 1);
}

static int starter_add(scmp_filter_ctx filter)
{
	int error = calls_add(filter, starter_calls, COUNT(starter_calls));
	return error ? error : argument_rules_add(filter, starter_rules, COUNT(starter_rules));
}

static int filter_install(int (*add)(scmp_filter_ctx filter), struct diag *diag)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int error = filter ? shared_add(filter) : -ENOMEM;
	if (!error)
		error = add(filter);
	if (!error)
		error = seccomp_load(filter);
	seccomp_release(filter);
	return error ? diag_wrap(diag, diag_fail_errno(diag, error), "filter system calls") : 0;
}

int syscall_filter_install(struct diag *diag)
{
	return filter_install(daemon_add, diag);
}

int syscall_filter_install_starter(struct diag *diag)
{
	return filter_install(starter_add, diag);
}
