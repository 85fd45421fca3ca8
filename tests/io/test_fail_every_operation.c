/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operation N fails, for every N, in the life of a node on the simulated controller: without
 * effect, or with effect and reported as failed, once or from then on. The error names the
 * operation and the peer; the next cycle without a fault corrects the device, and the one after it
 * has nothing left to do.
 */
#include "harness.h"

#include "curve.h"
#include "failing_controller.h"
#include "sim_controller.h"
#include "world.h"

#include <sodium.h>
#include <stdio.h>

struct node {
	struct world *world;
	struct sim_controller sim;
	struct failing failing;
};

static void node_init(struct node *node)
{
	void *state = NULL;
	*node = (struct node){0};
	sim_controller_init(&node->sim, (struct sim_recorder){0});
	assert_int_equal(world_setup(&state), 0);
	node->world = state;
	node->failing.inner = sim_controller(&node->sim);
	node->world->controller = failing_controller(&node->failing);
	node->world->config.mtu = 1380;
	key_secret_clamp(&node->world->identity.private_key);
	key_public_derive(&node->world->identity.private_key, &node->world->identity.public_key);
	world_restart(node->world);
}

static void node_deinit(struct node *node)
{
	world_teardown((void **)&node->world);
	sim_controller_deinit(&node->sim);
}

static void node_fails(
	struct node *node, unsigned from, unsigned to, enum outcome outcome, int error)
{
	node->failing.call_count = 0;
	node->failing.fail_from = from;
	node->failing.fail_to = to;
	node->failing.outcome = outcome;
	node->failing.error = error;
	node->failing.has_failed = false;
}

/*
 * The state of the control plane at first, and later: removes, updates, adds, and a prefix that
 * moves from peer-4 to peer-5.
 */
static void document_first(struct state_document *document)
{
	document_add(document, "peer-2", 2, "198.51.100.2:1", "10.0.0.2/32");
	document_add(document, "peer-3", 3, "198.51.100.3:1", "10.0.0.3/32");
	document_add(document, "peer-4", 4, "198.51.100.4:1", "10.0.0.4/32,10.9.0.0/16");
	document_add(document, "peer-5", 5, "", "10.0.0.5/32")->config.psk = secret_of(0x55);
}

static void document_later(struct state_document *document)
{
	document_add(document, "peer-2", 12, "198.51.100.2:1", "10.0.0.2/32");
	document_add(document, "peer-4", 4, "198.51.100.44:1", "10.0.0.4/32");
	document_add(document, "peer-5", 5, "", "10.0.0.5/32,10.9.0.0/16");
	document_add(document, "peer-6", 6, "198.51.100.6:1", "10.0.0.6/32")
		->config.persistent_keepalive_s = 25;
}

#define LATER                                                                                      \
	"04 endpoint=198.51.100.44:1 ips=10.0.0.4/32; 05 ips=10.0.0.5/32,10.9.0.0/16; "            \
	"06 endpoint=198.51.100.6:1 ips=10.0.0.6/32 keepalive=25; "                                \
	"0c endpoint=198.51.100.2:1 ips=10.0.0.2/32"

/* The life of a node, step by step. The text of each error is in world->error. */
static int step_setup(struct node *node)
{
	struct diag diag = {0};
	int error = manager_setup(&node->world->manager, &diag);
	strcpy(node->world->error, diag_text(&diag));
	diag_clear(&diag);
	return error;
}

static int step_cycle_first(struct node *node)
{
	struct state_document document = {0};
	document_first(&document);
	return world_cycle(node->world, &document);
}

static int step_event_added(struct node *node)
{
	return world_peer_event(node->world, "peer_added", "peer-7", 7, "", "10.0.0.7/32");
}

static int step_event_rotated(struct node *node)
{
	return world_peer_event(
		node->world, "peer_key_rotated", "peer-2", 12, "198.51.100.2:1", "10.0.0.2/32");
}

static int step_event_removed(struct node *node)
{
	return world_peer_removed_event(node->world, "peer-3");
}

static int step_cycle_not_modified(struct node *node)
{
	return world_cycle_not_modified(node->world);
}

static int step_cycle_later(struct node *node)
{
	struct state_document document = {0};
	document_later(&document);
	return world_cycle(node->world, &document);
}

static int step_teardown(struct node *node)
{
	struct diag diag = {0};
	int error = manager_teardown(&node->world->manager, &diag);
	strcpy(node->world->error, diag_text(&diag));
	diag_clear(&diag);
	return error;
}

typedef int step(struct node *node);
static step *const steps[] = {
	step_setup,
	step_cycle_first,
	step_event_added,
	step_event_rotated,
	step_event_removed,
	step_cycle_not_modified,
	step_cycle_later,
	step_teardown,
};

/* A foreign peer, which the first cycle removes. */
static void stranger_enters(struct node *node)
{
	struct sim_device *device = sim_controller_create(&node->sim, "plexd0");
	struct peer_config peer = {.public_key = key_of(9)};
	assert_non_null(device);
	assert_int_equal(sim_device_set_peer(device, &peer, PEER_FIELDS_ALL, true), 0);
}

/*
 * The step fails and names the peer. An event whose old key cannot be removed goes on, and logs it.
 */
static void assert_failure_is_told(const struct node *node, int error)
{
	const struct failing *failing = &node->failing;
	bool is_old_key =
		strcmp(failing->op, "remove peer") == 0 && !strstr(node->world->error, failing->op);
	const char *told = is_old_key ? node->world->logs : node->world->error;
	if (!is_old_key) {
		assert_int_not_equal(error, 0);
		assert_contains(told, failing->op);
	}
	assert_contains(told, "Input/output error");
	assert_contains(told, failing->peer);
}

