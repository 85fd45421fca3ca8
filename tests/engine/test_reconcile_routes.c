/* SPDX-License-Identifier: Apache-2.0 */
/* The routes of a cycle, with a router in memory. */
#include "harness.h"

#include "converged.h"
#include "fake_router.h"

static void a_cycle_keeps_routes_and_peers_together(void **state)
{
	struct world *world = *state;
	struct fake_router router = {0};
	world->manager.router = fake_router(&router);
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_route_calls(&router, "+10.0.0.2/32 +10.0.0.3/32");
	assert_int_equal(cycle_wants(world, "34"), 0);
	assert_route_calls(&router, "-10.0.0.2/32 +10.0.0.4/32");
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_route_calls(&router, "");
}

static void a_route_comes_after_its_peer_and_goes_before_it(void **state)
{
	struct world *world = *state;
	struct fake_router router = {.among = &world->fake};
	world->manager.router = fake_router(&router);
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_calls(world, "+10.0.0.2/32; +10.0.0.3/32");
	assert_int_equal(cycle_wants(world, "34"), 0);
	assert_calls(world, "-10.0.0.2/32; remove_peer 02; add_peer 04; +10.0.0.4/32");
}

static void routes_that_cannot_be_read_fail_the_cycle_and_not_the_peers(void **state)
{
	struct world *world = *state;
	struct fake_router router = {.read_error = -EIO};
	world->manager.router = fake_router(&router);
	assert_int_not_equal(cycle_wants(world, "34"), 0);
	assert_contains(world->error, "read routes: Input/output error");
	assert_calls(world, "remove_peer 02; add_peer 04");
	assert_route_calls(&router, "");
}

static void a_route_that_cannot_be_set_is_named_and_tried_again(void **state)
{
	struct world *world = *state;
	struct fake_router router = {.change_error = -EPERM};
	world->manager.router = fake_router(&router);
	assert_int_not_equal(world_cycle_not_modified(world), 0);
	assert_contains(world->error, "10.0.0.2/32: Operation not permitted");
	assert_contains(world->error, "10.0.0.3/32: Operation not permitted");
	assert_route_calls(&router, "+10.0.0.2/32 +10.0.0.3/32");
	router.change_error = 0;
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_route_calls(&router, "+10.0.0.2/32 +10.0.0.3/32");
}

static void a_retained_peer_keeps_its_routes(void **state)
{
	struct world *world = *state;
	struct fake_router router = {0};
	struct state_document document = {0};
	world->manager.router = fake_router(&router);
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_route_calls(&router, "+10.0.0.2/32 +10.0.0.3/32");
	document_add_unusable(&document, "peer-2", 2, "peers[0]: bad");
	assert_int_not_equal(world_cycle(world, &document), 0);
	assert_route_calls(&router, "-10.0.0.3/32");
}

static void a_peer_whose_removal_is_withheld_keeps_its_routes(void **state)
{
	struct world *world = *state;
	struct fake_router router = {0};
	world->manager.router = fake_router(&router);
	world->reconciler.guard.max_percent = 40;
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_route_calls(&router, "+10.0.0.2/32 +10.0.0.3/32");
	assert_int_equal(cycle_wants(world, "2"), 0);
	assert_route_calls(&router, "");
	assert_int_equal(cycle_wants(world, "2"), 0);
	assert_route_calls(&router, "-10.0.0.3/32");
}

static void a_cached_state_removes_no_route(void **state)
{
	struct world *world = *state;
	struct fake_router router = {0};
	struct state_document document = {0};
	world->manager.router = fake_router(&router);
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_route_calls(&router, "+10.0.0.2/32 +10.0.0.3/32");
	wants(&document, 2);
	reconciler_preload(&world->reconciler, &document);
	assert_int_not_equal(world_cycle_fetch_failed(world, "timeout"), 0);
	assert_route_calls(&router, "");
	assert_index(world, "peer-2=02 peer-3=03");
}

