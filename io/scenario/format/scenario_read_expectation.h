/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of the members of an `expect` step. */
#pragma once

#include "json_object.h"

struct json_table;
struct expectation;

/* Read `step`, the whole step; `also` names its members that are no expectations. */
int expectation_read(struct json_reading *reading, struct json_span step,
	const struct json_table *also, struct expectation **ret);
