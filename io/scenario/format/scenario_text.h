/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a scenario file, with every ${key:N} (N from 0 to 255) replaced by the base64 of 32
 * bytes of value N. A text that only resembles one, such as ${key:x}, is not changed.
 */
#pragma once

#include <stddef.h>

struct diag;

/*
 * Make the text, NUL-terminated and malloc'ed, in `*ret` and `*ret_length`. Returns 0, -ENOMEM, or
 * -EINVAL for a number over 255, with its offset in `*ret_fault`; other outputs are unchanged on
 * failure.
 */
int scenario_text_substitute(const char *raw, size_t length, char **ret, size_t *ret_length,
	size_t *ret_fault, struct diag *diag);
