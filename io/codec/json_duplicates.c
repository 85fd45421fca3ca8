/* SPDX-License-Identifier: Apache-2.0 */
#include "json_duplicates.h"

#include "diag.h"
#include "json_bytes.h"
#include "json_scan.h"

#include <errno.h>
#include <stdlib.h>

static struct json_member_name *names_of(struct json_names *names)
{
	return names->many ? names->many : names->few;
}

int json_names_add(struct json_names *names, size_t object, struct json_span name)
{
	if (names->count == (names->many ? names->capacity : JSON_NAMES_FEW)) {
		size_t capacity = names->count * 2;
		struct json_member_name *many = reallocarray(names->many, capacity, sizeof *many);
		if (!many)
			return -ENOMEM;
		if (!names->many)
			memcpy(many, names->few, sizeof names->few);
		names->many = many;
		names->capacity = capacity;
	}
	names_of(names)[names->count++] = (struct json_member_name){object, name};
	return 0;
}

void json_names_clear(struct json_names *names)
{
	free(names->many);
	names->many = NULL;
	names->count = names->capacity = 0;
}

static int names_compare(const struct json_member_name *a, const struct json_member_name *b)
{
	if (a->object != b->object)
		return a->object < b->object ? -1 : 1;
	return json_span_compare(a->name, b->name);
}

static int names_compare_any(const void *a, const void *b)
{
	return names_compare(a, b);
}

static const struct json_member_name *few_repeated(const struct json_names *names)
{
	for (size_t i = 1; i < names->count; i++)
		for (size_t j = 0; j < i; j++)
			if (names_compare(&names->few[i], &names->few[j]) == 0)
				return &names->few[i];
	return NULL;
}

static const struct json_member_name *many_repeated(struct json_names *names)
{
	qsort(names->many, names->count, sizeof *names->many, names_compare_any);
	for (size_t i = 1; i < names->count; i++)
		if (names_compare(&names->many[i - 1], &names->many[i]) == 0)
			return &names->many[i];
	return NULL;
}

int json_names_check(struct json_names *names, struct diag *diag)
{
	const struct json_member_name *repeated =
		names->many ? many_repeated(names) : few_repeated(names);
	return repeated ? diag_fail(diag, -EINVAL, "repeated member %s",
				  json_span_quote(repeated->name).text)
			: 0;
}

static bool is_name(const char *string_end, const char *end)
{
	const char *next = json_skip_white_space(string_end, end);
	return next < end && *next == ':';
}

/* Collect the members of all objects that are fewer than `depth_max` containers deep. */
static int members_collect(struct json_span span, unsigned depth_max, struct json_names *names)
{
	size_t objects[JSON_DEPTH_MAX];
	size_t object_count = 0;
	unsigned depth = 0;
	const char *next = span.text, *end = next + span.length;
	while (next < end) {
		char c = *next;
		if (c == '"') {
			const char *start = next;
			next = json_skip_string(next, end);
			if (depth == 0 || depth > depth_max || !is_name(next, end))
				continue;
			struct json_span name = {start, (size_t)(next - start)};
			if (json_names_add(names, objects[depth - 1], name) != 0)
				return -ENOMEM;
			continue;
		}
		next++;
		if (c == '{' || c == '[')
			objects[depth++] = object_count++;
		else if (c == '}' || c == ']')
			depth--;
	}
	return 0;
}

static int duplicates_check(struct json_span span, unsigned depth_max, struct diag *diag)
{
	struct json_names names = {0};
	int error = members_collect(span, depth_max, &names);
	if (!error)
		error = json_names_check(&names, diag);
	json_names_clear(&names);
	return error;
}

int json_duplicates_check_members(struct json_span object, struct diag *diag)
{
	return duplicates_check(object, 1, diag);
}

int json_duplicates_check_tree(struct json_span span, struct diag *diag)
{
	return duplicates_check(span, JSON_DEPTH_MAX, diag);
}
