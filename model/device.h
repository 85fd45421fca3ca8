/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A WireGuard interface as it was read, whole, at one time.
 */
#pragma once

#include "peer_table.h"

struct device {
	struct key_public public_key; /* zero: the device has no private key */
	uint16_t listen_port;
	uint32_t fwmark; /* 0: none */
	int mtu;
	bool up;
	struct prefix *addresses; /* host bits kept; owned */
	size_t address_count;
	struct peer_table peers; /* sealed */
};

/* Adds one address. Returns 0 or -ENOMEM. */
int device_add_address(struct device *device, const struct prefix *address);
void device_clear(struct device *device);
