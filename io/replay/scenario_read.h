/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a scenario file, strictly and whole, before anything of it runs: what is misspelt,
 * repeated, missing or of the wrong type makes the file unusable.
 */
#pragma once

#include "scenario.h"

struct diag;

/*
 * `raw` is the file as it is. Returns 0, -ENOMEM, or -EINVAL with a text that names step and
 * member; `*ret` is written on success only.
 */
int scenario_read(const char *raw, size_t length, struct scenario *ret, struct diag *diag);
