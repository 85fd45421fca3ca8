/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_router.h"

#include "harness.h"

#include <errno.h>
#include <stdio.h>

static int read_routes(
	void *impl, const char *interface, struct route_table *ret, struct diag *diag)
{
	struct fake_router *fake = impl;
	fake->read_count++;
	if (fake->read_error)
		return diag_fail_errno(diag, fake->read_error);
	struct route_table copy = {0};
	for (size_t i = 0; i < fake->count; i++) {
		if (route_table_append(&copy, &fake->routes[i]) == 0)
			continue;
		route_table_clear(&copy);
		return diag_fail_errno(diag, -ENOMEM);
	}
	route_table_seal(&copy);
	copy.ipv6_obstacle = fake->ipv6_obstacle;
	*ret = copy;
	return 0;
}

static void call_note(struct fake_router *fake, char sign, const struct prefix *destination)
{
	char *calls = fake->among ? fake->among->calls : fake->calls;
	size_t length = strlen(calls);
	const char *gap = !length ? "" : fake->among ? "; " : " ";
	int written = snprintf(calls + length, FAKE_TEXT_MAX - length, "%s%c%s", gap, sign,
		prefix_format(destination).text);
	assert_true(written > 0 && length + (size_t)written < FAKE_TEXT_MAX);
}

static int add_route(
	void *impl, const char *interface, const struct prefix *destination, struct diag *diag)
{
	struct fake_router *fake = impl;
	call_note(fake, '+', destination);
	if (fake->change_error)
		return diag_fail_errno(diag, fake->change_error);
	for (size_t i = 0; i < fake->count; i++)
		if (prefix_equal(&fake->routes[i].destination, destination))
			return diag_fail_errno(diag, -EEXIST);
	assert_true(fake->count < FAKE_ROUTES_MAX);
	fake->routes[fake->count++] =
		(struct route){.destination = *destination, .owner = ROUTE_OURS};
	return 0;
}

static int remove_route(
	void *impl, const char *interface, const struct prefix *destination, struct diag *diag)
{
	struct fake_router *fake = impl;
	call_note(fake, '-', destination);
	if (fake->change_error)
		return diag_fail_errno(diag, fake->change_error);
	size_t kept = 0;
	for (size_t i = 0; i < fake->count; i++)
		if (fake->routes[i].owner != ROUTE_OURS ||
			!prefix_equal(&fake->routes[i].destination, destination))
			fake->routes[kept++] = fake->routes[i];
	fake->count = kept;
	return 0;
}

struct router fake_router(struct fake_router *fake)
{
	static const struct router_ops ops = {read_routes, add_route, remove_route};
	return (struct router){&ops, fake};
}

void fake_put_route(struct fake_router *fake, const char *destination, enum route_owner owner)
{
	assert_true(fake->count < FAKE_ROUTES_MAX);
	fake->routes[fake->count++] =
		(struct route){.destination = prefix_of(destination), .owner = owner};
}

void assert_route_calls(struct fake_router *fake, const char *calls)
{
	assert_string_equal(fake->calls, calls);
	fake->calls[0] = '\0';
}

void assert_routes(const struct fake_router *fake, const char *destinations)
{
	struct prefix ours[FAKE_ROUTES_MAX];
	char text[FAKE_TEXT_MAX] = "";
	size_t count = 0, length = 0;
	for (size_t i = 0; i < fake->count; i++)
		if (fake->routes[i].owner == ROUTE_OURS)
			ours[count++] = fake->routes[i].destination;
	count = prefixes_normalize(ours, count);
	for (size_t i = 0; i < count; i++)
		length += (size_t)snprintf(text + length, sizeof text - length, "%s%s",
			i ? " " : "", prefix_format(&ours[i]).text);
	assert_string_equal(text, destinations);
}
