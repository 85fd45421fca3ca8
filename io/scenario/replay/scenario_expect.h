/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks the expectations of a step. The text of a failure names the member, the expected value and
 * the actual one, and no secret.
 */
#pragma once

#include "scenario_run.h"

/*
 * Check every given member, in the order of enum expectation_member, and stop at the first that
 * does not hold. `ops`, `logs` and `log_count` cover what happened since the last check of the same
 * member.
 */
enum run_outcome scenario_expect(
	struct scenario_run *run, const struct expectation *expected, struct diag *diag);
