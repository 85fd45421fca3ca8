/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface through which long work yields: the engine calls it between the stages of a cycle,
 * a controller between requests to the device. The callback may serve signals, timers and
 * descriptors. It may read the manager's index and pending events, verify events, and handle those
 * that event_is_immediate names. It must not change the device, the document in force, the index or
 * a pending event: the engine is in the middle of a cycle that uses them.
 */
#pragma once

#include <stdbool.h>

struct pause {
	/* Return true, and from then on always, to end the work with -ECANCELED; the next cycle
	 * continues it. NULL: never yield. */
	bool (*take)(void *impl);
	void *impl;
};

static inline bool pause_take(const struct pause *pause)
{
	return pause && pause->take && pause->take(pause->impl);
}
