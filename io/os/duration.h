/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A span of time as text: whole numbers with units, such as 90s, 5m or 1h30m.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In nanoseconds. Units: h, m, s, ms. False if the text is no such span or too long a time. */
bool duration_parse(const char *text, size_t length, int64_t *ret_ns);
