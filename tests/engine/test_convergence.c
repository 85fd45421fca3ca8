/* SPDX-License-Identifier: Apache-2.0 */
/* An operation that is acknowledged and takes no effect, cycle after cycle, is reported. */
#include "harness.h"

#include "converged.h"

/* Another program that removes peer 2 before each read: the cycle sees an add without effect. */
static void put_away(void *impl, const char *op)
{
	if (strcmp(op, "read_device") == 0)
		fake_drop_peer(impl, 2);
}

static void the_same_operation_in_too_many_cycles_fails_the_cycle_and_is_logged(void **state)
{
	struct world *world = *state;
	assert_int_equal(world_cycle_not_modified(world), 0);
	world->fake.before_call = put_away;
	world->fake.before_call_impl = &world->fake;
	for (unsigned i = 1; i < CONVERGENCE_CYCLES_MAX; i++) {
		assert_int_equal(world_cycle_not_modified(world), 0);
		assert_calls(world, "add_peer 02");
	}
	for (unsigned i = 0; i < 3; i++) {
		assert_int_not_equal(world_cycle_not_modified(world), 0);
		assert_contains(world->error, "peer-2");
		assert_lacks(world->error, "peer-3");
		assert_logged(world, "error ");
		assert_logged(world, "peer-2");
	}
	world->fake.before_call = NULL;
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_int_equal(world_cycle_not_modified(world), 0);
}

static void a_cycle_without_the_operation_restarts_the_count(void **state)
{
	struct world *world = *state;
	assert_int_equal(world_cycle_not_modified(world), 0);
	for (unsigned i = 0; i < 3 * CONVERGENCE_CYCLES_MAX; i++) {
		bool disturbed = (i + 1) % CONVERGENCE_CYCLES_MAX != 0;
		if (disturbed)
			fake_drop_peer(&world->fake, 2);
		assert_int_equal(world_cycle_not_modified(world), 0);
	}
}

static void different_operations_on_one_peer_are_no_repetition(void **state)
{
	struct world *world = *state;
	for (unsigned char i = 0; i < 3 * CONVERGENCE_CYCLES_MAX; i++) {
		struct key_public key = key_of(2);
		struct fake_peer *peer = fake_find(&world->fake, &key);
		assert_non_null(peer);
		if (i % 2)
			peer->config.persistent_keepalive_s = 9;
		else
			peer->config.psk = secret_of(9);
		assert_int_equal(world_cycle_not_modified(world), 0);
		assert_calls(world,
			i % 2 ? "update_peer 02 persistent_keepalive" : "update_peer 02 psk");
	}
}

/* Each is reported with its own error. */
static void operations_that_fail_do_not_count(void **state)
{
	struct world *world = *state;
	fake_drop_peer(&world->fake, 2);
	fails(world, "add_peer", 2, -EIO, 2 * CONVERGENCE_CYCLES_MAX);
	for (unsigned i = 0; i < 2 * CONVERGENCE_CYCLES_MAX; i++) {
		assert_int_not_equal(world_cycle_not_modified(world), 0);
		assert_string_equal(
			world->error, "wireguard: reconcile: add peer peer-2: Input/output error");
	}
	assert_int_equal(world_cycle_not_modified(world), 0);
}

/* Another program that adds an undesired peer before each read. */
static void put_there(void *impl, const char *op)
{
	struct peer_config peer = {.public_key = key_of(9)};
	if (strcmp(op, "read_device") == 0)
		fake_set_peer(impl, &peer);
}

static void a_peer_that_comes_back_again_and_again_is_named_by_its_key(void **state)
{
	struct world *world = *state;
	world->fake.before_call = put_there;
	world->fake.before_call_impl = &world->fake;
	for (unsigned i = 1; i < CONVERGENCE_CYCLES_MAX; i++)
		assert_int_equal(world_cycle_not_modified(world), 0);
	assert_int_not_equal(world_cycle_not_modified(world), 0);
	assert_contains(world->error, "remove peer CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=: "
				      "acknowledged in 4 cycles in a row");
}

/* Peers go with their interface: adding them again is no repetition. */
static void an_interface_that_is_deleted_repeatedly_gets_its_peers_each_time(void **state)
{
	struct world *world = *state;
	for (unsigned i = 0; i < 2 * CONVERGENCE_CYCLES_MAX; i++) {
		fake_drop_interface(&world->fake);
		assert_int_equal(world_cycle_not_modified(world), 0);
		assert_calls(world, SET_UP "; add_peer 02; add_peer 03");
	}
	assert_not_logged(world, "does not converge");
}

/* What a cycle that sets peer 2's preshared key stores of it. */
static uint64_t psk_digest(struct world *world)
{
	const struct convergence *convergence = &world->reconciler.convergence;
	struct key_public key = key_of(2);
	fake_find(&world->fake, &key)->config.psk = secret_of(9);
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_int_equal(convergence->count, 1);
	assert_int_equal(convergence->ops[0].fields, 1u << PEER_FIELD_BIT_PSK);
	return convergence->ops[0].wanted[PEER_FIELD_BIT_PSK];
}

static void a_preshared_key_leaves_a_digest_that_only_the_owner_can_make(void **state)
{
	struct world *world = *state;
	struct convergence *convergence = &world->reconciler.convergence;
	assert_int_equal(world_cycle_not_modified(world), 0);
	uint64_t without = psk_digest(world);
	memset(&convergence->key, 7, sizeof convergence->key);
	uint64_t with = psk_digest(world);
	assert_true(without != with);
	/* The digest key stays, or no repetition would be found. */
	convergence_clear(convergence);
	assert_true(psk_digest(world) == with);
	assert_true(psk_digest(world) == with);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONVERGED_TEST(the_same_operation_in_too_many_cycles_fails_the_cycle_and_is_logged),
		CONVERGED_TEST(a_cycle_without_the_operation_restarts_the_count),
		CONVERGED_TEST(different_operations_on_one_peer_are_no_repetition),
		CONVERGED_TEST(operations_that_fail_do_not_count),
		CONVERGED_TEST(a_peer_that_comes_back_again_and_again_is_named_by_its_key),
		CONVERGED_TEST(a_preshared_key_leaves_a_digest_that_only_the_owner_can_make),
		CONVERGED_TEST(an_interface_that_is_deleted_repeatedly_gets_its_peers_each_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
