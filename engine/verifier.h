/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether an event may be believed: all fields there, issued within five minutes of now, signed by
 * the current key or, during a transition, the previous one, and not seen before. In that order; a
 * forgery does not use up a nonce. There is no way to accept an event without a key.
 *
 * An event is superseded if one that was issued after it, about the same peer and still within its
 * five minutes, was handled.
 *
 * The signing keys in force, the nonces and the times of the newest events outlive the process
 * where there is a trust store.
 */
#pragma once

#include "envelope.h"
#include "nonce_store.h"
#include "signing_keys.h"

struct diag;

#define EVENT_WINDOW_NS (INT64_C(5) * 60 * 1000000000)

/* The seam to Ed25519. */
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
	VERDICT_NO_ROOM, /* nonce_store.h remembers as many events as it may */
	VERDICT_FAULT,   /* out of memory: nothing is known */
};

enum trust_kind {
	TRUST_KEYS,   /* `keys` are in force */
	TRUST_NONCE,  /* `text` was used */
	TRUST_NEWEST, /* of the peer with the id `text`, the newest event; "": of the signing keys
		       */
};

/* What is to be known after a restart. The texts are borrowed. */
struct trust_record {
	enum trust_kind kind;
	struct signing_keys keys;
	const char *text;
	size_t length;
	struct moment until;
};

/* The interface to what outlives the process. A record is kept before it is acted upon; where that
 * fails, events are handled all the same. */
struct trust_store {
	void (*keep)(void *impl, const struct trust_record *record); /* NULL: nothing is kept */
	void *impl;
};

struct verifier {
	struct signature_check check;
	struct trust_store store;
	struct signing_keys keys;
	uint64_t keys_order; /* when an event last set the keys, in the order of pending_events.h */
	struct nonce_store nonces;
	struct nonce_store newest; /* ids; each until its newest event is stale */
};

void verifier_init(
	struct verifier *verifier, struct signature_check check, const struct signing_keys *keys);
void verifier_deinit(struct verifier *verifier);

/* A signing_key_rotated event, handled at `order`, set the keys. */
void verifier_rotate_keys(
	struct verifier *verifier, const struct signing_keys *keys, uint64_t order);
/* A state document did whose fetch began at `fetch_order`: void if an event came after that. */
void verifier_take_keys(
	struct verifier *verifier, const struct signing_keys *keys, uint64_t fetch_order);

/*
 * On acceptance the nonce is remembered until issued_at plus five minutes. The text of a refusal
 * begins with `malformed`, `missing nonce` (and so on), `stale`, `future`, `bad signature`,
 * `duplicate nonce` or `too many events`: then it is the pull that tells what the event would have.
 */
enum verdict verifier_check(struct verifier *verifier, const struct envelope *envelope,
	struct moment now, struct diag *diag);

/*
 * An accepted event about the peer of that id ("": about the signing keys) is about to be handled.
 * Return VERDICT_ACCEPTED, or with the reason VERDICT_SUPERSEDED or VERDICT_FAULT.
 */
enum verdict verifier_take_turn(struct verifier *verifier, const char *id, int64_t issued_at_ns,
	struct moment now, struct diag *diag);
/* Drops what can no longer be replayed. */
void verifier_expire(struct verifier *verifier, struct moment now);

/* Knows again what was kept, however many nonces there may be. Returns 0 or -ENOMEM. */
int verifier_restore(struct verifier *verifier, const struct trust_record *record);
/* Gives all that is to be kept to `store`. */
void verifier_keep_all(const struct verifier *verifier, struct trust_store store);

/* Whether an event that got this verdict would get it for ever: the resume cursor may pass it. */
bool verdict_is_final(enum verdict verdict);
