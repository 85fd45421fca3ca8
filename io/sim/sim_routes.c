#include "sim_routes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_names[] = {
#define X(upper, lower) [SIM_ROUTE_##upper] = #lower,
	SIM_ROUTE_TYPES(X)
#undef X
};

/* A table's number, digits alone. */
static bool table_parse(const char *text, size_t length, uint32_t *ret)
{
	uint64_t number = 0;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9' || number > UINT32_MAX / 10)
			return false;
		number = number * 10 + (uint64_t)(text[i] - '0');
	}
	*ret = (uint32_t)number;
	return number > 0 && number <= UINT32_MAX;
}

bool sim_route_parse(const char *text, struct sim_route *ret)
{
	struct sim_route route = {0};
	size_t destination = strcspn(text, " ");
	if (!text[destination] || prefix_parse(text, destination, &route.destination, NULL) != 0)
		return false;
	const char *table = text + destination + 1;
	size_t digits = strcspn(table, " ");
	if (!table[digits] || !table_parse(table, digits, &route.table))
		return false;
	for (unsigned type = 0; type < SIM_ROUTE_TYPE_COUNT; type++) {
		if (strcmp(type_names[type], table + digits + 1) != 0)
			continue;
		route.type = (enum sim_route_type)type;
		*ret = route;
		return true;
	}
	return false;
}

struct sim_route_text sim_route_format(const struct sim_route *route)
{
	struct sim_route_text text;
	snprintf(text.text, sizeof text.text, "%s %" PRIu32 " %s",
		prefix_format(&route->destination).text, route->table, type_names[route->type]);
	return text;
}

struct sim_route *sim_routes_find(const struct sim_routes *routes, const struct sim_route *route)
{
	for (size_t i = 0; i < routes->count; i++)
		if (routes->routes[i].table == route->table &&
			prefix_equal(&routes->routes[i].destination, &route->destination))
			return &routes->routes[i];
	return NULL;
}

int sim_routes_set(struct sim_routes *routes, const struct sim_route *route)
{
	struct sim_route *old = sim_routes_find(routes, route);
	if (old) {
		*old = *route;
		return 0;
	}
	if (routes->count == routes->capacity) {
		size_t capacity = routes->capacity ? routes->capacity * 2 : 16;
		struct sim_route *list = reallocarray(routes->routes, capacity, sizeof *list);
		if (!list)
			return -ENOMEM;
		routes->routes = list;
		routes->capacity = capacity;
	}
	routes->routes[routes->count++] = *route;
	return 0;
}

void sim_routes_remove(struct sim_routes *routes, const struct sim_route *route)
{
	struct sim_route *old = sim_routes_find(routes, route);
	if (old)
		*old = routes->routes[--routes->count];
}

void sim_routes_drop(struct sim_routes *routes, const char *interface, enum ip_family family)
{
	size_t kept = 0;
	for (size_t i = 0; i < routes->count; i++) {
		const struct sim_route *route = &routes->routes[i];
		if (strcmp(route->interface, interface) != 0 ||
			(family && route->destination.ip.family != family))
			routes->routes[kept++] = *route;
	}
	routes->count = kept;
}

void sim_routes_clear(struct sim_routes *routes)
{
	free(routes->routes);
	*routes = (struct sim_routes){0};
}
