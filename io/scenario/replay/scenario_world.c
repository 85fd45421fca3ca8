/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_world.h"

#include "timestamp.h"

#include <errno.h>

/* Set a peer whole, with its counters if they are given. */
static int world_put_peer(struct sim_device *device, const struct peer_spec *spec)
{
	struct sim_peer *peer;
	int error = sim_device_set_peer(device, &spec->peer, PEER_FIELDS_ALL, true);
	if (error)
		return error;
	peer = sim_device_find(device, &spec->peer.public_key);
	if (peer && (spec->given & PEER_SPEC_LAST_HANDSHAKE))
		peer->status.last_handshake_s = spec->peer.status.last_handshake_s;
	if (peer && (spec->given & PEER_SPEC_TX_BYTES))
		peer->status.tx_bytes = spec->peer.status.tx_bytes;
	return 0;
}

static int change_interface(struct sim_device *device, const struct device_spec *spec)
{
	int error = 0;
	if (spec->given & DEVICE_SPEC_PRIVATE_KEY)
		sim_device_set_private_key(device, &spec->private_key);
	if (spec->given & DEVICE_SPEC_LISTEN_PORT)
		device->listen_port = spec->listen_port;
	if (spec->given & DEVICE_SPEC_MTU)
		sim_device_set_mtu(device, spec->mtu);
	if (spec->given & DEVICE_SPEC_UP)
		device->up = spec->up;
	if (spec->given & DEVICE_SPEC_ADDRESSES)
		error = sim_device_set_addresses(device, spec->addresses, spec->address_count);
	for (size_t i = 0; !error && i < spec->peer_count; i++)
		error = world_put_peer(device, &spec->peers[i]);
	return error;
}

int world_start(struct sim_controller *sim, const struct scenario *scenario)
{
	const struct device_spec *spec = scenario->device;
	struct sim_device *device;
	if (!spec)
		return 0;
	device = sim_controller_create(
		sim, spec->name ? spec->name : scenario->config.interface_name);
	return device ? change_interface(device, spec) : -ENOMEM;
}

/* Routes exist without the interface, too. */
static int change_routes(struct sim_controller *sim, const struct world_step *step)
{
	if (step->change == WORLD_SET_ROUTE)
		return sim_routes_set(&sim->routes, &step->route);
	if (step->change == WORLD_REMOVE_ROUTE)
		sim_routes_remove(&sim->routes, &step->route);
	else
		sim_routes_clear(&sim->routes);
	return 0;
}

static int change_device(
	struct sim_controller *sim, struct sim_device *device, const struct device_spec *spec)
{
	int error = change_interface(device, spec);
	sim_controller_settle_routes(sim, device);
	return error;
}

int world_change(struct sim_controller *sim, const char *interface, const struct world_step *step,
	int64_t now_ns)
{
	struct sim_device *device = sim_controller_find(sim, interface);
	if (step->change >= WORLD_SET_ROUTE)
		return change_routes(sim, step);
	if (!device)
		return 0;
	switch (step->change) {
	case WORLD_REMOVE_PEER:
		sim_device_remove_peer(device, &step->public_key);
		return 0;
	case WORLD_SET_PEER:
		return world_put_peer(device, step->peer);
	case WORLD_DELETE_INTERFACE:
		sim_controller_delete(sim, interface);
		return 0;
	case WORLD_SET_INTERFACE:
		return change_device(sim, device, step->interface);
	case WORLD_HANDSHAKE:
		sim_device_handshake(device, &step->public_key,
			step->has_endpoint ? &step->endpoint : NULL, now_ns / NS_PER_S);
		return 0;
	case WORLD_SENT:
		sim_device_sent(device, &step->public_key, step->bytes);
		return 0;
	case WORLD_SET_CLOCK: /* the device has none */
	case WORLD_SET_ROUTE:
	case WORLD_REMOVE_ROUTE:
	case WORLD_FLUSH_ROUTES:
		break;
	}
	return 0;
}
