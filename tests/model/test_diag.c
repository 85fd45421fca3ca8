/* SPDX-License-Identifier: Apache-2.0 */
/* Errors, wrapped outward. */
#include "harness.h"

#include <stdio.h>

static void an_error_is_wrapped_from_the_inside_out(void **state)
{
	struct diag diag = {0};
	assert_int_equal(diag_fail_errno(&diag, -EPERM), -EPERM);
	assert_int_equal(diag_wrap(&diag, -EPERM, "create %s", "interface"), -EPERM);
	assert_int_equal(diag_wrap(&diag, -EPERM, "wireguard: %s", "setup"), -EPERM);
	assert_string_equal(
		diag_text(&diag), "wireguard: setup: create interface: Operation not permitted");
	diag_clear(&diag);
}

static void failing_again_replaces_the_text(void **state)
{
	struct diag diag = {0};
	diag_fail(&diag, -EINVAL, "a rather long text that takes some room");
	assert_int_equal(diag_fail(&diag, -ENOENT, "short %d", 7), -ENOENT);
	assert_string_equal(diag_text(&diag), "short 7");
	diag_clear(&diag);
}

static void wrapping_nothing_is_the_text_alone(void **state)
{
	struct diag diag = {0};
	diag_wrap(&diag, -EIO, "setup");
	assert_string_equal(diag_text(&diag), "setup");
	diag_clear(&diag);
}

static void an_errno_without_words_has_its_number(void **state)
{
	struct diag diag = {0};
	assert_int_equal(diag_fail_errno(&diag, -4000), -4000);
	assert_contains(diag_text(&diag), "4000");
	diag_clear(&diag);
}

static void a_null_diag_costs_nothing(void **state)
{
	struct diag other = {0};
	assert_int_equal(diag_fail(NULL, -EIO, "%s", "x"), -EIO);
	assert_int_equal(diag_fail_errno(NULL, -EIO), -EIO);
	assert_int_equal(diag_wrap(NULL, -EIO, "%s", "x"), -EIO);
	diag_fail(&other, -EIO, "x");
	assert_int_equal(diag_add(NULL, -EIO, "x"), -EIO);
	diag_join(NULL, &other);
	assert_string_equal(diag_text(NULL), "");
	diag_clear(NULL);
	diag_clear(&other);
}

static void joined_texts_stand_side_by_side(void **state)
{
	struct diag all = {0}, one = {0}, none = {0};
	diag_join(&all, &none);
	assert_string_equal(diag_text(&all), "");
	diag_fail(&one, -EIO, "first");
	diag_join(&all, &one);
	assert_string_equal(diag_text(&all), "first");
	diag_fail(&one, -EIO, "second");
	diag_join(&all, &one);
	diag_join(&all, &none);
	diag_join(&all, NULL);
	assert_string_equal(diag_text(&all), "first; second");
	diag_wrap(&all, -EIO, "cycle");
	assert_string_equal(diag_text(&all), "cycle: first; second");
	assert_string_equal(diag_text(&one), "second");
	diag_clear(&all);
	diag_clear(&one);
}

static void texts_of_every_length_survive_wrapping(void **state)
{
	char inner[700], outer[700], wanted[1500];
	for (size_t length = 0; length < 600; length += 7) {
		struct diag diag = {0};
		memset(inner, 'i', length);
		inner[length] = '\0';
		memset(outer, 'o', 600 - length);
		outer[600 - length] = '\0';
		diag_fail(&diag, -EIO, "%s", inner);
		diag_wrap(&diag, -EIO, "%s", outer);
		snprintf(wanted, sizeof wanted, "%s%s%s", outer, length ? ": " : "", inner);
		assert_string_equal(diag_text(&diag), wanted);
		diag_clear(&diag);
	}
}

static void a_cleared_diag_is_empty_and_can_be_used_anew(void **state)
{
	struct diag diag = {0}, zero = {0};
	diag_fail(&diag, -EIO, "x");
	diag_clear(&diag);
	assert_memory_equal(&diag, &zero, sizeof diag);
	assert_string_equal(diag_text(&diag), "");
	diag_wrap(&diag, -EIO, "y");
	assert_string_equal(diag_text(&diag), "y");
	diag_clear(&diag);
	diag_clear(&diag);
}

