/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include <errno.h>
#include <stdlib.h>

int device_add_address(struct device *device, const struct prefix *address)
{
	struct prefix *addresses =
		reallocarray(device->addresses, device->address_count + 1, sizeof *addresses);
	if (!addresses)
		return -ENOMEM;
	addresses[device->address_count++] = *address;
	device->addresses = addresses;
	return 0;
}

void device_clear(struct device *device)
{
	free(device->addresses);
	peer_table_clear(&device->peers);
	*device = (struct device){0};
}
