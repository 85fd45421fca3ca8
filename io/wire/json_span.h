/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON values as spans of the text they stand in. Unlike a tree, spans keep how a value is spelt
 * and that a member is repeated, and a large document costs no memory.
 *
 *     struct json_cursor cursor = json_cursor_open(object);
 *     while (json_cursor_member(&cursor, &name, &value))
 *             if (json_span_equals(name, "peers"))
 *
 * Every span must come from a document that json_scan_document passed, and borrows its text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct diag;
struct quoted;

struct json_span {
	const char *text; /* NULL: there is none */
	size_t length;
};

enum json_kind {
	JSON_OBJECT,
	JSON_ARRAY,
	JSON_STRING,
	JSON_NUMBER,
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL, /* also where there is no span: null counts as missing */
};

enum json_kind json_span_kind(struct json_span span);

/* A walk over the members of an object or the elements of an array; over anything else, empty. */
struct json_cursor {
	const char *next;
	const char *end;
};

struct json_cursor json_cursor_open(struct json_span container);
/* False after the last one. The name is a span too, a string. */
bool json_cursor_member(
	struct json_cursor *cursor, struct json_span *ret_name, struct json_span *ret_value);
bool json_cursor_element(struct json_cursor *cursor, struct json_span *ret_value);
/* How many elements an array has. */
size_t json_span_element_count(struct json_span array);

/* The member of that name, the first if it is repeated. False if there is none. */
bool json_span_find_member(struct json_span object, const char *name, struct json_span *ret_value);

/*
 * The string's characters, escapes resolved, a NUL after them; there may be others among them. Half
 * of a surrogate pair becomes U+FFFD. Returns 0 or -ENOMEM.
 */
int json_span_decode(
	struct json_span string, struct arena *arena, const char **ret_text, size_t *ret_length);
/*
 * A number as a whole one, exactly: 25, 25.0 and 2.5e1 are the same. Beyond uint64_t it becomes the
 * end of the range. False, `*ret` as before, if it is not whole.
 */
struct json_whole {
	uint64_t magnitude;
	bool is_negative; /* not of zero */
};
bool json_span_whole(struct json_span number, struct json_whole *ret);
/* Whether the string's characters are these. */
bool json_span_equals(struct json_span string, const char *text);
/* Two strings by their characters' bytes. */
int json_span_compare(struct json_span a, struct json_span b);
/* The string's characters for use in an error, as model/diag.h quotes them. */
struct quoted json_span_quote(struct json_span string);
