/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The constants of WireGuard's generic netlink interface, with those that the oldest supported
 * headers lack. Linux 6.16 added the removal of single prefixes.
 */
#pragma once

#include <linux/wireguard.h>

#define WG_ALLOWEDIP_A_FLAGS     (WGALLOWEDIP_A_CIDR_MASK + 1)
#define WG_ALLOWEDIP_A_MAX       WG_ALLOWEDIP_A_FLAGS
#define WG_ALLOWEDIP_F_REMOVE_ME (1u << 0)
