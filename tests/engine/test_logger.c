/* SPDX-License-Identifier: Apache-2.0 */
/* A line of the log, from its pairs of texts. */
#include "harness.h"

#include "logger.h"

#include <stdio.h>

struct lines {
	char text[512];
};

static void line_write(void *sink, enum log_level level, const char *message,
	const struct log_field *fields, unsigned field_count)
{
	struct lines *lines = sink;
	size_t length = strlen(lines->text);
	length += (size_t)snprintf(
		lines->text + length, sizeof lines->text - length, "%d %s", (int)level, message);
	for (unsigned i = 0; i < field_count; i++)
		length += (size_t)snprintf(lines->text + length, sizeof lines->text - length,
			" %s=%s", fields[i].key, fields[i].value);
}

static void a_pair_without_a_value_is_omitted(void **state)
{
	struct lines lines = {""};
	struct logger logger = {line_write, &lines};
	log_line(&logger, LOG_PROBLEM, "a", "1", "b", NULL, "c", "3", NULL);
	assert_string_equal(lines.text, "2 Problem a=1 c=3");
}

static void a_line_without_pairs_is_its_message(void **state)
{
	struct lines lines = {""};
	struct logger logger = {line_write, &lines};
	log_line(&logger, LOG_FETCH_SLOW, NULL);
	assert_string_equal(lines.text, "0 Fetch slow");
}

static void there_are_at_most_eight_pairs(void **state)
{
	struct lines lines = {""};
	struct logger logger = {line_write, &lines};
	log_line(&logger, LOG_RELOADED, "a", "1", "b", "2", "c", "3", "d", "4", "e", "5", "f", "6",
		"g", "7", "h", "8", "i", "9", NULL);
	assert_string_equal(lines.text, "1 Reloaded a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pair_without_a_value_is_omitted),
		cmocka_unit_test(a_line_without_pairs_is_its_message),
		cmocka_unit_test(there_are_at_most_eight_pairs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
