#include "nonce_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
		int order = nonce_compare(&store->nonces[middle], text, length);
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

bool nonce_store_holds(const struct nonce_store *store, const char *text, size_t length)
{
	bool found;
	nonce_position(store, text, length, &found);
	return found;
}

int nonce_store_add(struct nonce_store *store, const char *text, size_t length, int64_t expires_ns)
{
	bool found;
	size_t at = nonce_position(store, text, length, &found);
	if (found)
		return 0;
	if (store->count == store->capacity) {
		size_t capacity = store->capacity ? store->capacity * 2 : 16;
		struct nonce *nonces = reallocarray(store->nonces, capacity, sizeof *nonces);
		if (!nonces)
			return -ENOMEM;
		store->nonces = nonces;
		store->capacity = capacity;
	}
	char *copy = malloc(length ? length : 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, length);
	memmove(&store->nonces[at + 1], &store->nonces[at],
		(store->count - at) * sizeof *store->nonces);
	store->nonces[at] =
		(struct nonce){.text = copy, .length = length, .expires_ns = expires_ns};
	store->count++;
	return 0;
}

void nonce_store_expire(struct nonce_store *store, int64_t now_ns)
{
	size_t kept = 0;
	for (size_t i = 0; i < store->count; i++) {
		if (store->nonces[i].expires_ns >= now_ns)
			store->nonces[kept++] = store->nonces[i];
		else
			free(store->nonces[i].text);
	}
	store->count = kept;
}

void nonce_store_clear(struct nonce_store *store)
{
	for (size_t i = 0; i < store->count; i++)
		free(store->nonces[i].text);
	free(store->nonces);
	*store = (struct nonce_store){0};
}
