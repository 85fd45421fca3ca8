#include "arena.h"

#include "secret_memory.h"

#include <stdint.h>
#include <string.h>

#define ARENA_BLOCK_BYTES (64 * 1024)

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

/* Blocks double, so that an arena for one entry is small and one for a mesh has few blocks. */
static struct arena_block *arena_grow(struct arena *arena, size_t size)
{
	size_t wanted = arena->blocks ? arena->blocks->size * 2 : 512;
	if (wanted > ARENA_BLOCK_BYTES)
		wanted = ARENA_BLOCK_BYTES;
	if (wanted < size)
		wanted = size;
	struct arena_block *block = secret_alloc(sizeof *block + wanted);
	if (!block)
		return NULL;
	*block = (struct arena_block){.next = arena->blocks, .size = wanted};
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
		secret_free(block, sizeof *block + block->size);
	}
}
