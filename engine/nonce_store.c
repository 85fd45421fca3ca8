/* SPDX-License-Identifier: Apache-2.0 */
#include "nonce_store.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

struct nonce {
	struct nonce *next;
	struct moment until;
	const char *text;
	size_t length;
	char bytes[]; /* holds `text` */
};

static int nonce_compare(const void *a, const void *b)
{
	const struct nonce *x = a, *y = b;
	size_t shorter = x->length < y->length ? x->length : y->length;
	int order = memcmp(x->text, y->text, shorter);
	return order ? order : (x->length > y->length) - (x->length < y->length);
}

/* Find a nonce, expired or not. */
static struct nonce *nonce_lookup(const struct nonce_store *store, const char *text, size_t length)
{
	const struct nonce wanted = {.text = text, .length = length};
	struct nonce **found = tfind(&wanted, &store->tree, nonce_compare);
	return found ? *found : NULL;
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
	const struct nonce *nonce = nonce_lookup(store, text, length);
	return nonce && !is_past(nonce->until, now) ? &nonce->until : NULL;
}

int nonce_store_put(struct nonce_store *store, const char *text, size_t length, struct moment until)
{
	struct nonce *nonce = nonce_lookup(store, text, length);
	if (nonce) {
		nonce->until = until;
		return 0;
	}
	nonce = malloc(sizeof *nonce + length);
	if (!nonce)
		return -ENOMEM;
	*nonce = (struct nonce){store->list, until, nonce->bytes, length};
	memcpy(nonce->bytes, text, length);
	if (!tsearch(nonce, &store->tree, nonce_compare)) {
		free(nonce);
		return -ENOMEM;
	}
	store->list = nonce;
	store->count++;
	return 0;
}

int nonce_store_add(struct nonce_store *store, const char *text, size_t length, struct moment now,
	struct moment until)
{
	/* The sweep visits all nonces, which is too much for every single event. */
	if (now.boot_ns - store->swept_ns >= NONCE_SWEEP_NS)
		nonce_store_expire(store, now);
	const struct nonce *nonce = nonce_lookup(store, text, length);
	if (nonce && !is_past(nonce->until, now))
		return NONCE_KNOWN;
	if (!nonce && store->count >= nonce_store_max(store))
		return NONCE_NO_ROOM;
	return nonce_store_put(store, text, length, until);
}

void nonce_store_expire(struct nonce_store *store, struct moment now)
{
	for (struct nonce **at = &store->list; *at;) {
		struct nonce *nonce = *at;
		if (!is_past(nonce->until, now)) {
			at = &nonce->next;
			continue;
		}
		*at = nonce->next;
		tdelete(nonce, &store->tree, nonce_compare);
		free(nonce);
		store->count--;
	}
	store->swept_ns = now.boot_ns;
}

void nonce_store_each(const struct nonce_store *store,
	void (*each)(void *impl, const char *text, size_t length, struct moment until), void *impl)
{
	for (const struct nonce *nonce = store->list; nonce; nonce = nonce->next)
		each(impl, nonce->text, nonce->length, nonce->until);
}

void nonce_store_clear(struct nonce_store *store)
{
	tdestroy(store->tree, free);
	*store = (struct nonce_store){.max = store->max};
}
