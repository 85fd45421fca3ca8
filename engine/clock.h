/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface to the clocks. The wall clock is compared with timestamps from elsewhere; it can
 * jump both ways. Durations are measured on the boot clock, which counts from boot, including
 * suspends, and never jumps.
 */
#pragma once

#include <stdint.h>

struct clock {
	int64_t (*now_ns)(void *impl);  /* since 1970 (UTC) */
	int64_t (*boot_ns)(void *impl); /* since boot */
	void *impl;
};

struct moment {
	int64_t wall_ns;
	int64_t boot_ns;
};

static inline struct moment clock_read(const struct clock *clock)
{
	return (struct moment){clock->now_ns(clock->impl), clock->boot_ns(clock->impl)};
}
