/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface through which long work lets its caller in: the engine between two stages of a
 * cycle, a controller between two requests to a device. The callee may serve signals, timers and
 * descriptors; it must not enter the engine, which is in the middle of something.
 */
#pragma once

#include <stdbool.h>

struct pause {
	/* True: end the work where the next cycle can go on from, with -ECANCELED. NULL: no pauses.
	 */
	bool (*take)(void *impl);
	void *impl;
};

static inline bool pause_is_end(const struct pause *pause)
{
	return pause && pause->take && pause->take(pause->impl);
}
