/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"

#include "diag.h"
#include "observer.h"

#include <errno.h>
#include <string.h>

typedef int event_handler(
	struct event_dispatcher *dispatcher, const char *payload, size_t length, struct diag *diag);
typedef int peer_method(struct manager *manager, const struct peer_entry *entry, struct diag *diag);

/* Return the error for a result of pending_events.h. */
static int pending_check(int result, struct diag *diag)
{
	if (result == PENDING_EVENTS_NO_ROOM)
		return diag_fail(diag, -ENOBUFS,
			"too many events since the last fetch; the next fetch replaces them");
	return result ? diag_fail_errno(diag, result) : 0;
}

/* Check that no newer event about `id` was handled. Return 0, EVENT_SUPERSEDED or -ENOMEM. */
static int take_turn(struct event_dispatcher *dispatcher, const char *id, struct diag *diag)
{
	const struct event_delivery *delivery = dispatcher->delivery;
	if (!delivery)
		return 0;
	enum verdict verdict = verifier_take_turn(
		dispatcher->verifier, id, delivery->issued_at_ns, delivery->now, diag);
	if (verdict == VERDICT_ACCEPTED)
		return 0;
	return verdict == VERDICT_SUPERSEDED ? EVENT_SUPERSEDED : -ENOMEM;
}

/* While the device does not answer, each event would block until a deadline. */
static bool must_defer(const struct event_dispatcher *dispatcher, const char *id)
{
	if (!dispatcher->manager->is_stuck)
		return false;
	log_line(&dispatcher->manager->logger, LOG_EVENT_DEFERRED, "peer_id", id, NULL);
	return true;
}

/*
 * Read a peer, record it for the next cycle and pass it to the manager. It is recorded first: an
 * event whose operation fails still counts as handled, and the cycle retries it.
 */
static int peer_event(struct event_dispatcher *dispatcher, const char *payload, size_t length,
	peer_method *method, struct diag *diag)
{
	struct arena arena = {0};
	struct peer_entry entry = {0};
	int error = dispatcher->reader.read_peer(
		dispatcher->reader.impl, payload, length, &arena, &entry, diag);
	if (!error)
		error = manager_check_peer(dispatcher->manager, &entry, diag);
	if (!error)
		error = take_turn(dispatcher, entry.config.id, diag);
	if (!error)
		error = pending_check(
			pending_events_set(&dispatcher->manager->pending, &entry), diag);
	if (!error && must_defer(dispatcher, entry.id))
		manager_defer_peer(dispatcher->manager, &entry.config);
	else if (!error)
		error = method(dispatcher->manager, &entry, diag);
	key_secret_wipe(&entry.config.psk);
	arena_clear(&arena);
	return error;
}

int handle_peer_added(
	struct event_dispatcher *dispatcher, const char *payload, size_t length, struct diag *diag)
{
	int error = peer_event(dispatcher, payload, length, manager_add_peer, diag);
	return error ? diag_wrap(diag, error, "peer_added") : 0;
}

/* manager_add_peer removes the old key of the peer's id. */
int handle_peer_key_rotated(
	struct event_dispatcher *dispatcher, const char *payload, size_t length, struct diag *diag)
{
	int error = peer_event(dispatcher, payload, length, manager_add_peer, diag);
	return error ? diag_wrap(diag, error, "peer_key_rotated") : 0;
}

int handle_peer_endpoint_changed(
	struct event_dispatcher *dispatcher, const char *payload, size_t length, struct diag *diag)
{
	int error = peer_event(dispatcher, payload, length, manager_update_peer, diag);
	return error ? diag_wrap(diag, error, "peer_endpoint_changed") : 0;
}

int handle_peer_removed(
	struct event_dispatcher *dispatcher, const char *payload, size_t length, struct diag *diag)
{
	struct arena arena = {0};
	const char *id = NULL;
	int error = dispatcher->reader.read_peer_id(
		dispatcher->reader.impl, payload, length, &arena, &id, diag);
	if (!error)
		error = take_turn(dispatcher, id, diag);
	if (!error)
		error = pending_check(
			pending_events_remove(&dispatcher->manager->pending, id), diag);
	if (!error && !must_defer(dispatcher, id))
		error = manager_remove_peer_by_id(dispatcher->manager, id, diag);
	arena_clear(&arena);
	return error ? diag_wrap(diag, error, "peer_removed") : 0;
}

