/*
 * The seam to time: what o'clock it is, in nanoseconds since 1970 (UTC).
 */
#pragma once

#include <stdint.h>

struct clock {
	int64_t (*now_ns)(void *impl);
	void *impl;
};
