/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes pieces of a scenario, with pseudonyms in the place of all that is the run's own. Nothing
 * of the run gets into the text but through these functions.
 *
 * An error sticks: whoever told something looks at `error` once, at the end.
 */
#pragma once

#include "endpoint_history.h"
#include "pseudonyms.h"
#include "signing_keys.h"

struct scenario_writer {
	struct pseudonyms *names; /* borrowed */
	/* What host names stood for; NULL: they are left out. */
	const struct endpoint_history *endpoints;
	char *text; /* NUL-terminated; NULL: nothing yet */
	size_t length;
	size_t capacity;
	int error; /* 0, -ENOMEM, or -ERANGE: no pseudonym can be found any more */
};

/* Text of our own. */
void tell(struct scenario_writer *scenario_writer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The text of another scenario_writer. */
void tell_told(struct scenario_writer *scenario_writer, const struct scenario_writer *told);
/* A comma, unless an array or an object has just been opened or nothing was written. */
void tell_comma(struct scenario_writer *scenario_writer);

/* Remove a comma and line feed that were written last. */
void tell_no_comma(struct scenario_writer *scenario_writer);

/* Each as a JSON string. */
void tell_key(struct scenario_writer *scenario_writer, const struct key_public *key);
void tell_id(struct scenario_writer *scenario_writer, const char *id);
void tell_prefix(struct scenario_writer *scenario_writer, const struct prefix *prefix);
void tell_time(struct scenario_writer *scenario_writer, int64_t ns);
/* ASCII of our own as the value of a string, with escapes. */
void tell_quoted(struct scenario_writer *scenario_writer, const char *text);

/* A secret that was made up, or null if it is zero. */
void tell_made_up_secret(struct scenario_writer *scenario_writer, const struct key_secret *secret);

/* `"public_key": ..., "endpoint": ...` and so on: what a peer of a document and one of a device
 * have in common, as members. */
void tell_peer_members(struct scenario_writer *scenario_writer, const struct peer_config *peer);
/* Signing keys as an object. */
void tell_signing_keys(struct scenario_writer *scenario_writer, const struct signing_keys *keys);

/* Nothing is written, and there is no error. */
void scenario_writer_reset(struct scenario_writer *scenario_writer);
void scenario_writer_clear(struct scenario_writer *scenario_writer);
