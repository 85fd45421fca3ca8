/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anonymizes the lines of a trace: replaces keys, ids, addresses and names, each always by the same
 * value. A replacement retains what the engine uses: the byte order of public keys and of ids; the
 * family of an address, the nesting of prefixes, and whether an address is unspecified, link-local
 * or multicast. Everything else is random and lost with the process.
 *
 * All keys and ids are collected first, so that a replacement reveals no more than a rank.
 */
#pragma once

#include "trace_line.h"

struct replaced_signer {
	struct key_public original;
	struct key_public public_key;
	uint8_t private_key[64]; /* Ed25519 */
};

struct replacements {
	uint8_t secret[32];
	uint8_t address_secret[16];
	bool is_collecting;
	struct arena *arena;                 /* of the line */
	int error;                           /* the first: -ENOMEM */
	struct key_public *keys;             /* sorted once all are collected */
	struct key_public *key_replacements; /* sorted */
	size_t key_count, key_capacity;
	char **ids; /* sorted once all are collected; owned */
	size_t id_count, id_capacity;
	struct replaced_signer *signers;
	size_t signer_count;
	struct key_public own_key;         /* the node's own; the last snapshot's */
	struct key_secret own_private_key; /* random */
	struct key_public own_public_key;  /* of that private key; replaces the node's own */
};

/* The caller has called sodium_init. */
void replacements_init(struct replacements *replacements);
void replacements_clear(struct replacements *replacements);

/* Note what a line has. */
void replacements_collect(struct replacements *replacements, struct trace_read *read);
/* All lines have been collected. Return 0 or -ENOMEM. */
int replacements_seal(struct replacements *replacements);
/* Anonymize a line, which was collected, in place. Return 0 or -ENOMEM. */
int replacements_apply(struct replacements *replacements, struct trace_read *read);

/* The signer whose public key is this replacement, or NULL. */
const struct replaced_signer *replacements_signer(
	const struct replacements *replacements, const struct key_public *public_key);
/* A private key that replaces one of which only the public key is known. */
struct key_secret replacements_private_key(
	const struct replacements *replacements, const struct key_public *key);
