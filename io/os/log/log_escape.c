/* SPDX-License-Identifier: Apache-2.0 */
#include "log_escape.h"

#include "rune.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

bool log_needs_quotes(const char *value)
{
	if (*value == '\0')
		return true;
	while (*value) {
		size_t length;
		uint32_t rune = rune_decode(value, &length);
		if (!rune_is_shown(rune) || rune == ' ' || rune == '"' || rune == '=')
			return true;
		value += length;
	}
	return false;
}

static struct log_escape bytes_copy(const char *text, size_t length)
{
	struct log_escape unit = {.length = length};
	memcpy(unit.text, text, length);
	return unit;
}

/* The short escape of a character, or NULL. */
static const char *short_escape(uint32_t rune)
{
	switch (rune) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		return NULL;
	}
}

/* Return a numeric escape: \x1b or \U000e0001 in logfmt; JSON has only \u, in pairs where needed.
 */
static struct log_escape escape_number(uint32_t rune, unsigned char byte, bool json)
{
	struct log_escape unit;
	int length;
	if (json && rune == RUNE_BAD)
		rune = 0xFFFD;
	if (json && rune > 0xFFFF)
		length = snprintf(unit.text, sizeof unit.text, "\\u%04x\\u%04x",
			(unsigned)(0xD800 + ((rune - 0x10000) >> 10)) & 0xFFFFu,
			(unsigned)(0xDC00 + ((rune - 0x10000) & 0x3FF)) & 0xFFFFu);
	else if (!json && (rune < 0x80 || rune == RUNE_BAD))
		length = snprintf(unit.text, sizeof unit.text, "\\x%02x", byte);
	else if (rune > 0xFFFF)
		length = snprintf(unit.text, sizeof unit.text, "\\U%08x", (unsigned)rune);
	else
		length = snprintf(unit.text, sizeof unit.text, "\\u%04x", (unsigned)rune);
	unit.length = (size_t)length;
	return unit;
}

struct log_escape log_escape_next(const char **at, bool json)
{
	const char *text = *at;
	size_t length;
	uint32_t rune = rune_decode(text, &length);
	const char *escape = short_escape(rune);
	*at += length;
	if (escape)
		return bytes_copy(escape, strlen(escape));
	if (rune_is_shown(rune))
		return bytes_copy(text, length);
	return escape_number(rune, (unsigned char)text[0], json);
}

struct log_escape log_escape_plain(const char **at)
{
	const char *text = *at;
	size_t length;
	rune_decode(text, &length);
	*at += length;
	return bytes_copy(text, length);
}

void line_print(FILE *out, const char *text)
{
	while (*text) {
		size_t length = rune_shown_length(text);
		fwrite(text, 1, length, out);
		text += length;
		if (*text) {
			struct log_escape unit = log_escape_next(&text, false);
			fwrite(unit.text, 1, unit.length, out);
		}
	}
}

/* Whether unquoted text could be mistaken for several words, none, or an escape. */
static bool word_needs_quotes(const char *text)
{
	return *text == '\0' || strpbrk(text, " \"") || text[rune_shown_length(text)];
}

void word_print(FILE *out, const char *text)
{
	if (!word_needs_quotes(text)) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	while (*text) {
		struct log_escape unit = log_escape_next(&text, false);
		fwrite(unit.text, 1, unit.length, out);
	}
	fputc('"', out);
}

void json_print(FILE *out, const char *json)
{
	while (*json) {
		size_t length = rune_shown_length(json);
		fwrite(json, 1, length, out);
		json += length;
		/* Strings of well-formed JSON have no line feed: this one separates tokens. */
		if (*json == '\n') {
			fputc(*json++, out);
		} else if (*json) {
			struct log_escape unit = log_escape_next(&json, true);
			fwrite(unit.text, 1, unit.length, out);
		}
	}
}
