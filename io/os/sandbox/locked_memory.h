/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secret memory that is never swapped out and never part of a core dump: the allocator behind
 * secret_memory.h. The whole process shares one arena, since one guarded page for each key would
 * run out of mappings.
 */
#pragma once

#include "logger.h"

/*
 * Make secret_memory.h allocate from the arena, and raise RLIMIT_MEMLOCK as far as this process
 * may. Call it before the first use of secret memory.
 */
void locked_memory_start(void);

/*
 * Log, once in the life of the process, that the kernel refused to lock some of the arena. That
 * memory is used all the same and may be swapped out.
 */
void locked_memory_log_refusal(const struct logger *logger);
