/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text as Go's encoding/json (1.22) writes it, which is what signatures cover.
 *
 * A writer without a buffer counts only, so that the same calls, made twice, first measure and then
 * write.
 */
#pragma once

#include "json_span.h"

struct canonical_writer {
	char *out; /* room for all that is written; NULL: only `length` is wanted */
	size_t length;
};

/* These bytes as they are. */
void canonical_put(struct canonical_writer *writer, const char *text, size_t length);
/* A string of these characters, quotes and escapes added: `"`, `\`, what HTML or JavaScript might
 * take for its own, and control characters. */
void canonical_put_string(struct canonical_writer *writer, const char *text, size_t length);
/* A value as it is spelt, but without white space between its tokens, and what HTML or JavaScript
 * might take for its own escaped. */
void canonical_put_value(struct canonical_writer *writer, struct json_span value);
/* A time, which timestamp_parse took, as a string: nine digits of a fraction at most, zeros at its
 * end dropped, Z for the offset zero. */
void canonical_put_time(struct canonical_writer *writer, const char *text, size_t length);
