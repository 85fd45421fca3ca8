/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reason why an interface can have neither IPv6 addresses nor IPv6 routes.
 */
#pragma once

#define IPV6_MTU_MIN 1280

enum ipv6_obstacle {
	IPV6_OBSTACLE_NONE,
	IPV6_OBSTACLE_DISABLED,
	IPV6_OBSTACLE_MTU,
	IPV6_OBSTACLE_KERNEL,
};

/* Return the reason, such as "this kernel has no IPv6". `obstacle` is not NONE. */
const char *ipv6_obstacle_text(enum ipv6_obstacle obstacle);
/* Return the kernel's error for adding an address: a negative errno, 0 for NONE. */
int ipv6_obstacle_error(enum ipv6_obstacle obstacle);
/* Return the obstacle that remains once the interface has this MTU. 0: the MTU does not change. */
enum ipv6_obstacle ipv6_obstacle_with_mtu(enum ipv6_obstacle obstacle, int mtu);
