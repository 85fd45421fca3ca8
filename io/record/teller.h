/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes pieces of a scenario, with pseudonyms in the place of all that is the run's own. Nothing
 * of the run gets into the text but through these functions.
 *
 * An error sticks: whoever told something looks at `error` once, at the end.
 */
#pragma once

#include "endpoint_memory.h"
#include "pseudonyms.h"
#include "signing_keys.h"

struct teller {
	struct pseudonyms *names; /* borrowed */
	/* What host names stood for; NULL: they are left out. */
	const struct endpoint_memory *endpoints;
	char *text; /* NUL-terminated; NULL: nothing yet */
	size_t length;
	size_t capacity;
	int error; /* 0, -ENOMEM, or -ERANGE: no pseudonym can be found any more */
};

/* Text of our own. */
void tell(struct teller *teller, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What another teller has told. */
void tell_told(struct teller *teller, const struct teller *told);
/* A comma, unless an array or an object has just been opened or nothing was told. */
void tell_comma(struct teller *teller);

/* Takes back a comma and line feed that were told last. */
void tell_no_comma(struct teller *teller);

/* Each as a JSON string. */
void tell_key(struct teller *teller, const struct key_public *key);
void tell_id(struct teller *teller, const char *id);
void tell_prefix(struct teller *teller, const struct prefix *prefix);
void tell_time(struct teller *teller, int64_t ns);
/* ASCII of our own as the value of a string, with escapes. */
void tell_quoted(struct teller *teller, const char *text);

/* A secret that was made up, or null if it is zero. */
void tell_made_up_secret(struct teller *teller, const struct key_secret *secret);

/* `"public_key": ..., "endpoint": ...` and so on: what a peer of a document and one of a device
 * have in common, as members. */
void tell_peer_members(struct teller *teller, const struct peer_config *peer);
/* Signing keys as an object. */
void tell_signing_keys(struct teller *teller, const struct signing_keys *keys);

/* Nothing is told, and there is no error. */
void teller_reset(struct teller *teller);
void teller_clear(struct teller *teller);