static void foreign_text_is_quoted_and_escaped(void **state)
{
	assert_string_equal(quote("", 0).text, "\"\"");
	assert_string_equal(quote("10.0.0.0/33", 11).text, "\"10.0.0.0/33\"");
	assert_string_equal(quote("abc", 2).text, "\"ab\"");
	assert_string_equal(quote("a\"b\\c", 5).text, "\"a\\\"b\\\\c\"");
	const char *text = quote("a\n\x1b[31m\x7f\0z", 10).text;
	for (const char *p = text; *p; p++)
		assert_true((unsigned char)*p >= ' ' && *p != 0x7f);
	assert_contains(text, "[31m");
	assert_contains(text, "z");
}

static void long_text_is_cut_after_64_bytes(void **state)
{
	char text[400];
	memset(text, 'x', sizeof text);
	assert_string_equal(quote(text, 64).text,
		"\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"");
	struct quoted cut = quote(text, 65);
	assert_int_equal(strspn(cut.text + 1, "x"), 64);
	assert_int_equal(cut.text[65], '"');
	assert_true(strlen(cut.text) > 66); /* a mark shows the cut */
	memset(text, 1, sizeof text);       /* the longest escape */
	assert_true(strlen(quote(text, sizeof text).text) < sizeof cut.text);
}

static void a_cut_does_not_split_a_character(void **state)
{
	char text[80];
	for (unsigned shift = 0; shift < 4; shift++) {
		memset(text, 'x', sizeof text);
		for (size_t i = shift; i + 4 <= sizeof text; i += 4)
			memcpy(text + i, "\xf0\x9f\x98\x80", 4);
		struct quoted cut = quote(text, sizeof text);
		size_t shown = (size_t)(strrchr(cut.text, '"') - cut.text) - 1;
		assert_true(shown <= 64 && shown > 60);
		assert_int_equal((shown - shift) % 4, 0);
	}
}

static void a_text_of_continuation_bytes_alone_is_cut_to_nothing(void **state)
{
	char text[80];
	memset(text, 0x80, sizeof text);
	assert_string_equal(quote(text, sizeof text).text, "\"\"...");
}

static void what_would_make_a_text_too_long_is_left_out(void **state)
{
	struct diag diag = {0}, half = {0};
	char *text = malloc(DIAG_BYTES_MAX / 2 + 1);
	assert_non_null(text);
	memset(text, 'x', DIAG_BYTES_MAX / 2);
	text[DIAG_BYTES_MAX / 2] = '\0';
	diag_fail(&half, -EIO, "%s", text);
	diag_join(&diag, &half);
	diag_join(&diag, &half);
	assert_int_equal(diag.length, DIAG_BYTES_MAX + 2);
	assert_int_equal(diag_add(&diag, -EIO, "one more"), -EIO);
	assert_int_equal(diag_add(&diag, -EIO, "and another"), -EIO);
	assert_string_equal(diag_text(&diag) + DIAG_BYTES_MAX, "xx; ...");
	/* The text still names its subject. */
	diag_wrap(&diag, -EIO, "cycle");
	assert_int_equal(strncmp(diag_text(&diag), "cycle: xx", 9), 0);
	diag_fail(&diag, -EIO, "anew");
	diag_add(&diag, -EIO, "again");
	assert_string_equal(diag_text(&diag), "anew; again");
	diag_fail(&diag, -EIO, "%sx", text);
	diag_join(&diag, &half);
	assert_string_equal(diag_text(&diag) + DIAG_BYTES_MAX / 2 - 1, "xx; ...");
	diag_clear(&diag);
	diag_clear(&half);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_would_make_a_text_too_long_is_left_out),
		cmocka_unit_test(an_error_is_wrapped_from_the_inside_out),
		cmocka_unit_test(failing_again_replaces_the_text),
		cmocka_unit_test(wrapping_nothing_is_the_text_alone),
		cmocka_unit_test(an_errno_without_words_has_its_number),
		cmocka_unit_test(a_null_diag_costs_nothing),
		cmocka_unit_test(joined_texts_stand_side_by_side),
		cmocka_unit_test(texts_of_every_length_survive_wrapping),
		cmocka_unit_test(a_cleared_diag_is_empty_and_can_be_used_anew),
		cmocka_unit_test(foreign_text_is_quoted_and_escaped),
		cmocka_unit_test(long_text_is_cut_after_64_bytes),
		cmocka_unit_test(a_cut_does_not_split_a_character),
		cmocka_unit_test(a_text_of_continuation_bytes_alone_is_cut_to_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
