/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier.h"

#include "diag.h"

#include <errno.h>
#include <string.h>

void verifier_init(struct verifier *verifier, const struct verifier_config *config)
{
	*verifier = (struct verifier){
		.check = config->check,
		.store = config->store,
		.keys = config->keys,
		.nonces = {.max = config->nonces_max},
	};
}

void verifier_deinit(struct verifier *verifier)
{
	nonce_store_clear(&verifier->nonces);
	nonce_store_clear(&verifier->newest);
}

static void trust_record_write(const struct trust_store *store, const struct trust_record *record)
{
	if (store->write)
		store->write(store->impl, record);
}

static void keys_set(struct verifier *verifier, const struct signing_keys *keys)
{
	trust_record_write(
		&verifier->store, &(struct trust_record){.kind = TRUST_KEYS, .keys = *keys});
	verifier->keys = *keys;
}

void verifier_rotate_keys(
	struct verifier *verifier, const struct signing_keys *keys, uint64_t order)
{
	keys_set(verifier, keys);
	verifier->keys_order = order;
}

void verifier_take_keys(
	struct verifier *verifier, const struct signing_keys *keys, uint64_t fetch_order)
{
	if (fetch_order > verifier->keys_order)
		keys_set(verifier, keys);
}

/* Return the first missing field, or NULL. A missing payload counts as null. */
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

/* Return when an event issued then becomes stale, on both clocks; their present offset is used. */
static struct moment stale_after(int64_t issued_at_ns, struct moment now)
{
	int64_t wall_ns = issued_at_ns + EVENT_WINDOW_NS;
	return (struct moment){wall_ns, now.boot_ns + (wall_ns - now.wall_ns)};
}

static enum verdict nonce_take(struct verifier *verifier, const struct envelope *envelope,
	struct moment now, struct diag *diag)
{
	const struct trust_record record = {
		.kind = TRUST_NONCE,
		.text = envelope->nonce.text,
		.length = envelope->nonce.length,
		.until = stale_after(envelope->issued_at_ns, now),
	};
	switch (nonce_store_add(&verifier->nonces, record.text, record.length, now, record.until)) {
	case 0:
		trust_record_write(&verifier->store, &record);
		return VERDICT_ACCEPTED;
	case NONCE_KNOWN:
		diag_fail(diag, -EALREADY, "duplicate nonce");
		return VERDICT_DUPLICATE_NONCE;
	case NONCE_NO_ROOM:
		diag_fail(diag, -ENOBUFS, "too many events: the limit of %zu nonces is reached",
			nonce_store_max(&verifier->nonces));
		return VERDICT_NO_ROOM;
	default:
		diag_fail_errno(diag, -ENOMEM);
		return VERDICT_FAULT;
	}
}

enum verdict verifier_check(struct verifier *verifier, const struct envelope *envelope,
	struct moment now, struct diag *diag)
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
	if (envelope->issued_at_ns < now.wall_ns - EVENT_WINDOW_NS) {
		diag_fail(diag, -ESTALE, "stale: issued more than five minutes ago");
		return VERDICT_STALE;
	}
	if (envelope->issued_at_ns > now.wall_ns + EVENT_WINDOW_NS) {
		diag_fail(diag, -EINVAL, "future: issued more than five minutes ahead");
		return VERDICT_FUTURE;
	}
	if (!is_signed(verifier, envelope, now.wall_ns)) {
		bool has_key = !key_public_is_zero(&verifier->keys.current);
		diag_fail(diag, -EBADMSG, "bad signature%s",
			has_key ? "" : ": there is no signing key");
		return VERDICT_BAD_SIGNATURE;
	}
	return nonce_take(verifier, envelope, now, diag);
}

enum verdict verifier_take_turn(struct verifier *verifier, const char *id, int64_t issued_at_ns,
	struct moment now, struct diag *diag)
{
	const struct trust_record record = {
		.kind = TRUST_NEWEST,
		.text = id,
		.length = strlen(id),
		.until = stale_after(issued_at_ns, now),
	};
	const struct moment *newest = nonce_store_find(&verifier->newest, id, record.length, now);
	if (newest && record.until.wall_ns < newest->wall_ns) {
		diag_fail(diag, -ESTALE, "superseded: a newer event was handled");
		return VERDICT_SUPERSEDED;
	}
	if (nonce_store_put(&verifier->newest, id, record.length, record.until) != 0) {
		diag_fail_errno(diag, -ENOMEM);
		return VERDICT_FAULT;
	}
	trust_record_write(&verifier->store, &record);
	return VERDICT_ACCEPTED;
}

void verifier_expire(struct verifier *verifier, struct moment now)
{
	nonce_store_expire(&verifier->nonces, now);
	nonce_store_expire(&verifier->newest, now);
}

int verifier_restore(struct verifier *verifier, const struct trust_record *record)
{
	struct nonce_store *nonces =
		record->kind == TRUST_NONCE ? &verifier->nonces : &verifier->newest;
	if (record->kind != TRUST_KEYS)
		return nonce_store_put(nonces, record->text, record->length, record->until);
	verifier->keys = record->keys;
	return 0;
}

/* Where the records of one nonce_store are written. */
struct keeping {
	struct trust_store store;
	enum trust_kind kind;
};

static void keep_each(void *impl, const char *text, size_t length, struct moment until)
{
	const struct keeping *keeping = impl;
	trust_record_write(&keeping->store,
		&(struct trust_record){
			.kind = keeping->kind, .text = text, .length = length, .until = until});
}

void verifier_write_all(const struct verifier *verifier, struct trust_store store)
{
	struct keeping nonces = {store, TRUST_NONCE}, newest = {store, TRUST_NEWEST};
	trust_record_write(
		&store, &(struct trust_record){.kind = TRUST_KEYS, .keys = verifier->keys});
	nonce_store_each(&verifier->nonces, keep_each, &nonces);
	nonce_store_each(&verifier->newest, keep_each, &newest);
}

bool verdict_is_final(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_ACCEPTED:
	case VERDICT_MALFORMED:
	case VERDICT_MISSING_FIELD:
	case VERDICT_STALE:
	case VERDICT_DUPLICATE_NONCE:
	case VERDICT_SUPERSEDED:
		return true;
	case VERDICT_FUTURE:
	case VERDICT_NO_ROOM:
	case VERDICT_BAD_SIGNATURE: /* the key may arrive later */
	case VERDICT_FAULT:
		break;
	}
	return false;
}
