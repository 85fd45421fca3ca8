/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reconcile cycle, which makes the device equal to the desired state:
 *
 *     reconciler_begin    brings the interface up if necessary and counts a fetch
 *     (the caller fetches; events may be handled meanwhile)
 *     reconciler_repair   if the fetch is slow: applies the last good state once more
 *     reconciler_finish   takes the answer, reads the device and applies the difference
 *
 * The caller fetches, so that the engine never waits for the network. repair and finish call the
 * manager's pause between their stages and between requests to the device. If the pause ends the
 * cycle, they return -ECANCELED, and the next cycle continues the work.
 */
#pragma once

#include "clock.h"
#include "convergence.h"
#include "manager.h"
#include "notices.h"
#include "plan.h"
#include "reconcile_handler.h"
#include "reconcile_routes.h"
#include "removal_guard.h"
#include "verifier.h"

/* The interface to the recipient of drift reports, normally the control plane. */
struct drift_reporter {
	int (*report)(
		void *impl, const struct correction *corrections, size_t count, struct diag *diag);
	void *impl; /* `report` may be NULL: do not report */
};

enum fetch_outcome {
	FETCH_DOCUMENT,
	FETCH_NOT_MODIFIED,
	FETCH_FAILED, /* the fetch failed, or the document was rejected */
};

struct fetch_answer {
	enum fetch_outcome outcome;
	struct state_document *document; /* for DOCUMENT; the cycle takes it and leaves it zero */
	const char *error;               /* for FAILED */
};

/* Manager, verifier and interfaces are borrowed. */
struct reconciler_config {
	struct manager *manager;
	struct verifier *verifier; /* gets the documents' signing keys; NULL: they are ignored */
	struct clock clock;
	struct drift_reporter reporter;
	int max_removal_percent;      /* see removal_guard.h; 0: no limit */
	struct digest_key digest_key; /* random, see convergence.h */
};

struct reconciler {
	struct manager *manager;
	struct verifier *verifier;
	struct clock clock;
	struct drift_reporter reporter;
	struct removal_guard guard;
	/* The rest is private. */
	struct state_document document; /* the last good one */
	bool has_document;
	bool is_provisional; /* the document is cached state: it removes no peer */
	uint64_t fetch_order;
	struct notices notices;
	struct convergence convergence;
	unsigned created_count; /* the manager's, as of the last `convergence` record */
};

void reconciler_init(struct reconciler *reconciler, const struct reconciler_config *config);
void reconciler_deinit(struct reconciler *reconciler);

/*
 * Use cached state, the document of an earlier process, until the first fetch succeeds. It never
 * removes a peer from the device. Takes the document and leaves it zero.
 */
void reconciler_preload(struct reconciler *reconciler, struct state_document *document);

/* Begin a cycle. Return 0 if the caller must fetch now, or the error that ended the cycle. */
int reconciler_begin(struct reconciler *reconciler, struct diag *diag);
/*
 * Apply the state in force during a fetch; without one, do nothing. Events stay pending. Return as
 * reconciler_finish.
 */
int reconciler_repair(struct reconciler *reconciler, struct diag *diag);
/*
 * End the cycle with the answer of the fetch. A failure does not stop the rest of the cycle. Return
 * 0, or a negative errno with one text that names each failed peer and each unusable entry.
 */
int reconciler_finish(
	struct reconciler *reconciler, const struct fetch_answer *answer, struct diag *diag);
