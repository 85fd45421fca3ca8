/* SPDX-License-Identifier: Apache-2.0 */
#include "ipv6_obstacle.h"

#include <errno.h>

static const struct {
	const char *text;
	int error;
} obstacles[] = {
	[IPV6_OBSTACLE_NONE] = {"nothing", 0},
	[IPV6_OBSTACLE_DISABLED] = {"IPv6 is off (sysctl net.ipv6.conf.*.disable_ipv6)", -EACCES},
	[IPV6_OBSTACLE_MTU] = {"the MTU is under 1280, the least that IPv6 takes", -EINVAL},
	[IPV6_OBSTACLE_KERNEL] = {"this kernel has no IPv6", -EAFNOSUPPORT},
};

const char *ipv6_obstacle_text(enum ipv6_obstacle obstacle)
{
	return obstacles[obstacle].text;
}

int ipv6_obstacle_error(enum ipv6_obstacle obstacle)
{
	return obstacles[obstacle].error;
}

enum ipv6_obstacle ipv6_obstacle_with_mtu(enum ipv6_obstacle obstacle, int mtu)
{
	if (mtu > 0 && mtu < IPV6_MTU_MIN)
		return obstacle == IPV6_OBSTACLE_NONE ? IPV6_OBSTACLE_MTU : obstacle;
	return mtu > 0 && obstacle == IPV6_OBSTACLE_MTU ? IPV6_OBSTACLE_NONE : obstacle;
}
