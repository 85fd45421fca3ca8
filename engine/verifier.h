/*
 * Whether an event may be believed: all fields there, issued within five minutes of now, signed by
 * the current key or, during a transition, the previous one, and not seen before. In that order; a
 * forgery does not use up a nonce. There is no way to accept an event without a key.
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
	VERDICT_NO_ROOM, /* nonce_store.h remembers as many events as it may */
	VERDICT_FAULT,   /* out of memory: nothing is known */
};

struct verifier {
	struct signature_check check;
	struct signing_keys keys;
	uint64_t keys_order; /* when an event last set the keys, in the order of event_overlay.h */
	struct nonce_store nonces;
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
	int64_t now_ns, struct diag *diag);

/* Whether an event that got this verdict would get it for ever: the resume cursor may pass it. */
bool verdict_is_final(enum verdict verdict);
