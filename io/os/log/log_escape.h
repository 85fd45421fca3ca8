/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Print text from outside so that it can neither break a line nor move the cursor. rune.h decides
 * which characters are escaped. Log values are escaped one character at a time, so that a long line
 * can be cut between two characters.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct log_escape {
	char text[13];
	size_t length;
};

/* Whether logfmt quotes this value: it is empty, or contains a space, a quote, `=` or a character
 * that is escaped. */
bool log_needs_quotes(const char *value);

/* Return the next character, escaped for use within quotes, and move `*at` past it. `**at` must not
 * be NUL. */
struct log_escape log_escape_next(const char **at, bool json);
/* The same, unescaped: for a value without quotes. */
struct log_escape log_escape_plain(const char **at);

/* Print text of any number of words. */
void line_print(FILE *out, const char *text);
/* Print text as one word: quoted, and escaped within the quotes, if it is empty or contains a
 * space, a quote or a character that is escaped. */
void word_print(FILE *out, const char *text);
/* Print well-formed JSON without changing its meaning: \u escapes replace unprintable characters in
 * strings, and line feeds between tokens stay. */
void json_print(FILE *out, const char *json);
