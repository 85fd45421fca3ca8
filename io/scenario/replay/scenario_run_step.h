/* SPDX-License-Identifier: Apache-2.0 */
/* Takes one step of a scenario, of any kind except `expect`. */
#pragma once

#include "diag.h"
#include "scenario_run.h"

/* The result of a step that calls the engine. */
struct step_return {
	int error;
	struct diag diag;
};

/*
 * Take the step. Returns RUN_FAILS only if a step during a fetch did not hold; `diag` gets its
 * text.
 */
enum run_outcome scenario_step_take(struct scenario_run *run, const struct scenario_step *step,
	struct step_return *ret, struct diag *diag);
