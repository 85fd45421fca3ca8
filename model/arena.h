/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is given back all at once, and wiped then: what a table or a document points to.
 * Pointers stay valid until arena_clear.
 */
#pragma once

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
};

/* Zeroed, aligned for any type. NULL when memory is out. */
void *arena_alloc(struct arena *arena, size_t size);
/* A copy with a NUL after it. NULL when memory is out. */
char *arena_strndup(struct arena *arena, const char *text, size_t length);
void arena_clear(struct arena *arena);
