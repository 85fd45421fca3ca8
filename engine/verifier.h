/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifies events. An event is accepted if all its fields are present, it was issued within five
 * minutes of now, the current or during a transition the previous key signed it, and its nonce is
 * new. The checks are made in this order, so that a forged event does not use up a nonce. Without a
 * key no event is accepted.
 *
 * An event is superseded if a newer one about the same peer was handled and is not stale yet.
 *
 * A trust store, if there is one, preserves the signing keys, the nonces and the times of the
 * newest events across restarts.
 */
#pragma once

#include "envelope.h"
#include "nonce_store.h"
#include "signing_keys.h"

struct diag;

#define EVENT_WINDOW_NS (INT64_C(5) * 60 * 1000000000)

/* The interface to Ed25519. */
struct signature_check {
	bool (*verify)(void *impl, const struct key_public *key, const char *message, size_t length,
		const uint8_t signature[SIGNATURE_BYTES]);
	void *impl;
};

enum verdict {
	VERDICT_ACCEPTED,
	VERDICT_MALFORMED,
	VERDICT_MISSING_FIELD,
	VERDICT_STALE,
	VERDICT_FUTURE,
	VERDICT_BAD_SIGNATURE,
	VERDICT_DUPLICATE_NONCE,
	VERDICT_SUPERSEDED,
	VERDICT_NO_ROOM, /* the limit of nonce_store.h is reached */
	VERDICT_FAULT,   /* out of memory; the event was not checked */
};

enum trust_kind {
	TRUST_KEYS,   /* `keys` are in force */
	TRUST_NONCE,  /* the nonce `text` was used */
	TRUST_NEWEST, /* the newest event about the peer `text`; "": about the signing keys */
};

/* One fact that must survive a restart. Texts are borrowed. */
struct trust_record {
	enum trust_kind kind;
	struct signing_keys keys;
	const char *text;
	size_t length;
	struct moment until;
};

/* The interface to persistent storage. A record is stored before the event takes effect. A failure
 * to store it does not stop the event. */
struct trust_store {
	void (*write)(void *impl, const struct trust_record *record); /* NULL: do not store */
	void *impl;
};

struct verifier_config {
	struct signature_check check;
	struct trust_store store; /* zero: nothing is stored */
	struct signing_keys keys; /* zero: none yet */
	size_t nonces_max;        /* 0: NONCES_MAX_DEFAULT */
};

struct verifier {
	struct signature_check check;
	struct trust_store store;
	struct signing_keys keys;
	uint64_t keys_order; /* of the last event that set the keys, as pending_events.h counts */
	struct nonce_store nonces;
	struct nonce_store newest; /* peer ids, each until its newest event is stale */
};

void verifier_init(struct verifier *verifier, const struct verifier_config *config);
void verifier_deinit(struct verifier *verifier);

/* Set the keys of a signing_key_rotated event that was handled at `order`. */
void verifier_rotate_keys(
	struct verifier *verifier, const struct signing_keys *keys, uint64_t order);
/* Set the keys of a state document whose fetch began at `fetch_order`, unless an event has set them
 * since. */
void verifier_take_keys(
	struct verifier *verifier, const struct signing_keys *keys, uint64_t fetch_order);

/*
 * Verify an event. If it is accepted, its nonce is stored until issued_at plus five minutes. If it
 * is rejected, the text begins with `malformed`, `missing nonce` (or another field), `stale`,
 * `future`, `bad signature`, `duplicate nonce` or `too many events`. A later fetch brings the state
 * that a rejected event would have brought.
 */
enum verdict verifier_check(struct verifier *verifier, const struct envelope *envelope,
	struct moment now, struct diag *diag);

/*
 * Record that an accepted event about the peer `id` ("": about the signing keys) will be handled
 * next. Return VERDICT_ACCEPTED, or with a text VERDICT_SUPERSEDED or VERDICT_FAULT.
 */
enum verdict verifier_take_turn(struct verifier *verifier, const char *id, int64_t issued_at_ns,
	struct moment now, struct diag *diag);
/* Remove the records of events that can no longer be replayed. */
void verifier_expire(struct verifier *verifier, struct moment now);

/* Restore a stored record, regardless of the limit of nonces. Return 0 or -ENOMEM. */
int verifier_restore(struct verifier *verifier, const struct trust_record *record);
/* Write all records to `store`. */
void verifier_write_all(const struct verifier *verifier, struct trust_store store);

/* Return whether a retry would give the same verdict: the resume cursor may then pass the event. */
bool verdict_is_final(enum verdict verdict);
