/* SPDX-License-Identifier: Apache-2.0 */
#include "arena.h"

#include "secret_memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Sizes include the block's head: an allocator that hands out powers of two wastes nothing. */
#define BLOCK_BYTES_MIN 512
#define BLOCK_BYTES_MAX (256 * 1024)

struct arena_block {
	struct arena_block *next;
	size_t size;
	size_t used;
	_Alignas(max_align_t) unsigned char bytes[];
};

static size_t align_up(size_t size)
{
	size_t unit = _Alignof(max_align_t);
	return (size + unit - 1) / unit * unit;
}

/* Each block is twice the last: an arena for one entry is small, one for a mesh has few blocks. */
static struct arena_block *arena_grow(struct arena *arena, size_t size)
{
	size_t head = sizeof(struct arena_block);
	size_t bytes = arena->blocks ? (head + arena->blocks->size) * 2 : BLOCK_BYTES_MIN;
	if (bytes > BLOCK_BYTES_MAX)
		bytes = BLOCK_BYTES_MAX;
	if (bytes < head + size)
		bytes = head + size;
	struct arena_block *block = arena->is_secret ? secret_alloc(bytes) : calloc(1, bytes);
	if (!block)
		return NULL;
	*block = (struct arena_block){.next = arena->blocks, .size = bytes - head};
	arena->blocks = block;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	if (size > SIZE_MAX / 2)
		return NULL;
	size = align_up(size ? size : 1);
	struct arena_block *block = arena->blocks;
	if (!block || block->size - block->used < size)
		block = arena_grow(arena, size);
	if (!block)
		return NULL;
	void *memory = block->bytes + block->used;
	block->used += size;
	return memory;
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
	if (length == SIZE_MAX)
		return NULL;
	char *copy = arena_alloc(arena, length + 1);
	if (copy && length)
		memcpy(copy, text, length);
	return copy;
}

void arena_clear(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;
		arena->blocks = block->next;
		if (arena->is_secret)
			secret_free(block, sizeof *block + block->size);
		else
			free(block);
	}
}
