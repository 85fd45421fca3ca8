/* SPDX-License-Identifier: Apache-2.0 */
#include "json_object.h"

#include "arena.h"
#include "diag.h"
#include "json_duplicates.h"
#include "json_scan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int json_fail(struct json_reading *reading, const char *format, ...)
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
	return "a value";
}

int json_expect(struct json_reading *reading, struct json_span value, enum json_kind kind)
{
	if (json_span_kind(value) == kind)
		return 0;
	return json_fail(reading, "not %s", kind_name(kind));
}

int json_object_check(struct json_reading *reading, struct json_span object)
{
	int error = json_expect(reading, object, JSON_OBJECT);
	if (!error)
		error = json_duplicates_check_members(object, reading->diag);
	return error == -ENOMEM ? diag_fail_errno(reading->diag, error) : error;
}

/* Find the member of that name in a table or those that follow it; its number is set if it is in
 * the first. */
static const struct json_member *table_find(
	const struct json_table *table, struct json_span name, size_t *ret_number)
{
	*ret_number = SIZE_MAX;
	for (const struct json_table *at = table; at; at = at->also) {
		for (size_t i = 0; i < at->count; i++) {
			if (!json_span_equals(name, at->members[i].name))
				continue;
			if (at == table)
				*ret_number = i;
			return &at->members[i];
		}
	}
	return NULL;
}

int json_wrap_place(struct diag *diag, int error, const char *place)
{
	if (!error || !diag)
		return error;
	struct diag inner = *diag;
	*diag = (struct diag){0};
	const char *text = diag_text(&inner);
	(void)diag_fail(diag, error, "%s%s%s", place, *text == '[' ? "" : ": ", text);
	diag_clear(&inner);
	return error;
}

static int member_value_read(struct json_reading *reading, const struct json_member *member,
	struct json_span value, void *target)
{
	int error = member->read(reading, value, (char *)target + member->offset);
	return json_wrap_place(reading->diag, error, member->name);
}

static int check_required(
	struct json_reading *reading, struct json_span object, const struct json_table *table)
{
	struct json_span value;
	for (; table; table = table->also) {
		for (size_t i = 0; i < table->count; i++) {
			const struct json_member *member = &table->members[i];
			if (member->required &&
				!json_span_find_member(object, member->name, &value))
				return json_fail(reading, "%s: missing", member->name);
		}
	}
	return 0;
}

static int object_read_strictly(struct json_reading *reading, struct json_span object,
	const struct json_table *table, void *target, unsigned *given)
{
	struct json_cursor cursor = json_cursor_open(object);
	struct json_span name, value;
	int error = 0;
	while (!error && json_cursor_member(&cursor, &name, &value)) {
		size_t number;
		const struct json_member *member = table_find(table, name, &number);
		if (!member)
			return json_fail(reading, "%s: unknown member", json_span_quote(name).text);
		if (number != SIZE_MAX)
			*given |= 1u << number;
		error = member_value_read(reading, member, value, target);
	}
	return error ? error : check_required(reading, object, table);
}

static int object_read_leniently(struct json_reading *reading, struct json_span object,
	const struct json_table *table, void *target, unsigned *given)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct json_member *member = &table->members[i];
		struct json_span value = {0};
		int error = 0;
		json_span_find_member(object, member->name, &value);
		if (json_span_kind(value) != JSON_NULL) {
			*given |= 1u << i;
			error = member_value_read(reading, member, value, target);
		} else if (member->required) {
			error = json_fail(reading, "%s: missing", member->name);
		}
		if (error)
			return error;
	}
	return 0;
}

int json_object_read(struct json_reading *reading, struct json_span object,
	const struct json_table *table, void *target, unsigned *ret_given)
{
	unsigned given = 0;
	int error = json_object_check(reading, object);
	if (!error)
		error = (table->is_lenient ? object_read_leniently : object_read_strictly)(
			reading, object, table, target, &given);
	if (!error && ret_given)
		*ret_given = given;
	return error;
}

int json_text_read(struct json_reading *reading, const char *text, size_t length,
	const struct json_table *table, void *target)
{
	struct json_span object;
	int error = json_scan_document(text, length, &object, reading->diag);
	return error ? error : json_object_read(reading, object, table, target, NULL);
}

int json_array_read(struct json_reading *reading, struct json_span array, json_reader *read,
	size_t size, void **ret_elements, size_t *ret_count)
{
	struct json_cursor cursor = json_cursor_open(array);
	struct json_span element;
	size_t count = 0;
	char *elements;
	int error = json_expect(reading, array, JSON_ARRAY);
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
