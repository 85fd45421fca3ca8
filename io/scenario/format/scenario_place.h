/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Describes the place of a byte in a scenario file as other errors do: the number of the step, then
 * the member.
 */
#pragma once

#include <stddef.h>

struct diag;

/*
 * Prefix the text of `diag` with the place, such as "step 2: ops: [0]: ". The file must be valid
 * JSON before that byte. Returns `error`.
 */
int scenario_place_wrap(const char *text, size_t offset, int error, struct diag *diag);
