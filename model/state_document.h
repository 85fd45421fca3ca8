/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The desired state as one document describes it: the peer entries in document order, including
 * unusable ones, and the signing keys if the document has any.
 */
#pragma once

#include "arena.h"
#include "peer_config.h"
#include "signing_keys.h"

struct peer_entry {
	const char *id;            /* NULL: missing or unreadable */
	const char *error;         /* NULL: the entry is usable; else names place, id and member */
	bool has_key;              /* config.public_key is valid, even if the entry is unusable */
	struct peer_config config; /* complete only if the entry is usable */
};

struct state_document {
	struct peer_entry *entries; /* in document order */
	size_t entry_count;
	size_t entry_capacity;
	bool has_signing_keys;
	struct signing_keys signing_keys;
	const char *signing_keys_error; /* the keys are malformed; NULL: they are not */
	const char **unknown_members;   /* places of unknown members, for `plan` */
	size_t unknown_member_count;
	size_t further_unknown_count; /* unknown members over the limit of the list */
	struct arena arena;           /* owns texts, prefixes and arrays, except `entries` */
};

/* Append a zeroed entry. Return NULL when out of memory. */
struct peer_entry *state_document_append(struct state_document *document);
/* Return whether a peer has a preshared key, which makes the document's text a secret. */
bool state_document_has_psk(const struct state_document *document);
/* Wipe and free; the document is zero afterwards. */
void state_document_clear(struct state_document *document);
