/* The routes' part of a cycle, over a router in memory. */
#include "harness.h"

#include "converged.h"

static void destinations_text(const struct prefix *list, size_t count, const char *sign, char *ret)
{
	for (size_t i = 0; i < count; i++) {
		strcat(ret, *ret ? " " : "");
		strcat(ret, sign);
		strcat(ret, prefix_format(&list[i]).text);
	}
}

/* A router over one table. */
struct fake_router {
	struct route_table table;
	char calls[FAKE_TEXT_MAX];
	int read_error, change_error;
};

static int read_routes(
	void *impl, const char *interface, struct route_table *ret, struct diag *diag)
{
	struct fake_router *router = impl;
	if (router->read_error)
		return diag_fail_errno(diag, router->read_error);
	struct route_table copy = {0};
	for (size_t i = 0; i < router->table.count; i++)
		assert_int_equal(route_table_append(&copy, &router->table.routes[i]), 0);
	route_table_seal(&copy);
	*ret = copy;
	return 0;
}

static int change(struct fake_router *router, const char *sign, const struct prefix *destination,
	struct diag *diag)
{
	destinations_text(destination, 1, sign, router->calls);
	return router->change_error ? diag_fail_errno(diag, router->change_error) : 0;
}

static int add_route(
	void *impl, const char *interface, const struct prefix *destination, struct diag *diag)
{
	struct fake_router *router = impl;
	struct route route = {.destination = *destination, .owner = ROUTE_OURS};
	int error = change(router, "+", destination, diag);
	if (!error)
		assert_int_equal(route_table_append(&router->table, &route), 0);
	return error;
}

static int remove_route(
	void *impl, const char *interface, const struct prefix *destination, struct diag *diag)
{
	struct fake_router *router = impl;
	int error = change(router, "-", destination, diag);
	for (size_t i = 0; !error && i < router->table.count; i++)
		if (prefix_equal(&router->table.routes[i].destination, destination))
			router->table.routes[i] = router->table.routes[--router->table.count];
	return error;
}

static const struct router_ops router_ops = {read_routes, add_route, remove_route};

static void assert_route_calls(struct fake_router *router, const char *calls)
{
	assert_string_equal(router->calls, calls);
	router->calls[0] = '\0';
}

static void a_cycle_keeps_routes_and_peers_together(void **state)
{
	struct world *world = *state;
	struct fake_router router = {{0}};
	world->reconciler.router = (struct router){&router_ops, &router};
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_route_calls(&router, "+10.0.0.2/32 +10.0.0.3/32");
	assert_int_equal(cycle_wants(world, "34"), 0);
	assert_route_calls(&router, "+10.0.0.4/32 -10.0.0.2/32");
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_route_calls(&router, "");
	route_table_clear(&router.table);
}

static void routes_that_cannot_be_read_fail_the_cycle_and_not_the_peers(void **state)
{
	struct world *world = *state;
	struct fake_router router = {.read_error = -EIO};
	world->reconciler.router = (struct router){&router_ops, &router};
	assert_int_not_equal(cycle_wants(world, "34"), 0);
	assert_contains(world->error, "read routes: Input/output error");
	assert_calls(world, "remove_peer 02; add_peer 04");
	assert_route_calls(&router, "");
}

static void a_route_that_cannot_be_set_is_named_and_tried_again(void **state)
{
	struct world *world = *state;
	struct fake_router router = {.change_error = -EPERM};
	world->reconciler.router = (struct router){&router_ops, &router};
	assert_int_not_equal(world_cycle_not_modified(world), 0);
	assert_contains(world->error, "10.0.0.2/32: Operation not permitted");
	assert_contains(world->error, "10.0.0.3/32: Operation not permitted");
	assert_route_calls(&router, "+10.0.0.2/32 +10.0.0.3/32");
	router.change_error = 0;
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_route_calls(&router, "+10.0.0.2/32 +10.0.0.3/32");
	route_table_clear(&router.table);
}

static void a_kept_peer_keeps_its_routes(void **state)
{
	struct world *world = *state;
	struct fake_router router = {{0}};
	struct state_document document = {0};
	world->reconciler.router = (struct router){&router_ops, &router};
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_route_calls(&router, "+10.0.0.2/32 +10.0.0.3/32");
	document_add_unusable(&document, "peer-2", 2, "peers[0]: bad");
	assert_int_not_equal(world_cycle(world, &document), 0);
	assert_route_calls(&router, "-10.0.0.3/32");
	route_table_clear(&router.table);
}

