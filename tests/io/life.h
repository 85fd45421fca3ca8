/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node on the simulated controller, its random life so far, and what others do to its device.
 */
#pragma once

#include "life_values.h"
#include "sim_controller.h"
#include "world.h"

struct life {
	struct life_random random;
	struct sim_controller sim;
	struct world *world;
	struct life_document document; /* the last that was made */
};

/* The interface; NULL: it is not there. */
struct sim_device *life_device(const struct life *life);
struct key_public life_any_key(struct life *life);
/* Somebody else at the device, a peer that roams, or time that passes. */
void life_disturb(struct life *life);
