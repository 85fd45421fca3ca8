/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a verified event does: one handler an event type, found through a table by the dispatcher.
 * Handlers change the device at once and note the event for the next cycle; they do not start one.
 */
#pragma once

#include "manager.h"
#include "verifier.h"

/* The seam to whoever reads payloads. Each returns 0, -ENOMEM or -EINVAL with the reason. */
struct payload_reader {
	/* A peer in wire form; an unusable one is -EINVAL. `ret` points into `arena`. */
	int (*read_peer)(void *impl, const char *payload, size_t length, struct arena *arena,
		struct peer_entry *ret, struct diag *diag);
	/* {"peer_id": "..."} */
	int (*read_peer_id)(void *impl, const char *payload, size_t length, struct arena *arena,
		const char **ret, struct diag *diag);
	/* Signing keys, as in a state document. */
	int (*read_signing_keys)(void *impl, const char *payload, size_t length,
		struct signing_keys *ret, struct diag *diag);
	void *impl;
};

/* An envelope on its way to its handler. */
struct event_delivery {
	int64_t issued_at_ns;
	struct moment now;
	bool is_superseded; /* the handler found so */
};

struct event_dispatcher {
	struct manager *manager;
	struct verifier *verifier;
	struct payload_reader reader;
	struct event_delivery *delivery; /* NULL: a handler was called without an envelope */
};

int handle_peer_added(
	struct event_dispatcher *dispatcher, const char *payload, size_t length, struct diag *diag);
int handle_peer_removed(
	struct event_dispatcher *dispatcher, const char *payload, size_t length, struct diag *diag);
int handle_peer_key_rotated(
	struct event_dispatcher *dispatcher, const char *payload, size_t length, struct diag *diag);
int handle_peer_endpoint_changed(
	struct event_dispatcher *dispatcher, const char *payload, size_t length, struct diag *diag);
int handle_signing_key_rotated(
	struct event_dispatcher *dispatcher, const char *payload, size_t length, struct diag *diag);

/*
 * Calls the handler for `event_type`; a type without one is logged and does nothing. Returns 0 or
 * the handler's error, wrapped with the event type.
 */
int event_dispatch(struct event_dispatcher *dispatcher, const char *event_type, const char *payload,
	size_t length, struct diag *diag);

/*
 * Handles an event that verifier_check accepted at `now`. `*ret_verdict` is accepted, whatever is
 * returned, unless the handler finds that the event is superseded.
 */
int event_handle(struct event_dispatcher *dispatcher, const struct envelope *envelope,
	struct moment now, enum verdict *ret_verdict, struct diag *diag);

/* Verifies, then handles. `*ret_verdict` tells which of the two refused. */
int event_deliver(struct event_dispatcher *dispatcher, const struct envelope *envelope,
	struct moment now, enum verdict *ret_verdict, struct diag *diag);
