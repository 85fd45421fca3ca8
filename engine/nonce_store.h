/*
 * The nonces of events that were accepted, each remembered until it can no longer be replayed.
 * Memory is bounded: when as many are remembered as there is room for, no other is taken before the
 * time of one of them is past. None is ever forgotten early.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest that is taken; others use a few dozen bytes. */
#define NONCE_BYTES_MAX 128
/* A thousand events a second for ten minutes, as long as a nonce is ever remembered: some 50 MiB.
 */
#define NONCES_MAX_DEFAULT ((size_t)600000)
/* Those whose time is past make room at the latest when so much time has gone by. */
#define NONCE_SWEEP_NS INT64_C(1000000000)

struct nonce;

struct nonce_store {
	size_t max;            /* zero: the default */
	struct nonce **nonces; /* sorted by bytes; the time of some may be past */
	size_t count;
	size_t capacity;
	int64_t swept_ns; /* when those were dropped last */
};

size_t nonce_store_max(const struct nonce_store *store);
bool nonce_store_holds(
	const struct nonce_store *store, const char *text, size_t length, int64_t now_ns);
/*
 * Remembers it up to and including `expires_ns`. Returns 0, -EEXIST if it is remembered now,
 * -ENOBUFS if there is no room, or -ENOMEM.
 */
int nonce_store_add(struct nonce_store *store, const char *text, size_t length, int64_t now_ns,
	int64_t expires_ns);
/* Drops those whose time is past. */
void nonce_store_expire(struct nonce_store *store, int64_t now_ns);
void nonce_store_clear(struct nonce_store *store);
