/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocation N fails, for every N, in parts of a cycle that whole ones reach rarely: each returns
 * -ENOMEM and leaves its result unchanged.
 */
#include "harness.h"

#include "allowed_ip_history.h"
#include "asked.h"
#include "controller.h"
#include "failing_memory.h"
#include "reconcile_routes.h"
#include "removal_guard.h"

#include <stdio.h>

typedef int attempt(void *impl);

/* Repeat until no allocation fails. Returns how many there were. */
static unsigned fails_at_each(attempt *try, void *impl)
{
	unsigned spared = 0;
	bool has_failed;
	do {
		failing_memory_arm(spared++, false);
		int error = try(impl);
		has_failed = failing_memory_disarm();
		assert_int_equal(error, has_failed ? -ENOMEM : 0);
	} while (has_failed);
	return spared - 1;
}

static int try_to_resolve(void *impl)
{
	struct asked *asked = impl;
	struct desired desired = {0}, zero = {0};
	struct desired_input input = {
		.document = &asked->document,
		.actual = &asked->actual,
		.identity = &asked->identity,
	};
	int error = desired_resolve(&input, &desired);
	if (error)
		assert_memory_equal(&desired, &zero, sizeof zero);
	desired_clear(&desired);
	return error;
}

/* Each kind of conflict alone, so that it is the first to need memory. */
static void two_entries_with_one_id(void **state)
{
	struct asked *asked = *state;
	asked_wants(asked, "a", 2, "");
	asked_wants(asked, "a", 3, "");
	assert_true(fails_at_each(try_to_resolve, asked) > 5);
}

static void two_ids_with_one_key(void **state)
{
	struct asked *asked = *state;
	asked_wants(asked, "a", 2, "");
	asked_wants(asked, "b", 2, "");
	assert_true(fails_at_each(try_to_resolve, asked) > 5);
}

static void two_ids_with_one_prefix(void **state)
{
	struct asked *asked = *state;
	asked_wants(asked, "a", 2, "10.0.0.0/8");
	asked_wants(asked, "b", 3, "10.0.0.0/8,10.1.0.0/16");
	assert_true(fails_at_each(try_to_resolve, asked) > 5);
}

static void a_peer_with_the_node_s_id(void **state)
{
	struct asked *asked = *state;
	asked_wants(asked, WORLD_NODE_ID, 2, "");
	assert_true(fails_at_each(try_to_resolve, asked) > 5);
}

static void a_peer_with_the_node_s_address(void **state)
{
	struct asked *asked = *state;
	asked_wants(asked, "a", 2, WORLD_MESH_IP);
	assert_true(fails_at_each(try_to_resolve, asked) > 5);
}

static void a_retained_peer_without_an_id_that_has_a_desired_prefix(void **state)
{
	struct asked *asked = *state;
	device_has(asked, NULL, 7, "10.0.0.0/8");
	spoilt(asked, NULL, 7);
	asked_wants(asked, "b", 3, "10.0.0.0/8");
	assert_true(fails_at_each(try_to_resolve, asked) > 5);
}

static void more_conflicts_than_one_block_holds(void **state)
{
	struct asked *asked = *state;
	for (int i = 0; i < 40; i++)
		asked_wants(asked, "a", 2, "");
	assert_true(fails_at_each(try_to_resolve, asked) > 8);
}

/* Prefixes and a name so long that each needs a block of its own. */
#define PREFIX_COUNT 300

struct long_event {
	struct prefix prefixes[PREFIX_COUNT];
	char host[ENDPOINT_HOST_MAX + 1];
	struct peer_entry entry;
};

static int try_to_note(void *impl)
{
	const struct long_event *event = impl;
	struct pending_events pending = {0};
	int error = pending_events_set(&pending, &event->entry);
	assert_int_equal(pending.count, error ? 0 : 1);
	pending_events_clear(&pending);
	return error;
}

static void an_event_that_cannot_be_stored_is_not_handled(void **state)
{
	struct long_event event = {.entry = {.id = "a", .config = {.id = "a"}}};
	struct peer_config *config = &event.entry.config;
	memset(event.host, 'h', ENDPOINT_HOST_MAX);
	config->endpoint = (struct endpoint){.kind = ENDPOINT_NAME, .host = event.host, .port = 1};
	config->allowed_ips = event.prefixes;
	config->allowed_ip_count = PREFIX_COUNT;
	assert_true(fails_at_each(try_to_note, &event) >= 5);
}

static int try_to_remember(void *impl)
{
	struct endpoint_history memory = {0};
	struct key_public key = key_of(2);
	struct endpoint endpoint = endpoint_of("198.51.100.2:1");
	int error = endpoint_history_failed(&memory, &key, &endpoint);
	assert_int_equal(memory.added == NULL, error != 0);
	endpoint_history_clear(&memory);
	return error;
}

