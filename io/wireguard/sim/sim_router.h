/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's router for the main table of the simulated host. The faults and the recorder of the
 * simulated controller apply to it.
 */
#pragma once

#include "router.h"
#include "sim_controller.h"

#define SIM_ROUTE_TABLE 254

/* Return the router interface; it borrows `sim`. */
struct router sim_router(struct sim_controller *sim);
