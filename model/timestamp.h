/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Points in time, in nanoseconds since 1970 (UTC), and their text: RFC 3339 as strictly as Go reads
 * it. A time outside the years 1750 to 2200 becomes TIMESTAMP_MIN_NS or TIMESTAMP_MAX_NS, which are
 * beyond those years; some years can be added to either without overflow.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_S         INT64_C(1000000000)
#define NS_PER_MS        INT64_C(1000000)

#define TIMESTAMP_MIN_NS (-250 * INT64_C(365) * 86400 * NS_PER_S)
#define TIMESTAMP_MAX_NS (250 * INT64_C(365) * 86400 * NS_PER_S)

/* Parse a time. Digits after the ninth of a fraction are ignored. Return false for other text. */
bool timestamp_parse(const char *text, size_t length, int64_t *ret_ns);

/* Convert seconds since 1970. A value out of range becomes the nearer limit. */
int64_t timestamp_from_s(int64_t seconds);

struct timestamp_text {
	char text[40];
};

/* Format in UTC, without trailing zeros in the fraction: 2026-03-01T12:00:00.12Z */
struct timestamp_text timestamp_format(int64_t ns);
