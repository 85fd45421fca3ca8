/* SPDX-License-Identifier: Apache-2.0 */
#include "json_scan.h"

#include "diag.h"
#include "json_bytes.h"

#include <errno.h>

enum expectation {
	EXPECT_VALUE,
	EXPECT_VALUE_OR_END,
	EXPECT_NAME,
	EXPECT_NAME_OR_END,
	EXPECT_COMMA_OR_END,
};

struct scanner {
	const char *start;
	const char *next;
	const char *end;
	struct diag *diag;
	enum expectation expect;
	unsigned depth;
	char closers[JSON_DEPTH_MAX]; /* the closing brackets of the open containers */
};

static int scan_fail(const struct scanner *scanner, const char *fault)
{
	if (scanner->next == scanner->end)
		fault = "unexpected end";
	return diag_fail(scanner->diag, -EINVAL, "byte %zu: %s",
		(size_t)(scanner->next - scanner->start), fault);
}

static bool is_digit_next(const struct scanner *scanner)
{
	return scanner->next < scanner->end && *scanner->next >= '0' && *scanner->next <= '9';
}

static int scan_digits(struct scanner *scanner)
{
	if (!is_digit_next(scanner))
		return scan_fail(scanner, "not a number");
	while (is_digit_next(scanner))
		scanner->next++;
	return 0;
}

static bool skip_one_of(struct scanner *scanner, const char *set)
{
	if (scanner->next == scanner->end || !*scanner->next || !strchr(set, *scanner->next))
		return false;
	scanner->next++;
	return true;
}

static int scan_number(struct scanner *scanner)
{
	skip_one_of(scanner, "-");
	/* After a leading zero only a fraction or an exponent may follow. */
	if (!skip_one_of(scanner, "0") && scan_digits(scanner) != 0)
		return -EINVAL;
	if (skip_one_of(scanner, ".") && scan_digits(scanner) != 0)
		return -EINVAL;
	if (skip_one_of(scanner, "eE")) {
		skip_one_of(scanner, "+-");
		return scan_digits(scanner);
	}
	return 0;
}

/*
 * Scan one character beyond ASCII. The range of the second byte excludes overlong forms, surrogates
 * and characters beyond U+10FFFF.
 */
static int scan_utf8(struct scanner *scanner)
{
	const uint8_t *bytes = (const uint8_t *)scanner->next;
	size_t left = (size_t)(scanner->end - scanner->next);
	uint8_t lead = bytes[0], low = 0x80, high = 0xbf;
	size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f;
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	if (lead < 0xc2 || lead > 0xf4 || left < length || bytes[1] < low || bytes[1] > high)
		return scan_fail(scanner, "not UTF-8");
	for (size_t i = 2; i < length; i++)
		if ((bytes[i] & 0xc0) != 0x80)
			return scan_fail(scanner, "not UTF-8");
	scanner->next += length;
	return 0;
}

static int scan_escape(struct scanner *scanner)
{
	scanner->next++;
	if (!skip_one_of(scanner, "\"\\/bfnrtu"))
		return scan_fail(scanner, "no such escape");
	if (scanner->next[-1] != 'u')
		return 0;
	for (unsigned i = 0; i < 4; i++) {
		if (scanner->next == scanner->end || json_hex_digit(*scanner->next) < 0)
			return scan_fail(scanner, "not a hexadecimal digit");
		scanner->next++;
	}
	return 0;
}

static int scan_string(struct scanner *scanner)
{
	if (*scanner->next != '"')
		return scan_fail(scanner, "unexpected character");
	scanner->next++;
	int error = 0;
	while (!error) {
		scanner->next = json_skip_plain(scanner->next, scanner->end);
		if (scanner->next == scanner->end)
			return scan_fail(scanner, "unexpected end");
		uint8_t byte = (uint8_t)*scanner->next;
		if (byte == '"') {
			scanner->next++;
			return 0;
		}
		if (byte == '\\')
			error = scan_escape(scanner);
		else if (byte < 0x20)
			error = scan_fail(scanner, "control character in a string");
		else
			error = scan_utf8(scanner);
	}
	return error;
}

static int scan_literal(struct scanner *scanner, const char *literal)
{
	for (; *literal; literal++, scanner->next++)
		if (scanner->next == scanner->end || *scanner->next != *literal)
			return scan_fail(scanner, "unexpected character");
	return 0;
}

