/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files and directories that nobody but a trusted owner (trusted_owner.h) can have put where they
 * are, as sshd asks of its keys: from the root on every directory, every symbolic link and the end
 * of the path belong to a trusted owner, and others may write none of them. A directory on the way
 * that has the sticky bit, such as /tmp or a volume of Kubernetes, is fine: nobody can put aside in
 * it what is another's.
 *
 * Each step begins at the directory that the last one has looked at. Errors begin with the path,
 * and name the part of it that is wrong and what would be right.
 */
#pragma once

#include <sys/stat.h>

struct diag;

/*
 * Opens a regular file for reading; nothing else is opened, so that nothing can block. Returns a
 * descriptor, or a negative errno: -EACCES if it is not to be trusted, -EINVAL if it is no regular
 * file.
 */
int trusted_file_open(const char *path, struct stat *ret, struct diag *diag);
/* Opens a directory to put files into: others may not write it, sticky or not. */
int trusted_directory_open(const char *path, struct diag *diag);
/* Only looks. A socket at the end is one that is connected to: its mode does not matter, and the
 * directory that it is in may be sticky. */
int trusted_path_check(const char *path, struct diag *diag);
/* 0 if what has that status belongs to a trusted owner and others may not write it. `place` is its
 * name. */
int trusted_check(const char *place, const struct stat *status, struct diag *diag);
/* As diag_fail_errno; -EACCES names who is not let in: a daemon of root may have become another
 * user. */
int access_fail_errno(struct diag *diag, int error);
