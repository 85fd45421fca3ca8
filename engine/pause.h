/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface through which long work yields: the engine calls it between the stages of a cycle,
 * a controller between requests to the device. The callback may serve signals, timers and
 * descriptors. It must not call into the engine, which is in the middle of a cycle.
 */
#pragma once

#include <stdbool.h>

struct pause {
	/* Return true to end the work with -ECANCELED; the next cycle continues it. NULL: never
	 * yield. */
	bool (*take)(void *impl);
	void *impl;
};

static inline bool pause_is_end(const struct pause *pause)
{
	return pause && pause->take && pause->take(pause->impl);
}
