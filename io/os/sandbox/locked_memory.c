/* SPDX-License-Identifier: Apache-2.0 */
#include "locked_memory.h"

#include "secret_memory.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * A block's size is a power of two; blocks are cut from slabs, which are never unmapped. A larger
 * allocation is a mapping of its own, which is unmapped when freed and extended by moving its
 * pages: much cheaper than copying and wiping them.
 */
#define BLOCK_BYTES_MIN 64
#define CLASS_COUNT     10 /* the largest has 32 KiB */
#define SLAB_BYTES      ((size_t)256 * 1024)

struct free_block {
	struct free_block *next;
};

static struct {
	pthread_mutex_t mutex;
	struct free_block *free[CLASS_COUNT];
	int refusal; /* errno of the first mlock that failed; 0: all memory is locked */
	bool is_refusal_logged;
} arena = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* Return the smallest class whose blocks hold `size` bytes; CLASS_COUNT if there is none. */
static unsigned class_of(size_t size)
{
	unsigned class = 0;
	while (class < CLASS_COUNT && (size_t)BLOCK_BYTES_MIN << class < size)
		class ++;
	return class;
}

static size_t page_round(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	return (size + page - 1) / page * page;
}

static void *pages_map(size_t size)
{
	void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		return NULL;
	madvise(pages, size, MADV_DONTDUMP);
	/* Not mlock(): AddressSanitizer makes that do nothing. */
	if (mlock2(pages, size, 0) != 0 && !arena.refusal)
		arena.refusal = errno;
	return pages;
}

static bool slab_cut(unsigned class)
{
	size_t block_bytes = (size_t)BLOCK_BYTES_MIN << class;
	unsigned char *slab = pages_map(SLAB_BYTES);
	if (!slab)
		return false;
	for (size_t at = SLAB_BYTES; at; at -= block_bytes) {
		struct free_block *block = (void *)(slab + at - block_bytes);
		block->next = arena.free[class];
		arena.free[class] = block;
	}
	return true;
}

static void *block_take(unsigned class)
{
	if (!arena.free[class] && !slab_cut(class))
		return NULL;
	struct free_block *block = arena.free[class];
	arena.free[class] = block->next;
	block->next = NULL; /* the rest of the block is zero already */
	return block;
}

static void *locked_alloc(size_t size)
{
	if (size > SIZE_MAX / 2)
		return NULL;
	unsigned class = class_of(size);
	pthread_mutex_lock(&arena.mutex);
	void *memory = class < CLASS_COUNT ? block_take(class) : pages_map(page_round(size));
	pthread_mutex_unlock(&arena.mutex);
	return memory;
}

static void locked_free(void *memory, size_t size)
{
	unsigned class = class_of(size);
	if (class == CLASS_COUNT) {
		munmap(memory, page_round(size));
		return;
	}
	struct free_block *block = memory;
	pthread_mutex_lock(&arena.mutex);
	block->next = arena.free[class];
	arena.free[class] = block;
	pthread_mutex_unlock(&arena.mutex);
}

/* The new pages inherit that they are locked and left out of core dumps. */
static void *locked_extend(void *memory, size_t size, size_t larger)
{
	if (larger > SIZE_MAX / 2 || class_of(size) < CLASS_COUNT)
		return NULL;
	void *pages = mremap(memory, page_round(size), page_round(larger), MREMAP_MAYMOVE);
	return pages == MAP_FAILED ? NULL : pages;
}

void locked_memory_start(void)
{
	static const struct secret_memory_source source = {
		locked_alloc, locked_free, locked_extend};
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
	if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0 && getrlimit(RLIMIT_MEMLOCK, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_MEMLOCK, &limit);
	}
	secret_memory_use(&source);
}

void locked_memory_log_refusal(const struct logger *logger)
{
	pthread_mutex_lock(&arena.mutex);
	int refusal = arena.is_refusal_logged ? 0 : arena.refusal;
	arena.is_refusal_logged = arena.refusal != 0;
	pthread_mutex_unlock(&arena.mutex);
	if (refusal)
		log_line(logger, LOG_MEMORY_NOT_LOCKED, "error", strerror(refusal), NULL);
}
