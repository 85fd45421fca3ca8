/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's clocks behind the engine's interface.
 */
#pragma once

#include "clock.h"

struct clock system_clock(void);
