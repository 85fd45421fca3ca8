/* SPDX-License-Identifier: Apache-2.0 */
/* Routes from allowed IPs: added, removed, left unchanged and withheld. */
#include "route_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PEER_MAX 4

struct scene {
	struct prefix prefixes[PEER_MAX][8];
	struct peer_config configs[PEER_MAX];
	const struct peer_config *peers[PEER_MAX];
	size_t peer_count;
	size_t desired_count;
	struct route_table table;
	struct route_policy policy;
	struct route_plan plan;
	char text[1000];
};

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;
	assert_int_equal(prefix_parse(text, strlen(text), &prefix, NULL), 0);
	return prefix;
}

/* A peer that is desired as the device has it. Allowed IPs between spaces. */
static void keeps(struct scene *scene, const char *endpoint, const char *allowed_ips)
{
	struct peer_config *peer = &scene->configs[scene->peer_count];
	struct prefix *prefixes = scene->prefixes[scene->peer_count];
	char copy[300];
	strcpy(copy, allowed_ips);
	size_t count = 0;
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		prefixes[count++] = prefix_of(word);
	peer->allowed_ip_count = (uint32_t)prefixes_normalize(prefixes, count);
	peer->allowed_ips = prefixes;
	assert_int_equal(
		endpoint_parse(endpoint, strlen(endpoint), NULL, &peer->endpoint, NULL), 0);
	scene->peers[scene->peer_count++] = peer;
}

/* Call it before `keeps`. */
static void wants(struct scene *scene, const char *endpoint, const char *allowed_ips)
{
	keeps(scene, endpoint, allowed_ips);
	scene->desired_count = scene->peer_count;
}

static void has(struct scene *scene, enum route_owner owner, const char *destination)
{
	struct route route = {.destination = prefix_of(destination), .owner = owner};
	assert_int_equal(route_table_append(&scene->table, &route), 0);
}

static void text_add(struct scene *scene, const char *sign, const struct prefix *prefix)
{
	size_t length = strlen(scene->text);
	snprintf(scene->text + length, sizeof scene->text - length, "%s%s%s", length ? " " : "",
		sign, prefix_format(prefix).text);
}

/* `expected`: + for added, - for removed, ! for withheld, in that order, each by destination. */
static void assert_plan(struct scene *scene, const char *expected, size_t unchanged)
{
	route_table_seal(&scene->table);
	assert_int_equal(route_plan_compute(scene->peers, scene->peer_count, scene->desired_count,
				 &scene->table, &scene->policy, &scene->plan),
		0);
	for (size_t i = 0; i < scene->plan.add_count; i++)
		text_add(scene, "+", &scene->plan.adds[i]);
	for (size_t i = 0; i < scene->plan.remove_count; i++)
		text_add(scene, "-", &scene->plan.removes[i]);
	for (size_t i = 0; i < scene->plan.refusal_count; i++)
		text_add(scene, "!", &scene->plan.refusals[i].destination);
	assert_string_equal(scene->text, expected);
	assert_int_equal(scene->plan.unchanged_count, unchanged);
}

static int scene_make(void **state)
{
	*state = calloc(1, sizeof(struct scene));
	return *state ? 0 : -1;
}

static int scene_clear(void **state)
{
	struct scene *scene = *state;
	route_table_clear(&scene->table);
	route_plan_clear(&scene->plan);
	free(scene);
	return 0;
}

static void every_allowed_ip_gets_a_route_and_only_once(void **state)
{
	wants(*state, "", "10.2.0.0/16 fd00::/64 10.0.0.2");
	wants(*state, "", "10.3.0.0/16 10.2.0.0/16");
	assert_plan(*state, "+10.0.0.2/32 +10.2.0.0/16 +10.3.0.0/16 +fd00::/64", 0);
}

static void a_route_that_exists_is_not_changed(void **state)
{
	wants(*state, "", "10.2.0.0/16 10.3.0.0/16");
	has(*state, ROUTE_OURS, "10.2.0.0/16");
	assert_plan(*state, "+10.3.0.0/16", 1);
}

static void an_undesired_route_of_plexwg_is_removed_and_a_foreign_one_never(void **state)
{
	has(*state, ROUTE_OURS, "10.2.0.0/16");
	has(*state, ROUTE_FOREIGN, "10.3.0.0/16");
	has(*state, ROUTE_FOREIGN_HERE, "10.4.0.0/16");
	assert_plan(*state, "-10.2.0.0/16", 0);
}

