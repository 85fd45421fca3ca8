/* SPDX-License-Identifier: Apache-2.0 */
/* Events add and remove the routes of their peers. */
#include "harness.h"

#include "converged.h"
#include "fake_router.h"

#include <errno.h>

/* Two peers with their routes; from here on, no event may read device or table. */
struct routed {
	struct world *world;
	struct fake_router router;
	unsigned device_read_count;
};

static void routed_begin(struct routed *routed, struct world *world)
{
	*routed = (struct routed){.world = world};
	world->manager.router = fake_router(&routed->router);
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_route_calls(&routed->router, "+10.0.0.2/32 +10.0.0.3/32");
	fake_forget_calls(&world->fake);
	routed->router.among = &world->fake;
	routed->device_read_count = world->fake.read_count;
	routed->router.read_count = 0;
}

static void assert_nothing_was_read(const struct routed *routed)
{
	assert_int_equal(routed->world->fake.read_count, routed->device_read_count);
	assert_int_equal(routed->router.read_count, 0);
}

static int added(struct routed *routed, unsigned char key, const char *allowed_ips)
{
	char id[] = "peer-0";
	id[5] = (char)('0' + key);
	return world_peer_event(routed->world, "peer_added", id, key, "", allowed_ips);
}

static void a_peer_that_an_event_adds_has_its_routes_at_once(void **state)
{
	struct routed routed;
	routed_begin(&routed, *state);
	assert_int_equal(added(&routed, 4, "10.0.0.4/32,10.4.0.0/16"), 0);
	assert_calls(*state, "add_peer 04; +10.0.0.4/32; +10.4.0.0/16");
	assert_nothing_was_read(&routed);
	/* A document without the peer yet: its fetch began after the event. */
	assert_int_equal(world_cycle_not_modified(*state), 0);
	assert_calls(*state, "-10.0.0.4/32; -10.4.0.0/16; remove_peer 04");
}

static void a_peer_that_an_event_removes_loses_its_routes_at_once(void **state)
{
	struct routed routed;
	routed_begin(&routed, *state);
	assert_int_equal(world_peer_removed_event(*state, "peer-2"), 0);
	assert_calls(*state, "-10.0.0.2/32; remove_peer 02");
	struct key_public key = key_of(3);
	assert_int_equal(manager_remove_peer(&routed.world->manager, &key, NULL), 0);
	assert_calls(*state, "-10.0.0.3/32; remove_peer 03");
	assert_nothing_was_read(&routed);
}

static void allowed_ips_that_change_by_event_change_their_routes(void **state)
{
	struct routed routed;
	routed_begin(&routed, *state);
	assert_int_equal(world_peer_event(*state, "peer_endpoint_changed", "peer-2", 2,
				 "198.51.100.2:1", "10.2.0.0/16,10.0.0.9/32"),
		0);
	assert_calls(*state, "-10.0.0.2/32; add_peer 02; +10.0.0.9/32; +10.2.0.0/16");
	assert_int_equal(world_peer_event(*state, "peer_endpoint_changed", "peer-2", 2,
				 "198.51.100.3:1", "10.2.0.0/16,10.0.0.9/32"),
		0);
	assert_calls(*state, "add_peer 02");
	assert_nothing_was_read(&routed);
}

static void a_rotated_key_keeps_the_routes_that_stay(void **state)
{
	struct routed routed;
	routed_begin(&routed, *state);
	assert_int_equal(world_peer_event(*state, "peer_key_rotated", "peer-2", 5, "",
				 "10.0.0.2/32,10.5.0.0/16"),
		0);
	assert_calls(*state, "remove_peer 02; add_peer 05; +10.5.0.0/16");
	assert_int_equal(
		world_peer_event(*state, "peer_key_rotated", "peer-2", 6, "", "10.0.0.6/32"), 0);
	assert_calls(
		*state, "-10.0.0.2/32; -10.5.0.0/16; remove_peer 05; add_peer 06; +10.0.0.6/32");
	assert_nothing_was_read(&routed);
}

static void a_prefix_that_moves_by_two_events_keeps_its_route(void **state)
{
	struct routed routed;
	routed_begin(&routed, *state);
	assert_int_equal(added(&routed, 3, "10.0.0.2/32,10.0.0.3/32"), 0);
	assert_int_equal(added(&routed, 2, "10.0.0.9/32"), 0);
	assert_calls(*state, "add_peer 03; add_peer 02; +10.0.0.9/32");
	assert_int_equal(added(&routed, 3, "10.0.0.3/32"), 0);
	assert_int_equal(added(&routed, 2, "10.0.0.2/32,10.0.0.9/32"), 0);
	assert_calls(*state, "-10.0.0.2/32; add_peer 03; add_peer 02; +10.0.0.2/32");
	assert_nothing_was_read(&routed);
}

static void a_route_that_another_peer_wants_stays(void **state)
{
	struct routed routed;
	routed_begin(&routed, *state);
	assert_int_equal(added(&routed, 3, "10.0.0.2/32,10.0.0.3/32"), 0);
	assert_int_equal(world_peer_removed_event(*state, "peer-2"), 0);
	assert_calls(*state, "add_peer 03; remove_peer 02");
	assert_int_equal(world_peer_removed_event(*state, "peer-3"), 0);
	assert_calls(*state, "-10.0.0.2/32; -10.0.0.3/32; remove_peer 03");
	assert_nothing_was_read(&routed);
}

static void the_route_that_a_conflict_was_about_stays_for_the_loser(void **state)
{
	struct routed routed;
	struct state_document document = {0};
	routed_begin(&routed, *state);
	wants(&document, 2);
	document_add(&document, "peer-3", 3, "", "10.0.0.2/32,10.0.0.3/32");
	assert_int_equal(world_cycle(*state, &document), 0);
	assert_int_equal(world_peer_removed_event(*state, "peer-2"), 0);
	assert_calls(*state, "remove_peer 02");
	assert_int_equal(world_cycle_not_modified(*state), 0);
	assert_routes(&routed.router, "10.0.0.2/32 10.0.0.3/32");
}

