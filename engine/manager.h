/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owner of one WireGuard interface and of what this process knows about it: the state of the
 * interface, the index of peer ids, the history of endpoints and of allowed IPs, the routes that
 * peers want, and the events not yet overtaken by a fetch. The reconcile cycle and the event
 * handlers work through it. Not thread-safe, but for its index.
 *
 * Functions return 0 or a negative errno with the whole text in `diag`
 * (`wireguard: setup: create interface: Operation not permitted`).
 */
#pragma once

#include "allowed_ip_history.h"
#include "controller.h"
#include "identity.h"
#include "interface_config.h"
#include "interface_fsm.h"
#include "logger.h"
#include "peer_index.h"
#include "pending_events.h"
#include "route_claims.h"
#include "state_document.h"

struct manager {
	struct controller controller;
	struct interface_config config;
	struct logger logger;
	struct name_lookup lookup;       /* none after manager_init; to be set before a peer is */
	const struct identity *identity; /* borrowed; NULL before Setup without a reconciler */
	enum interface_state state;
	bool is_stuck; /* the device let a deadline pass, and has not answered a cycle since */
	unsigned created_count; /* how often the interface was created or adopted */
	struct peer_index index;
	struct endpoint_history endpoints;
	struct allowed_ip_history allowed_ips;
	struct pending_events overlay;
	struct pause pause; /* none after manager_init; for cycles */
	/* Neither after manager_init; to be set before Setup. */
	struct router router;
	struct route_policy route_policy;
	struct route_claims claims; /* where routes are managed */
};

/* Copies `config` and applies its defaults. Returns 0 or -ENOMEM. */
int manager_init(struct manager *manager, struct controller controller,
	const struct interface_config *config, struct logger logger);
void manager_deinit(struct manager *manager);

/*
 * Brings the interface up, from whatever state it is in; nothing is touched where it is plain that
 * the interface cannot have the mesh address. `identity` must outlive the manager.
 */
int manager_setup(struct manager *manager, const struct identity *identity, struct diag *diag);
/* Deletes the interface. The index is left alone. */
int manager_teardown(struct manager *manager, struct diag *diag);

/* A usable peer that has the node's id under another key is rejected: returns 0 or -EINVAL. */
int manager_check_peer(
	const struct manager *manager, const struct peer_entry *entry, struct diag *diag);
/*
 * The routes of one peer come after it, and go before it. One that cannot be changed is logged, and
 * is no error: the next cycle makes up for it, as it settles what conflicts.
 *
 * A peer as the control plane sends it, set whole but for the node's own address. If its id is
 * known under another key, the old key is removed first, unless another id now has it. A peer with
 * the node's own key is left out, and logged unless it is the node itself. `entry` may be unusable,
 * or rejected as above: that is the error then.
 */
int manager_add_peer(struct manager *manager, const struct peer_entry *entry, struct diag *diag);
/* The same, said of a peer that is known. */
int manager_update_peer(struct manager *manager, const struct peer_entry *entry, struct diag *diag);
int manager_remove_peer(
	struct manager *manager, const struct key_public *public_key, struct diag *diag);
/* An id that the index does not hold is an error: `wireguard: unknown peer ID: X`. */
int manager_remove_peer_by_id(struct manager *manager, const char *id, struct diag *diag);

/*
 * Adds peers in bulk. One that fails is logged and the rest go on. `cancellation`, if given, is
 * asked before each further peer; -ECANCELED ends it.
 */
struct cancellation {
	bool (*is_requested)(void *impl, size_t tried_count);
	void *impl;
};
int manager_configure_peers(struct manager *manager, const struct peer_entry *entries,
	size_t entry_count, const struct cancellation *cancellation, struct diag *diag);

struct peer_index *manager_peer_index(struct manager *manager);

/* For the cycle: an operation returned `error`. -ENODEV is the link-lost event, -ETIMEDOUT makes
 * the device count as stuck, until the next cycle. */
void manager_note_error(struct manager *manager, int error);
/* For the cycle: an event without an action came over the link. */
void manager_apply_event(struct manager *manager, enum interface_event event);
