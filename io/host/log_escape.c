#include "log_escape.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define RUNE_BAD 0xFFFFFFFFu

/* Decodes one character of UTF-8; RUNE_BAD and a length of 1 for a byte that begins none. */
static uint32_t decode(const char *text, size_t *ret_length)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = (const unsigned char *)text;
	size_t length = bytes[0] < 0x80 ? 1 : bytes[0] < 0xE0 ? 2 : bytes[0] < 0xF0 ? 3 : 4;
	uint32_t rune = length == 1 ? bytes[0] : bytes[0] & (0x7Fu >> length);
	*ret_length = 1;
	if (length > 1 && (bytes[0] < 0xC2 || bytes[0] > 0xF4))
		return RUNE_BAD;
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xC0) != 0x80)
			return RUNE_BAD;
		rune = rune << 6 | (bytes[i] & 0x3F);
	}
	if (rune < least[length] || rune > 0x10FFFF || (rune >= 0xD800 && rune <= 0xDFFF))
		return RUNE_BAD;
	*ret_length = length;
	return rune;
}

/* Characters beyond ASCII that show nothing, or move what is shown. */
static bool is_invisible(uint32_t rune)
{
	static const uint32_t ranges[][2] = {
		{0x80, 0xA0}, /* control characters, no-break space */
		{0xAD, 0xAD}, /* soft hyphen */
		{0x1680, 0x1680}, {0x180E, 0x180E},
		{0x2000, 0x200F}, /* spaces, joiners, direction marks */
		{0x2028, 0x202F}, /* separators, direction overrides */
		{0x205F, 0x206F}, {0x3000, 0x3000}, {0xE000, 0xF8FF},    /* private use */
		{0xFEFF, 0xFEFF}, {0xFFF0, 0xFFFB}, {0xE0000, 0x10FFFF}, /* tags, private use */
	};
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		if (rune >= ranges[i][0] && rune <= ranges[i][1])
			return true;
	}
	return false;
}

static bool prints(uint32_t rune)
{
	if (rune < 0x80)
		return rune >= 0x20 && rune != 0x7F;
	return rune != RUNE_BAD && !is_invisible(rune);
}

bool log_needs_quotes(const char *value)
{
	if (*value == '\0')
		return true;
	while (*value) {
		size_t length;
		uint32_t rune = decode(value, &length);
		if (!prints(rune) || rune == ' ' || rune == '"' || rune == '=')
			return true;
		value += length;
	}
	return false;
}

static struct log_escape copy(const char *text, size_t length)
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

/* An escape by number: \x1b and \U000e0001 in logfmt; JSON has only \u, in pairs if need be. */
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
	uint32_t rune = decode(text, &length);
	const char *escape = short_escape(rune);
	*at += length;
	if (escape)
		return copy(escape, strlen(escape));
	if (prints(rune))
		return copy(text, length);
	return escape_number(rune, (unsigned char)text[0], json);
}

struct log_escape log_escape_plain(const char **at)
{
	const char *text = *at;
	size_t length;
	decode(text, &length);
	*at += length;
	return copy(text, length);
}

void line_print(FILE *out, const char *text)
{
	while (*text) {
		size_t length;
		bool is_plain = prints(decode(text, &length));
		struct log_escape unit =
			is_plain ? log_escape_plain(&text) : log_escape_next(&text, false);
		fwrite(unit.text, 1, unit.length, out);
	}
}
