/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state a control plane wants, as read from one document: the entries for peers in the
 * document's order, those that cannot be used among them, and the signing keys if it names any.
 */
#pragma once

#include "arena.h"
#include "peer_config.h"
#include "signing_keys.h"

struct peer_entry {
	const char *id;            /* NULL: the entry has none, or none that can be read */
	const char *error;         /* NULL: usable. Else names place, id and member */
	bool has_key;              /* config.public_key holds the entry's key, unusable or not */
	struct peer_config config; /* whole only if usable */
};

struct state_document {
	struct peer_entry *entries; /* in document order */
	size_t entry_count;
	size_t entry_capacity;
	bool has_signing_keys;
	struct signing_keys signing_keys;
	const char *signing_keys_error; /* the document's keys are bad; NULL: they are not */
	const char **unknown_members;   /* places of members that mean nothing, for `plan` */
	size_t unknown_member_count;
	size_t further_unknown_count; /* those that the list has no room for */
	struct arena arena;           /* all texts, prefixes and arrays but `entries` */
};

/* Room for one more entry, zeroed; NULL when memory is out. */
struct peer_entry *state_document_append(struct state_document *document);
/* Whether a peer has a preshared key: the text that was read is then a secret. */
bool state_document_has_psk(const struct state_document *document);
/* Wipes and frees; back to the zero state. */
void state_document_clear(struct state_document *document);
