/* SPDX-License-Identifier: Apache-2.0 */
#include "nonce_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct nonce {
	struct moment until;
	size_t length;
	char text[];
};

static int nonce_compare(const struct nonce *nonce, const char *text, size_t length)
{
	size_t shorter = nonce->length < length ? nonce->length : length;
	int order = memcmp(nonce->text, text, shorter);
	return order ? order : (nonce->length > length) - (nonce->length < length);
}

static size_t nonce_position(
	const struct nonce_store *store, const char *text, size_t length, bool *ret_found)
{
	size_t low = 0, high = store->count;
	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = nonce_compare(store->nonces[middle], text, length);
		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t nonce_store_max(const struct nonce_store *store)
{
	return store->max ? store->max : NONCES_MAX_DEFAULT;
}

static bool is_past(struct moment until, struct moment now)
{
	return until.wall_ns < now.wall_ns && until.boot_ns < now.boot_ns;
}

const struct moment *nonce_store_find(
	const struct nonce_store *store, const char *text, size_t length, struct moment now)
{
	bool found;
	size_t at = nonce_position(store, text, length, &found);
	return found && !is_past(store->nonces[at]->until, now) ? &store->nonces[at]->until : NULL;
}

static int nonces_grow(struct nonce_store *store)
{
	if (store->count < store->capacity)
		return 0;
	size_t capacity = store->capacity ? store->capacity * 2 : 16;
	struct nonce **nonces = reallocarray(store->nonces, capacity, sizeof *nonces);
	if (!nonces)
		return -ENOMEM;
	store->nonces = nonces;
	store->capacity = capacity;
	return 0;
}

int nonce_store_put(struct nonce_store *store, const char *text, size_t length, struct moment until)
{
	bool found;
	size_t at = nonce_position(store, text, length, &found);
	if (found) {
		store->nonces[at]->until = until;
		return 0;
	}
	struct nonce *nonce = nonces_grow(store) == 0 ? malloc(sizeof *nonce + length) : NULL;
	if (!nonce)
		return -ENOMEM;
	nonce->until = until;
	nonce->length = length;
	memcpy(nonce->text, text, length);
	memmove(&store->nonces[at + 1], &store->nonces[at],
		(store->count - at) * sizeof *store->nonces);
	store->nonces[at] = nonce;
	store->count++;
	return 0;
}

int nonce_store_add(struct nonce_store *store, const char *text, size_t length, struct moment now,
	struct moment until)
{
	/* The time of each event would be too often where there are many. */
	if (now.boot_ns - store->swept_ns >= NONCE_SWEEP_NS)
		nonce_store_expire(store, now);
	bool found;
	size_t at = nonce_position(store, text, length, &found);
	if (found && !is_past(store->nonces[at]->until, now))
		return -EEXIST;
	if (!found && store->count >= nonce_store_max(store))
		return -ENOBUFS;
	return nonce_store_put(store, text, length, until);
}

void nonce_store_expire(struct nonce_store *store, struct moment now)
{
	size_t kept = 0;
	for (size_t i = 0; i < store->count; i++) {
		if (is_past(store->nonces[i]->until, now))
			free(store->nonces[i]);
		else
			store->nonces[kept++] = store->nonces[i];
	}
	store->count = kept;
	store->swept_ns = now.boot_ns;
}

void nonce_store_each(const struct nonce_store *store,
	void (*each)(void *impl, const char *text, size_t length, struct moment until), void *impl)
{
	for (size_t i = 0; i < store->count; i++) {
		const struct nonce *nonce = store->nonces[i];
		each(impl, nonce->text, nonce->length, nonce->until);
	}
}

void nonce_store_clear(struct nonce_store *store)
{
	for (size_t i = 0; i < store->count; i++)
		free(store->nonces[i]);
	free(store->nonces);
	*store = (struct nonce_store){.max = store->max};
}