int handle_signing_key_rotated(
	struct event_dispatcher *dispatcher, const char *payload, size_t length, struct diag *diag)
{
	struct signing_keys keys = {0};
	int error = dispatcher->reader.read_signing_keys(
		dispatcher->reader.impl, payload, length, &keys, diag);
	if (!error)
		error = take_turn(dispatcher, "", diag);
	if (error)
		return diag_wrap(diag, error, "signing_key_rotated");
	verifier_rotate_keys(
		dispatcher->verifier, &keys, pending_events_count(&dispatcher->manager->pending));
	log_line(&dispatcher->manager->logger, LOG_SIGNING_KEYS_ROTATED, "current",
		key_public_format(&keys.current).text, NULL);
	return 0;
}

struct event_kind {
	const char *event_type;
	event_handler *handler;
	bool is_immediate;
};

static const struct event_kind kinds[] = {
	{"peer_added", handle_peer_added},
	{"peer_removed", handle_peer_removed},
	{"peer_key_rotated", handle_peer_key_rotated},
	{"peer_endpoint_changed", handle_peer_endpoint_changed},
	{"signing_key_rotated", handle_signing_key_rotated, .is_immediate = true},
};

static const struct event_kind *kind_find(const char *event_type)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].event_type, event_type) == 0)
			return &kinds[i];
	return NULL;
}

int event_dispatch(struct event_dispatcher *dispatcher, const char *event_type, const char *payload,
	size_t length, struct diag *diag)
{
	const struct logger *logger = &dispatcher->manager->logger;
	const struct event_kind *kind = kind_find(event_type);
	if (!kind) {
		log_line(logger, LOG_EVENT_IGNORED, "event_type", event_type, NULL);
		return 0;
	}
	int error = kind->handler(dispatcher, payload, length, diag);
	if (error && error != EVENT_SUPERSEDED)
		log_line(logger, LOG_EVENT_FAILED, "error", diag_text(diag), NULL);
	return error;
}

/* A type with a NUL byte in it is unknown, even if the part before the byte is not. */
static const char *envelope_type(const struct envelope *envelope)
{
	const char *event_type = envelope->event_type.text;
	return strlen(event_type) == envelope->event_type.length ? event_type : "";
}

bool event_is_immediate(const struct envelope *envelope)
{
	const struct event_kind *kind = kind_find(envelope_type(envelope));
	return kind && kind->is_immediate;
}

static void event_observe(const struct event_dispatcher *dispatcher,
	struct event_judgement judgement, const struct diag *diag)
{
	judgement.error_text = diag_text(diag);
	observe_event(dispatcher->manager, &judgement);
}

enum verdict event_verify(struct event_dispatcher *dispatcher, const struct envelope *envelope,
	struct moment now, struct diag *diag)
{
	struct event_judgement judgement = {
		.envelope = envelope, .arrived = now, .error = -EBADMSG};
	judgement.verdict = verifier_check(dispatcher->verifier, envelope, now, diag);
	if (judgement.verdict != VERDICT_ACCEPTED)
		event_observe(dispatcher, judgement, diag);
	return judgement.verdict;
}

int event_handle(struct event_dispatcher *dispatcher, const struct envelope *envelope,
	struct moment now, enum verdict *ret_verdict, struct diag *diag)
{
	const char *event_type = envelope_type(envelope);
	const struct event_delivery delivery = {.issued_at_ns = envelope->issued_at_ns, .now = now};
	dispatcher->delivery = &delivery;
	int error = event_dispatch(
		dispatcher, event_type, envelope->payload.text, envelope->payload.length, diag);
	dispatcher->delivery = NULL;
	*ret_verdict = error == EVENT_SUPERSEDED ? VERDICT_SUPERSEDED : VERDICT_ACCEPTED;
	const struct event_judgement judgement = {
		.envelope = envelope, .arrived = now, .verdict = *ret_verdict, .error = error};
	event_observe(dispatcher, judgement, diag);
	return error;
}

int event_deliver(struct event_dispatcher *dispatcher, const struct envelope *envelope,
	struct moment now, enum verdict *ret_verdict, struct diag *diag)
{
	*ret_verdict = event_verify(dispatcher, envelope, now, diag);
	if (*ret_verdict != VERDICT_ACCEPTED)
		return -EBADMSG;
	return event_handle(dispatcher, envelope, now, ret_verdict, diag);
}
