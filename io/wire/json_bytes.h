/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of JSON text, for the two files that walk over it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline const char *json_skip_white_space(const char *next, const char *end)
{
	while (next < end && (*next == ' ' || *next == '\n' || *next == '\r' || *next == '\t'))
		next++;
	return next;
}

static inline bool json_is_plain(uint8_t byte)
{
	return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

#define JSON_EACH_BYTE(byte) (UINT64_MAX / 255 * (byte))

/*
 * Passes over ASCII that stands for itself in a string. Eight bytes are looked at together while
 * none of them is anything else: a byte below the one subtracted from it sets its high bit, and
 * what it borrows can only stop the run early.
 */
static inline const char *json_skip_plain(const char *next, const char *end)
{
	while (end - next >= 8) {
		uint64_t bytes;
		memcpy(&bytes, next, sizeof bytes);
		uint64_t control = bytes - JSON_EACH_BYTE(0x20);
		uint64_t quote = (bytes ^ JSON_EACH_BYTE('"')) - JSON_EACH_BYTE(1);
		uint64_t backslash = (bytes ^ JSON_EACH_BYTE('\\')) - JSON_EACH_BYTE(1);
		if ((bytes | control | quote | backslash) & JSON_EACH_BYTE(0x80))
			break;
		next += 8;
	}
	while (next < end && json_is_plain((uint8_t)*next))
		next++;
	return next;
}

/* Over a whole string of text that has been checked; `next` is at the opening quote. */
static inline const char *json_skip_string(const char *next, const char *end)
{
	for (next++; next < end; next++) {
		next = json_skip_plain(next, end);
		if (next == end || *next == '"')
			break;
		if (*next == '\\')
			next++;
	}
	return next < end ? next + 1 : end;
}

static inline int json_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}
