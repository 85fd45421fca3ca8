/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node on the simulated controller, its random life so far, and changes of its device by other
 * programs.
 */
#pragma once

#include "life_values.h"
#include "sim_controller.h"
#include "world.h"

struct life {
	struct life_random random;
	struct sim_controller sim;
	struct world *world;
	struct life_document document; /* the last one made */
};

/* The interface; NULL: absent. */
struct sim_device *life_device(const struct life *life);
struct key_public life_any_key(struct life *life);
/* Another program changes the device, a peer roams, or time passes. */
void life_disturb(struct life *life);
