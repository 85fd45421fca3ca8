/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the process keeps its keys: memory that is neither swapped out nor part of a core dump, in
 * one arena for the whole process (a guarded page for each key would run out of mappings).
 */
#pragma once

#include "logger.h"

/*
 * From here on secret_memory.h has its memory here, and the limit on locked memory (RLIMIT_MEMLOCK)
 * is as high as this process may set it. Before the first use of secret memory.
 */
void locked_memory_start(void);

/*
 * Logs, once in the process's life, that the system would not lock some of it. It serves all the
 * same, and may be swapped out.
 */
void locked_memory_say_refused(const struct logger *logger);
