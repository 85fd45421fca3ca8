/* SPDX-License-Identifier: Apache-2.0 */
#include "sim_router.h"

#include "diag.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool leads_to(const struct sim_route *route, const char *interface)
{
	return route->type == SIM_ROUTE_UNICAST && strcmp(route->interface, interface) == 0;
}

static int sim_read_routes(
	void *impl, const char *interface, struct route_table *ret, struct diag *diag)
{
	const struct sim_controller *sim = impl;
	const struct sim_device *device = sim_controller_find(sim, interface);
	struct route_table table = {0};
	int error = 0;
	for (const struct sim_route_node *node = sim->routes.first; node && !error;
		node = node->next) {
		const struct sim_route *it = &node->route;
		bool here = leads_to(it, interface);
		struct route route = {
			.destination = it->destination,
			.owner = !here         ? ROUTE_FOREIGN
				 : it->is_ours ? ROUTE_OURS
					       : ROUTE_FOREIGN_HERE,
		};
		if (it->table == SIM_ROUTE_TABLE)
			error = route_table_append(&table, &route);
	}
	if (error) {
		route_table_clear(&table);
		return diag_fail_errno(diag, error);
	}
	route_table_seal(&table);
	if (device && device->mtu < IPV6_MTU_MIN)
		table.ipv6_obstacle = IPV6_OBSTACLE_MTU;
	*ret = table;
	return 0;
}

static struct sim_route route_make(const char *interface, const struct prefix *destination)
{
	struct sim_route route = {
		.destination = *destination, .table = SIM_ROUTE_TABLE, .is_ours = true};
	snprintf(route.interface, sizeof route.interface, "%s", interface);
	return route;
}

/* With the kernel's checks and errors. */
static int route_add(struct sim_controller *sim, const struct sim_route *route)
{
	const struct sim_device *device = sim_controller_find(sim, route->interface);
	bool is_v6 = route->destination.ip.family == IP_V6;
	if (!device || (is_v6 && device->mtu < IPV6_MTU_MIN))
		return -ENODEV;
	if (!device->up)
		return -ENETDOWN;
	if (sim_routes_find(&sim->routes, route))
		return -EEXIST;
	return sim_routes_set(&sim->routes, route);
}

static int sim_add_route(
	void *impl, const char *interface, const struct prefix *destination, struct diag *diag)
{
	struct sim_controller *sim = impl;
	struct sim_route route = route_make(interface, destination);
	int error = sim_controller_fault(sim, SIM_OP_ADD_ROUTE);
	if (!error)
		error = route_add(sim, &route);
	return sim_controller_tell(
		sim, SIM_OP_ADD_ROUTE, interface, prefix_format(destination).text, error, diag);
}

static int sim_remove_route(
	void *impl, const char *interface, const struct prefix *destination, struct diag *diag)
{
	struct sim_controller *sim = impl;
	struct sim_route route = route_make(interface, destination);
	int error = sim_controller_fault(sim, SIM_OP_REMOVE_ROUTE);
	const struct sim_route *there = sim_routes_find(&sim->routes, &route);
	if (!error && there && there->is_ours && leads_to(there, interface))
		sim_routes_remove(&sim->routes, &route);
	return sim_controller_tell(
		sim, SIM_OP_REMOVE_ROUTE, interface, prefix_format(destination).text, error, diag);
}

struct router sim_router(struct sim_controller *sim)
{
	static const struct router_ops ops = {
		.read_routes = sim_read_routes,
		.add_route = sim_add_route,
		.remove_route = sim_remove_route,
	};
	return (struct router){.ops = &ops, .impl = sim};
}
