/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocation N fails, for every N, once or from then on: nothing crashes or leaks, everything left
 * half done is reported, and the next cycle with memory corrects the device.
 */
#include "harness.h"

#include "failing_memory.h"
#include "fake_router.h"
#include "world.h"

#define WANTED                                                                                     \
	"02 endpoint=198.51.100.2:1 ips=10.0.0.2/32 psk=33; 03 ips=10.0.0.3/32; "                  \
	"04 ips=10.0.0.4/32,10.4.0.0/16"

/*
 * Peers to add, to update, and in conflict, also with the node; one unusable entry retains peer 8.
 */
static void document_make(struct state_document *document)
{
	document_add(document, "peer-2", 2, "198.51.100.2:1", "10.0.0.2/32")->config.psk =
		secret_of(0x33);
	document_add(document, "peer-3", 3, "", "10.0.0.3/32");
	document_add(document, "peer-4", 4, "", "10.0.0.4/32,10.4.0.0/16," WORLD_MESH_IP);
	document_add(document, "peer-5", 4, "", "10.0.0.5/32");
	document_add(document, "peer-6", WORLD_OWN_KEY, "", "10.0.0.6/32");
	document_add(document, "peer-6", 6, "", "10.0.0.6/32");
}

static struct world *world_with_strangers(struct fake_router *router)
{
	void *state = NULL;
	assert_int_equal(world_setup(&state), 0);
	struct world *world = state;
	*router = (struct fake_router){0};
	world->manager.router = fake_router(router);
	assert_int_equal(manager_setup(&world->manager, NULL), 0);
	world_set_peer(world, 3, "", "10.0.0.2/32");
	world_set_peer(world, 8, "", "10.0.0.8/32");
	world_set_peer(world, 9, "", "10.0.0.9/32");
	return world;
}

/* With memory again: a cycle that converges, and one with nothing left to do. */
static void assert_converges(struct world *world, const struct fake_router *router)
{
	struct state_document document = {0};
	document_make(&document);
	assert_int_equal(world_cycle(world, &document), 0);
	assert_peers(world, WANTED);
	assert_index(world, "peer-2=02 peer-3=03 peer-4=04");
	assert_routes(router, "10.0.0.2/32 10.0.0.3/32 10.0.0.4/32 10.4.0.0/16");
	fake_forget_calls(&world->fake);
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_calls(world, "");
}

static void a_cycle_survives_each_allocation_that_fails(void **state)
{
	for (unsigned for_good = 0; for_good < 2; for_good++) {
		unsigned spared = 0;
		bool has_failed;
		do {
			struct fake_router router;
			struct world *world = world_with_strangers(&router);
			struct state_document document = {0};
			document_make(&document);
			document_add_unusable(&document, "peer-8", 8, "peers[6]: bad");
			failing_memory_arm(spared, for_good);
			int error = world_cycle(world, &document);
			has_failed = failing_memory_disarm();
			state_document_clear(&document);
			assert_int_not_equal(error, 0); /* the entry alone fails the cycle */
			assert_converges(world, &router);
			world_teardown((void **)&world);
			spared++;
		} while (has_failed);
		assert_true(spared > 20);
	}
}

static void a_cycle_that_lost_memory_fails_or_is_complete(void **state)
{
	unsigned spared = 0;
	bool has_failed;
	do {
		struct fake_router router;
		struct world *world = world_with_strangers(&router);
		struct state_document document = {0};
		document_make(&document);
		failing_memory_arm(spared, false);
		int error = world_cycle(world, &document);
		has_failed = failing_memory_disarm();
		if (error == 0)
			assert_peers(world, WANTED);
		assert_converges(world, &router);
		world_teardown((void **)&world);
		spared++;
	} while (has_failed);
	assert_true(spared > 20);
}

static void events_survive_each_allocation_that_fails(void **state)
{
	unsigned spared = 0;
	bool has_failed;
	do {
		struct fake_router router;
		struct world *world = world_with_strangers(&router);
		struct event_dispatcher dispatcher = world_dispatcher(world);
		struct state_document document = {0};
		document_make(&document);
		const char *payload = (const char *)&document.entries[2];
		struct event_delivery delivery = {0};
		dispatcher.delivery = &delivery;
		failing_memory_arm(spared, false);
		event_dispatch(&dispatcher, "peer_added", payload, 0, NULL);
		event_dispatch(&dispatcher, "peer_endpoint_changed", payload, 0, NULL);
		event_dispatch(&dispatcher, "peer_key_rotated", (const char *)&document.entries[3],
			0, NULL);
		event_dispatch(&dispatcher, "peer_removed", "peer-4", 0, NULL);
		has_failed = failing_memory_disarm();
		state_document_clear(&document);
		assert_converges(world, &router);
		world_teardown((void **)&world);
		spared++;
	} while (has_failed);
	assert_true(spared > 10);
}

