/* SPDX-License-Identifier: Apache-2.0 */
#include "json_duplicates.h"

#include "diag.h"
#include "json_bytes.h"
#include "json_scan.h"

#include <errno.h>
#include <stdlib.h>

struct member {
	size_t object; /* the number of its object */
	struct json_span name;
};

#define FEW_MEMBERS 32

/* The members of a peer fit without an allocation. */
struct member_list {
	struct member few[FEW_MEMBERS];
	struct member *members;
	size_t count;
	size_t capacity;
};

static int member_list_add(struct member_list *list, const struct member *member)
{
	if (list->count == list->capacity) {
		struct member *grown = calloc(list->capacity * 2, sizeof *grown);
		if (!grown)
			return -ENOMEM;
		memcpy(grown, list->members, list->count * sizeof *grown);
		if (list->members != list->few)
			free(list->members);
		list->members = grown;
		list->capacity *= 2;
	}
	list->members[list->count++] = *member;
	return 0;
}

static int members_compare(const struct member *a, const struct member *b)
{
	if (a->object != b->object)
		return a->object < b->object ? -1 : 1;
	return json_span_compare(a->name, b->name);
}

static int member_compare_any(const void *a, const void *b)
{
	return members_compare(a, b);
}

static const struct member *few_repeated(const struct member_list *list)
{
	for (size_t i = 1; i < list->count; i++)
		for (size_t j = 0; j < i; j++)
			if (members_compare(&list->members[i], &list->members[j]) == 0)
				return &list->members[i];
	return NULL;
}

static const struct member *many_repeated(struct member_list *list)
{
	qsort(list->members, list->count, sizeof *list->members, member_compare_any);
	for (size_t i = 1; i < list->count; i++)
		if (members_compare(&list->members[i - 1], &list->members[i]) == 0)
			return &list->members[i];
	return NULL;
}

static bool is_name(const char *string_end, const char *end)
{
	const char *next = json_skip_white_space(string_end, end);
	return next < end && *next == ':';
}

/* Collect the members of all objects that are fewer than `depth_max` containers deep. */
static int members_collect(struct json_span span, unsigned depth_max, struct member_list *list)
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
			struct member member = {
				.object = objects[depth - 1],
				.name = {.text = start, .length = (size_t)(next - start)},
			};
			if (member_list_add(list, &member) != 0)
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
	struct member_list list = {.capacity = FEW_MEMBERS};
	list.members = list.few;
	int error = members_collect(span, depth_max, &list);
	if (!error) {
		const struct member *repeated =
			list.count <= FEW_MEMBERS ? few_repeated(&list) : many_repeated(&list);
		if (repeated)
			error = diag_fail(diag, -EINVAL, "repeated member %s",
				json_span_quote(repeated->name).text);
	}
	if (list.members != list.few)
		free(list.members);
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
