/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A point in time on the monotonic clock by which something must have happened.
 */
#pragma once

#include <stdint.h>
#include <time.h>

struct deadline {
	int64_t at_ms;
};

static inline int64_t monotonic_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline struct deadline deadline_in(int timeout_ms)
{
	return (struct deadline){monotonic_ms() + timeout_ms};
}

/* Return 0 once the deadline has passed. */
static inline int deadline_left_ms(struct deadline deadline)
{
	int64_t left_ms = deadline.at_ms - monotonic_ms();
	return left_ms > 0 ? (int)left_ms : 0;
}
