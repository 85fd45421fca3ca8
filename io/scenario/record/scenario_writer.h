/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes pieces of a scenario, and anonymizes all that is the run's own. Nothing of the run gets
 * into the text but through these functions.
 *
 * The first error is retained, and nothing is written after it. The caller checks `error` once, at
 * the end.
 */
#pragma once

#include "anonymizer.h"
#include "endpoint_history.h"
#include "signing_keys.h"

struct scenario_writer {
	struct anonymizer *anonymizer; /* borrowed */
	/* The addresses of host names; NULL: endpoints that are host names are left out. */
	const struct endpoint_history *endpoints;
	char *text; /* NUL-terminated; NULL: nothing yet */
	size_t length;
	size_t capacity;
	int error; /* 0, -ENOMEM, or -ERANGE as of order_map_place */
};

/* Write text that has nothing of the run. */
void scenario_write(struct scenario_writer *writer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Append what another writer has written, and take over its error. */
void scenario_write_piece(struct scenario_writer *writer, const struct scenario_writer *piece);
/* Write a comma, unless an array or an object has just been opened or nothing was written. */
void scenario_write_comma(struct scenario_writer *writer);

/* Remove a comma and line feed at the end of the text. */
void scenario_writer_remove_comma(struct scenario_writer *writer);

/* Write a value as a JSON string. */
void scenario_write_key(struct scenario_writer *writer, const struct key_public *key);
void scenario_write_id(struct scenario_writer *writer, const char *id);
void scenario_write_prefix(struct scenario_writer *writer, const struct prefix *prefix);
void scenario_write_time(struct scenario_writer *writer, int64_t ns);
/* Write ASCII that has nothing of the run as a JSON string, with escapes. */
void scenario_write_quoted(struct scenario_writer *writer, const char *text);

/* Write an anonymized secret, or null if it is zero. */
void scenario_write_anonymous_secret(
	struct scenario_writer *writer, const struct key_secret *secret);

/* Write `"public_key": ..., "endpoint": ...` and so on: the members that a peer of a document and
 * one of a device have in common. */
void scenario_write_peer_members(struct scenario_writer *writer, const struct peer_config *peer);
/* Write signing keys as an object. */
void scenario_write_signing_keys(struct scenario_writer *writer, const struct signing_keys *keys);

/* Discard the text and the error. */
void scenario_writer_reset(struct scenario_writer *writer);
void scenario_writer_clear(struct scenario_writer *writer);
