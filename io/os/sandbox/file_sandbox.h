/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Restrict this process with Landlock, for the rest of its life and even if it is root: it creates,
 * changes and removes files only below given directories, and executes none. Reading is not
 * restricted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct diag;

/*
 * Keep only `directories` writable; one that does not exist is ignored. Call it after
 * privileges_drop and before any thread is started. Returns 0 or a negative errno; see
 * file_sandbox_is_missing.
 */
int file_sandbox_enter(const char *const directories[], size_t count, struct diag *diag);
/* Whether that error means that the system does not offer Landlock. */
bool file_sandbox_is_missing(int error);
