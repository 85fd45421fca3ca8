/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's router over the simulated host's main table. It fails what the controller was told
 * to fail, and tells its recorder.
 */
#pragma once

#include "router.h"
#include "sim_controller.h"

#define SIM_ROUTE_TABLE 254

/* Borrows `sim`. */
struct router sim_router(struct sim_controller *sim);
