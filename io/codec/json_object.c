/* SPDX-License-Identifier: Apache-2.0 */
#include "json_object.h"

#include "arena.h"
#include "diag.h"
#include "json_duplicates.h"
#include "json_scan.h"

#include <assert.h>
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

#define TABLE_MEMBERS_MAX 48

/* The members of a table and of those that follow it, with their values. */
struct members {
	const struct json_member *members[TABLE_MEMBERS_MAX];
	struct json_span values[TABLE_MEMBERS_MAX]; /* no text: missing */
	size_t count;
};

static void members_list(const struct json_table *table, struct members *ret)
{
	for (; table; table = table->also) {
		assert(ret->count + table->count <= TABLE_MEMBERS_MAX);
		for (size_t i = 0; i < table->count; i++)
			ret->members[ret->count++] = &table->members[i];
	}
}

/* The values of all members, in one walk. */
static int members_walk(struct json_reading *reading, struct json_span object, bool is_lenient,
	struct members *members)
{
	struct json_cursor cursor = json_cursor_open(object);
	struct json_names names = {0};
	struct json_span name, value;
	int error = 0;
	while (!error && json_cursor_member(&cursor, &name, &value)) {
		size_t i = 0;
		while (i < members->count && !json_span_equals(name, members->members[i]->name))
			i++;
		error = json_names_add(&names, 0, name);
		if (i < members->count)
			members->values[i] = value;
		else if (!error && !is_lenient)
			error = json_fail(
				reading, "%s: unknown member", json_span_quote(name).text);
	}
	if (!error)
		error = json_names_check(&names, reading->diag);
	json_names_clear(&names);
	return error == -ENOMEM ? diag_fail_errno(reading->diag, error) : error;
}

static int members_read(
	struct json_reading *reading, const struct members *members, bool is_lenient, void *target)
{
	for (size_t i = 0; i < members->count; i++) {
		const struct json_member *member = members->members[i];
		struct json_span value = members->values[i];
		int error = 0;
		if (is_lenient ? json_span_kind(value) != JSON_NULL : value.text != NULL)
			error = json_wrap_place(reading->diag,
				member->read(reading, value, (char *)target + member->offset),
				member->name);
		else if (member->required)
			error = json_fail(reading, "%s: missing", member->name);
		if (error)
			return error;
	}
	return 0;
}

int json_object_read(struct json_reading *reading, struct json_span object,
	const struct json_table *table, void *target, unsigned *ret_given)
{
	struct members members = {0};
	members_list(table, &members);
	int error = json_expect(reading, object, JSON_OBJECT);
	if (!error)
		error = members_walk(reading, object, table->is_lenient, &members);
	if (!error)
		error = members_read(reading, &members, table->is_lenient, target);
	if (error || !ret_given)
		return error;
	*ret_given = 0;
	for (size_t i = 0; i < table->count; i++)
		*ret_given |= (unsigned)(members.values[i].text != NULL) << i;
	return 0;
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
