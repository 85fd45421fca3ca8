/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock, where the kernel has it: for the rest of its life this process, root's too, creates,
 * changes and removes files below some directories only, and executes none. Reading is as before.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct diag;

/*
 * `directories` are those that stay writable; a missing one counts for nothing. Only before there
 * are threads, and after privileges_drop. Returns 0 or a negative errno, see
 * file_sandbox_is_missing.
 */
int file_sandbox_enter(const char *const directories[], size_t count, struct diag *diag);
/* Whether that error means that the system does not offer it. */
bool file_sandbox_is_missing(int error);
