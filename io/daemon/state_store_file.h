/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last good state, kept in the identity directory, so that a node that starts while its source
 * is away comes up with the mesh as it was. Two files of mode 0600, each replaced whole:
 *
 *     last_state.json   {"version", "node_id", "source", "hash", "stamp", "index", "events",
 *                       "document"}: the document as it was received, and what state_store_peers.h
 * says last_events.json  {"version", "stamp", "index", "events"}: the same two members as they are
 *                       since; the stamp says which last_state.json they belong to
 *
 * so that an event need not write the document again, and a crash between two writes neither
 * brings back a peer that was removed nor lays old events over a new document.
 *
 * What cannot be read or belongs to somebody else is refused with the reason, and next written
 * over. No failure here is a reason to stop. sodium_init must have been called.
 */
#pragma once

#include "state_document.h"
#include "state_store_peers.h"

#define STATE_STORE_FILE_HASH  32
#define STATE_STORE_FILE_STAMP 17 /* characters and a NUL */

/* Texts are borrowed, and tell whose state it is. */
struct state_store_file_owner {
	const char *directory;
	const char *node_id; /* NULL: none */
	const char *source;  /* URL or path */
};

struct state_store_file {
	struct state_store_file_owner owner;
	/* The rest is the cache's own: what the files hold. */
	bool has_document;
	bool has_peers;
	uint8_t document_hash[STATE_STORE_FILE_HASH];
	uint8_t peers_hash[STATE_STORE_FILE_HASH];
	char stamp[STATE_STORE_FILE_STAMP];
};

void state_store_file_init(
	struct state_store_file *cache, const struct state_store_file_owner *owner);

struct cached_state {
	struct state_document document;
	struct state_store_peers_found peers;
	size_t document_bytes;
	char *fault; /* why the newer events were left out, if they were; NULL: they were not */
};

/*
 * Returns 0; -ENOENT if nothing was kept; or another negative errno with the reason, such as
 * `DIRECTORY/last_state.json: of another node, "node-1"`. `*ret` is written on success only.
 * The limits of `options` do not count: what was in force is not lost because they became smaller.
 */
int state_store_file_load(struct state_store_file *cache, const struct peer_wire_options *options,
	struct cached_state *ret, struct diag *diag);
/* Wipes and frees. */
void cached_state_clear(struct cached_state *state);

/*
 * A document was taken over; `peers` is as it is since then. `text` is what state_wire_read took.
 * The files are written only if what they are to hold differs from what they hold. Both return 0
 * or a negative errno. A document that could not be stored leaves the files as they are, until one
 * can be.
 */
int state_store_file_store_document(struct state_store_file *cache, const char *text, size_t length,
	const struct state_store_peers *peers, struct diag *diag);
/* An event was handled or a cycle has ended. Does nothing before there is a document. */
int state_store_file_store_peers(
	struct state_store_file *cache, const struct state_store_peers *peers, struct diag *diag);