static void an_endpoint_that_stays_due_needs_memory(void **state)
{
	assert_int_equal(fails_at_each(try_to_remember, NULL), 2);
}

/* Peers with endpoints, routes of other programs, and an address that must stay reachable. */
struct routing {
	struct asked *asked;
	struct route_table table;
	struct route_policy policy;
};

static int read_routes(
	void *impl, const char *interface, struct route_table *ret, struct diag *diag)
{
	const struct routing *routing = impl;
	struct route_table copy = {0};
	int error = 0;
	for (size_t i = 0; !error && i < routing->table.count; i++)
		error = route_table_append(&copy, &routing->table.routes[i]);
	if (error)
		route_table_clear(&copy);
	else
		*ret = copy;
	return error;
}

static int try_to_plan_routes(void *impl)
{
	static const struct router_ops ops = {.read_routes = read_routes};
	struct routing *routing = impl;
	const struct router router = {.ops = &ops, .impl = routing};
	struct plan plan = {.desired = {.peers = routing->asked->actual}};
	struct route_plan routes = {0}, zero = {0};
	int error =
		reconcile_routes_plan(&router, &routing->policy, "plexd0", &plan, &routes, NULL);
	if (error)
		assert_memory_equal(&routes, &zero, sizeof zero);
	route_plan_clear(&routes);
	return error;
}

static void routes_fail_at_each(struct routing *routing)
{
	assert_int_equal(peer_table_seal(&routing->asked->actual, NULL), 0);
	route_table_seal(&routing->table);
	assert_true(fails_at_each(try_to_plan_routes, routing) >= 5);
	route_table_clear(&routing->table);
}

/* Withheld routes need memory too, for each of the reasons; desired ones follow them. */
static void default_routes_that_are_withheld(void **state)
{
	struct routing routing = {.asked = *state};
	device_has(routing.asked, NULL, 7, "0.0.0.0/0,10.0.0.0/8");
	routes_fail_at_each(&routing);
}

static void routes_withheld_from_what_covers_an_endpoint(void **state)
{
	struct routing routing = {.asked = *state};
	device_has(routing.asked, NULL, 7, "10.0.0.0/8");
	device_has(routing.asked, NULL, 8, "");
	routing.asked->actual.peers[0].endpoint = endpoint_of("10.0.0.1:1");
	routing.asked->actual.peers[1].endpoint = endpoint_of("10.0.0.2:1");
	routes_fail_at_each(&routing);
}

static void routes_withheld_from_what_covers_the_control_plane(void **state)
{
	struct ip protected[] = {ip_of("10.0.0.1"), ip_of("10.0.0.2")};
	struct routing routing = {.asked = *state,
		.policy = {.protected_ips = protected, .protected_ip_count = COUNT_OF(protected)}};
	device_has(routing.asked, NULL, 7, "10.0.0.0/8");
	routes_fail_at_each(&routing);
}

static void routes_withheld_where_another_program_has_one(void **state)
{
	struct routing routing = {.asked = *state};
	struct route route = {.destination = prefix_of("10.0.0.0/8"), .owner = ROUTE_FOREIGN};
	assert_int_equal(route_table_append(&routing.table, &route), 0);
	device_has(routing.asked, NULL, 7, "10.0.0.0/8,10.1.0.0/16");
	routes_fail_at_each(&routing);
}

/* Another peer with claims of its own. What could not be claimed can be claimed later. */
static int try_to_claim_routes(void *impl)
{
	struct asked *asked = impl;
	const struct peer_config *peers[] = {&asked->actual.peers[0], &asked->actual.peers[1]};
	struct route_policy policy = {0};
	struct route_plan plan = {0};
	struct route_claims claims = {0};
	int error = route_claims_load(&claims, peers, 1, 1, NULL, 0);
	if (!error)
		error = route_claims_set(&claims, peers[1], &policy, &plan);
	if (error) {
		assert_true(!plan.adds && !plan.removes);
		failing_memory_pause();
		assert_int_equal(route_claims_set(&claims, peers[1], &policy, &plan), 0);
		assert_int_equal(plan.add_count, 2);
		failing_memory_resume();
	}
	route_plan_clear(&plan);
	if (!error)
		error = route_claims_drop(&claims, &peers[1]->public_key, &plan);
	if (error)
		assert_null(plan.removes);
	route_plan_clear(&plan);
	route_claims_clear(&claims);
	return error;
}

