/* SPDX-License-Identifier: Apache-2.0 */
#include "file_sandbox.h"

#include "diag.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Since ABI 3; the system's header may be older. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#define TRUNCATE_ABI 3

#define ACCESS_WRITE                                                                               \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |                          \
		LANDLOCK_ACCESS_FS_MAKE_REG)
/* The daemon needs these nowhere. */
#define ACCESS_NEVER                                                                               \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                              \
		LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |                       \
		LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |                      \
		LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

static int sandbox_fail(struct diag *diag, int error, const char *place)
{
	return diag_wrap(diag, diag_fail_errno(diag, error), "Landlock: %s", place);
}

static int directory_allow(int ruleset, const char *directory, __u64 access, struct diag *diag)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access};
	rule.parent_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT ? 0 : sandbox_fail(diag, -errno, directory);
	int error = 0;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0U) != 0)
		error = sandbox_fail(diag, -errno, directory);
	close(rule.parent_fd);
	return error;
}

int file_sandbox_enter(const char *const directories[], size_t count, struct diag *diag)
{
	long abi = syscall(
		SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
	__u64 write = ACCESS_WRITE | (abi >= TRUNCATE_ABI ? LANDLOCK_ACCESS_FS_TRUNCATE : 0);
	struct landlock_ruleset_attr attributes = {.handled_access_fs = write | ACCESS_NEVER};
	int ruleset = abi < 0 ? -1
			      : (int)syscall(SYS_landlock_create_ruleset, &attributes,
					sizeof attributes, 0U);
	if (ruleset < 0)
		return sandbox_fail(diag, -errno, "rules");
	int error = 0;
	for (size_t i = 0; i < count && !error; i++)
		error = directory_allow(ruleset, directories[i], write, diag);
	if (!error && syscall(SYS_landlock_restrict_self, ruleset, 0U) != 0)
		error = sandbox_fail(diag, -errno, "this process");
	close(ruleset);
	return error;
}

bool file_sandbox_is_missing(int error)
{
	return error == -EPERM || error == -ENOSYS || error == -EOPNOTSUPP;
}
