#include "system_clock.h"

#include "timestamp.h"

#include <time.h>

static int64_t system_now_ns(void *impl)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

struct clock system_clock(void)
{
	return (struct clock){.now_ns = system_now_ns};
}
