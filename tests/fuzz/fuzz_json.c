/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON: json_scan accepts what RFC 8259 allows and nothing else, json-c accepts all that it
 * accepts, and a walk over the spans finds what json-c found.
 */
#include "arena.h"
#include "canonical_json.h"
#include "fuzz.h"
#include "json_duplicates.h"
#include "json_scan.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

/* A second implementation of the grammar, by recursion, byte by byte. */
struct grammar {
	const uint8_t *at, *end;
	unsigned depth;
};

static bool take(struct grammar *grammar, uint8_t low, uint8_t high)
{
	if (grammar->at == grammar->end || *grammar->at < low || *grammar->at > high)
		return false;
	grammar->at++;
	return true;
}

static bool take_text(struct grammar *grammar, const char *text)
{
	while (*text && take(grammar, (uint8_t)*text, (uint8_t)*text))
		text++;
	return !*text;
}

static void white_space(struct grammar *grammar)
{
	while (take(grammar, ' ', ' ') || take(grammar, '\t', '\t') || take(grammar, '\n', '\n') ||
		take(grammar, '\r', '\r'))
		;
}

static bool hex_digit(struct grammar *grammar)
{
	return take(grammar, '0', '9') || take(grammar, 'a', 'f') || take(grammar, 'A', 'F');
}

static bool escape(struct grammar *grammar)
{
	for (const char *one = "\"\\/bfnrt"; *one; one++)
		if (take(grammar, (uint8_t)*one, (uint8_t)*one))
			return true;
	return take(grammar, 'u', 'u') && hex_digit(grammar) && hex_digit(grammar) &&
	       hex_digit(grammar) && hex_digit(grammar);
}

/* UTF-8 as the table of the Unicode standard has it (well-formed byte sequences). */
static bool character(struct grammar *grammar)
{
	static const uint8_t ranges[][8] = {
		{0x20, 0x21},
		{0x23, 0x5b},
		{0x5d, 0x7f},
		{0xc2, 0xdf, 0x80, 0xbf},
		{0xe0, 0xe0, 0xa0, 0xbf, 0x80, 0xbf},
		{0xe1, 0xec, 0x80, 0xbf, 0x80, 0xbf},
		{0xed, 0xed, 0x80, 0x9f, 0x80, 0xbf},
		{0xee, 0xef, 0x80, 0xbf, 0x80, 0xbf},
		{0xf0, 0xf0, 0x90, 0xbf, 0x80, 0xbf, 0x80, 0xbf},
		{0xf1, 0xf3, 0x80, 0xbf, 0x80, 0xbf, 0x80, 0xbf},
		{0xf4, 0xf4, 0x80, 0x8f, 0x80, 0xbf, 0x80, 0xbf},
	};
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		struct grammar attempt = *grammar;
		bool fits = true;
		for (size_t j = 0; fits && j < 8 && ranges[i][j]; j += 2)
			fits = take(&attempt, ranges[i][j], ranges[i][j + 1]);
		if (fits) {
			*grammar = attempt;
			return true;
		}
	}
	return false;
}

static bool string(struct grammar *grammar)
{
	if (!take(grammar, '"', '"'))
		return false;
	while (!take(grammar, '"', '"'))
		if (!(take(grammar, '\\', '\\') ? escape(grammar) : character(grammar)))
			return false;
	return true;
}

static bool digits(struct grammar *grammar)
{
	bool some = false;
	while (take(grammar, '0', '9'))
		some = true;
	return some;
}

static bool number(struct grammar *grammar)
{
	take(grammar, '-', '-');
	if (!take(grammar, '0', '0') && !(take(grammar, '1', '9') && (digits(grammar), true)))
		return false;
	if (take(grammar, '.', '.') && !digits(grammar))
		return false;
	if (!take(grammar, 'e', 'e') && !take(grammar, 'E', 'E'))
		return true;
	if (!take(grammar, '+', '+'))
		take(grammar, '-', '-');
	return digits(grammar);
}

static bool value(struct grammar *grammar);

static bool container(struct grammar *grammar, uint8_t closer)
{
	bool is_first = true, fits = grammar->depth++ < JSON_DEPTH_MAX;
	white_space(grammar);
	while (fits && !take(grammar, closer, closer)) {
		fits = is_first || take(grammar, ',', ',');
		is_first = false;
		white_space(grammar);
		if (fits && closer == '}') {
			fits = string(grammar);
			white_space(grammar);
			fits = fits && take(grammar, ':', ':');
		}
		white_space(grammar);
		fits = fits && value(grammar);
		white_space(grammar);
	}
	grammar->depth--;
	return fits;
}

static bool value(struct grammar *grammar)
{
	if (take(grammar, '{', '{'))
		return container(grammar, '}');
	if (take(grammar, '[', '['))
		return container(grammar, ']');
	if (grammar->at == grammar->end)
		return false;
	switch (*grammar->at) {
	case '"':
		return string(grammar);
	case 't':
		return take_text(grammar, "true");
	case 'f':
		return take_text(grammar, "false");
	case 'n':
		return take_text(grammar, "null");
	default:
		return number(grammar);
	}
}

static bool is_json(const char *text, size_t length)
{
	bool is_marked = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
	struct grammar grammar = {
		(const uint8_t *)text + (is_marked ? 3 : 0), (const uint8_t *)text + length, 0};
	white_space(&grammar);
	bool fits = value(&grammar);
	white_space(&grammar);
	return fits && grammar.at == grammar.end;
}

