#include "nonce_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct nonce {
	int64_t expires_ns;
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

bool nonce_store_holds(
	const struct nonce_store *store, const char *text, size_t length, int64_t now_ns)
{
	bool found;
	size_t at = nonce_position(store, text, length, &found);
	return found && store->nonces[at]->expires_ns >= now_ns;
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

/* The time of each event would be too often where there are many. */
static void sweep_now_and_then(struct nonce_store *store, int64_t now_ns)
{
	if (now_ns < store->swept_ns || now_ns - store->swept_ns >= NONCE_SWEEP_NS)
		nonce_store_expire(store, now_ns);
}

int nonce_store_add(struct nonce_store *store, const char *text, size_t length, int64_t now_ns,
	int64_t expires_ns)
{
	bool found;
	sweep_now_and_then(store, now_ns);
	size_t at = nonce_position(store, text, length, &found);
	if (found && store->nonces[at]->expires_ns >= now_ns)
		return -EEXIST;
	if (found) {
		store->nonces[at]->expires_ns = expires_ns;
		return 0;
	}
	if (store->count >= nonce_store_max(store))
		return -ENOBUFS;
	struct nonce *nonce = nonces_grow(store) == 0 ? malloc(sizeof *nonce + length) : NULL;
	if (!nonce)
		return -ENOMEM;
	nonce->expires_ns = expires_ns;
	nonce->length = length;
	memcpy(nonce->text, text, length);
	memmove(&store->nonces[at + 1], &store->nonces[at],
		(store->count - at) * sizeof *store->nonces);
	store->nonces[at] = nonce;
	store->count++;
	return 0;
}

void nonce_store_expire(struct nonce_store *store, int64_t now_ns)
{
	size_t kept = 0;
	for (size_t i = 0; i < store->count; i++) {
		if (store->nonces[i]->expires_ns >= now_ns)
			store->nonces[kept++] = store->nonces[i];
		else
			free(store->nonces[i]);
	}
	store->count = kept;
	store->swept_ns = now_ns;
}

void nonce_store_clear(struct nonce_store *store)
{
	for (size_t i = 0; i < store->count; i++)
		free(store->nonces[i]);
	free(store->nonces);
	*store = (struct nonce_store){.max = store->max};
}