static void routes_that_an_event_brings_need_memory(void **state)
{
	struct asked *asked = *state;
	device_has(asked, NULL, 2, "10.0.0.0/8");
	device_has(asked, NULL, 3, "10.1.0.0/16,10.2.0.0/16");
	assert_int_equal(peer_table_seal(&asked->actual, NULL), 0);
	asked->actual.peers[1].endpoint = endpoint_of("192.0.2.9:1");
	assert_true(fails_at_each(try_to_claim_routes, asked) >= 9);
}

static int try_to_list_routes(void *impl)
{
	struct route_table table = {0};
	struct route route = {.destination = prefix_of("10.0.0.0/8")};
	int error = 0;
	for (int i = 0; !error && i < 200; i++)
		error = route_table_append(&table, &route);
	route_table_clear(&table);
	return error;
}

static void a_table_of_routes_reports_when_out_of_memory(void **state)
{
	assert_true(fails_at_each(try_to_list_routes, NULL) > 1);
}

static void an_answer_that_cannot_be_compared_confirms_nothing(void **state)
{
	struct asked *asked = *state;
	asked_wants(asked, "a", 2, "");
	for (unsigned spared = 0; spared < 3; spared++) {
		struct removal_guard guard = {.max_percent = 50};
		failing_memory_arm(spared, false);
		removal_guard_document(&guard, &asked->document, &asked->document);
		assert_int_equal(guard.is_confirmed, !failing_memory_disarm());
	}
}

/* Returns whether the peer is known, and without allowed IPs. */
static bool is_known_to_have_none(const struct allowed_ip_history *memory, unsigned char key)
{
	struct key_public wanted = key_of(key);
	uint32_t count = 0;
	struct prefix *known = allowed_ip_history_recall(memory, &wanted, &count);
	assert_int_equal(count, 0);
	free(known);
	return known;
}

/* Peer 2 loses its prefix to 3, and 3 may have lost its own to 4. */
static void allowed_ips_that_cannot_be_stored_are_forgotten(void **state)
{
	struct asked *asked = *state;
	struct arena arena = {0};
	struct peer_config mover = peer_of(&arena, 3, "", "10.0.0.2/32,10.0.0.3/32");
	struct peer_config failed = peer_of(&arena, 4, "", "10.0.0.3/32,10.0.0.4/32");
	struct peer_config removed = peer_of(&arena, 5, "", "");
	const struct peer_op op = {.kind = PEER_OP_ADD, .desired = &mover};
	const struct peer_diff diff = {.ops = (struct peer_op *)&op, .add_count = 1};
	const struct peer_op_result failure = {.error = -EIO};
	device_has(asked, NULL, 2, "10.0.0.2/32");
	device_has(asked, NULL, 4, "");
	assert_int_equal(peer_table_seal(&asked->actual, NULL), 0);
	for (unsigned for_good = 0; for_good < 2; for_good++) {
		unsigned spared = 0;
		bool has_failed;
		do {
			struct allowed_ip_history memory = {0};
			failing_memory_arm(spared++, for_good);
			allowed_ip_history_load(&memory, &asked->actual, &diff, &failure);
			allowed_ip_history_set(&memory, &mover);
			allowed_ip_history_forget(&memory, &removed.public_key);
			allowed_ip_history_fail(&memory, &failed);
			(void)is_known_to_have_none(&memory, 2);
			has_failed = failing_memory_disarm();
			bool is_known = is_known_to_have_none(&memory, 2);
			assert_true(is_known || has_failed);
			assert_false(is_known_to_have_none(&memory, 3));
			assert_false(is_known_to_have_none(&memory, 4));
			allowed_ip_history_clear(&memory);
		} while (has_failed);
		assert_true(spared > 12);
	}
	arena_clear(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ASKED_TEST(two_entries_with_one_id),
		ASKED_TEST(two_ids_with_one_key),
		ASKED_TEST(two_ids_with_one_prefix),
		ASKED_TEST(a_peer_with_the_node_s_id),
		ASKED_TEST(a_peer_with_the_node_s_address),
		ASKED_TEST(a_retained_peer_without_an_id_that_has_a_desired_prefix),
		ASKED_TEST(more_conflicts_than_one_block_holds),
		cmocka_unit_test(an_event_that_cannot_be_stored_is_not_handled),
		cmocka_unit_test(an_endpoint_that_stays_due_needs_memory),
		ASKED_TEST(default_routes_that_are_withheld),
		ASKED_TEST(routes_withheld_from_what_covers_an_endpoint),
		ASKED_TEST(routes_withheld_from_what_covers_the_control_plane),
		ASKED_TEST(routes_withheld_where_another_program_has_one),
		ASKED_TEST(routes_that_an_event_brings_need_memory),
		cmocka_unit_test(a_table_of_routes_reports_when_out_of_memory),
		ASKED_TEST(an_answer_that_cannot_be_compared_confirms_nothing),
		ASKED_TEST(allowed_ips_that_cannot_be_stored_are_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
