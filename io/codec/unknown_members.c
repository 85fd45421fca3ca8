/* SPDX-License-Identifier: Apache-2.0 */
#include "unknown_members.h"

#include "arena.h"
#include "diag.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PLAIN_NAME_MAX 64

/* Double the capacity whenever the count is a power of two, so that no member stores it. */
static int members_reserve(struct unknown_members *members, struct arena *arena)
{
	size_t count = members->count;
	if ((count & (count - 1)) != 0)
		return 0;
	const char **places = arena_alloc(arena, (count ? count * 2 : 1) * sizeof *places);
	if (!places)
		return -ENOMEM;
	if (count)
		memcpy(places, members->places, count * sizeof *places);
	members->places = places;
	return 0;
}

static bool is_plain(const char *text, size_t length)
{
	return length > 0 && length <= PLAIN_NAME_MAX && !memchr(text, '\\', length) &&
	       !memchr(text, 0x7f, length);
}

int unknown_members_add(struct unknown_members *members, struct arena *arena, const char *place,
	struct json_span name)
{
	const char *text = name.text + 1;
	size_t length = name.length - 2;
	struct quoted quoted;
	if (members->count == UNKNOWN_MEMBERS_MAX) {
		members->further_count++;
		return 0;
	}
	if (!is_plain(text, length)) {
		quoted = json_span_quote(name);
		text = quoted.text;
		length = strlen(text);
	}
	if (members_reserve(members, arena) != 0)
		return -ENOMEM;
	char whole[sizeof quoted.text + 64];
	int size = snprintf(
		whole, sizeof whole, "%s%s%.*s", place, *place ? "." : "", (int)length, text);
	const char *copy = arena_strndup(arena, whole, (size_t)size);
	if (!copy)
		return -ENOMEM;
	members->places[members->count++] = copy;
	return 0;
}
