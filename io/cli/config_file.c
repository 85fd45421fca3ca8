/* SPDX-License-Identifier: Apache-2.0 */
#include "config_file.h"

#include "arena.h"
#include "diag.h"
#include "file.h"
#include "json_duplicates.h"
#include "json_scan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool names_match(const char *member, const char *option)
{
	for (; *member && *option; member++, option++)
		if (*member != (*option == '-' ? '_' : *option))
			return false;
	return *member == *option;
}

/* Return NULL if there is no such option. */
static const struct config_member *config_member_find(
	const struct config_schema *schema, const char *name, size_t length)
{
	for (size_t i = 0; i < schema->count && strlen(name) == length; i++)
		if (names_match(name, schema->members[i].name))
			return &schema->members[i];
	return NULL;
}

/* Return why a value of the type found is not one of the type wanted; NULL: it is. */
static const char *type_fault(enum config_kind wanted, enum json_kind found)
{
	switch (wanted) {
	case CONFIG_TEXT:
		return found == JSON_STRING ? NULL : "not a string";
	case CONFIG_NUMBER:
		return found == JSON_NUMBER ? NULL : "not a number";
	case CONFIG_NUMBER_OR_TEXT:
		return found == JSON_NUMBER || found == JSON_STRING ? NULL
								    : "not a number or a string";
	case CONFIG_FLAG:
		return found == JSON_TRUE || found == JSON_FALSE ? NULL : "not true or false";
	case CONFIG_NEVER:
		break;
	}
	return "unknown member";
}

/* Return a whole number as an option spells it, any other number as it is written. */
static const char *number_text(struct json_span value, struct arena *arena)
{
	struct json_whole whole;
	char digits[24];
	if (!json_span_whole(value, &whole) || whole.is_negative || whole.magnitude == UINT64_MAX)
		return arena_strndup(arena, value.text, value.length);
	int length = snprintf(digits, sizeof digits, "%" PRIu64, whole.magnitude);
	return arena_strndup(arena, digits, (size_t)length);
}

static int value_text(
	struct json_span value, struct arena *arena, const char **ret, struct diag *diag)
{
	size_t length;
	if (json_span_kind(value) == JSON_NUMBER) {
		*ret = number_text(value, arena);
		return *ret ? 0 : -ENOMEM;
	}
	if (json_span_kind(value) != JSON_STRING) {
		*ret = arena_strndup(arena, value.text, value.length);
		return *ret ? 0 : -ENOMEM;
	}
	if (json_span_decode(value, arena, ret, &length) != 0)
		return -ENOMEM;
	if (strlen(*ret) != length)
		return diag_fail(diag, -EINVAL, "contains a NUL byte");
	return 0;
}

static int member_set(const struct config_schema *schema, const struct config_member *member,
	struct json_span value, struct arena *arena, struct diag *diag)
{
	const char *fault = type_fault(member->kind, json_span_kind(value));
	const char *text = NULL;
	if (fault)
		return diag_fail(diag, -EINVAL, "%s", fault);
	int error = value_text(value, arena, &text, diag);
	return error ? error : schema->set(schema->impl, member->name, text, diag);
}

static int reject_unknown(struct json_span name, struct diag *diag)
{
	struct quoted quoted = json_span_quote(name);
	bool is_plain = strlen(quoted.text) == name.length && name.length > 2 &&
			memcmp(quoted.text, name.text, name.length) == 0;
	if (is_plain)
		return diag_fail(
			diag, -EINVAL, "%.*s: unknown member", (int)name.length - 2, name.text + 1);
	return diag_fail(diag, -EINVAL, "%s: unknown member", quoted.text);
}

static int member_read(const struct config_schema *schema, struct json_span name,
	struct json_span value, struct arena *arena, struct diag *diag)
{
	const char *text;
	size_t length;
	if (json_span_decode(name, arena, &text, &length) != 0)
		return -ENOMEM;
	const struct config_member *member = config_member_find(schema, text, length);
	if (!member)
		return reject_unknown(name, diag);
	if (json_span_kind(value) == JSON_NULL)
		return 0;
	int error = member_set(schema, member, value, arena, diag);
	return error == -EINVAL ? diag_wrap(diag, error, "%s", text) : error;
}

static int config_object_read(const struct config_schema *schema, struct json_span object,
	struct arena *arena, struct diag *diag)
{
	if (json_span_kind(object) != JSON_OBJECT)
		return diag_fail(diag, -EINVAL, "not an object");
	int error = json_duplicates_check_members(object, diag);
	struct json_cursor cursor = json_cursor_open(object);
	struct json_span name, value;
	while (!error && json_cursor_member(&cursor, &name, &value))
		error = member_read(schema, name, value, arena, diag);
	return error;
}

static int config_text_read(const struct config_schema *schema, const struct file_text *file,
	struct arena *arena, struct diag *diag)
{
	struct json_span object;
	int error = json_scan_document(file->text, file->length, &object, diag);
	if (!error)
		error = config_object_read(schema, object, arena, diag);
	return error == -ENOMEM ? diag_fail_errno(diag, error) : error;
}

int config_file_read(const char *path, const struct config_schema *schema, struct diag *diag)
{
	struct file_text file = {0};
	struct arena arena = {0};
	int error = file_read_trusted(path, CONFIG_BYTES_MAX, &file, diag);
	if (!error) {
		error = config_text_read(schema, &file, &arena, diag);
		if (error)
			diag_wrap(diag, error, "%s", file_display_name(path));
	}
	arena_clear(&arena);
	file_text_clear(&file);
	return error ? diag_wrap(diag, error, "config") : 0;
}
