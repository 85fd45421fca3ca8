/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arena: memory that is allocated piece by piece and freed all at once. Tables and documents keep
 * what they point to in one. Pointers stay valid until arena_clear.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
	bool is_secret; /* its memory may hold secrets: see secret_memory.h. Set before use. */
};

/* Allocate zeroed memory, aligned for any type. Return NULL when out of memory. */
void *arena_alloc(struct arena *arena, size_t size);
/* Copy a text and terminate it with NUL. Return NULL when out of memory. */
char *arena_strndup(struct arena *arena, const char *text, size_t length);
/* Free all of it, after wiping it if it is secret. The arena can be used again. */
void arena_clear(struct arena *arena);
