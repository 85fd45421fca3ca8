/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cycle that makes the device equal to the desired state, whatever was missed:
 *
 *     reconciler_begin    the interface is brought up if it is not; a fetch begins
 *     (the caller fetches; events may be handled meanwhile)
 *     reconciler_repair   if that takes long: the last good state is carried out once more
 *     reconciler_finish   the answer is taken over, the device read, the difference carried out
 *
 * The caller fetches, so that nothing here waits for a network. Between the stages of repair and
 * finish, and between requests to the device, the manager's pause is taken. What it ends returns
 * -ECANCELED; the next cycle goes on from there.
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

/* The seam to whoever is told what a cycle put right. */
struct drift_reporter {
	int (*report)(
		void *impl, const struct correction *corrections, size_t count, struct diag *diag);
	void *impl; /* `report` may be NULL: nobody is told */
};

enum fetch_outcome {
	FETCH_DOCUMENT,
	FETCH_NOT_MODIFIED,
	FETCH_FAILED, /* the fetch, or the document was refused */
};

struct fetch_answer {
	enum fetch_outcome outcome;
	struct state_document *document; /* taken over, and left zero, if outcome is DOCUMENT */
	const char *error;               /* if it failed */
};

/* What a cycle did: all of it lives for the call only. */
struct cycle_report {
	const struct plan *plan;
	const struct peer_table *actual;      /* the device as it was before */
	const struct peer_op_result *results; /* one for each operation of the plan */
	const struct route_plan *routes;      /* those that were carried out */
};

/* The seam to whoever wants to know that: called once, after the operations. */
struct cycle_observer {
	void (*executed)(void *impl, const struct cycle_report *report);
	void *impl; /* `executed` may be NULL */
};

struct reconciler {
	struct manager *manager;
	struct verifier *verifier; /* gets the documents' signing keys; NULL: they are ignored */
	struct clock clock;
	struct drift_reporter reporter;
	const struct identity *identity;
	/* None of these after reconciler_init; to be set before the first cycle. */
	struct cycle_observer observer;
	struct removal_guard guard;
	/* The rest is the reconciler's own. */
	struct state_document document; /* the last good one */
	bool has_document;
	bool is_provisional; /* the document is one from an earlier life: it removes nobody */
	uint64_t fetch_order;
	struct notices notices;
	struct convergence convergence;
	unsigned created_count; /* of the interface that `convergence` is about */
};

void reconciler_init(struct reconciler *reconciler, struct manager *manager,
	struct verifier *verifier, struct clock clock, struct drift_reporter reporter,
	const struct identity *identity);
void reconciler_deinit(struct reconciler *reconciler);

/*
 * Takes over a document that an earlier process was given, until there is a newer one. On its word
 * alone nobody is removed from the device.
 */
void reconciler_preload(struct reconciler *reconciler, struct state_document *document);

/* Returns 0 if a fetch is now to be made; else the cycle has ended with that error. */
int reconciler_begin(struct reconciler *reconciler, struct diag *diag);
/*
 * While the fetch is under way. It counts as no answer: events stay pending. Without a state in
 * force nothing happens. Returns as reconciler_finish.
 */
int reconciler_repair(struct reconciler *reconciler, struct diag *diag);
/*
 * Ends the cycle. Returns 0, or a negative errno with one text that names each peer that failed
 * and each entry that could not be used; what could be done is done all the same.
 */
int reconciler_finish(
	struct reconciler *reconciler, const struct fetch_answer *answer, struct diag *diag);
