/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Helpers of json_scan.c and json_span.c for the bytes of JSON text.
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
 * Skip ASCII without quotes, backslashes and control characters. The fast loop tests eight bytes at
 * once: subtracting from a smaller byte sets its high bit. The borrow into the next byte can set a
 * high bit too, which only ends the fast loop early.
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

/* Skip a whole string of scanned text; `next` is at its opening quote. */
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
