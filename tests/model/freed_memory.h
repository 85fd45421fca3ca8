/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks each block that is freed for bytes that must not be in it. Link with freed_memory's
 * arguments, which route every free and resize of the code under test through it. (It reads padding
 * too, which valgrind reports.)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Count blocks that hold `count` bytes of the value `byte` in a row; start from zero. */
void freed_memory_watch(unsigned char byte, size_t count);
/* Return the count since then. */
size_t freed_memory_hits(void);

/*
 * Returns whether `memory` holds a secret of 32 bytes of that value (to show that the check works).
 */
bool memory_holds_run(const void *memory, size_t size, unsigned char byte, size_t count);
