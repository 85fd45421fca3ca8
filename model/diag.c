/* SPDX-License-Identifier: Apache-2.0 */
#include "diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool diag_reserve(struct diag *diag, size_t length)
{
	if (length < diag->capacity)
		return true;
	size_t capacity = length + 128;
	char *text = realloc(diag->text, capacity);
	if (!text)
		return false;
	diag->text = text;
	diag->capacity = capacity;
	return true;
}

/*
 * Make the text "HEAD" + `separator` + the old text. When out of memory the old text stays: a
 * shorter path is better than none.
 */
static void diag_prepend(struct diag *diag, const char *separator, const char *format, va_list args)
{
	va_list measure;
	va_copy(measure, args);
	int head = vsnprintf(NULL, 0, format, measure);
	va_end(measure);
	if (head < 0)
		return;
	size_t gap = strlen(separator);
	size_t shift = (size_t)head + gap;
	if (!diag_reserve(diag, diag->length + shift))
		return;
	memmove(diag->text + shift, diag->text, diag->length);
	diag->text[shift + diag->length] = '\0';
	char overwritten = diag->text[head]; /* by the NUL of vsnprintf */
	vsnprintf(diag->text, (size_t)head + 1, format, args);
	diag->text[head] = overwritten;
	memcpy(diag->text + head, separator, gap);
	diag->length += shift;
}

int diag_fail(struct diag *diag, int error, const char *format, ...)
{
	if (!diag)
		return error;
	diag->length = 0;
	diag->is_cut = false;
	va_list args;
	va_start(args, format);
	diag_prepend(diag, "", format, args);
	va_end(args);
	return error;
}

int diag_fail_errno(struct diag *diag, int error)
{
	const char *words = strerrordesc_np(-error);
	if (!words)
		return diag_fail(diag, error, "error %d", -error);
	return diag_fail(diag, error, "%s", words);
}

int diag_wrap(struct diag *diag, int error, const char *format, ...)
{
	if (!diag)
		return error;
	va_list args;
	va_start(args, format);
	diag_prepend(diag, diag->length ? ": " : "", format, args);
	va_end(args);
	return error;
}

int diag_add(struct diag *diag, int error, const char *format, ...)
{
	if (!diag)
		return error;
	struct diag added = {0};
	va_list args;
	va_start(args, format);
	diag_prepend(&added, "", format, args);
	va_end(args);
	diag_join(diag, &added);
	diag_clear(&added);
	return error;
}

void diag_join(struct diag *diag, const struct diag *other)
{
	static const struct diag dots = {.text = (char *)"...", .length = 3};
	if (!diag || !other || !other->length || diag->is_cut)
		return;
	diag->is_cut = diag->length + other->length > DIAG_BYTES_MAX;
	if (diag->is_cut)
		other = &dots;
	const char *gap = diag->length ? "; " : "";
	size_t gap_length = strlen(gap);
	if (!diag_reserve(diag, diag->length + gap_length + other->length))
		return;
	memcpy(diag->text + diag->length, gap, gap_length);
	memcpy(diag->text + diag->length + gap_length, other->text, other->length + 1);
	diag->length += gap_length + other->length;
}

const char *diag_text(const struct diag *diag)
{
	return diag && diag->length ? diag->text : "";
}

void diag_clear(struct diag *diag)
{
	if (!diag)
		return;
	free(diag->text);
	*diag = (struct diag){0};
}

#define QUOTED_BYTES_MAX 64

struct quoted quote(const char *text, size_t length)
{
	static const char hex[] = "0123456789abcdef";
	struct quoted quoted = {0};
	char *out = quoted.text;
	size_t shown = length < QUOTED_BYTES_MAX ? length : QUOTED_BYTES_MAX;
	/* Do not cut inside a character: UTF-8 continuation bytes are 10xxxxxx. */
	while (shown < length && shown > 0 && ((uint8_t)text[shown] & 0xc0) == 0x80)
		shown--;
	*out++ = '"';
	for (size_t i = 0; i < shown; i++) {
		uint8_t byte = (uint8_t)text[i];
		if (byte == '"' || byte == '\\') {
			*out++ = '\\';
			*out++ = (char)byte;
		} else if (byte < 0x20 || byte == 0x7f) {
			*out++ = '\\';
			*out++ = 'x';
			*out++ = hex[byte >> 4];
			*out++ = hex[byte & 15];
		} else {
			*out++ = (char)byte;
		}
	}
	*out++ = '"';
	memcpy(out, shown < length ? "..." : "", shown < length ? 4 : 1);
	return quoted;
}
