/* SPDX-License-Identifier: Apache-2.0 */
#include "duration.h"

#include "timestamp.h"

#include <string.h>

struct unit {
	const char *name;
	int64_t ns;
};

/* Where one name is a prefix of another, the longer comes first. */
static const struct unit units[] = {
	{"ms", NS_PER_MS},
	{"h", 3600 * NS_PER_S},
	{"m", 60 * NS_PER_S},
	{"s", NS_PER_S},
};

static const struct unit *read_unit(const char *text, size_t length)
{
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		size_t size = strlen(units[i].name);
		if (size <= length && memcmp(text, units[i].name, size) == 0)
			return &units[i];
	}
	return NULL;
}

/* Return the length of the whole number at `text`; 0 if there is none or it overflows. */
static size_t read_number(const char *text, size_t length, int64_t *ret)
{
	int64_t number = 0;
	size_t at = 0;
	for (; at < length && text[at] >= '0' && text[at] <= '9'; at++) {
		if (__builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, text[at] - '0', &number))
			return 0;
	}
	*ret = number;
	return at;
}

bool duration_parse(const char *text, size_t length, int64_t *ret_ns)
{
	int64_t total = 0;
	size_t at = 0;
	if (length == 0)
		return false;
	while (at < length) {
		const struct unit *unit;
		int64_t number;
		size_t digits = read_number(text + at, length - at, &number);
		at += digits;
		unit = digits > 0 ? read_unit(text + at, length - at) : NULL;
		if (!unit || __builtin_mul_overflow(number, unit->ns, &number) ||
			__builtin_add_overflow(total, number, &total))
			return false;
		at += strlen(unit->name);
	}
	*ret_ns = total;
	return true;
}
