/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Write JSON as Go's encoding/json (1.22) does: that is the text which signatures cover.
 *
 * A writer without a buffer only counts. Make the same calls twice: first to measure, then to
 * write.
 */
#pragma once

#include "json_span.h"

struct canonical_writer {
	char *out; /* large enough for all that is written; NULL: only count */
	size_t length;
};

/* Write the bytes unchanged. */
void canonical_put(struct canonical_writer *writer, const char *text, size_t length);
/* The same of a text that ends with a NUL byte. */
void canonical_put_text(struct canonical_writer *writer, const char *text);
/*
 * Write a string with quotes around it. Escape `"`, `\`, control characters, and what is special in
 * HTML and JavaScript: `<`, `>`, `&`, U+2028 and U+2029.
 */
void canonical_put_string(struct canonical_writer *writer, const char *text, size_t length);
/* The same of a text that ends with a NUL byte. */
void canonical_put_text_string(struct canonical_writer *writer, const char *text);
/*
 * Write a value as it is spelt, but without white space between its tokens, and with what is
 * special in HTML and JavaScript escaped.
 */
void canonical_put_value(struct canonical_writer *writer, struct json_span value);
/*
 * Write a time that timestamp_parse accepts, as a string. The fraction has at most nine digits and
 * no trailing zeros; the offset zero is Z.
 */
void canonical_put_time(struct canonical_writer *writer, const char *text, size_t length);
