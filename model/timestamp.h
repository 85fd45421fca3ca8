/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A point in time, in nanoseconds since 1970 (UTC), and its text: RFC 3339 as Go's strict reader
 * takes it. What lies outside the years 1750 to 2200 is TIMESTAMP_MIN_NS or TIMESTAMP_MAX_NS, which
 * lie further out and leave room for adding years.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_S         INT64_C(1000000000)
#define NS_PER_MS        INT64_C(1000000)

#define TIMESTAMP_MIN_NS (-250 * INT64_C(365) * 86400 * NS_PER_S)
#define TIMESTAMP_MAX_NS (250 * INT64_C(365) * 86400 * NS_PER_S)

/* Digits of a fraction beyond the ninth are cut. False if the text is no such time. */
bool timestamp_parse(const char *text, size_t length, int64_t *ret_ns);

/* Seconds since 1970, those out of range as the limit that they are beyond. */
int64_t timestamp_from_s(int64_t seconds);

struct timestamp_text {
	char text[40];
};

/* In UTC, with as many digits of a fraction as it needs: 2026-03-01T12:00:00.12Z */
struct timestamp_text timestamp_format(int64_t ns);
