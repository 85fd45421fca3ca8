/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How foreign text is printed, so that it can neither break a line nor move a cursor: rune.h says
 * which characters are escaped. A log value is written one character at a time, so that a line can
 * be cut between two of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct log_escape {
	char text[13];
	size_t length;
};

/* Whether logfmt quotes this value: it is empty or holds a space, a quote, `=`, or a character
 * that does not print. */
bool log_needs_quotes(const char *value);

/* The next character (`**at` is not NUL) as it stands within quotes; `*at` moves past it. */
struct log_escape log_escape_next(const char **at, bool json);
/* The same, as it is: for a value without quotes. */
struct log_escape log_escape_plain(const char **at);

/* Print a text that may have several words. */
void line_print(FILE *out, const char *text);
/* Print a text as one word: in quotes, and escaped within, if it is empty or holds a space, a quote
 * or a character that is not shown. */
void word_print(FILE *out, const char *text);
/* Print JSON, well-formed, so that it means the same: within its strings \u takes the place of
 * characters that are not shown. Line feeds between tokens stay. */
void json_print(FILE *out, const char *json);
