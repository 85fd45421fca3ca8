/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_text.h"

#include "diag.h"
#include "key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MARK       "${key:"
#define MARK_SIZE  (sizeof(MARK) - 1)
#define VALUE_MAX  255
#define VALUE_OVER (VALUE_MAX + 1)

/*
 * Read the mark at `text`: writes its number, or VALUE_OVER for any that is too large. Returns the
 * length of the mark, or 0 if there is none.
 */
static size_t read_mark(const char *text, size_t length, unsigned *ret_value)
{
	unsigned value = 0;
	size_t at = MARK_SIZE;
	if (length < MARK_SIZE || memcmp(text, MARK, MARK_SIZE) != 0)
		return 0;
	while (at < length && text[at] >= '0' && text[at] <= '9') {
		value = value * 10 + (unsigned)(text[at++] - '0');
		if (value > VALUE_MAX)
			value = VALUE_OVER;
	}
	if (at == MARK_SIZE || at == length || text[at] != '}')
		return 0;
	*ret_value = value;
	return at + 1;
}

int scenario_text_substitute(const char *raw, size_t length, char **ret, size_t *ret_length,
	size_t *ret_fault, struct diag *diag)
{
	/* The shortest mark has 8 bytes, a key in base64 has 44. */
	char *text = length < SIZE_MAX / 8 ? malloc(length / 8 * 44 + 8 + 1) : NULL;
	size_t written = 0;
	size_t at = 0;
	if (!text)
		return diag_fail_errno(diag, -ENOMEM);
	while (at < length) {
		unsigned value;
		size_t size = read_mark(raw + at, length - at, &value);
		if (size == 0) {
			text[written++] = raw[at++];
			continue;
		}
		if (value > VALUE_MAX) {
			struct quoted mark = quote(raw + at, size);
			free(text);
			*ret_fault = at;
			return diag_fail(
				diag, -EINVAL, "%s: the number is over %d", mark.text, VALUE_MAX);
		}
		struct key_public key;
		memset(key.bytes, (int)value, sizeof key.bytes);
		memcpy(text + written, key_public_format(&key).text, 44);
		written += 44;
		at += size;
	}
	text[written] = '\0';
	*ret = text;
	*ret_length = written;
	return 0;
}
