/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a program as a service manager would: under a list of system calls, which stands one a line
 * in a file; all others fail with EPERM. Usage: under_filter FILE PROGRAM [ARGUMENT]...
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int filter_load(FILE *list)
{
	char name[64];
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int error = filter ? 0 : -ENOMEM;
	while (!error && fscanf(list, "%63s", name) == 1) {
		int number = seccomp_syscall_resolve_name(name);
		/* Some are those of other architectures. */
		if (number >= 0)
			error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	}
	if (!error)
		error = seccomp_load(filter);
	seccomp_release(filter);
	return error;
}

int main(int argc, char **argv)
{
	FILE *list = argc > 2 ? fopen(argv[1], "re") : NULL;
	if (!list) {
		fputs("usage: under_filter FILE PROGRAM [ARGUMENT]...\n", stderr);
		return 64;
	}
	int error = filter_load(list);
	if (error) {
		fprintf(stderr, "under_filter: %s\n", strerror(-error));
		return 125;
	}
	execv(argv[2], argv + 2);
	perror(argv[2]);
	return 126;
}
