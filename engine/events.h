/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handlers of verified events, one for each event type. A handler records the event for the next
 * cycle and changes the device at once; it does not start a cycle.
 */
#pragma once

#include "manager.h"
#include "verifier.h"

/* The interface to the parser of payloads. Callbacks return 0, -ENOMEM or -EINVAL with a reason. */
struct payload_reader {
	/* A peer in wire form. -EINVAL if it is unusable. `ret` points into `arena`. */
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

/* The envelope that a handler runs for. */
struct event_delivery {
	int64_t issued_at_ns;
	struct moment now;
};

struct event_dispatcher {
	struct manager *manager;
	struct verifier *verifier;
	struct payload_reader reader;
	const struct event_delivery *delivery; /* NULL: the handler runs without an envelope */
};

/* Result of all functions that handle an event: a newer one about its peer was handled. */
#define EVENT_SUPERSEDED 1

/* Each handler returns 0, or EVENT_SUPERSEDED or a negative errno with a text that begins with the
 * event type. */
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
 * Call the handler for `event_type`. A type without a handler is logged and ignored. Return 0 or
 * the handler's result.
 */
int event_dispatch(struct event_dispatcher *dispatcher, const char *event_type, const char *payload,
	size_t length, struct diag *diag);

/*
 * Whether the event changes no device but which later events are accepted: it is handled as soon as
 * it is verified, even in the middle of a cycle. All others must wait for the end of the cycle.
 */
bool event_is_immediate(const struct envelope *envelope);

/*
 * Handle an event that event_verify accepted at `now`. Return the handler's result.
 * `*ret_verdict` is VERDICT_SUPERSEDED for EVENT_SUPERSEDED, else VERDICT_ACCEPTED, even if the
 * handler fails.
 */
int event_handle(struct event_dispatcher *dispatcher, const struct envelope *envelope,
	struct moment now, enum verdict *ret_verdict, struct diag *diag);

/* Verify the event, as verifier_check. */
enum verdict event_verify(struct event_dispatcher *dispatcher, const struct envelope *envelope,
	struct moment now, struct diag *diag);
/* Verify the event, then handle it. Return -EBADMSG, with the verdict, if it is not accepted. */
int event_deliver(struct event_dispatcher *dispatcher, const struct envelope *envelope,
	struct moment now, enum verdict *ret_verdict, struct diag *diag);
