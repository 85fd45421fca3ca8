/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for what may hold a private or a preshared key: wiped before it is given back. Until the
 * process names a better source (one that is never swapped out), it is the heap.
 *
 * Nothing here is resized in a way that would leave a copy behind.
 */
#pragma once

#include <stddef.h>

/* Where it comes from: zeroed, aligned for any type; what is given back is wiped already. */
struct secret_memory_source {
	void *(*alloc)(size_t size); /* NULL when memory is out */
	void (*free)(void *memory, size_t size);
	/*
	 * Optional. The same memory, longer and perhaps elsewhere, what is new in it zeroed; it is
	 * copied nowhere. NULL where that cannot be done, `memory` then being as before.
	 */
	void *(*extend)(void *memory, size_t size, size_t larger);
};

/* For the whole process, before the first use. `source` is borrowed; NULL: the heap. */
void secret_memory_use(const struct secret_memory_source *source);

/* Zeroed. NULL when memory is out. */
void *secret_alloc(size_t size);
/* `size` as it was asked for. NULL is fine. */
void secret_free(void *memory, size_t size);
/*
 * A larger block that begins with what `memory`, which is given back, begins with. NULL when
 * memory is out, `memory` then being as before.
 */
void *secret_grow(void *memory, size_t size, size_t used, size_t larger);
