/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Store the last good state in the identity directory, so that a node that starts while its source
 * is unreachable restores the mesh. There are two files of mode 0600, each replaced whole:
 *
 *     last_state.json   {"version", "node_id", "source", "hash", "stamp", "index", "events",
 *                       "document"}
 *     last_events.json  {"version", "stamp", "index", "events"}
 *
 * last_state.json holds the document as it was received, with the index and the events of
 * state_store_peers.h at that time. last_events.json holds the two as they are now; its stamp names
 * the last_state.json that it belongs to.
 *
 * With two files an event does not rewrite the document, and a crash between two writes neither
 * brings back a removed peer nor applies old events to a new document.
 *
 * A state that is unreadable, damaged, or of another node or source is rejected with the reason,
 * and overwritten by the next one. No failure here need stop the caller. The caller must have
 * called sodium_init.
 */
#pragma once

#include "state_document.h"
#include "state_store_peers.h"

#define STATE_STORE_FILE_HASH  32
#define STATE_STORE_FILE_STAMP 17 /* characters and a NUL */

/* The node and the source that the state belongs to. Texts are borrowed. */
struct state_store_file_owner {
	const char *directory;
	const char *node_id; /* NULL: none */
	const char *source;  /* URL or path */
};

struct state_store_file {
	struct state_store_file_owner owner;
	/* The rest is private: what the files hold. */
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
	char *fault; /* why last_events.json was rejected; NULL: it was not */
};

/* Result of functions that read the cache: nothing is cached. */
#define STATE_STORE_EMPTY 1

/*
 * Returns 0, STATE_STORE_EMPTY, or a negative errno with a text such as
 * `DIRECTORY/last_state.json: of another node, "node-1"`. `*ret` is written on success only. The
 * limits of `options` are ignored, so that lowering them does not lose the state in force.
 */
int state_store_file_load(struct state_store_file *cache, const struct peer_wire_options *options,
	struct cached_state *ret, struct diag *diag);
/* Wipe and free. */
void cached_state_clear(struct cached_state *state);

/*
 * Store a document, as state_wire_read read it, and the peers that go with it. A file is written
 * only if its content changes. Both functions return 0 or a negative errno. After a document could
 * not be stored, the files stay as they are until one can be.
 */
int state_store_file_store_document(struct state_store_file *cache, const char *text, size_t length,
	const struct state_store_peers *peers, struct diag *diag);
/* Store the peers after an event or a cycle. Does nothing before there is a document. */
int state_store_file_store_peers(
	struct state_store_file *cache, const struct state_store_peers *peers, struct diag *diag);
