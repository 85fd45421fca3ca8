/* SPDX-License-Identifier: Apache-2.0 */
#include "freed_memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void __real_free(void *memory);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void __wrap_free(void *memory);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);

static unsigned char watched_byte;
static size_t watched_count; /* 0: not watching */
static size_t hits;

void freed_memory_watch(unsigned char byte, size_t count)
{
	watched_byte = byte;
	watched_count = count;
	hits = 0;
}

size_t freed_memory_hits(void)
{
	return hits;
}

bool memory_holds_run(const void *memory, size_t size, unsigned char byte, size_t count)
{
	const unsigned char *bytes = memory;
	size_t run = 0;
	for (size_t i = 0; i < size; i++) {
		run = bytes[i] == byte ? run + 1 : 0;
		if (run == count)
			return true;
	}
	return false;
}

static void look_at(void *memory)
{
	if (memory && watched_count &&
		memory_holds_run(memory, malloc_usable_size(memory), watched_byte, watched_count))
		hits++;
}

/* Zero a new block, so that a check of it finds nothing that was not written to it. */
void *__wrap_malloc(size_t size)
{
	void *memory = __real_malloc(size);
	return memory ? memset(memory, 0, size) : NULL;
}

void __wrap_free(void *memory)
{
	look_at(memory);
	__real_free(memory);
}

/* A resized block may move and leave its old bytes behind, so it counts as freed. */
void *__wrap_realloc(void *memory, size_t size)
{
	size_t old_size = memory ? malloc_usable_size(memory) : 0;
	look_at(memory);
	unsigned char *resized = __real_realloc(memory, size);
	if (resized && size > old_size)
		memset(resized + old_size, 0, size - old_size);
	return resized;
}

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	if (size && count > (size_t)-1 / size)
		return NULL;
	return __wrap_realloc(memory, count * size);
}
