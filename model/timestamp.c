/* SPDX-License-Identifier: Apache-2.0 */
#include "timestamp.h"

#include <stdio.h>
#include <string.h>

/* The years that the type can hold with room for sums. */
#define YEAR_MIN 1750
#define YEAR_MAX 2200

/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar after the year 0. Years begin
 * in March here: the leap day is then the last, and one formula fits all months. */
static int64_t days_from_date(int64_t year, unsigned month, unsigned day)
{
	year -= month <= 2;
	int64_t era = year / 400;
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

static void date_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	days += 719468;
	int64_t era = days / 146097;
	int64_t day_of_era = days - era * 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t shifted = (5 * day_of_year + 2) / 153;
	*day = (unsigned)(day_of_year - (153 * shifted + 2) / 5 + 1);
	*month = (unsigned)(shifted < 10 ? shifted + 3 : shifted - 9);
	*year = year_of_era + era * 400 + (*month <= 2);
}

static unsigned days_in_month(unsigned year, unsigned month)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return month == 2 && leap ? 29 : days[month - 1];
}

/* Parse `count` digits at `text`. Return false if the value is not between `low` and `high`. */
static bool digits(const char *text, unsigned count, unsigned low, unsigned high, unsigned *ret)
{
	unsigned value = 0;
	for (unsigned i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	*ret = value;
	return value >= low && value <= high;
}

/* Parse a fraction such as ".123". Return its length in bytes, or 0 if it is not a fraction. */
static size_t fraction_parse(const char *text, size_t length, int64_t *ret_ns)
{
	int64_t ns = 0, unit = NS_PER_S / 10;
	size_t i = 1;
	while (i < length && text[i] >= '0' && text[i] <= '9') {
		ns += (text[i] - '0') * unit;
		unit /= 10;
		i++;
	}
	*ret_ns = ns;
	return i > 1 ? i : 0;
}

/* Parse "Z" or "+02:00"; nothing may follow. */
static bool offset_parse(const char *text, size_t length, int64_t *ret_s)
{
	if (length == 1 && text[0] == 'Z') {
		*ret_s = 0;
		return true;
	}
	unsigned hours, minutes;
	if (length != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':' ||
		!digits(text + 1, 2, 0, 23, &hours) || !digits(text + 4, 2, 0, 59, &minutes))
		return false;
	int64_t seconds = (int64_t)hours * 3600 + (int64_t)minutes * 60;
	*ret_s = text[0] == '-' ? -seconds : seconds;
	return true;
}

bool timestamp_parse(const char *text, size_t length, int64_t *ret_ns)
{
	static const char shape[] = "0000-00-00T00:00:00";
	unsigned year, month, day, hour, minute, second;
	size_t at = sizeof shape - 1;
	if (length <= at || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
		text[13] != ':' || text[16] != ':')
		return false;
	if (!digits(text, 4, 0, 9999, &year) || !digits(text + 5, 2, 1, 12, &month) ||
		!digits(text + 8, 2, 1, days_in_month(year, month), &day) ||
		!digits(text + 11, 2, 0, 23, &hour) || !digits(text + 14, 2, 0, 59, &minute) ||
		!digits(text + 17, 2, 0, 59, &second))
		return false;
	int64_t fraction_ns = 0, offset_s;
	if (text[at] == '.') {
		size_t taken = fraction_parse(text + at, length - at, &fraction_ns);
		if (!taken)
			return false;
		at += taken;
	}
	if (!offset_parse(text + at, length - at, &offset_s))
		return false;
	if (year < YEAR_MIN || year > YEAR_MAX) {
		*ret_ns = year < YEAR_MIN ? TIMESTAMP_MIN_NS : TIMESTAMP_MAX_NS;
		return true;
	}
	int64_t seconds = days_from_date(year, month, day) * 86400 + (int64_t)hour * 3600 +
			  (int64_t)minute * 60 + second - offset_s;
	*ret_ns = seconds * NS_PER_S + fraction_ns;
	return true;
}

int64_t timestamp_from_s(int64_t seconds)
{
	if (seconds < TIMESTAMP_MIN_NS / NS_PER_S)
		return TIMESTAMP_MIN_NS;
	if (seconds > TIMESTAMP_MAX_NS / NS_PER_S)
		return TIMESTAMP_MAX_NS;
	return seconds * NS_PER_S;
}

struct timestamp_text timestamp_format(int64_t ns)
{
	int64_t seconds = ns / NS_PER_S, fraction = ns % NS_PER_S;
	if (fraction < 0) {
		fraction += NS_PER_S;
		seconds--;
	}
	int64_t days = seconds / 86400, rest = seconds % 86400;
	if (rest < 0) {
		rest += 86400;
		days--;
	}
	int64_t year;
	unsigned month, day;
	date_from_days(days, &year, &month, &day);
	struct timestamp_text text;
	int length = snprintf(text.text, sizeof text.text, "%04d-%02u-%02uT%02u:%02u:%02u",
		(int)year, month, day, (unsigned)(rest / 3600), (unsigned)(rest / 60 % 60),
		(unsigned)(rest % 60));
	char *end = text.text + length;
	if (fraction) {
		end += snprintf(end, 11, ".%09u", (unsigned)fraction);
		while (end[-1] == '0')
			end--;
	}
	memcpy(end, "Z", 2);
	return text;
}
