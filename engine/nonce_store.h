/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nonces of events that were accepted, each remembered until it can no longer be replayed:
 * until its moment is past by the wall clock and by the boot clock, so that no jump of a clock
 * frees it. Memory is bounded: when as many are remembered as there is room for, no other is taken
 * before the time of one of them is past. None is ever forgotten early.
 */
#pragma once

#include "clock.h"

#include <stdbool.h>
#include <stddef.h>

/* The longest that is taken; others use a few dozen bytes. */
#define NONCE_BYTES_MAX 128
/* A thousand events a second for ten minutes, as long as a nonce is ever remembered: some 70 MiB.
 */
#define NONCES_MAX_DEFAULT ((size_t)600000)
/* Those whose time is past make room at the latest when so much time has gone by. */
#define NONCE_SWEEP_NS INT64_C(1000000000)

/* Why a nonce is not added. */
enum nonce_rejection {
	NONCE_KNOWN = 1, /* remembered already */
	NONCE_NO_ROOM,   /* as many are remembered as there is room for */
};

struct nonce;

struct nonce_store {
	size_t max;         /* zero: the default */
	void *tree;         /* (search.h) of all, the time of some of which may be past */
	struct nonce *list; /* the same, in no order */
	size_t count;
	int64_t swept_ns; /* when those were dropped last, by the boot clock */
};

size_t nonce_store_max(const struct nonce_store *store);
/* Until when it is remembered; NULL: it is not. */
const struct moment *nonce_store_find(
	const struct nonce_store *store, const char *text, size_t length, struct moment now);
/* Remember it up to and including `until`. Return 0, an enum nonce_rejection, or -ENOMEM. */
int nonce_store_add(struct nonce_store *store, const char *text, size_t length, struct moment now,
	struct moment until);
/* The same, whether or not it is remembered and there is room. Returns 0 or -ENOMEM. */
int nonce_store_put(
	struct nonce_store *store, const char *text, size_t length, struct moment until);
/* Drops those whose time is past. */
void nonce_store_expire(struct nonce_store *store, struct moment now);
void nonce_store_each(const struct nonce_store *store,
	void (*each)(void *impl, const char *text, size_t length, struct moment until), void *impl);
void nonce_store_clear(struct nonce_store *store);
