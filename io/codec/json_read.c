/* SPDX-License-Identifier: Apache-2.0 */
#include "json_read.h"

#include "diag.h"
#include "json_scan.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <string.h>

/* Longer than any secret. */
#define FILLER_LENGTH 4096

/*
 * json-c collects each string in a buffer of the tokener that it neither wipes nor exposes. Parsing
 * this filler first makes the buffer so large that it never grows, which would leave a copy of a
 * secret behind; parsing it last overwrites the secrets in the buffer.
 */
static bool tokener_fill(struct json_tokener *tokener)
{
	char filler[FILLER_LENGTH + 2];
	memset(filler, 'x', sizeof filler);
	filler[0] = filler[sizeof filler - 1] = '"';
	json_tokener_reset(tokener);
	struct json_object *string = json_tokener_parse_ex(tokener, filler, sizeof filler);
	json_object_put(string);
	return string != NULL;
}

int json_reader_init(struct json_reader *reader)
{
	struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
	if (!tokener)
		return -ENOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	if (!tokener_fill(tokener)) {
		json_tokener_free(tokener);
		return -ENOMEM;
	}
	reader->tokener = tokener;
	return 0;
}

void json_reader_deinit(struct json_reader *reader)
{
	if (!reader->tokener)
		return;
	tokener_fill(reader->tokener);
	json_tokener_free(reader->tokener);
	reader->tokener = NULL;
}

/*
 * Nearly all values are strings without escapes. The text has been scanned, so their bytes can be
 * used unchanged, without the tokener, which sets up a locale at each call.
 */
static bool is_plain_string(struct json_span span)
{
	return json_span_kind(span) == JSON_STRING && !memchr(span.text, '\\', span.length);
}

static bool is_container(struct json_span span)
{
	enum json_kind kind = json_span_kind(span);
	return kind == JSON_OBJECT || kind == JSON_ARRAY;
}

/* Make an empty container or a plain string. Returns NULL if out of memory. */
static struct json_object *plain_read(struct json_span span)
{
	if (is_container(span))
		return *span.text == '{' ? json_object_new_object() : json_object_new_array();
	return json_object_new_string_len(span.text + 1, (int)span.length - 2);
}

int json_read(struct json_reader *reader, struct json_span span, struct json_object **ret,
	struct diag *diag)
{
	if (is_container(span) || (span.length <= INT_MAX && is_plain_string(span))) {
		*ret = plain_read(span);
		return *ret ? 0 : diag_fail_errno(diag, -ENOMEM);
	}
	if (span.length > INT_MAX)
		return diag_fail(diag, -EINVAL, "too long");
	json_tokener_reset(reader->tokener);
	struct json_object *value =
		json_tokener_parse_ex(reader->tokener, span.text, (int)span.length);
	enum json_tokener_error fault = json_tokener_get_error(reader->tokener);
	if (fault == json_tokener_continue) {
		/* Only a byte after a number ends it. */
		value = json_tokener_parse_ex(reader->tokener, " ", 1);
		fault = json_tokener_get_error(reader->tokener);
	}
	if (fault != json_tokener_success)
		return diag_fail(diag, -EINVAL, "%s", json_tokener_error_desc(fault));
	if (!value && json_span_kind(span) != JSON_NULL)
		return diag_fail_errno(diag, -ENOMEM);
	*ret = value;
	return 0;
}

int json_read_list(struct json_reader *reader, struct json_span array, struct json_object **ret,
	struct diag *diag)
{
	struct json_object *list = json_object_new_array();
	struct json_cursor cursor = json_cursor_open(array);
	struct json_span element;
	int error = list ? 0 : diag_fail_errno(diag, -ENOMEM);
	while (!error && json_cursor_element(&cursor, &element)) {
		struct json_object *value = NULL;
		error = json_read(reader, element, &value, diag);
		if (!error && json_object_array_add(list, value) != 0) {
			json_read_free(value);
			error = diag_fail_errno(diag, -ENOMEM);
		}
	}
	if (!error)
		*ret = list;
	else
		json_read_free(list);
	return error;
}

int json_read_member(struct json_reader *reader, struct json_span object, const char *name,
	struct json_object **ret, struct diag *diag)
{
	struct json_span value;
	if (!json_span_find_member(object, name, &value)) {
		*ret = NULL;
		return 0;
	}
	int error = json_read(reader, value, ret, diag);
	return error ? diag_wrap(diag, error, "%s", name) : 0;
}

static void tree_wipe(struct json_object *tree)
{
	switch (json_object_get_type(tree)) {
	case json_type_string:
		/* json-c has no writable access; the tree is freed next. */
		explicit_bzero((char *)json_object_get_string(tree),
			(size_t)json_object_get_string_len(tree));
		break;
	case json_type_array:
		for (size_t i = 0; i < json_object_array_length(tree); i++)
			tree_wipe(json_object_array_get_idx(tree, i));
		break;
	case json_type_object: {
		json_object_object_foreach(tree, name, value)
		{
			(void)name;
			tree_wipe(value);
		}
		break;
	}
	case json_type_null:
	case json_type_boolean:
	case json_type_double:
	case json_type_int:
		break;
	}
}

void json_read_free(struct json_object *tree)
{
	tree_wipe(tree);
	json_object_put(tree);
}

int json_read_string(struct json_object *value, const char **ret, struct diag *diag)
{
	if (!value) {
		*ret = NULL;
		return 0;
	}
	if (json_object_get_type(value) != json_type_string)
		return diag_fail(diag, -EINVAL, "not a string");
	const char *text = json_object_get_string(value);
	if (strlen(text) != (size_t)json_object_get_string_len(value))
		return diag_fail(diag, -EINVAL, "contains a NUL byte");
	*ret = text;
	return 0;
}

int json_read_int64(struct json_span value, bool *ret_given, int64_t *ret, struct diag *diag)
{
	struct json_whole whole = {0};
	enum json_kind kind = json_span_kind(value);
	if (kind != JSON_NULL && (kind != JSON_NUMBER || !json_span_whole(value, &whole)))
		return diag_fail(diag, -EINVAL, "not a whole number");
	int64_t magnitude = whole.magnitude > INT64_MAX ? INT64_MAX : (int64_t)whole.magnitude;
	*ret_given = kind != JSON_NULL;
	*ret = whole.is_negative ? -magnitude : magnitude;
	return 0;
}
