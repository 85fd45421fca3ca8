/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that may hold a private or preshared key. It is wiped before it is freed, and growing it
 * leaves no copy behind. The heap supplies it until the process sets another source, such as one
 * that is never swapped out.
 */
#pragma once

#include <stddef.h>

/* A source of such memory. */
struct secret_memory_source {
	/* Allocate zeroed memory, aligned for any type. Return NULL when out of memory. */
	void *(*alloc)(size_t size);
	/* Free memory that the caller has wiped. */
	void (*free)(void *memory, size_t size);
	/*
	 * Optional. Extend `memory` without copying it, possibly by remapping it to another
	 * address; the new part is zeroed. Return NULL, with `memory` unchanged, if that is not
	 * possible.
	 */
	void *(*extend)(void *memory, size_t size, size_t larger);
};

/* Set the source of the process, before the first allocation. `source` is borrowed; NULL: heap. */
void secret_memory_use(const struct secret_memory_source *source);

/* Allocate zeroed memory. Return NULL when out of memory. */
void *secret_alloc(size_t size);
/* Wipe and free. `size` is the size that was allocated. NULL is ignored. */
void secret_free(void *memory, size_t size);
/*
 * Replace `memory` by a block of `larger` bytes that begins with its first `used` bytes, and free
 * it. Return NULL when out of memory; `memory` is then unchanged.
 */
void *secret_grow(void *memory, size_t size, size_t used, size_t larger);
