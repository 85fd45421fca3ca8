/* SPDX-License-Identifier: Apache-2.0 */
#include "canonical_json.h"

#include "json_bytes.h"

#define SECONDS_LENGTH  (sizeof "2006-01-02T15:04:05" - 1)
#define FRACTION_DIGITS 9

static const char hex[] = "0123456789abcdef";

void canonical_put(struct canonical_writer *writer, const char *text, size_t length)
{
	if (writer->out && length)
		memcpy(writer->out + writer->length, text, length);
	writer->length += length;
}

static void put_escape(struct canonical_writer *writer, char escaped)
{
	char text[] = {'\\', escaped};
	canonical_put(writer, text, sizeof text);
}

static void put_code_unit(struct canonical_writer *writer, unsigned unit)
{
	char text[] = {'\\', 'u', hex[unit >> 12 & 15], hex[unit >> 8 & 15], hex[unit >> 4 & 15],
		hex[unit & 15]};
	canonical_put(writer, text, sizeof text);
}

/* Escape what is special in HTML and JavaScript. Returns the number of bytes it took, or 0. */
static size_t put_html_safe(struct canonical_writer *writer, const char *next, const char *end)
{
	if (*next == '<' || *next == '>' || *next == '&') {
		put_code_unit(writer, (unsigned)*next);
		return 1;
	}
	/* U+2028 and U+2029, which end a line in JavaScript */
	if (end - next >= 3 && memcmp(next, "\xe2\x80", 2) == 0 &&
		(next[2] == '\xa8' || next[2] == '\xa9')) {
		put_code_unit(writer, next[2] == '\xa8' ? 0x2028 : 0x2029);
		return 3;
	}
	return 0;
}

static void put_character(struct canonical_writer *writer, char c)
{
	switch (c) {
	case '"':
	case '\\':
		put_escape(writer, c);
		break;
	case '\b':
		put_escape(writer, 'b');
		break;
	case '\f':
		put_escape(writer, 'f');
		break;
	case '\n':
		put_escape(writer, 'n');
		break;
	case '\r':
		put_escape(writer, 'r');
		break;
	case '\t':
		put_escape(writer, 't');
		break;
	default:
		if ((uint8_t)c < 0x20)
			put_code_unit(writer, (uint8_t)c);
		else
			canonical_put(writer, &c, 1);
	}
}

void canonical_put_string(struct canonical_writer *writer, const char *text, size_t length)
{
	const char *end = text + length;
	canonical_put(writer, "\"", 1);
	while (text < end) {
		size_t taken = put_html_safe(writer, text, end);
		if (taken)
			text += taken;
		else
			put_character(writer, *text++);
	}
	canonical_put(writer, "\"", 1);
}

void canonical_put_text(struct canonical_writer *writer, const char *text)
{
	canonical_put(writer, text, strlen(text));
}

void canonical_put_text_string(struct canonical_writer *writer, const char *text)
{
	canonical_put_string(writer, text, strlen(text));
}

void canonical_put_value(struct canonical_writer *writer, struct json_span value)
{
	const char *next = value.text, *end = next + value.length;
	while (next < end) {
		if (*next != '"') {
			canonical_put(writer, next, 1);
			next = json_skip_white_space(next + 1, end);
			continue;
		}
		const char *string_end = json_skip_string(next, end);
		while (next < string_end) {
			size_t taken = put_html_safe(writer, next, string_end);
			if (!taken)
				canonical_put(writer, next, taken = 1);
			next += taken;
		}
		next = json_skip_white_space(next, end);
	}
}

void canonical_put_time(struct canonical_writer *writer, const char *text, size_t length)
{
	size_t fraction = SECONDS_LENGTH, offset = fraction;
	if (text[offset] == '.')
		offset += 1 + strspn(text + offset + 1, "0123456789");
	size_t kept = offset - fraction;
	if (kept > FRACTION_DIGITS + 1)
		kept = FRACTION_DIGITS + 1;
	while (kept > 1 && text[fraction + kept - 1] == '0')
		kept--;
	if (kept == 1) /* the decimal point alone */
		kept = 0;
	bool is_utc = text[offset] == 'Z' || memcmp(text + offset + 1, "00:00", 5) == 0;
	canonical_put(writer, "\"", 1);
	canonical_put(writer, text, fraction + kept);
	canonical_put(writer, is_utc ? "Z" : text + offset, is_utc ? 1 : length - offset);
	canonical_put(writer, "\"", 1);
}
