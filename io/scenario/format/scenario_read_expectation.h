/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of the members of an `expect` step. */
#pragma once

#include "scenario_read_object.h"

struct member_table;
struct expectation;

/* Read `step`, the whole step; `also` names its members that are no expectations. */
int expectation_read(struct reading *reading, struct json_span step,
	const struct member_table *also, struct expectation **ret);
