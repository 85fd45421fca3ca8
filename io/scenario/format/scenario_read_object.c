/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_read_object.h"

#include "arena.h"
#include "diag.h"
#include "json_duplicates.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int reading_fail(struct reading *reading, const char *format, ...)
{
	char text[512];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	return diag_fail(reading->diag, -EINVAL, "%s", text);
}

static const char *kind_name(enum json_kind kind)
{
	switch (kind) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_NUMBER:
		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "true or false";
	case JSON_NULL:
		return "null";
	}
	return "nothing";
}

int reading_expect(struct reading *reading, struct json_span value, enum json_kind kind)
{
	enum json_kind found = json_span_kind(value);
	if (found == kind)
		return 0;
	return reading_fail(reading, "expected %s, found %s", kind_name(kind), kind_name(found));
}

/* Return the member of that name and its index in its table; NULL if no table has it. */
static const struct member *table_find(
	const struct member_table *table, struct json_span name, unsigned *ret_given)
{
	*ret_given = 0;
	for (size_t i = 0; i < table->count; i++) {
		if (json_span_equals(name, table->members[i].name)) {
			*ret_given = 1u << i;
			return &table->members[i];
		}
	}
	for (; table->also; table = table->also) {
		for (size_t i = 0; i < table->also->count; i++) {
			if (json_span_equals(name, table->also->members[i].name))
				return &table->also->members[i];
		}
	}
	return NULL;
}

static int check_required(
	struct reading *reading, struct json_span object, const struct member_table *table)
{
	struct json_span value;
	for (; table; table = table->also) {
		for (size_t i = 0; i < table->count; i++) {
			const struct member *member = &table->members[i];
			if (member->required &&
				!json_span_find_member(object, member->name, &value))
				return reading_fail(reading, "%s: missing", member->name);
		}
	}
	return 0;
}

int object_check(struct reading *reading, struct json_span object)
{
	int error = reading_expect(reading, object, JSON_OBJECT);
	return error ? error : json_duplicates_check_members(object, reading->diag);
}

int object_read(struct reading *reading, struct json_span object, const struct member_table *table,
	void *target, unsigned *ret_given)
{
	struct json_cursor cursor = json_cursor_open(object);
	struct json_span name, value;
	unsigned all = 0;
	int error = object_check(reading, object);
	while (!error && json_cursor_member(&cursor, &name, &value)) {
		unsigned given;
		const struct member *member = table_find(table, name, &given);
		if (!member)
			return reading_fail(
				reading, "%s: unknown member", json_span_quote(name).text);
		all |= given;
		error = member->read(reading, value, (char *)target + member->offset);
		if (error)
			diag_wrap(reading->diag, error, "%s", member->name);
	}
	if (!error)
		error = check_required(reading, object, table);
	if (!error && ret_given)
		*ret_given = all;
	return error;
}

int array_read(struct reading *reading, struct json_span array, member_reader *read, size_t size,
	void **ret_elements, size_t *ret_count)
{
	struct json_cursor cursor = json_cursor_open(array);
	struct json_span element;
	size_t count = 0;
	char *elements;
	int error = reading_expect(reading, array, JSON_ARRAY);
	if (error)
		return error;
	elements = arena_alloc(reading->arena, (json_span_element_count(array) + 1) * size);
	if (!elements)
		return diag_fail_errno(reading->diag, -ENOMEM);
	while (json_cursor_element(&cursor, &element)) {
		error = read(reading, element, elements + count * size);
		if (error)
			return diag_wrap(reading->diag, error, "[%zu]", count);
		count++;
	}
	*ret_elements = elements;
	*ret_count = count;
	return 0;
}
