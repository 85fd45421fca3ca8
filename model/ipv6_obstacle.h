/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why an interface takes neither IPv6 addresses nor IPv6 routes.
 */
#pragma once

#define IPV6_MTU_MIN 1280

enum ipv6_obstacle {
	IPV6_OBSTACLE_NONE,
	IPV6_OBSTACLE_DISABLED,
	IPV6_OBSTACLE_MTU,
	IPV6_OBSTACLE_KERNEL,
};

/* Such as "the MTU is under 1280, the least that IPv6 takes". Not of NONE. */
const char *ipv6_obstacle_text(enum ipv6_obstacle obstacle);
/* What the kernel says of an address: a negative errno, or 0. */
int ipv6_obstacle_error(enum ipv6_obstacle obstacle);
/* What is left of it on an interface that gets this MTU; 0: it keeps what it has. */
enum ipv6_obstacle ipv6_obstacle_with_mtu(enum ipv6_obstacle obstacle, int mtu);
