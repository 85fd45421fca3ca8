/*
 * The machine's wall clock behind the engine's seam.
 */
#pragma once

#include "clock.h"

struct clock system_clock(void);
