/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps the last good state as it changes, and puts it in force when the daemon begins. A failure
 * to keep it is said, and stops nothing.
 */
#pragma once

#include "loop.h"
#include "problem.h"
#include "reconcile.h"
#include "state_store_file.h"

struct state_store {
	struct state_store_file cache;
	size_t document_bytes_max; /* a restored document that is larger is logged; 0: the default
				    */
	struct loop *loop;
	struct manager *manager;
	struct loop_timer timer;
	int64_t rested_ms; /* when the next may be written */
	struct problem write_problem;
};

void state_store_init(struct state_store *store, struct loop *loop, struct manager *manager,
	const struct state_store_file_owner *owner);
/* Writes what is due. */
void state_store_deinit(struct state_store *store);

/*
 * What was kept becomes the reconciler's provisional document, with its events and the index of
 * ids. A warning names the limits that it exceeds. Returns 0, -ENOENT if nothing was kept, or an
 * error with the reason, nothing being in force then.
 */
int state_store_restore(struct state_store *store, const struct peer_wire_options *options,
	struct reconciler *reconciler, struct diag *diag);

/*
 * A document was read and is about to be taken over. Returns 0 or a negative errno; one that was
 * not kept, which has been said, is to be read and kept again at the next fetch.
 */
int state_store_save_document(struct state_store *store, const char *text, size_t length);
/*
 * An event was handled, or a cycle has ended: it is kept within STATE_STORE_DELAY_MS, or, where
 * writing takes long, later, so that no more than one part in STATE_STORE_REST of the time goes to
 * that.
 */
#define STATE_STORE_DELAY_MS 50
#define STATE_STORE_REST     20
void state_store_save_peers(struct state_store *store);