static void a_foreign_route_keeps_its_destination(void **state)
{
	struct scene *scene = *state;
	wants(scene, "", "10.2.0.0/16");
	has(scene, ROUTE_FOREIGN, "10.2.0.0/16");
	assert_plan(scene, "!10.2.0.0/16", 0);
	assert_int_equal(scene->plan.refusals[0].reason, ROUTE_REFUSED_FOREIGN);
}

static void a_foreign_route_to_the_interface_serves_as_well(void **state)
{
	wants(*state, "", "10.2.0.0/16");
	has(*state, ROUTE_FOREIGN_HERE, "10.2.0.0/16");
	assert_plan(*state, "", 1);
}

static void a_route_of_plexwg_stays_beside_a_foreign_one(void **state)
{
	wants(*state, "", "10.2.0.0/16");
	has(*state, ROUTE_FOREIGN, "10.2.0.0/16");
	has(*state, ROUTE_OURS, "10.2.0.0/16");
	assert_plan(*state, "", 1);
}

static void a_dump_may_show_a_route_twice(void **state)
{
	has(*state, ROUTE_OURS, "10.2.0.0/16");
	has(*state, ROUTE_OURS, "10.2.0.0/16");
	assert_plan(*state, "-10.2.0.0/16", 0);
}

static void a_default_route_is_withheld_from_the_main_table(void **state)
{
	wants(*state, "", "0.0.0.0/0 ::/0");
	has(*state, ROUTE_OURS, "0.0.0.0/0");
	assert_plan(*state, "-0.0.0.0/0 !0.0.0.0/0 !::/0", 0);
}

static void a_default_route_goes_into_another_table(void **state)
{
	struct scene *scene = *state;
	scene->policy.manage_defaults = true;
	wants(scene, "", "0.0.0.0/0 ::/0");
	assert_plan(scene, "+0.0.0.0/0 +::/0", 0);
}

static void a_route_that_covers_an_endpoint_is_withheld_and_names_it(void **state)
{
	struct scene *scene = *state;
	wants(scene, "192.0.2.9:51820", "10.2.0.0/16");
	wants(scene, "[2001:db8::9]:51820", "192.0.2.0/24 192.0.0.0/8 192.0.3.0/24 2001:db8::/32");
	assert_plan(
		scene, "+10.2.0.0/16 +192.0.3.0/24 !192.0.0.0/8 !192.0.2.0/24 !2001:db8::/32", 0);
	assert_string_equal(route_refusal_format(&scene->plan.refusals[1]).text,
		"it covers 192.0.2.9, which the tunnels or the control plane need");
}

static void a_route_that_covers_the_control_plane_is_withheld(void **state)
{
	struct scene *scene = *state;
	struct prefix control_plane = prefix_of("198.51.100.1");
	scene->policy.protected_ips = &control_plane.ip;
	scene->policy.protected_ip_count = 1;
	wants(scene, "", "198.51.100.0/24 198.51.100.1 198.51.101.0/24");
	assert_plan(scene, "+198.51.101.0/24 !198.51.100.0/24 !198.51.100.1/32", 0);
}

static void a_mark_that_keeps_tunnel_packets_out_of_the_table_allows_such_a_route(void **state)
{
	struct scene *scene = *state;
	scene->policy.mark_keeps_out = scene->policy.manage_defaults = true;
	wants(scene, "192.0.2.9:51820", "192.0.2.0/24 0.0.0.0/0");
	assert_plan(scene, "+0.0.0.0/0 +192.0.2.0/24", 0);
}

static void an_endpoint_that_no_desired_state_named_decides_nothing(void **state)
{
	wants(*state, "", "192.0.2.0/24");
	keeps(*state, "192.0.2.9:1", "192.0.0.0/16");
	assert_plan(*state, "+192.0.0.0/16 +192.0.2.0/24", 0);
}

static void a_route_that_covers_two_endpoints_is_withheld_once(void **state)
{
	struct scene *scene = *state;
	wants(scene, "192.0.2.7:1", "192.0.2.0/24 10.0.0.0/8");
	wants(scene, "192.0.2.8:1", "");
	assert_plan(scene, "+10.0.0.0/8 !192.0.2.0/24", 0);
}

static void many_routes_may_be_withheld(void **state)
{
	struct scene *scene = *state;
	wants(scene, "192.0.2.7:1",
		"192.0.2.0/24 192.0.2.0/25 192.0.2.0/26 192.0.2.0/27 "
		"192.0.2.0/28 192.0.2.0/29");
	wants(scene, "", "192.0.0.0/16 192.0.0.0/17 192.0.0.0/18 192.0.0.0/19 192.0.0.0/20");
	assert_plan(scene,
		"!192.0.0.0/16 !192.0.0.0/17 !192.0.0.0/18 !192.0.0.0/19 "
		"!192.0.0.0/20 !192.0.2.0/24 !192.0.2.0/25 !192.0.2.0/26 !192.0.2.0/27 "
		"!192.0.2.0/28 !192.0.2.0/29",
		0);
}

