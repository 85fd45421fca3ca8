/* SPDX-License-Identifier: Apache-2.0 */
#include "router.h"

#include "array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int route_table_append(struct route_table *table, const struct route *route)
{
	struct route *routes =
		array_grow(table->routes, table->count, &table->capacity, sizeof *routes);
	if (!routes)
		return -ENOMEM;
	table->routes = routes;
	routes[table->count++] = *route;
	return 0;
}

static int compare_routes(const void *a, const void *b)
{
	const struct route *x = a, *y = b;
	int order = prefix_compare(&x->destination, &y->destination);
	return order ? order : (x->owner > y->owner) - (x->owner < y->owner);
}

void route_table_seal(struct route_table *table)
{
	if (table->count < 2)
		return;
	qsort(table->routes, table->count, sizeof *table->routes, compare_routes);
	size_t unique = 1;
	for (size_t i = 1; i < table->count; i++)
		if (compare_routes(&table->routes[i], &table->routes[unique - 1]) != 0)
			table->routes[unique++] = table->routes[i];
	table->count = unique;
}

void route_table_clear(struct route_table *table)
{
	free(table->routes);
	*table = (struct route_table){0};
}
