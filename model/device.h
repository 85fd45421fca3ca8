/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A WireGuard interface as one complete read returned it.
 */
#pragma once

#include "peer_table.h"

struct device {
	struct key_public public_key; /* zero: the device has no private key */
	uint16_t listen_port;
	uint32_t fwmark; /* 0: none */
	int mtu;
	bool up;
	struct prefix *addresses; /* with their host bits; owned */
	size_t address_count;
	struct peer_table peers; /* sealed */
};

/* Append one address. Return 0 or -ENOMEM. */
int device_add_address(struct device *device, const struct prefix *address);
/* Wipe and free; the device is zero afterwards. */
void device_clear(struct device *device);
