/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open files and directories that only a trusted owner (trusted_owner.h) can have put where they
 * are. As sshd does for its keys, check every part of the path from the root on: each directory,
 * each symbolic link and the final file must belong to a trusted owner, and others must not be able
 * to write it. A directory above the file may be writable if it has the sticky bit (/tmp, a
 * Kubernetes volume), because there nobody can rename or remove another user's file.
 *
 * Each step starts at the directory that the last one checked (path_walk.h). Errors begin with the
 * path, name the part of it that failed, and say what is required.
 */
#pragma once

#include <sys/stat.h>

struct diag;

/*
 * Open a regular file for reading. Never blocks, since it opens nothing else. Returns a descriptor
 * or a negative errno: -EACCES if the path is not trusted, -EINVAL if it is not a regular file.
 */
int trusted_file_open(const char *path, struct stat *ret, struct diag *diag);
/* Open a directory to create files in: others must not be able to write it, sticky or not. */
int trusted_directory_open(const char *path, struct diag *diag);
/* Check a path without opening it, such as that of a socket to connect to. The mode of a socket
 * does not matter, and its directory may be writable if it is sticky. */
int trusted_path_check(const char *path, struct diag *diag);
/* Return 0 if a file with that status belongs to a trusted owner and others may not write it, else
 * -EACCES. `place` is its name in the error. */
int trusted_check(const char *place, const struct stat *status, struct diag *diag);
/* As diag_fail_errno, but -EACCES also names the user of this process: a daemon that root started
 * may have become another user. */
int access_fail_errno(struct diag *diag, int error);
