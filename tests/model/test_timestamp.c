/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3339, as Go's strict parser accepts it. The C library's calendar is the reference. */
#include "harness.h"

#include "timestamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static bool parse(const char *text, int64_t *ret_ns)
{
	return timestamp_parse(text, strlen(text), ret_ns);
}

static void assert_parses(const char *text, int64_t seconds, int64_t ns)
{
	int64_t found = 0;
	if (!parse(text, &found))
		fail_msg("refused: %s", text);
	if (found != seconds * NS_PER_S + ns)
		fail_msg("%s is %" PRId64, text, found);
}

static void times_are_counted_from_1970(void **state)
{
	assert_parses("1970-01-01T00:00:00Z", 0, 0);
	assert_parses("1969-12-31T23:59:59Z", -1, 0);
	assert_parses("2026-03-01T12:00:00Z", 1772366400, 0);
	assert_parses("2038-01-19T03:14:08Z", 2147483648, 0);
	assert_parses("2106-02-07T06:28:16Z", 4294967296, 0);
	assert_parses("1750-01-01T00:00:00Z", -6942499200, 0);
	assert_parses("2200-12-31T23:59:59Z", 7289654399, 0);
}

static void offsets_are_taken_into_account(void **state)
{
	assert_parses("2026-03-01T14:00:00+02:00", 1772366400, 0);
	assert_parses("2026-03-01T12:00:00+00:00", 1772366400, 0);
	assert_parses("2026-03-01T12:00:00-00:00", 1772366400, 0);
	assert_parses("2026-03-01T06:29:59-05:30", 1772366399, 0);
	assert_parses("2026-03-02T11:59:00+23:59", 1772366400, 0);
	assert_parses("2026-02-28T12:01:00-23:59", 1772366400, 0);
	assert_parses("2024-03-01T00:30:00+01:00", 1709249400, 0); /* 29 February in UTC */
}

static void fractions_are_read_to_the_nanosecond(void **state)
{
	assert_parses("2026-03-01T12:00:00.1Z", 1772366400, 100000000);
	assert_parses("2026-03-01T12:00:00.120Z", 1772366400, 120000000);
	assert_parses("2026-03-01T12:00:00.000000001Z", 1772366400, 1);
	assert_parses("2026-03-01T12:00:00.999999999Z", 1772366400, 999999999);
	assert_parses("2026-03-01T14:00:00.5+02:00", 1772366400, 500000000);
	assert_parses("1969-12-31T23:59:59.5Z", -1, 500000000);
}

static void digits_beyond_the_ninth_are_cut(void **state)
{
	assert_parses("2026-03-01T12:00:00.1234567899Z", 1772366400, 123456789);
	assert_parses("2026-03-01T12:00:00.0000000009999999999999999999999Z", 1772366400, 0);
}

static void leap_days_are_there_in_leap_years_only(void **state)
{
	static const struct {
		const char *text;
		bool exists;
	} rows[] = {
		{"2024-02-29T00:00:00Z", true},
		{"2023-02-29T00:00:00Z", false},
		{"2000-02-29T00:00:00Z", true},
		{"1900-02-29T00:00:00Z", false},
		{"2100-02-29T00:00:00Z", false},
		{"2024-02-30T00:00:00Z", false},
		{"2400-02-29T00:00:00Z", true}, /* clamped, but still a day */
		{"2300-02-29T00:00:00Z", false},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int64_t ns;
		if (parse(rows[i].text, &ns) != rows[i].exists)
			fail_msg("%s", rows[i].text);
	}
}

static void what_go_rejects_is_rejected(void **state)
{
	static const char *const bad[] = {"", "Z", "2026-03-01", "2026-03-01T12:00:00",
		"2026-03-01T12:00Z", "2026-03-01 12:00:00Z", "2026-03-01t12:00:00Z",
		"2026-03-01T12:00:00z", "2026-13-01T12:00:00Z", "2026-00-01T12:00:00Z",
		"2026-03-00T12:00:00Z", "2026-03-32T12:00:00Z", "2026-04-31T12:00:00Z",
		"2026-03-01T24:00:00Z", "2026-03-01T12:60:00Z", "2026-03-01T12:00:60Z",
		"2026-03-01T12:00:00.Z", "2026-03-01T12:00:00,5Z", "2026-03-01T12:00:00.5",
		"2026-03-01T12:00:00+0200", "2026-03-01T12:00:00+02", "2026-03-01T12:00:00+2:00",
		"2026-03-01T12:00:00+24:00", "2026-03-01T12:00:00+02:60",
		"2026-03-01T12:00:00 02:00", "2026-03-01T12:00:00ZZ", "2026-03-01T12:00:00Z ",
		" 2026-03-01T12:00:00Z", "2026-3-01T12:00:00Z", "26-03-01T12:00:00Z",
		"02026-03-01T12:00:00Z", "2026-03-01T1:00:00Z", "-026-03-01T12:00:00Z",
		"2026-03-01T12:00:00.-5Z", "2026-03-01T12:00:00.5Z5Z", "2026-03-01T12:0x:00Z",
		"2026/03/01T12:00:00Z", "2026-03-01T12.00.00Z", "1772366400", "now",
		"2026-03-01T12:00:00+02:00Z", "2026-03/01T12:00:00Z", "2026-03-01T12:00.00Z",
		"2026-03-01T12:00:00x02:00", "2026-03-01T12:00:00-02.00",
		"2026-03-01T12:00:00Z+02:00"};
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		int64_t ns = 77;
		if (parse(bad[i], &ns))
			fail_msg("taken for a time: \"%s\"", bad[i]);
		assert_int_equal(ns, 77);
	}
	int64_t ns;
	assert_false(timestamp_parse("2026-03-01T12:00:00\0Z", 21, &ns));
	assert_false(timestamp_parse("2026-03-01T12:00:00Z", 19, &ns));
}