static void an_event_before_the_first_cycle_adds_routes_that_may_exist(void **state)
{
	struct world *world = *state;
	struct fake_router router = {.among = &world->fake};
	fake_put_route(&router, "10.0.0.2/32", ROUTE_OURS);
	fake_put_route(&router, "10.0.0.3/32", ROUTE_FOREIGN);
	world_restart(world);
	world->manager.router = fake_router(&router);
	world_forget_logs(world);
	assert_int_equal(world_peer_event(world, "peer_added", "peer-2", 2, "",
				 "10.0.0.2/32,10.0.0.3/32,10.0.0.4/32"),
		0);
	assert_calls(world, "add_peer 02; +10.0.0.2/32; +10.0.0.3/32; +10.0.0.4/32");
	assert_not_logged(world, "Route operation failed");
	assert_routes(&router, "10.0.0.2/32 10.0.0.4/32");
}

static void a_route_that_fails_is_logged_and_fails_no_event(void **state)
{
	struct routed routed;
	routed_begin(&routed, *state);
	routed.router.change_error = -EPERM;
	assert_int_equal(added(&routed, 4, "10.0.0.4/32"), 0);
	assert_calls(*state, "add_peer 04; +10.0.0.4/32");
	assert_logged(*state, "Route operation failed operation=add destination=10.0.0.4/32");
	assert_int_equal(world_peer_removed_event(*state, "peer-2"), 0);
	assert_calls(*state, "-10.0.0.2/32; remove_peer 02");
	routed.router.change_error = 0;
	assert_int_equal(cycle_wants(*state, "34"), 0);
	assert_routes(&routed.router, "10.0.0.3/32 10.0.0.4/32");
}

static void a_peer_that_fails_has_its_route_unless_the_interface_is_gone(void **state)
{
	struct routed routed;
	routed_begin(&routed, *state);
	fails(*state, "add_peer", 4, -EIO, 1);
	assert_int_not_equal(added(&routed, 4, "10.0.0.4/32"), 0);
	assert_calls(*state, "add_peer 04 !EIO; +10.0.0.4/32");
	fails(*state, "add_peer", 5, -ENODEV, 1);
	assert_int_not_equal(added(&routed, 5, "10.0.0.5/32"), 0);
	assert_calls(*state, "add_peer 05 !ENODEV");
}

static void what_a_cycle_would_withhold_an_event_withholds_too(void **state)
{
	struct routed routed;
	struct ip control_plane = prefix_of("203.0.113.1").ip;
	routed_begin(&routed, *state);
	routed.world->manager.route_policy.protected_ips = &control_plane;
	routed.world->manager.route_policy.protected_ip_count = 1;
	assert_int_equal(world_peer_event(*state, "peer_added", "peer-4", 4, "198.51.100.4:1",
				 "0.0.0.0/0,198.51.100.0/24,198.51.101.0/24,203.0.113.0/24"),
		0);
	assert_calls(*state, "add_peer 04; +198.51.101.0/24");
	assert_int_equal(world_peer_event(*state, "peer_added", "peer-5", 5, "192.0.2.5:1", ""), 0);
	assert_int_equal(added(&routed, 6, "192.0.0.0/16,198.51.100.0/25,192.0.3.0/24"), 0);
	assert_calls(*state, "add_peer 05; add_peer 06; +192.0.3.0/24");
	routed.world->manager.route_policy.mark_keeps_out = true;
	routed.world->manager.route_policy.manage_defaults = true;
	assert_int_equal(added(&routed, 7, "198.51.100.4/32,::/0"), 0);
	assert_calls(*state, "add_peer 07; +198.51.100.4/32; +::/0");
}

static void after_a_teardown_nothing_is_known_of_routes(void **state)
{
	struct routed routed;
	routed_begin(&routed, *state);
	assert_int_equal(manager_teardown(&routed.world->manager, NULL), 0);
	assert_int_equal(routed.world->manager.claims.count, 0);
}

static void without_a_router_events_change_no_routes(void **state)
{
	assert_int_equal(world_peer_event(*state, "peer_added", "peer-4", 4, "", "10.0.0.4/32"), 0);
	assert_int_equal(world_peer_removed_event(*state, "peer-4"), 0);
	assert_calls(*state, "add_peer 04; remove_peer 04");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONVERGED_TEST(a_peer_that_an_event_adds_has_its_routes_at_once),
		CONVERGED_TEST(a_peer_that_an_event_removes_loses_its_routes_at_once),
		CONVERGED_TEST(allowed_ips_that_change_by_event_change_their_routes),
		CONVERGED_TEST(a_rotated_key_keeps_the_routes_that_stay),
		CONVERGED_TEST(a_prefix_that_moves_by_two_events_keeps_its_route),
		CONVERGED_TEST(a_route_that_another_peer_wants_stays),
		CONVERGED_TEST(the_route_that_a_conflict_was_about_stays_for_the_loser),
		CONVERGED_TEST(an_event_before_the_first_cycle_adds_routes_that_may_exist),
		CONVERGED_TEST(a_route_that_fails_is_logged_and_fails_no_event),
		CONVERGED_TEST(a_peer_that_fails_has_its_route_unless_the_interface_is_gone),
		CONVERGED_TEST(what_a_cycle_would_withhold_an_event_withholds_too),
		CONVERGED_TEST(after_a_teardown_nothing_is_known_of_routes),
		CONVERGED_TEST(without_a_router_events_change_no_routes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
