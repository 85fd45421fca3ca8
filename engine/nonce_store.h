/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nonces of accepted events. Each is stored until its event can no longer be replayed: until
 * its time has passed on both the wall clock and the boot clock, so that a jump of the wall clock
 * does not free it. The number of nonces has a limit. At the limit no nonce is added until another
 * one expires; none is dropped early.
 */
#pragma once

#include "clock.h"

#include <stdbool.h>
#include <stddef.h>

/* The longest accepted nonce. Common ones have a few dozen bytes. */
#define NONCE_BYTES_MAX 128
/* 1000 events a second for ten minutes, the longest time that a nonce is stored: about 70 MiB. */
#define NONCES_MAX_DEFAULT ((size_t)600000)
/* Shortest interval at which nonce_store_add removes expired nonces. */
#define NONCE_SWEEP_NS INT64_C(1000000000)

/* Why a nonce is not added. */
enum nonce_rejection {
	NONCE_KNOWN = 1, /* already stored */
	NONCE_NO_ROOM,   /* the limit is reached */
};

struct nonce;

struct nonce_store {
	size_t max;         /* limit; 0: the default */
	void *tree;         /* tree (search.h) of all nonces, including expired ones */
	struct nonce *list; /* the same nonces, unordered */
	size_t count;
	int64_t swept_ns; /* when expired nonces were last removed, on the boot clock */
};

/* Return the limit in force. */
size_t nonce_store_max(const struct nonce_store *store);
/* Return the time until which the nonce is stored. NULL: it is not stored, or expired. */
const struct moment *nonce_store_find(
	const struct nonce_store *store, const char *text, size_t length, struct moment now);
/* Store the nonce up to and including `until`. Return 0, an enum nonce_rejection, or -ENOMEM. */
int nonce_store_add(struct nonce_store *store, const char *text, size_t length, struct moment now,
	struct moment until);
/* Store or replace the nonce regardless of the limit. Return 0 or -ENOMEM. */
int nonce_store_put(
	struct nonce_store *store, const char *text, size_t length, struct moment until);
/* Remove expired nonces. */
void nonce_store_expire(struct nonce_store *store, struct moment now);
/* Call `each` for every nonce, including expired ones. */
void nonce_store_each(const struct nonce_store *store,
	void (*each)(void *impl, const char *text, size_t length, struct moment until), void *impl);
void nonce_store_clear(struct nonce_store *store);
