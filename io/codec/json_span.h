/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON values as spans of their text. Unlike a tree, spans preserve spelling and repeated members,
 * and need no memory for a large document.
 *
 *     struct json_cursor cursor = json_cursor_open(object);
 *     while (json_cursor_member(&cursor, &name, &value))
 *             if (json_span_equals(name, "peers"))
 *
 * Every span must come from a document that json_scan_document accepted, and borrows its text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct diag;
struct quoted;

struct json_span {
	const char *text; /* NULL: missing */
	size_t length;
};

enum json_kind {
	JSON_OBJECT,
	JSON_ARRAY,
	JSON_STRING,
	JSON_NUMBER,
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL, /* also of a missing span */
};

enum json_kind json_span_kind(struct json_span span);

/* A walk over the members of an object or the elements of an array; empty for anything else. */
struct json_cursor {
	const char *next;
	const char *end; /* of the text: containers end by their bracket */
};

struct json_cursor json_cursor_open(struct json_span container);
bool json_cursor_is_done(const struct json_cursor *cursor);
/* Return false after the last one. The name is the span of a string. */
bool json_cursor_member(
	struct json_cursor *cursor, struct json_span *ret_name, struct json_span *ret_value);
bool json_cursor_element(struct json_cursor *cursor, struct json_span *ret_value);
/*
 * A walk that reads large containers where they stand, without skipping over them first: take the
 * name of a member, then either its value or, if that is a container, the members in it.
 *
 *     while (json_cursor_name(&cursor, &name))
 *             if (json_cursor_kind(&cursor) == JSON_ARRAY) {
 *                     struct json_cursor inner = json_cursor_enter(&cursor);
 *                     (until json_cursor_is_done(&inner))
 *                     json_cursor_leave(&cursor, &inner);
 *             } else {
 *                     value = json_cursor_value(&cursor);
 *             }
 */
struct json_cursor json_cursor_at(struct json_span value);
bool json_cursor_name(struct json_cursor *cursor, struct json_span *ret_name);
enum json_kind json_cursor_kind(const struct json_cursor *cursor);
struct json_span json_cursor_value(struct json_cursor *cursor);
struct json_cursor json_cursor_enter(const struct json_cursor *cursor);
void json_cursor_leave(struct json_cursor *cursor, const struct json_cursor *inner);
/* Count the elements of an array. */
size_t json_span_element_count(struct json_span array);

/* Find the member of that name, the first if it is repeated. Returns false if there is none. */
bool json_span_find_member(struct json_span object, const char *name, struct json_span *ret_value);

/*
 * Decode a string's escapes into NUL-terminated text, which may contain further NULs. An unpaired
 * surrogate becomes U+FFFD. Returns 0 or -ENOMEM.
 */
int json_span_decode(
	struct json_span string, struct arena *arena, const char **ret_text, size_t *ret_length);
/*
 * A whole number. 25, 25.0 and 2.5e1 are equal; a magnitude out of range becomes UINT64_MAX.
 */
struct json_whole {
	uint64_t magnitude;
	bool is_negative; /* false for zero */
};
/* Read a number exactly. Returns false, with `*ret` unchanged, if it is not whole. */
bool json_span_whole(struct json_span number, struct json_whole *ret);
/* Whether the decoded string equals `text`. */
bool json_span_equals(struct json_span string, const char *text);
/* Compare two decoded strings by their bytes. */
int json_span_compare(struct json_span a, struct json_span b);
/* Quote the decoded string for an error, as model/diag.h does. */
struct quoted json_span_quote(struct json_span string);