/*
 * The walk.
 */
static struct json_object *tree_make(struct json_span span)
{
	struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 2);
	char *text = calloc(1, span.length + 1);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	memcpy(text, span.text, span.length);
	struct json_object *tree = json_tokener_parse_ex(tokener, text, (int)span.length + 1);
	FUZZ_HOLDS(json_tokener_get_error(tokener) == json_tokener_success);
	json_tokener_free(tokener);
	free(text);
	return tree;
}

static enum json_kind kind_of(struct json_object *tree)
{
	switch (json_object_get_type(tree)) {
	case json_type_object:
		return JSON_OBJECT;
	case json_type_array:
		return JSON_ARRAY;
	case json_type_string:
		return JSON_STRING;
	case json_type_boolean:
		return json_object_get_boolean(tree) ? JSON_TRUE : JSON_FALSE;
	case json_type_null:
		return JSON_NULL;
	case json_type_int:
	case json_type_double:
		break;
	}
	return JSON_NUMBER;
}

static void string_check(struct json_span span, struct json_object *tree, struct arena *arena)
{
	const char *text;
	size_t length;
	FUZZ_HOLDS(json_span_decode(span, arena, &text, &length) == 0);
	FUZZ_HOLDS(length == (size_t)json_object_get_string_len(tree));
	FUZZ_HOLDS(memcmp(text, json_object_get_string(tree), length) == 0);
	FUZZ_HOLDS(json_span_compare(span, span) == 0);
	FUZZ_HOLDS(json_span_equals(span, text) == (strlen(text) == length));
}

static void span_check(struct json_span span, struct json_object *tree, struct arena *arena);

/*
 * json-c stores the last of repeated members, and cuts names at a NUL: then the results cannot be
 * compared.
 */
static bool is_clear(struct json_span span, struct arena *arena)
{
	struct json_cursor cursor = json_cursor_open(span);
	struct json_span name, member;
	bool has_nul = false;
	while (json_cursor_member(&cursor, &name, &member)) {
		const char *text;
		size_t length;
		FUZZ_HOLDS(json_span_decode(name, arena, &text, &length) == 0);
		has_nul |= strlen(text) != length;
	}
	return !has_nul && json_duplicates_check_members(span, NULL) == 0;
}

static void object_check(struct json_span span, struct json_object *tree, struct arena *arena)
{
	struct json_cursor cursor = json_cursor_open(span);
	struct json_span name, member, found;
	if (!is_clear(span, arena))
		return;
	size_t count = 0;
	while (json_cursor_member(&cursor, &name, &member)) {
		const char *text;
		size_t length;
		struct json_object *child = NULL;
		FUZZ_HOLDS(json_span_decode(name, arena, &text, &length) == 0);
		FUZZ_HOLDS(json_object_object_get_ex(tree, text, &child));
		FUZZ_HOLDS(json_span_find_member(span, text, &found) && found.text == member.text);
		span_check(member, child, arena);
		count++;
	}
	FUZZ_HOLDS((size_t)json_object_object_length(tree) == count);
}

static void array_check(struct json_span span, struct json_object *tree, struct arena *arena)
{
	struct json_cursor cursor = json_cursor_open(span);
	struct json_span element;
	size_t count = 0;
	while (json_cursor_element(&cursor, &element))
		span_check(element, json_object_array_get_idx(tree, count++), arena);
	FUZZ_HOLDS(count == json_object_array_length(tree));
}

static void span_check(struct json_span span, struct json_object *tree, struct arena *arena)
{
	enum json_kind kind = json_span_kind(span);
	FUZZ_HOLDS(kind == kind_of(tree));
	if (kind == JSON_OBJECT)
		object_check(span, tree, arena);
	if (kind == JSON_ARRAY)
		array_check(span, tree, arena);
	if (kind == JSON_STRING)
		string_check(span, tree, arena);
}

/* The canonical form is JSON, and is its own canonical form. */
static void canonical_check(struct json_span span)
{
	struct canonical_writer measure = {0}, again = {0};
	struct json_span canonical;
	canonical_put_value(&measure, span);
	struct canonical_writer writer = {.out = malloc(measure.length)};
	canonical_put_value(&writer, span);
	FUZZ_HOLDS(writer.length == measure.length);
	FUZZ_HOLDS(json_scan_document(writer.out, writer.length, &canonical, NULL) == 0);
	FUZZ_HOLDS(canonical.length == writer.length);
	again.out = malloc(writer.length);
	struct canonical_writer length = {0};
	canonical_put_value(&length, canonical);
	FUZZ_HOLDS(length.length == writer.length);
	canonical_put_value(&again, canonical);
	FUZZ_HOLDS(memcmp(again.out, writer.out, writer.length) == 0);
	free(again.out);
	free(writer.out);
}

void fuzz_one(const char *text, size_t length)
{
	struct json_span span = {.length = 7};
	bool is_taken = json_scan_document(text, length, &span, NULL) == 0;
	FUZZ_HOLDS(is_taken == is_json(text, length));
	if (!is_taken) {
		FUZZ_HOLDS(span.length == 7 && !span.text);
		return;
	}
	struct arena arena = {0};
	struct json_object *tree = tree_make(span);
	span_check(span, tree, &arena);
	json_duplicates_check_tree(span, NULL);
	canonical_check(span);
	json_object_put(tree);
	arena_clear(&arena);
}
