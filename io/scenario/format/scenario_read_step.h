/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of a scenario's steps: checks names, types and values of all steps before the first
 * one runs. Errors name the step by number: `step 4.1: event_type: missing`.
 */
#pragma once

#include "json_object.h"
#include "scenario.h"

/* Returns 0, -ENOMEM or -EINVAL. */
int scenario_steps_read(
	struct json_reading *reading, struct json_span steps, struct scenario *scenario);