/* Its endpoint is the source of its packets: a forged source is enough. */
static void a_peer_that_sends_from_another_one_s_prefix_removes_no_route(void **state)
{
	struct world *world = *state;
	struct fake_router router = {0};
	struct state_document document = {0};
	world->manager.router = fake_router(&router);
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_route_calls(&router, "+10.0.0.2/32 +10.0.0.3/32");
	world_handshake(world, 2, "10.0.0.3:1");
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_route_calls(&router, "");
	document_add_unusable(&document, "peer-2", 2, "peers[0]: bad");
	wants(&document, 3);
	assert_int_not_equal(world_cycle(world, &document), 0);
	assert_route_calls(&router, "");
}

static void a_desired_endpoint_within_a_prefix_withholds_its_route(void **state)
{
	struct world *world = *state;
	struct fake_router router = {0};
	struct state_document document = {0};
	world->manager.router = fake_router(&router);
	document_add(&document, "peer-2", 2, "10.0.0.3:1", "10.0.0.2/32");
	wants(&document, 3);
	assert_int_equal(world_cycle(world, &document), 0);
	assert_route_calls(&router, "+10.0.0.2/32");
}

static void a_route_that_is_withheld_is_logged_once(void **state)
{
	struct world *world = *state;
	struct fake_router router = {0};
	fake_put_route(&router, "10.0.0.2/32", ROUTE_FOREIGN);
	world->manager.router = fake_router(&router);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(world_cycle_not_modified(world), 0);
	assert_route_calls(&router, "+10.0.0.3/32");
	const char *first = strstr(world->logs, "10.0.0.2/32");
	assert_non_null(first);
	assert_null(strstr(first + 1, "10.0.0.2/32"));
}

static void ipv6_routes_that_cannot_be_are_logged_once_with_their_count(void **state)
{
	struct world *world = *state;
	struct fake_router router = {.ipv6_obstacle = IPV6_OBSTACLE_DISABLED};
	world->manager.router = fake_router(&router);
	for (unsigned i = 0; i < 3; i++) {
		struct state_document document = {0};
		document_add(&document, "peer-2", 2, "", "10.0.0.2/32,fd02::/64,fd03::/64");
		wants(&document, 3);
		assert_int_equal(world_cycle(world, &document), 0);
	}
	assert_route_calls(&router, "+10.0.0.2/32 +10.0.0.3/32");
	const char *first = strstr(world->logs, "IPv6 routes not set count=2 reason=IPv6 is off");
	assert_non_null(first);
	assert_null(strstr(first + 1, "IPv6 routes"));
	/* An event too uses that result, until a cycle finds the interface changed. */
	assert_int_equal(
		world_peer_event(world, "peer_added", "peer-4", 4, "", "10.0.0.4/32,fd04::/64"), 0);
	assert_route_calls(&router, "+10.0.0.4/32");
	router.ipv6_obstacle = IPV6_OBSTACLE_NONE;
	assert_int_equal(world_cycle_fetch_failed(world, "timeout"), -EIO);
	assert_route_calls(&router, "+fd02::/64 +fd03::/64 +fd04::/64");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONVERGED_TEST(a_cycle_keeps_routes_and_peers_together),
		CONVERGED_TEST(a_route_comes_after_its_peer_and_goes_before_it),
		CONVERGED_TEST(routes_that_cannot_be_read_fail_the_cycle_and_not_the_peers),
		CONVERGED_TEST(a_route_that_cannot_be_set_is_named_and_tried_again),
		CONVERGED_TEST(a_retained_peer_keeps_its_routes),
		CONVERGED_TEST(a_peer_whose_removal_is_withheld_keeps_its_routes),
		CONVERGED_TEST(a_cached_state_removes_no_route),
		CONVERGED_TEST(a_peer_that_sends_from_another_one_s_prefix_removes_no_route),
		CONVERGED_TEST(a_desired_endpoint_within_a_prefix_withholds_its_route),
		CONVERGED_TEST(ipv6_routes_that_cannot_be_are_logged_once_with_their_count),
		CONVERGED_TEST(a_route_that_is_withheld_is_logged_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
