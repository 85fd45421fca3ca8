/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a scenario file, with every ${key:N} (N from 0 to 255) replaced by the base64 of 32
 * bytes of value N. What merely looks like one, such as ${key:x}, stays as it is.
 */
#pragma once

#include <stddef.h>

struct diag;

/*
 * Makes the text, NUL-terminated and malloc'ed, in `*ret` and `*ret_length`. Returns 0, -ENOMEM, or
 * -EINVAL for a number over 255, whose place is then in `*ret_fault`, the other outputs being as
 * before.
 */
int scenario_text_substitute(const char *raw, size_t length, char **ret, size_t *ret_length,
	size_t *ret_fault, struct diag *diag);
