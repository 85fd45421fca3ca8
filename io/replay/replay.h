/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `plexwg replay`: runs scenario files, and says which hold.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum replay_status {
	REPLAY_ALL_HOLD = 0,
	REPLAY_ONE_FAILS = 1,
	REPLAY_UNUSABLE = 2, /* a file could not be used; the others ran */
};

/*
 * Each path is a file, a directory that is searched for *.json, or `-` for standard input. One
 * line a scenario goes to `out`, then a count of them; what makes a file unusable goes to `err`.
 * With `trace`, `out` gets JSON Lines as well (trace.h). Returns an enum replay_status.
 * sodium_init must have been called.
 */
int replay_run(const char *const *paths, size_t count, bool trace, FILE *out, FILE *err);
