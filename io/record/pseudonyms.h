/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anonymizes the keys, ids and addresses of a run. Each is always replaced by the same value, and
 * what the engine uses stays: the byte order of public keys and of ids; the family of addresses,
 * the nesting of prefixes, and whether an address is unspecified, link-local or multicast.
 * Everything else is random, exists in memory only and is lost with the process.
 */
#pragma once

#include "endpoint.h"
#include "identity.h"
#include "order_map.h"
#include "prefix.h"

struct pseudonyms {
	uint8_t secret[32];
	uint8_t address_secret[16];
	struct order_map keys;
	struct order_map ids;
	struct key_public own_key;         /* the node's own */
	struct key_secret own_private_key; /* made up */
	struct key_public own_public_key;  /* of that; stands for the node's own */
};

/* Returns 0 or -ENOMEM. sodium_init must have been called. */
int pseudonyms_init(struct pseudonyms *names, const struct key_public *own_key);
/* The node has another key from now on, which the same one stands for, whatever the order. */
void pseudonyms_change_own_key(struct pseudonyms *names, const struct key_public *own_key);
/* Wipes and frees. */
void pseudonyms_clear(struct pseudonyms *names);

/* Returns 0, -ENOMEM or -ERANGE, as order_map_place. */
int pseudonym_key(struct pseudonyms *names, const struct key_public *key, struct key_public *ret);

#define PSEUDONYM_ID_SIZE 64
struct pseudonym_id {
	char text[PSEUDONYM_ID_SIZE]; /* such as "peer-4k" */
};
/* As above. */
int pseudonym_id(struct pseudonyms *names, const char *id, struct pseudonym_id *ret);

/* Zero, which means none, stays zero. */
struct key_secret pseudonym_psk(const struct pseudonyms *names, const struct key_secret *psk);
/* A private key that stands for that of another device, whose public key is `key`. */
struct key_secret pseudonym_private_key(
	const struct pseudonyms *names, const struct key_public *key);
struct prefix pseudonym_prefix(const struct pseudonyms *names, const struct prefix *prefix);
struct ip pseudonym_ip(const struct pseudonyms *names, const struct ip *ip);
/* The port stays. There must be no host name. */
struct endpoint pseudonym_endpoint(const struct pseudonyms *names, const struct endpoint *endpoint);

/* Sixteen digits for a text of which only equality counts. */
struct pseudonym_token {
	char text[17];
};
struct pseudonym_token pseudonym_token(
	const struct pseudonyms *names, const void *bytes, size_t length);

/* An Ed25519 key pair that stands for the one that has this public key. */
struct pseudonym_signer {
	struct key_public public_key;
	uint8_t private_key[64];
};
struct pseudonym_signer pseudonym_signer(
	const struct pseudonyms *names, const struct key_public *key);