/*
 * The link vanished during setup, and nothing reported it: Setup finds out, stops, and the next one
 * starts again.
 */
static bool is_link_lost_unnoticed(const struct node *node)
{
	enum interface_state state = node->world->manager.state;
	return node->sim.device_count == 0 && state != INTERFACE_ABSENT && state != INTERFACE_UP;
}

/* Without faults, one cycle corrects the device and the next has nothing to do. */
static void assert_converges(struct node *node)
{
	struct device device = {0};
	node_fails(node, 0, 0, OUTCOME_GOES_WELL, 0);
	if (is_link_lost_unnoticed(node))
		assert_int_equal(step_cycle_later(node), -ENODEV);
	if (step_cycle_later(node) != 0)
		fail_msg("the clean cycle fails: %s", node->world->error);
	assert_int_equal(node->sim.device_count, 1);
	assert_int_equal(sim_device_read(node->sim.devices[0], &device), 0);
	assert_string_equal(peers_text(device.peers.peers, device.peers.count).text, LATER);
	assert_true(device.up);
	assert_int_equal(device.mtu, 1380);
	assert_int_equal(device.listen_port, 51820);
	assert_true(key_public_equal(&device.public_key, &node->world->identity.public_key));
	assert_int_equal(device.address_count, 1);
	assert_string_equal(prefix_format(&device.addresses[0]).text, "10.100.0.1/32");
	device_clear(&device);
	assert_index(node->world, "peer-2=0c peer-4=04 peer-5=05 peer-6=06");
	node->failing.write_count = 0;
	assert_int_equal(world_cycle_not_modified(node->world), 0);
	assert_int_equal(node->failing.write_count, 0);
	assert_int_equal(step_teardown(node), 0);
	assert_int_equal(node->sim.device_count, 0);
}

/* Live until the step in which call N fails; false if no call did. */
static bool live_until_failure(unsigned number, enum outcome outcome, int error)
{
	struct node node;
	node_init(&node);
	stranger_enters(&node);
	node_fails(&node, number, number + 1, outcome, error);
	for (size_t i = 0; i < COUNT_OF(steps) && !node.failing.has_failed; i++) {
		world_forget_logs(node.world);
		int step_error = steps[i](&node);
		if (!node.failing.has_failed)
			assert_int_equal(step_error, 0);
		else if (error == -EIO)
			assert_failure_is_told(&node, step_error);
	}
	bool has_failed = node.failing.has_failed;
	assert_converges(&node);
	node_deinit(&node);
	return has_failed;
}

static void each_operation_may_fail_once(void **state)
{
	static const enum outcome outcomes[] = {OUTCOME_REFUSED, OUTCOME_LOST};
	static const int errors[] = {-EIO, -ENODEV, -EINTR};
	for (size_t i = 0; i < COUNT_OF(outcomes); i++)
		for (size_t j = 0; j < COUNT_OF(errors); j++) {
			unsigned number = 0;
			while (live_until_failure(number, outcomes[i], errors[j]))
				number++;
			assert_true(number > 25); /* as many operations as a life has */
		}
}

/* Live on to the end though every call from N on fails. */
static bool live_on_failing(unsigned number, enum outcome outcome, int error)
{
	struct node node;
	node_init(&node);
	stranger_enters(&node);
	node_fails(&node, number, UINT32_MAX, outcome, error);
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		bool had_failed = node.failing.has_failed;
		world_forget_logs(node.world);
		int step_error = steps[i](&node);
		if (!had_failed && node.failing.has_failed && error == -EIO)
			assert_failure_is_told(&node, step_error);
	}
	bool has_failed = node.failing.has_failed;
	assert_converges(&node);
	node_deinit(&node);
	return has_failed;
}

static void all_operations_may_fail_from_one_on(void **state)
{
	static const enum outcome outcomes[] = {OUTCOME_REFUSED, OUTCOME_LOST};
	static const int errors[] = {-EIO, -ENODEV};
	for (size_t i = 0; i < COUNT_OF(outcomes); i++)
		for (size_t j = 0; j < COUNT_OF(errors); j++) {
			unsigned number = 0;
			while (live_on_failing(number, outcomes[i], errors[j]))
				number++;
			assert_true(number > 25);
		}
}

/* One cycle in which every peer operation fails names every peer. */
static void a_cycle_names_every_peer_that_failed(void **state)
{
	struct node node;
	node_init(&node);
	stranger_enters(&node);
	assert_int_equal(step_setup(&node), 0);
	node_fails(&node, 1, UINT32_MAX, OUTCOME_REFUSED, -EIO); /* the read succeeds */
	assert_int_not_equal(step_cycle_first(&node), 0);
	struct key_public stranger = key_of(9);
	static const char *const named[] = {"add peer peer-2: ", "add peer peer-3: ",
		"add peer peer-4: ", "add peer peer-5: ", "remove peer "};
	for (size_t i = 0; i < COUNT_OF(named); i++)
		assert_contains(node.world->error, named[i]);
	assert_contains(node.world->error, key_public_format(&stranger).text);
	assert_int_equal(node.failing.call_count, 6);
	assert_converges(&node);
	node_deinit(&node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_operation_may_fail_once),
		cmocka_unit_test(all_operations_may_fail_from_one_on),
		cmocka_unit_test(a_cycle_names_every_peer_that_failed),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
