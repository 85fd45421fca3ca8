#include "verifier.h"

#include "diag.h"

#include <errno.h>

void verifier_init(
	struct verifier *verifier, struct signature_check check, const struct signing_keys *keys)
{
	*verifier = (struct verifier){.check = check};
	if (keys)
		verifier->keys = *keys;
}

void verifier_deinit(struct verifier *verifier)
{
	nonce_store_clear(&verifier->nonces);
}

void verifier_rotate_keys(
	struct verifier *verifier, const struct signing_keys *keys, uint64_t order)
{
	verifier->keys = *keys;
	verifier->keys_order = order;
}

void verifier_take_keys(
	struct verifier *verifier, const struct signing_keys *keys, uint64_t fetch_order)
{
	if (fetch_order > verifier->keys_order)
		verifier->keys = *keys;
}

/* The first field that is missing, or NULL. A payload that is missing counts as null. */
static const char *missing_field(const struct envelope *envelope)
{
	if (!envelope->event_id.length)
		return "event_id";
	if (!envelope->has_issued_at)
		return "issued_at";
	if (!envelope->nonce.length)
		return "nonce";
	if (!envelope->has_signature)
		return "signature";
	return NULL;
}

static bool is_signed_by(const struct verifier *verifier, const struct envelope *envelope,
	const struct key_public *key)
{
	return !key_public_is_zero(key) &&
	       verifier->check.verify(verifier->check.impl, key, envelope->canonical.text,
		       envelope->canonical.length, envelope->signature);
}

static bool is_signed(
	const struct verifier *verifier, const struct envelope *envelope, int64_t now_ns)
{
	const struct signing_keys *keys = &verifier->keys;
	if (!envelope->signature_is_sound)
		return false;
	if (is_signed_by(verifier, envelope, &keys->current))
		return true;
	return keys->has_previous && now_ns < keys->transition_expires_ns &&
	       is_signed_by(verifier, envelope, &keys->previous);
}

enum verdict verifier_check(struct verifier *verifier, const struct envelope *envelope,
	int64_t now_ns, struct diag *diag)
{
	if (!envelope->event_type.length) {
		diag_fail(diag, -EINVAL, "malformed: missing event_type");
		return VERDICT_MALFORMED;
	}
	const char *missing = missing_field(envelope);
	if (missing) {
		diag_fail(diag, -EINVAL, "missing %s", missing);
		return VERDICT_MISSING_FIELD;
	}
	if (envelope->issued_at_ns < now_ns - EVENT_WINDOW_NS) {
		diag_fail(diag, -ESTALE, "stale: issued more than five minutes ago");
		return VERDICT_STALE;
	}
	if (envelope->issued_at_ns > now_ns + EVENT_WINDOW_NS) {
		diag_fail(diag, -EINVAL, "future: issued more than five minutes ahead");
		return VERDICT_FUTURE;
	}
	if (!is_signed(verifier, envelope, now_ns)) {
		bool has_key = !key_public_is_zero(&verifier->keys.current);
		diag_fail(diag, -EBADMSG, "bad signature%s",
			has_key ? "" : ": there is no signing key");
		return VERDICT_BAD_SIGNATURE;
	}
	nonce_store_expire(&verifier->nonces, now_ns);
	const struct envelope_text *nonce = &envelope->nonce;
	if (nonce_store_holds(&verifier->nonces, nonce->text, nonce->length)) {
		diag_fail(diag, -EALREADY, "duplicate nonce");
		return VERDICT_DUPLICATE_NONCE;
	}
	if (nonce_store_add(&verifier->nonces, nonce->text, nonce->length,
		    envelope->issued_at_ns + EVENT_WINDOW_NS) != 0) {
		diag_fail_errno(diag, -ENOMEM);
		return VERDICT_FAULT;
	}
	return VERDICT_ACCEPTED;
}

bool verdict_is_final(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_ACCEPTED:
	case VERDICT_MALFORMED:
	case VERDICT_MISSING_FIELD:
	case VERDICT_STALE:
	case VERDICT_DUPLICATE_NONCE:
		return true;
	case VERDICT_FUTURE:
	case VERDICT_BAD_SIGNATURE: /* the right key may come yet */
	case VERDICT_FAULT:
		break;
	}
	return false;
}