static int scan_open(struct scanner *scanner, char closer, enum expectation first)
{
	if (scanner->depth == JSON_DEPTH_MAX)
		return scan_fail(scanner, "nested too deep");
	scanner->closers[scanner->depth++] = closer;
	scanner->expect = first;
	scanner->next++;
	return 0;
}

static int scan_value(struct scanner *scanner)
{
	scanner->expect = EXPECT_COMMA_OR_END;
	switch (*scanner->next) {
	case '{':
		return scan_open(scanner, '}', EXPECT_NAME_OR_END);
	case '[':
		return scan_open(scanner, ']', EXPECT_VALUE_OR_END);
	case '"':
		return scan_string(scanner);
	case 't':
		return scan_literal(scanner, "true");
	case 'f':
		return scan_literal(scanner, "false");
	case 'n':
		return scan_literal(scanner, "null");
	default:
		if (*scanner->next != '-' && !is_digit_next(scanner))
			return scan_fail(scanner, "unexpected character");
		return scan_number(scanner);
	}
}

static int scan_name(struct scanner *scanner)
{
	int error = scan_string(scanner);
	if (error)
		return error;
	scanner->next = json_skip_white_space(scanner->next, scanner->end);
	if (!skip_one_of(scanner, ":"))
		return scan_fail(scanner, "unexpected character");
	scanner->expect = EXPECT_VALUE;
	return 0;
}

static bool scan_close(struct scanner *scanner)
{
	if (scanner->depth == 0 || *scanner->next != scanner->closers[scanner->depth - 1])
		return false;
	scanner->next++;
	scanner->depth--;
	scanner->expect = EXPECT_COMMA_OR_END;
	return true;
}

static int scan_step(struct scanner *scanner)
{
	switch (scanner->expect) {
	case EXPECT_VALUE_OR_END:
		if (scan_close(scanner))
			return 0;
		return scan_value(scanner);
	case EXPECT_VALUE:
		return scan_value(scanner);
	case EXPECT_NAME_OR_END:
		if (scan_close(scanner))
			return 0;
		return scan_name(scanner);
	case EXPECT_NAME:
		return scan_name(scanner);
	case EXPECT_COMMA_OR_END:
		if (scan_close(scanner))
			return 0;
		if (!skip_one_of(scanner, ","))
			return scan_fail(scanner, "unexpected character");
		scanner->expect =
			scanner->closers[scanner->depth - 1] == '}' ? EXPECT_NAME : EXPECT_VALUE;
		return 0;
	}
	return -EINVAL;
}

static void skip_byte_order_mark(struct scanner *scanner)
{
	static const char mark[] = {'\xef', '\xbb', '\xbf'};
	if (scanner->end - scanner->next >= (ptrdiff_t)sizeof mark &&
		memcmp(scanner->next, mark, sizeof mark) == 0)
		scanner->next += sizeof mark;
}

static int scan_document(struct scanner *scanner, struct json_span *ret)
{
	skip_byte_order_mark(scanner);
	scanner->next = json_skip_white_space(scanner->next, scanner->end);
	const char *value = scanner->next;
	do {
		scanner->next = json_skip_white_space(scanner->next, scanner->end);
		if (scanner->next == scanner->end)
			return scan_fail(scanner, "unexpected end");
		int error = scan_step(scanner);
		if (error)
			return error;
	} while (scanner->depth > 0);
	const char *value_end = scanner->next;
	scanner->next = json_skip_white_space(scanner->next, scanner->end);
	if (scanner->next < scanner->end)
		return scan_fail(scanner, "more after the value");
	*ret = (struct json_span){.text = value, .length = (size_t)(value_end - value)};
	return 0;
}

int json_scan_document_to(const char *text, size_t length, struct json_span *ret, size_t *ret_fault,
	struct diag *diag)
{
	struct scanner scanner = {
		.start = text,
		.next = text,
		.end = text ? text + length : text,
		.diag = diag,
		.expect = EXPECT_VALUE,
	};
	int error = scan_document(&scanner, ret);
	if (error)
		*ret_fault = (size_t)(scanner.next - scanner.start);
	return error;
}

int json_scan_document(const char *text, size_t length, struct json_span *ret, struct diag *diag)
{
	size_t fault;
	return json_scan_document_to(text, length, ret, &fault, diag);
}
