/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface to observers, which learn what the engine does in the order in which it does it.
 * They change nothing of it. Any callback may be NULL. Arguments are borrowed for the call, and
 * contain secrets.
 *
 * Operations of a cycle come between its begin and its end; those of an event, before its
 * judgement. An event may be judged in the middle of a cycle: one that is rejected, or that is
 * immediate (event_is_immediate). It has no operations.
 */
#pragma once

#include "events.h"
#include "reconcile.h"

/* The operations of controller.h that change the interface itself. */
#define INTERFACE_CALLS(X)                                                                         \
	X(CREATE_INTERFACE, create_interface)                                                      \
	X(SET_FWMARK, set_fwmark)                                                                  \
	X(DELETE_INTERFACE, delete_interface)                                                      \
	X(CONFIGURE_ADDRESS, configure_address)                                                    \
	X(SET_INTERFACE_UP, set_interface_up)                                                      \
	X(SET_MTU, set_mtu)

#define X(upper, lower) INTERFACE_CALL_##upper,
enum interface_call { INTERFACE_CALLS(X) INTERFACE_CALL_COUNT };
#undef X

/* Return the name of the operation. */
const char *interface_call_name(enum interface_call call);

/* What a cycle did. */
struct cycle_report {
	bool is_repair; /* a repair, during a fetch: it has no outcome */
	enum fetch_outcome outcome;
	int error;
	const char *error_text;               /* "" without an error */
	const struct plan *plan;              /* NULL: the cycle ended before it had one */
	struct moment now;                    /* with a plan: the time of its decisions */
	const struct peer_table *actual;      /* with a plan: the device before the operations */
	const struct peer_op_result *results; /* one for each operation; NULL: it executed none */
	const struct route_plan *routes;      /* the route changes that were made */
};

/* An event that was rejected or handled. */
struct event_judgement {
	const struct envelope *envelope; /* NULL: what was received is no envelope */
	size_t length;                   /* without an envelope: of what was received */
	struct moment arrived;
	enum verdict verdict;
	int error; /* why it was rejected, or the result of its handler (events.h) */
	const char *error_text;
};

struct observer {
	/* Setup or Teardown called the controller. */
	void (*interface_called)(void *impl, enum interface_call call, int error);
	/* An event changed a peer. */
	void (*peer_changed)(void *impl, const struct peer_op *op, int error);
	/* A cycle read the device, which is NULL on an error. */
	void (*device_read)(
		void *impl, const struct device *device, enum interface_event drift, int error);
	/* After Setup. On an error the cycle is over. */
	void (*cycle_begun)(void *impl, int error);
	/* The document came into force; nothing of it was applied yet. */
	void (*document_taken)(void *impl, const struct state_document *document);
	void (*cycle_ended)(void *impl, const struct cycle_report *report);
	void (*event_judged)(void *impl, const struct event_judgement *judgement);
	void (*torn_down)(void *impl, int error);
	void *impl;
};

/* Call the callback of each observer of the manager. */
/* Return `error`. */
int observe_call(const struct manager *manager, enum interface_call call, int error);
void observe_peer_op(const struct manager *manager, const struct peer_op *op, int error);
void observe_device(const struct manager *manager, const struct device *device,
	enum interface_event drift, int error);
void observe_cycle_begin(const struct manager *manager, int error);
void observe_document(const struct manager *manager, const struct state_document *document);
void observe_cycle_end(const struct manager *manager, const struct cycle_report *report);
/* For callers of the engine too, which may reject an event before the engine sees it. */
void observe_event(const struct manager *manager, const struct event_judgement *judgement);
void observe_teardown(const struct manager *manager, int error);
