/* SPDX-License-Identifier: Apache-2.0 */
#include "secret_memory.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void *heap_alloc(size_t size)
{
	return calloc(1, size ? size : 1);
}

static void heap_free(void *memory, size_t size)
{
	free(memory);
}

static const struct secret_memory_source heap = {.alloc = heap_alloc, .free = heap_free};
static const struct secret_memory_source *memory_source = &heap;

void secret_memory_use(const struct secret_memory_source *source)
{
	memory_source = source ? source : &heap;
}

void *secret_alloc(size_t size)
{
	return memory_source->alloc(size);
}

void secret_free(void *memory, size_t size)
{
	if (!memory)
		return;
	sodium_memzero(memory, size);
	memory_source->free(memory, size);
}

void *secret_grow(void *memory, size_t size, size_t used, size_t larger)
{
	void *grown = NULL;
	if (memory && memory_source->extend)
		grown = memory_source->extend(memory, size, larger);
	if (grown)
		return grown;
	grown = secret_alloc(larger);
	if (grown && memory) {
		memcpy(grown, memory, used);
		secret_free(memory, size);
	}
	return grown;
}
