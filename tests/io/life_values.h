/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small universe for random lives: ids, keys, prefixes, endpoints and preshared keys by number,
 * and state documents over them, in all notations that a control plane might use.
 */
#pragma once

#include "key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIFE_ID_COUNT       8
#define LIFE_KEY_COUNT      8
#define LIFE_OWN_KEY        LIFE_KEY_COUNT /* the node's own, in addition to the others */
#define LIFE_PREFIX_COUNT   10
#define LIFE_ENDPOINT_COUNT 5 /* 0: none */
#define LIFE_PSK_COUNT      3 /* 0: none */
#define LIFE_ENTRY_MAX      14
#define LIFE_NONE           (-1)

/* For peers without a keepalive. */
#define LIFE_KEEPALIVE_DEFAULT_S 7

/* The same seed gives the same numbers, everywhere. */
struct life_random {
	uint64_t state;
};
void life_random_seed(struct life_random *random, uint64_t seed);
/* 0 to `below` - 1. */
unsigned life_random_below(struct life_random *random, unsigned below);
bool life_random_chance(struct life_random *random, unsigned percent);

/* An entry of a document, by its values. */
struct life_entry {
	int id;               /* LIFE_NONE: no readable one */
	int key;              /* LIFE_NONE: no readable one */
	unsigned allowed_ips; /* a bit for each prefix */
	int endpoint;
	int psk;
	int keepalive_s;
	bool is_usable;
};

struct life_document {
	struct life_entry entries[LIFE_ENTRY_MAX];
	size_t entry_count;
	char json[32768];
};

/* `own_key` is the key of LIFE_OWN_KEY. */
void life_document_make(
	struct life_random *random, const struct key_public *own_key, struct life_document *ret);

const char *life_id_text(int id);
struct key_public life_key(int key, const struct key_public *own_key);
/* The number of that key, or LIFE_NONE. */
int life_key_number(const struct key_public *key);
struct key_secret life_psk(int psk);
/* Canonical. */
const char *life_prefix_text(unsigned prefix);
const char *life_endpoint_text(int endpoint);
