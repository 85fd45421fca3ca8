/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether what is expected holds. The text of a failure names the member that does not, what was
 * expected and what was found, and no secret.
 */
#pragma once

#include "scenario_run.h"

/* Looks at every member that is given, in the order of the table of expectations, and stops at the
 * first that does not hold. What `ops`, `logs` and `log_count` count since begins anew. */
enum run_outcome scenario_expect(
	struct scenario_run *run, const struct expectation *expected, struct diag *diag);