static void an_interface_without_ipv6_gets_the_other_routes(void **state)
{
	struct scene *scene = *state;
	wants(scene, "[fd01::9]:1", "10.2.0.0/16 fd01::/64 fd02::/64 fd03::/64 ::/0");
	has(scene, ROUTE_OURS, "fd02::/64");
	has(scene, ROUTE_FOREIGN, "fd03::/64");
	scene->table.ipv6_obstacle = IPV6_OBSTACLE_DISABLED;
	assert_plan(scene, "+10.2.0.0/16 -fd02::/64", 0);
	assert_int_equal(scene->plan.ipv6_withheld_count, 4);
	assert_int_equal(scene->plan.ipv6_obstacle, IPV6_OBSTACLE_DISABLED);
}

static void so_does_one_that_is_to_have_a_small_mtu(void **state)
{
	struct scene *scene = *state;
	wants(scene, "", "10.2.0.0/16 fd02::/64");
	scene->policy.mtu = 1279;
	assert_plan(scene, "+10.2.0.0/16", 0);
	assert_int_equal(scene->plan.ipv6_withheld_count, 1);
	assert_int_equal(scene->plan.ipv6_obstacle, IPV6_OBSTACLE_MTU);
}

static void an_mtu_that_is_to_grow_lets_ipv6_in(void **state)
{
	struct scene *scene = *state;
	wants(scene, "", "10.2.0.0/16 fd02::/64");
	scene->table.ipv6_obstacle = IPV6_OBSTACLE_MTU;
	scene->policy.mtu = 1280;
	assert_plan(scene, "+10.2.0.0/16 +fd02::/64", 0);
	assert_int_equal(scene->plan.ipv6_withheld_count, 0);
}

static void each_reason_has_its_words(void **state)
{
	struct route_refusal refusal = {.reason = ROUTE_REFUSED_FOREIGN};
	assert_string_equal(
		route_refusal_format(&refusal).text, "another route has this destination");
	refusal.reason = ROUTE_REFUSED_DEFAULT;
	assert_string_equal(route_refusal_format(&refusal).text,
		"a default route goes only into a table other than main");
}

static void a_table_may_hold_many_routes(void **state)
{
	struct scene *scene = *state;
	char text[32];
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof text, "10.0.%d.0/24", 199 - i);
		has(scene, ROUTE_FOREIGN, text);
	}
	route_table_seal(&scene->table);
	assert_int_equal(scene->table.count, 200);
	assert_plan(scene, "", 0);
}

#define SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, scene_make, scene_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(every_allowed_ip_gets_a_route_and_only_once),
		SCENE_TEST(a_route_that_exists_is_not_changed),
		SCENE_TEST(an_undesired_route_of_plexwg_is_removed_and_a_foreign_one_never),
		SCENE_TEST(a_foreign_route_keeps_its_destination),
		SCENE_TEST(a_foreign_route_to_the_interface_serves_as_well),
		SCENE_TEST(a_route_of_plexwg_stays_beside_a_foreign_one),
		SCENE_TEST(a_dump_may_show_a_route_twice),
		SCENE_TEST(a_default_route_is_withheld_from_the_main_table),
		SCENE_TEST(a_default_route_goes_into_another_table),
		SCENE_TEST(a_route_that_covers_an_endpoint_is_withheld_and_names_it),
		SCENE_TEST(a_route_that_covers_the_control_plane_is_withheld),
		SCENE_TEST(a_mark_that_keeps_tunnel_packets_out_of_the_table_allows_such_a_route),
		SCENE_TEST(an_endpoint_that_no_desired_state_named_decides_nothing),
		SCENE_TEST(a_route_that_covers_two_endpoints_is_withheld_once),
		SCENE_TEST(many_routes_may_be_withheld),
		SCENE_TEST(an_interface_without_ipv6_gets_the_other_routes),
		SCENE_TEST(so_does_one_that_is_to_have_a_small_mtu),
		SCENE_TEST(an_mtu_that_is_to_grow_lets_ipv6_in),
		SCENE_TEST(each_reason_has_its_words),
		SCENE_TEST(a_table_may_hold_many_routes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
