/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system's clocks as the engine's clock interface (clock.h).
 */
#pragma once

#include "clock.h"

struct clock system_clock(void);