static void a_peer_whose_removal_is_held_back_keeps_its_routes(void **state)
{
	struct world *world = *state;
	struct fake_router router = {{0}};
	world->reconciler.router = (struct router){&router_ops, &router};
	world->reconciler.guard.max_percent = 40;
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_route_calls(&router, "+10.0.0.2/32 +10.0.0.3/32");
	assert_int_equal(cycle_wants(world, "2"), 0);
	assert_route_calls(&router, "");
	assert_int_equal(cycle_wants(world, "2"), 0);
	assert_route_calls(&router, "-10.0.0.3/32");
	route_table_clear(&router.table);
}

static void a_state_of_an_earlier_life_takes_no_route_away(void **state)
{
	struct world *world = *state;
	struct fake_router router = {{0}};
	struct state_document document = {0};
	world->reconciler.router = (struct router){&router_ops, &router};
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_route_calls(&router, "+10.0.0.2/32 +10.0.0.3/32");
	wants(&document, 2);
	reconciler_preload(&world->reconciler, &document);
	assert_int_not_equal(world_cycle_fetch_failed(world, "timeout"), 0);
	assert_route_calls(&router, "");
	assert_index(world, "peer-2=02 peer-3=03");
	route_table_clear(&router.table);
}

/* Its endpoint is where its packets come from: a forged source is enough. */
static void a_peer_that_is_heard_from_another_ones_prefix_takes_no_route_away(void **state)
{
	struct world *world = *state;
	struct fake_router router = {{0}};
	struct state_document document = {0};
	world->reconciler.router = (struct router){&router_ops, &router};
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_route_calls(&router, "+10.0.0.2/32 +10.0.0.3/32");
	world_handshake(world, 2, "10.0.0.3:1");
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_route_calls(&router, "");
	document_add_unusable(&document, "peer-2", 2, "peers[0]: bad");
	wants(&document, 3);
	assert_int_not_equal(world_cycle(world, &document), 0);
	assert_route_calls(&router, "");
	route_table_clear(&router.table);
}

static void a_desired_endpoint_within_a_prefix_withholds_its_route(void **state)
{
	struct world *world = *state;
	struct fake_router router = {{0}};
	struct state_document document = {0};
	world->reconciler.router = (struct router){&router_ops, &router};
	document_add(&document, "peer-2", 2, "10.0.0.3:1", "10.0.0.2/32");
	wants(&document, 3);
	assert_int_equal(world_cycle(world, &document), 0);
	assert_route_calls(&router, "+10.0.0.2/32");
	route_table_clear(&router.table);
}

static void a_route_that_is_withheld_is_logged_once(void **state)
{
	struct world *world = *state;
	struct fake_router router = {{0}};
	struct route foreign = {.destination = prefix_of("10.0.0.2/32"), .owner = ROUTE_FOREIGN};
	assert_int_equal(route_table_append(&router.table, &foreign), 0);
	world->reconciler.router = (struct router){&router_ops, &router};
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(world_cycle_not_modified(world), 0);
	assert_route_calls(&router, "+10.0.0.3/32");
	const char *first = strstr(world->logs, "10.0.0.2/32");
	assert_non_null(first);
	assert_null(strstr(first + 1, "10.0.0.2/32"));
	route_table_clear(&router.table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONVERGED_TEST(a_cycle_keeps_routes_and_peers_together),
		CONVERGED_TEST(routes_that_cannot_be_read_fail_the_cycle_and_not_the_peers),
		CONVERGED_TEST(a_route_that_cannot_be_set_is_named_and_tried_again),
		CONVERGED_TEST(a_kept_peer_keeps_its_routes),
		CONVERGED_TEST(a_peer_whose_removal_is_held_back_keeps_its_routes),
		CONVERGED_TEST(a_state_of_an_earlier_life_takes_no_route_away),
		CONVERGED_TEST(a_peer_that_is_heard_from_another_ones_prefix_takes_no_route_away),
		CONVERGED_TEST(a_desired_endpoint_within_a_prefix_withholds_its_route),
		CONVERGED_TEST(a_route_that_is_withheld_is_logged_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
