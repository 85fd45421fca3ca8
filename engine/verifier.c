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

static enum verdict nonce_take(struct nonce_store *nonces, const struct envelope *envelope,
	int64_t now_ns, struct diag *diag)
{
	switch (nonce_store_add(nonces, envelope->nonce.text, envelope->nonce.length, now_ns,
		envelope->issued_at_ns + EVENT_WINDOW_NS)) {
	case 0:
		return VERDICT_ACCEPTED;
	case -EEXIST:
		diag_fail(diag, -EALREADY, "duplicate nonce");
		return VERDICT_DUPLICATE_NONCE;
	case -ENOBUFS:
		diag_fail(diag, -ENOBUFS,
			"too many events: the nonces of %zu are remembered, there is no room for "
			"more",
			nonce_store_max(nonces));
		return VERDICT_NO_ROOM;
	default:
		diag_fail_errno(diag, -ENOMEM);
		return VERDICT_FAULT;
	}
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
	if (envelope->nonce.length > NONCE_BYTES_MAX) {
		diag_fail(diag, -EINVAL, "malformed: nonce: %zu bytes, at most %d are allowed",
			envelope->nonce.length, NONCE_BYTES_MAX);
		return VERDICT_MALFORMED;
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
	return nonce_take(&verifier->nonces, envelope, now_ns, diag);
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
	case VERDICT_NO_ROOM:
	case VERDICT_BAD_SIGNATURE: /* the right key may come yet */
	case VERDICT_FAULT:
		break;
	}
	return false;
}
