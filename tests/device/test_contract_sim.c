/* SPDX-License-Identifier: Apache-2.0 */
/* The contract on the device in memory. */
#include "contract.h"
#include "sim_controller.h"

#include <sodium.h>
#include <stdlib.h>

static bool add_address(void *impl, const char *name, const struct prefix *address)
{
	struct sim_device *device = sim_controller_find(impl, name);
	struct prefix *addresses =
		device ? calloc(device->address_count + 1, sizeof *addresses) : NULL;
	if (!addresses)
		return false;
	for (size_t i = 0; i < device->address_count; i++)
		addresses[i] = device->addresses[i];
	addresses[device->address_count] = *address;
	int error = sim_device_set_addresses(device, addresses, device->address_count + 1);
	free(addresses);
	return error == 0;
}

static bool set_down(void *impl, const char *name)
{
	struct sim_device *device = sim_controller_find(impl, name);
	if (device)
		device->up = false;
	return device;
}

int main(void)
{
	struct sim_controller sim;
	if (sodium_init() < 0)
		return 1;
	sim_controller_init(&sim, (struct sim_recorder){0});
	struct contract_bed bed = {
		.controller = sim_controller(&sim),
		.interface = "plexwg-test0",
		.hooks = {.add_address = add_address, .set_down = set_down, .impl = &sim},
		.many_peers = 1500,
	};
	int failed = contract_run("contract_sim", &bed);
	sim_controller_deinit(&sim);
	return failed;
}
