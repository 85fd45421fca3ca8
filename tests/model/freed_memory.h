/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches memory on its way back to the allocator for what must not be in it any more. Link with
 * freed_memory's arguments: then every block that the code under test frees or resizes comes by
 * here. (It looks at padding too, of which valgrind complains.)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Counts blocks that hold `count` bytes of the value `byte` in a row; from zero again. */
void freed_memory_watch(unsigned char byte, size_t count);
/* How many there were since. */
size_t freed_memory_hits(void);

/* Whether a secret of 32 bytes of that value lies in `memory` (to show that the watch sees). */
bool memory_holds_run(const void *memory, size_t size, unsigned char byte, size_t count);
