/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface to time. The wall clock says when others wrote what they date; it may jump, either
 * way. The boot clock counts on from the boot, through suspends too: everything else is counted on
 * that one.
 */
#pragma once

#include <stdint.h>

struct clock {
	int64_t (*now_ns)(void *impl);  /* since 1970 (UTC) */
	int64_t (*boot_ns)(void *impl); /* since the boot */
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
