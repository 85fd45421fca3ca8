/*
 * How a log value is written: what needs quotes, and one character at a time, escaped, so that a
 * line can be cut between two of them. Foreign text can neither break a line nor move a cursor.
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

/* A text that is to stay on its line and on a terminal: what does not print is escaped. */
void line_print(FILE *out, const char *text);
