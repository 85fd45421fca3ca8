/*
 * The nonces of events that were accepted, each remembered until it can no longer be replayed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nonce {
	char *text;
	size_t length;
	int64_t expires_ns;
};

struct nonce_store {
	struct nonce *nonces; /* sorted by bytes */
	size_t count;
	size_t capacity;
};

bool nonce_store_holds(const struct nonce_store *store, const char *text, size_t length);
/* Returns 0 or -ENOMEM. */
int nonce_store_add(struct nonce_store *store, const char *text, size_t length, int64_t expires_ns);
/* Drops those that expired before `now_ns`. */
void nonce_store_expire(struct nonce_store *store, int64_t now_ns);
void nonce_store_clear(struct nonce_store *store);
