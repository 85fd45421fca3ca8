/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps the last good state as it changes, and puts it in force when the daemon begins. A failure
 * to keep it is said, and stops nothing.
 */
#pragma once

#include "condition.h"
#include "loop.h"
#include "reconcile.h"
#include "state_cache.h"

struct state_keeper {
	struct state_cache cache;
	size_t document_bytes_max; /* a restored document that is larger is logged; 0: the default
				    */
	struct loop *loop;
	struct manager *manager;
	struct loop_timer timer;
	int64_t rested_ms; /* when the next may be written */
	struct condition trouble;
};

void state_keeper_init(struct state_keeper *keeper, struct loop *loop, struct manager *manager,
	const struct state_cache_owner *owner);
/* Writes what is due. */
void state_keeper_deinit(struct state_keeper *keeper);

/*
 * What was kept becomes the reconciler's provisional document, with its events and the index of
 * ids. A warning names the limits that it exceeds. Returns 0, -ENOENT if nothing was kept, or an
 * error with the reason, nothing being in force then.
 */
int state_keeper_restore(struct state_keeper *keeper, const struct peer_wire_options *options,
	struct reconciler *reconciler, struct diag *diag);

/*
 * A document was read and is about to be taken over. Returns 0 or a negative errno; one that was
 * not kept, which has been said, is to be read and kept again at the next fetch.
 */
int state_keeper_keep_document(struct state_keeper *keeper, const char *text, size_t length);
/*
 * An event was handled, or a cycle has ended: it is kept within STATE_KEEPER_DELAY_MS, or, where
 * writing takes long, later, so that no more than one part in STATE_KEEPER_REST of the time goes to
 * that.
 */
#define STATE_KEEPER_DELAY_MS 50
#define STATE_KEEPER_REST     20
void state_keeper_keep_peers(struct state_keeper *keeper);
