/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replaces the keys, ids and addresses of a run, each always by the same value. A replacement
 * retains what the engine uses: the byte order of public keys and of ids; the family of an address,
 * the nesting of prefixes, and whether an address is unspecified, link-local or multicast.
 * Everything else is random, exists in memory only and is lost with the process.
 */
#pragma once

#include "endpoint.h"
#include "identity.h"
#include "order_map.h"
#include "prefix.h"

struct anonymizer {
	uint8_t secret[32];
	uint8_t address_secret[16];
	struct order_map keys;
	struct order_map ids;
	struct key_public own_key;         /* the node's own */
	struct key_secret own_private_key; /* random */
	struct key_public own_public_key;  /* of that private key; replaces the node's own */
};

/* Returns 0 or -ENOMEM. The caller has called sodium_init. */
int anonymizer_init(struct anonymizer *anonymizer, const struct key_public *own_key);
/* The node's key has changed. The same key replaces the new one, wherever that is in the order. */
void anonymizer_change_own_key(struct anonymizer *anonymizer, const struct key_public *own_key);
/* Wipe and free. */
void anonymizer_clear(struct anonymizer *anonymizer);

/* Returns 0, -ENOMEM or -ERANGE, as order_map_place. */
int anonymize_key(
	struct anonymizer *anonymizer, const struct key_public *key, struct key_public *ret);

#define ANONYMOUS_ID_SIZE 64
struct anonymous_id {
	char text[ANONYMOUS_ID_SIZE]; /* such as "peer-4k" */
};
/* As above. */
int anonymize_id(struct anonymizer *anonymizer, const char *id, struct anonymous_id *ret);

/* Zero, which means none, stays zero. */
struct key_secret anonymize_psk(const struct anonymizer *anonymizer, const struct key_secret *psk);
/* Replace the private key of another device, whose public key is `key`. */
struct key_secret anonymize_private_key(
	const struct anonymizer *anonymizer, const struct key_public *key);
struct prefix anonymize_prefix(const struct anonymizer *anonymizer, const struct prefix *prefix);
struct ip anonymize_ip(const struct anonymizer *anonymizer, const struct ip *ip);
/* Replace the address and the zone. The endpoint must not be a host name. */
struct endpoint anonymize_endpoint(
	const struct anonymizer *anonymizer, const struct endpoint *endpoint);

/* Sixteen hexadecimal digits that replace a text of which only equality counts. */
struct anonymous_token {
	char text[17];
};
struct anonymous_token anonymize_token(
	const struct anonymizer *anonymizer, const void *bytes, size_t length);

/* The Ed25519 key pair that replaces the one with this public key. */
struct anonymous_signer {
	struct key_public public_key;
	uint8_t private_key[64];
};
struct anonymous_signer anonymize_signer(
	const struct anonymizer *anonymizer, const struct key_public *key);
