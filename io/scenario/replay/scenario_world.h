/* SPDX-License-Identifier: Apache-2.0 */
/* The world of a scenario: what exists before the first step, and what other programs change. */
#pragma once

#include "scenario.h"

/* Create the interface that the scenario starts from, if it names one. Returns 0 or -ENOMEM. */
int world_start(struct sim_controller *sim, const struct scenario *scenario);

/* Change the interface of that name; a missing one stays missing. Returns 0 or -ENOMEM. */
int world_change(struct sim_controller *sim, const char *interface, const struct world_step *step,
	int64_t now_ns);
