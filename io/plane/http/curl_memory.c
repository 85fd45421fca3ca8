/* SPDX-License-Identifier: Apache-2.0 */
#include "curl_memory.h"

#include "secret_memory.h"

#include <curl/curl.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Stores the length before the bytes, for wiping. */
struct block {
	size_t length;
	max_align_t bytes[];
};

static struct block *block_of(void *bytes)
{
	return (struct block *)((char *)bytes - offsetof(struct block, bytes));
}

static void *wiped_malloc(size_t length)
{
	if (length > SIZE_MAX - sizeof(struct block))
		return NULL;
	struct block *block = secret_alloc(sizeof *block + length);
	if (!block)
		return NULL;
	block->length = length;
	return block->bytes;
}

static void wiped_free(void *bytes)
{
	if (!bytes)
		return;
	struct block *block = block_of(bytes);
	secret_free(block, sizeof *block + block->length);
}

/* realloc(3) may move the bytes and leave the old ones unwiped. */
static void *wiped_realloc(void *bytes, size_t length)
{
	void *moved = wiped_malloc(length);
	if (!moved || !bytes)
		return moved;
	size_t old_length = block_of(bytes)->length;
	memcpy(moved, bytes, old_length < length ? old_length : length);
	wiped_free(bytes);
	return moved;
}

static void *wiped_calloc(size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		return NULL;
	return wiped_malloc(count * size);
}

static char *wiped_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = wiped_malloc(size);
	if (copy)
		memcpy(copy, text, size);
	return copy;
}

int curl_memory_start(void)
{
	CURLcode code = curl_global_init_mem(CURL_GLOBAL_DEFAULT, wiped_malloc, wiped_free,
		wiped_realloc, wiped_strdup, wiped_calloc);
	return code == CURLE_OK ? 0 : -EIO;
}

void curl_memory_stop(void)
{
	curl_global_cleanup();
}
