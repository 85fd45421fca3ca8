/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cache the last good state on disk as it changes, and put it in force when the daemon starts. A
 * failure to write it is logged as a problem and stops nothing.
 *
 * A source hands over the text of each document that it returns. The store writes it when the
 * engine takes the document, before it applies any of it: what was in force survives a crash, and
 * what never was is not on disk.
 */
#pragma once

#include "file.h"
#include "loop.h"
#include "observer.h"
#include "problem.h"
#include "state_store_file.h"

/* All borrowed. */
struct state_store_config {
	struct loop *loop;
	struct manager *manager;
	struct state_store_file_owner owner;
	size_t document_bytes_max; /* log a restored document that exceeds this; 0: the default */
};

struct state_store {
	struct state_store_config config;
	struct state_store_file cache;
	struct loop_timer timer;
	int64_t not_before_ms; /* no write until then */
	struct file_text held; /* the text of the last document until it is written */
	bool is_unsaved;       /* that document was not written */
	struct problem write_problem;
};

void state_store_init(struct state_store *store, const struct state_store_config *config);
/* Write pending changes and close. */
void state_store_deinit(struct state_store *store);

/*
 * Make the cached state the reconciler's provisional document, and restore the pending events and
 * the index of ids. Log the limits that it exceeds. Returns 0, or STATE_STORE_EMPTY or a negative
 * errno; nothing is in force then.
 */
int state_store_restore(struct state_store *store, const struct peer_wire_options *options,
	struct reconciler *reconciler, struct diag *diag);

/* The observer that writes the document which the engine takes. Borrows `store`. */
struct observer state_store_observer(struct state_store *store);
/* Hold a copy of the text of a document that the source is about to return. */
void state_store_hold_document(struct state_store *store, const char *text, size_t length);
/* Whether the last document was not written: the source must return it again at the next fetch. */
bool state_store_is_unsaved(const struct state_store *store);
/*
 * Save what changed besides the document, after an event or a cycle. The write follows within
 * STATE_STORE_DELAY_MS, or later if writing is slow: it takes at most one part in STATE_STORE_REST
 * of the time.
 */
#define STATE_STORE_DELAY_MS 50
#define STATE_STORE_REST     20
void state_store_save_peers(struct state_store *store);
