/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manages one WireGuard interface. It owns what this process knows about it: the interface state,
 * the peer index, the history of endpoints and of allowed IPs, the routes that peers claim, and the
 * pending events. The reconcile cycle and the event handlers work through it. Only the peer index
 * is thread-safe.
 *
 * Functions return 0 or a negative errno with the complete text in `diag`
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

struct observer;

/* Interfaces and what they use are borrowed. */
struct manager_config {
	struct controller controller;
	struct interface_config interface; /* its empty members get their defaults */
	/* The node's; Setup needs it. NULL: no key, ID or address counts as the node's. */
	const struct identity *identity;
	struct logger logger;
	struct name_lookup lookup; /* zero: host names are not resolved */
	struct pause pause;        /* of cycles; zero: they never yield */
	struct router router;      /* zero: routes are not managed */
	struct route_policy route_policy;
	const struct observer *observers; /* see observer.h */
	size_t observer_count;
};

struct manager {
	struct controller controller;
	struct interface_config config;
	struct logger logger;
	struct name_lookup lookup;
	const struct identity *identity;
	enum interface_state state;
	bool is_stuck;          /* an operation timed out, and no cycle has read the device since */
	unsigned created_count; /* how often the interface was created or adopted */
	struct peer_index index;
	struct endpoint_history endpoints;
	struct allowed_ip_history allowed_ips;
	struct pending_events pending;
	struct pause pause;
	struct router router;
	struct route_policy route_policy;
	const struct observer *observers;
	size_t observer_count;
	struct route_claims claims; /* empty if routes are not managed */
};

/* Return 0 or -ENOMEM. */
int manager_init(struct manager *manager, const struct manager_config *config);
void manager_deinit(struct manager *manager);

/*
 * Bring the interface up from its current state. Fail before any change if the interface cannot
 * have the mesh address.
 */
int manager_setup(struct manager *manager, struct diag *diag);
/* Delete the interface. The peer index stays as it is. */
int manager_teardown(struct manager *manager, struct diag *diag);

/* Reject a usable peer that has the node's id under another key. Return 0 or -EINVAL. */
int manager_check_peer(
	const struct manager *manager, const struct peer_entry *entry, struct diag *diag);
/*
 * The next functions add a peer's routes after the peer and remove them before it. A route that
 * cannot be changed is logged and is no error: the next cycle retries it and resolves conflicts.
 *
 * Set all fields of a peer; the node's own address is removed from its allowed IPs. If its id is
 * known under another key, remove the old key first, unless another id now has it. A peer with the
 * node's own key is ignored, which is logged unless it also has the node's id. An entry that is
 * unusable or that manager_check_peer rejects is an error.
 */
int manager_add_peer(struct manager *manager, const struct peer_entry *entry, struct diag *diag);
/* The same, but errors and logs say "update". */
int manager_update_peer(struct manager *manager, const struct peer_entry *entry, struct diag *diag);
/* Leave the peer to the next cycle, which then sets its endpoint as manager_add_peer would have. */
void manager_defer_peer(struct manager *manager, const struct peer_config *peer);
int manager_remove_peer(
	struct manager *manager, const struct key_public *public_key, struct diag *diag);
/* Remove the peer of that id. An unknown id is an error: `wireguard: unknown peer ID: X`. */
int manager_remove_peer_by_id(struct manager *manager, const char *id, struct diag *diag);

/*
 * Add several peers. A peer that fails is logged; the others follow. `cancellation` (or NULL) is
 * called before each peer; once it returns true, no more are added and -ECANCELED is returned.
 */
struct cancellation {
	bool (*is_requested)(void *impl, size_t tried_count);
	void *impl;
};
int manager_configure_peers(struct manager *manager, const struct peer_entry *entries,
	size_t entry_count, const struct cancellation *cancellation, struct diag *diag);

struct peer_index *manager_peer_index(struct manager *manager);

/* For the cycle: record the result of an operation. -ENODEV is the link_lost event; after
 * -ETIMEDOUT the device counts as stuck until a cycle reads it again. */
void manager_note_error(struct manager *manager, int error);
/* For the cycle: enter the state that follows from an event without an action. */
void manager_apply_event(struct manager *manager, enum interface_event event);
