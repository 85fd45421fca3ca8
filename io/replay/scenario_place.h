/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in a scenario file a byte stands, in the words of its other errors: the step's number, then
 * the member.
 */
#pragma once

#include <stddef.h>

struct diag;

/* Puts the place before the text, such as "step 2: ops: [0]: ". The file must be sound before that
 * byte. Returns `error`. */
int scenario_place_wrap(const char *text, size_t offset, int error, struct diag *diag);
