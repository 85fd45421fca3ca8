/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A duration as text: whole numbers with units, such as 90s, 5m or 1h30m.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Units: h, m, s, ms. Return false if the text is not a duration or overflows int64_t. */
bool duration_parse(const char *text, size_t length, int64_t *ret_ns);
