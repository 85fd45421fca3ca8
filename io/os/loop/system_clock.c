/* SPDX-License-Identifier: Apache-2.0 */
#include "system_clock.h"

#include "timestamp.h"

#include <time.h>

static int64_t read_ns(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static int64_t system_now_ns(void *impl)
{
	return read_ns(CLOCK_REALTIME);
}

static int64_t system_boot_ns(void *impl)
{
	return read_ns(CLOCK_BOOTTIME);
}

struct clock system_clock(void)
{
	return (struct clock){.now_ns = system_now_ns, .boot_ns = system_boot_ns};
}
