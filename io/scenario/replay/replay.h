/* SPDX-License-Identifier: Apache-2.0 */
/* The command `replay`: runs scenario files, and reports which hold. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum replay_status {
	REPLAY_ALL_HOLD = 0,
	REPLAY_ONE_FAILS = 1,
	REPLAY_UNUSABLE = 2, /* a file is invalid or cannot be read; the others ran */
};

/*
 * Run the scenarios of `paths`: files, directories that are searched for *.json, or `-` for
 * standard input. Writes one line for each scenario and then their count to `out`, and errors in
 * files to `err`. With `trace`, writes JSON Lines to `out` as well (trace.h). Returns an enum
 * replay_status. The caller has called sodium_init.
 */
int replay_run(const char *const *paths, size_t count, bool trace, FILE *out, FILE *err);