/* The reason of a failed operation cannot be stored: it counts as a failure all the same. */
static void operations_that_fail_survive_each_allocation_that_fails(void **state)
{
	unsigned spared = 0;
	bool has_failed;
	do {
		struct fake_router router;
		struct world *world = world_with_strangers(&router);
		struct state_document document = {0};
		document_make(&document);
		fake_fail(&world->fake,
			(struct fake_fault){.op = "add_peer", .key = 2, .error = -EIO, .times = 1});
		failing_memory_arm(spared, false);
		int error = world_cycle(world, &document);
		has_failed = failing_memory_disarm();
		assert_int_not_equal(error, 0);
		world->fake.fault_count = 0;
		assert_converges(world, &router);
		world_teardown((void **)&world);
		spared++;
	} while (has_failed);
	assert_true(spared > 20);
}

static bool believe(void *impl, const struct key_public *key, const char *message, size_t length,
	const uint8_t signature[SIGNATURE_BYTES])
{
	return true;
}

/* An event whose nonce cannot be stored is not accepted: it could be replayed. */
static void an_event_whose_nonce_cannot_be_stored_gets_no_verdict(void **state)
{
	unsigned spared = 0;
	bool has_failed;
	do {
		struct signing_keys keys = {.current = key_of(1)};
		struct verifier verifier;
		verifier_init(&verifier,
			&(struct verifier_config){.check = {.verify = believe}, .keys = keys});
		struct envelope envelope = {.event_type = {"x", 1},
			.event_id = {"e", 1},
			.nonce = {"n", 1},
			.has_issued_at = true,
			.has_signature = true,
			.signature_is_sound = true};
		failing_memory_arm(spared, false);
		enum verdict verdict =
			verifier_check(&verifier, &envelope, (struct moment){0}, NULL);
		has_failed = failing_memory_disarm();
		assert_int_equal(verdict, has_failed ? VERDICT_FAULT : VERDICT_ACCEPTED);
		assert_int_equal(verifier_check(&verifier, &envelope, (struct moment){0}, NULL),
			has_failed ? VERDICT_ACCEPTED : VERDICT_DUPLICATE_NONCE);
		verifier_deinit(&verifier);
		spared++;
	} while (has_failed);
	assert_true(spared > 1);
}

/* Nor is an event whose order could not be stored; whether its nonce was stored is left open. */
static void an_event_whose_order_cannot_be_stored_is_not_handled(void **state)
{
	unsigned spared = 0;
	bool has_failed;
	do {
		struct verifier verifier;
		struct trust_record record = {.kind = TRUST_NEWEST, .text = "a", .length = 1};
		verifier_init(&verifier, &(struct verifier_config){.check = {.verify = believe}});
		failing_memory_arm(spared, false);
		enum verdict verdict =
			verifier_take_turn(&verifier, "a", 0, (struct moment){0}, NULL);
		int error = verdict == VERDICT_FAULT ? -ENOMEM : (int)verdict;
		if (!error)
			error = verifier_restore(&verifier, &record);
		has_failed = failing_memory_disarm();
		assert_int_equal(error, has_failed ? -ENOMEM : 0);
		assert_int_equal(verifier.newest.count, !has_failed);
		verifier_deinit(&verifier);
		spared++;
	} while (has_failed);
	assert_true(spared > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cycle_survives_each_allocation_that_fails),
		cmocka_unit_test(a_cycle_that_lost_memory_fails_or_is_complete),
		cmocka_unit_test(operations_that_fail_survive_each_allocation_that_fails),
		cmocka_unit_test(events_survive_each_allocation_that_fails),
		cmocka_unit_test(an_event_whose_nonce_cannot_be_stored_gets_no_verdict),
		cmocka_unit_test(an_event_whose_order_cannot_be_stored_is_not_handled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
