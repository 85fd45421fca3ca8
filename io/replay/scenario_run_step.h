/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes one step of a scenario, whichever it is but `expect`.
 */
#pragma once

#include "diag.h"
#include "scenario_run.h"

/* What the product answered to a step that calls it. */
struct step_return {
	int error;
	struct diag diag;
};

/* The outcome is RUN_FAILS only if a step during a fetch did not hold; `diag` is for that. */
enum run_outcome scenario_step_take(struct scenario_run *run, const struct scenario_step *step,
	struct step_return *ret, struct diag *diag);
