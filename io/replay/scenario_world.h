/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world of a scenario: what is there before the first step, and what somebody else does.
 */
#pragma once

#include "scenario.h"

/* Makes the interface that the scenario starts from, if it names one. Returns 0 or -ENOMEM. */
int world_start(struct sim_controller *sim, const struct scenario *scenario);

/* Changes the interface of that name. What is not there stays away. Returns 0 or -ENOMEM. */
int world_change(struct sim_controller *sim, const char *interface, const struct world_step *step,
	int64_t now_ns);
