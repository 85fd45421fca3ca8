/* SPDX-License-Identifier: Apache-2.0 */
#include "sim_routes.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_names[] = {
#define X(upper, lower) [SIM_ROUTE_##upper] = #lower,
	SIM_ROUTE_TYPES(X)
#undef X
};

/* Parse a table's number: digits only. */
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

/* Compares routes, or nodes, which begin with a route. */
static int compare_places(const void *a, const void *b)
{
	const struct sim_route *x = a, *y = b;
	int order = prefix_compare(&x->destination, &y->destination);
	return order ? order : (x->table > y->table) - (x->table < y->table);
}

static struct sim_route_node *route_node_find(
	const struct sim_routes *routes, const struct sim_route *route)
{
	struct sim_route_node **found = tfind(route, &routes->by_place, compare_places);
	return found ? *found : NULL;
}

struct sim_route *sim_routes_find(const struct sim_routes *routes, const struct sim_route *route)
{
	struct sim_route_node *node = route_node_find(routes, route);
	return node ? &node->route : NULL;
}

int sim_routes_set(struct sim_routes *routes, const struct sim_route *route)
{
	struct sim_route_node *node = route_node_find(routes, route);
	if (node) {
		node->route = *route;
		return 0;
	}
	node = malloc(sizeof *node);
	if (!node)
		return -ENOMEM;
	*node = (struct sim_route_node){.route = *route, .previous = routes->last};
	if (!tsearch(node, &routes->by_place, compare_places)) {
		free(node);
		return -ENOMEM;
	}
	if (node->previous)
		node->previous->next = node;
	else
		routes->first = node;
	routes->last = node;
	return 0;
}

static void node_remove(struct sim_routes *routes, struct sim_route_node *node)
{
	tdelete(node, &routes->by_place, compare_places);
	if (node->previous)
		node->previous->next = node->next;
	else
		routes->first = node->next;
	if (node->next)
		node->next->previous = node->previous;
	else
		routes->last = node->previous;
	free(node);
}

void sim_routes_remove(struct sim_routes *routes, const struct sim_route *route)
{
	struct sim_route_node *node = route_node_find(routes, route);
	if (node)
		node_remove(routes, node);
}

void sim_routes_drop(struct sim_routes *routes, const char *interface, enum ip_family family)
{
	for (struct sim_route_node *node = routes->first, *next; node; node = next) {
		next = node->next;
		if (strcmp(node->route.interface, interface) == 0 &&
			(!family || node->route.destination.ip.family == family))
			node_remove(routes, node);
	}
}

void sim_routes_clear(struct sim_routes *routes)
{
	while (routes->first)
		node_remove(routes, routes->first);
}
