/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parses a scenario file, strictly and whole, before any of its steps runs: a misspelt, repeated or
 * missing member, or one of the wrong type, makes the file invalid.
 */
#pragma once

#include "scenario.h"

struct diag;

/*
 * Parse the file `raw`. Returns 0, -ENOMEM, or -EINVAL with a text that names step and member;
 * writes `*ret` on success only.
 */
int scenario_read(const char *raw, size_t length, struct scenario *ret, struct diag *diag);