static void far_years_are_the_ends_of_the_range(void **state)
{
	static const struct {
		const char *text;
		bool late;
	} rows[] = {
		{"0000-01-01T00:00:00Z", false},
		{"0001-01-01T00:00:00Z", false}, /* Go's zero time */
		{"1749-12-31T23:59:59Z", false},
		{"2201-01-01T00:00:00Z", true},
		{"9999-12-31T23:59:59.999999999Z", true},
		{"9999-12-31T23:59:59-23:59", true},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int64_t ns;
		assert_true(parse(rows[i].text, &ns));
		assert_true(ns == (rows[i].late ? TIMESTAMP_MAX_NS : TIMESTAMP_MIN_NS));
	}
	int64_t first, last;
	assert_true(parse("1750-01-01T00:00:00+23:59", &first));
	assert_true(parse("2200-12-31T23:59:59-23:59", &last));
	assert_true(first > TIMESTAMP_MIN_NS);
	assert_true(last < TIMESTAMP_MAX_NS);
}

static void times_are_written_in_utc_with_the_digits_they_need(void **state)
{
	static const struct {
		int64_t seconds, ns;
		const char *text;
	} rows[] = {
		{1772366400, 0, "2026-03-01T12:00:00Z"},
		{1772366400, 120000000, "2026-03-01T12:00:00.12Z"},
		{1772366400, 100, "2026-03-01T12:00:00.0000001Z"},
		{1772366400, 999999999, "2026-03-01T12:00:00.999999999Z"},
		{0, 0, "1970-01-01T00:00:00Z"},
		{-1, 0, "1969-12-31T23:59:59Z"},
		{-1, 500000000, "1969-12-31T23:59:59.5Z"},
		{951782400, 0, "2000-02-29T00:00:00Z"},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_string_equal(timestamp_format(rows[i].seconds * NS_PER_S + rows[i].ns).text,
			rows[i].text);
}

static void every_day_of_the_range_agrees_with_the_c_library(void **state)
{
	for (int64_t day = -80353; day <= 84370; day++) {
		int64_t seconds = day * 86400 + (day & 65535), found;
		time_t time = (time_t)seconds;
		struct tm tm;
		char text[40];
		gmtime_r(&time, &tm);
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
		if (!parse(text, &found) || found != seconds * NS_PER_S)
			fail_msg("%s is %" PRId64 ", not %" PRId64, text, found, seconds);
		assert_string_equal(timestamp_format(seconds * NS_PER_S).text, text);
	}
}

static void the_ends_of_the_type_can_be_written(void **state)
{
	assert_contains(timestamp_format(INT64_MAX).text, "2262-04-11T23:47:16.854775807Z");
	assert_contains(timestamp_format(INT64_MIN).text, "1677-09-21T00:12:43.145224192Z");
}

static void seconds_out_of_range_are_the_ends_of_the_range(void **state)
{
	assert_int_equal(timestamp_from_s(0), 0);
	assert_int_equal(timestamp_from_s(-1), -NS_PER_S);
	assert_int_equal(timestamp_from_s(TIMESTAMP_MAX_NS / NS_PER_S), TIMESTAMP_MAX_NS);
	assert_int_equal(timestamp_from_s(TIMESTAMP_MAX_NS / NS_PER_S + 1), TIMESTAMP_MAX_NS);
	assert_int_equal(timestamp_from_s(INT64_MAX), TIMESTAMP_MAX_NS);
	assert_int_equal(timestamp_from_s(TIMESTAMP_MIN_NS / NS_PER_S - 1), TIMESTAMP_MIN_NS);
	assert_int_equal(timestamp_from_s(INT64_MIN), TIMESTAMP_MIN_NS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_counted_from_1970),
		cmocka_unit_test(offsets_are_taken_into_account),
		cmocka_unit_test(fractions_are_read_to_the_nanosecond),
		cmocka_unit_test(digits_beyond_the_ninth_are_cut),
		cmocka_unit_test(leap_days_are_there_in_leap_years_only),
		cmocka_unit_test(what_go_rejects_is_rejected),
		cmocka_unit_test(far_years_are_the_ends_of_the_range),
		cmocka_unit_test(times_are_written_in_utc_with_the_digits_they_need),
		cmocka_unit_test(every_day_of_the_range_agrees_with_the_c_library),
		cmocka_unit_test(the_ends_of_the_type_can_be_written),
		cmocka_unit_test(seconds_out_of_range_are_the_ends_of_the_range),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
