/* SPDX-License-Identifier: Apache-2.0 */
/* Setup and Teardown from every state, whatever fails. */
#include "harness.h"

#include "world.h"

/* A world with or without an MTU, in the state that Setup reaches after so many actions. */
static struct world *world_in(enum interface_state wanted, int mtu)
{
	void *state = NULL;
	assert_int_equal(world_setup(&state), 0);
	struct world *world = state;
	world->config.mtu = mtu;
	world_restart(world);
	if (wanted != INTERFACE_UP) {
		/* Created, addressed and sized are reached by failing at the action after. */
		static const char *const next[] = {[INTERFACE_ABSENT] = "create_interface",
			[INTERFACE_CREATED] = "configure_address",
			[INTERFACE_ADDRESSED] = "set_mtu",
			[INTERFACE_SIZED] = "set_interface_up"};
		fake_fail(&world->fake,
			(struct fake_fault){
				.op = next[wanted], .key = -1, .error = -EIO, .times = 1});
		assert_int_equal(manager_setup(&world->manager, NULL), -EIO);
	} else {
		assert_int_equal(manager_setup(&world->manager, NULL), 0);
	}
	assert_int_equal(world->manager.state, wanted);
	world->fake.fault_count = 0;
	fake_forget_calls(&world->fake);
	return world;
}

static bool state_is_reachable(enum interface_state wanted, int mtu)
{
	return wanted != INTERFACE_ADDRESSED || mtu > 0; /* without an MTU nothing can fail there */
}

static const char *const tails[2][INTERFACE_STATE_COUNT] = {
	{
		[INTERFACE_ABSENT] = "create_interface plexd0 51820; configure_address plexd0 "
				     "10.100.0.1/32; set_interface_up plexd0",
		[INTERFACE_CREATED] =
			"configure_address plexd0 10.100.0.1/32; set_interface_up plexd0",
		[INTERFACE_SIZED] = "set_interface_up plexd0",
		[INTERFACE_UP] = "",
	},
	{
		[INTERFACE_ABSENT] = "create_interface plexd0 51820; configure_address plexd0 "
				     "10.100.0.1/32; set_mtu plexd0 1380; set_interface_up plexd0",
		[INTERFACE_CREATED] =
			"configure_address plexd0 10.100.0.1/32; set_mtu plexd0 1380; "
			"set_interface_up plexd0",
		[INTERFACE_ADDRESSED] = "set_mtu plexd0 1380; set_interface_up plexd0",
		[INTERFACE_SIZED] = "set_interface_up plexd0",
		[INTERFACE_UP] = "",
	},
};

static void setup_goes_on_from_the_state_it_is_in(void **state)
{
	for (int sized = 0; sized < 2; sized++)
		for (int i = 0; i < INTERFACE_STATE_COUNT; i++) {
			int mtu = sized ? 1380 : 0;
			if (!state_is_reachable((enum interface_state)i, mtu))
				continue;
			struct world *world = world_in((enum interface_state)i, mtu);
			assert_int_equal(manager_setup(&world->manager, NULL), 0);
			assert_int_equal(world->manager.state, INTERFACE_UP);
			assert_calls(world, tails[sized][i]);
			world_teardown((void **)&world);
		}
}

/* The device is complete: the purpose of Setup. */
static void assert_is_set_up(const struct world *world, int mtu)
{
	assert_int_equal(world->manager.state, INTERFACE_UP);
	assert_true(world->fake.exists && world->fake.up);
	assert_int_equal(world->fake.public_key.bytes[0], WORLD_OWN_KEY);
	assert_int_equal(world->fake.listen_port, 51820);
	assert_int_equal(world->fake.mtu, mtu ? mtu : 1420);
	assert_int_equal(world->fake.address_count, 1);
	assert_string_equal(prefix_format(&world->fake.addresses[0]).text, "10.100.0.1/32");
}

/* One Setup that fails at its Nth action, or because the link is gone then. */
#define WAY_COUNT 8

static void setup_in_the_way(struct world *world, unsigned way)
{
	bool loses_link = way % 2;
	enum interface_state before = world->manager.state;
	struct diag diag = {0};
	world->fake.fault_count = 0;
	fake_fail(&world->fake, (struct fake_fault){.key = -1,
					.error = loses_link ? -ENODEV : -EBUSY,
					.spared = way / 2,
					.times = 1,
					.loses_link = loses_link});
	int error = manager_setup(&world->manager, &diag);
	if (error) {
		assert_contains(diag_text(&diag), "wireguard: setup: ");
		if (loses_link)
			assert_int_equal(world->manager.state, INTERFACE_ABSENT);
		else
			assert_true(world->manager.state >= before);
		assert_int_not_equal(world->manager.state, INTERFACE_UP);
	} else {
		assert_int_equal(world->manager.state, INTERFACE_UP);
	}
	diag_clear(&diag);
}

static void setup_reaches_up_after_every_sequence_of_failures(void **state)
{
	for (unsigned code = 0; code < WAY_COUNT * WAY_COUNT * WAY_COUNT; code++)
		for (int i = 0; i < 2 * INTERFACE_STATE_COUNT; i++) {
			enum interface_state from = (enum interface_state)(i / 2);
			int mtu = i % 2 ? 1380 : 0;
			if (!state_is_reachable(from, mtu))
				continue;
			struct world *world = world_in(from, mtu);
			setup_in_the_way(world, code % WAY_COUNT);
			setup_in_the_way(world, code / WAY_COUNT % WAY_COUNT);
			setup_in_the_way(world, code / WAY_COUNT / WAY_COUNT);
			world->fake.fault_count = 0;
			assert_int_equal(manager_setup(&world->manager, NULL), 0);
			assert_is_set_up(world, mtu);
			world_teardown((void **)&world);
		}
}

static void a_failure_names_the_action_and_the_error_of_the_system(void **state)
{
	static const struct {
		const char *op, *text;
		enum interface_state stays;
	} failures[] = {
		{"create_interface", "wireguard: setup: create interface: Operation not permitted",
			INTERFACE_ABSENT},
		{"configure_address",
			"wireguard: setup: configure address: Operation not permitted",
			INTERFACE_CREATED},
		{"set_mtu", "wireguard: setup: set MTU: Operation not permitted",
			INTERFACE_ADDRESSED},
		{"set_interface_up", "wireguard: setup: set interface up: Operation not permitted",
			INTERFACE_SIZED},
	};
	for (size_t i = 0; i < COUNT_OF(failures); i++) {
		struct world *world = world_in(INTERFACE_ABSENT, 1380);
		struct diag diag = {0};
		fake_fail(&world->fake,
			(struct fake_fault){
				.op = failures[i].op, .key = -1, .error = -EPERM, .times = 1});
		assert_int_equal(manager_setup(&world->manager, &diag), -EPERM);
		assert_string_equal(diag_text(&diag), failures[i].text);
		assert_int_equal(world->manager.state, failures[i].stays);
		diag_clear(&diag);
		world_teardown((void **)&world);
	}
}

static int create_with_words(void *impl, const char *name, const struct key_secret *private_key,
	uint16_t listen_port, struct diag *diag)
{
	int error = fake_controller(impl, false)
			    .ops->create_interface(impl, name, private_key, listen_port, diag);
	diag_fail(diag, -ENODEV, "there was none yet");
	return error;
}

static int configure_without_words(void *impl, const char *name, const struct prefix *address,
	bool keep_others, struct diag *diag)
{
	return -EPERM;
}

static void a_text_that_a_controller_leaves_on_success_is_in_no_later_error(void **state)
{
	struct world *world = world_in(INTERFACE_ABSENT, 0);
	struct controller_ops ops = *world->controller.ops;
	struct diag diag = {0};
	ops.create_interface = create_with_words;
	ops.configure_address = configure_without_words;
	world->controller.ops = &ops;
	world_restart(world);
	assert_int_equal(manager_setup(&world->manager, &diag), -EPERM);
	assert_string_equal(diag_text(&diag), "wireguard: setup: configure address");
	diag_clear(&diag);
	world_teardown((void **)&world);
}

static void teardown_from_each_state_leads_to_absent(void **state)
{
	for (int i = 0; i < INTERFACE_STATE_COUNT; i++) {
		struct world *world = world_in((enum interface_state)i, 1380);
		struct diag diag = {0};
		fake_fail(&world->fake,
			(struct fake_fault){
				.op = "delete_interface", .key = -1, .error = -EPERM, .times = 1});
		assert_int_equal(manager_teardown(&world->manager, &diag), -EPERM);
		assert_string_equal(diag_text(&diag),
			"wireguard: teardown: delete interface: Operation not permitted");
		assert_int_equal(world->manager.state, i);
		diag_clear(&diag);
		assert_int_equal(manager_teardown(&world->manager, &diag), 0);
		assert_int_equal(world->manager.state, INTERFACE_ABSENT);
		assert_false(world->fake.exists);
		assert_calls(world, "delete_interface plexd0 !EPERM; delete_interface plexd0");
		assert_int_equal(manager_setup(&world->manager, NULL), 0);
		assert_is_set_up(world, 1380);
		world_teardown((void **)&world);
	}
}

/* A world with an IPv6 mesh address. */
static struct world *ipv6_world(int mtu)
{
	struct world *world = world_in(INTERFACE_ABSENT, mtu);
	world->identity.mesh_ip = ip_of("fd00::1");
	world->manager.controller = fake_controller(&world->fake, true);
	return world;
}

static void assert_setup_fails(struct world *world, int wanted, const char *text)
{
	struct diag diag = {0};
	assert_int_equal(manager_setup(&world->manager, &diag), wanted);
	assert_string_equal(diag_text(&diag), text);
	diag_clear(&diag);
}

static void an_impossible_address_is_an_error_before_anything_is_touched(void **state)
{
	struct world *world = ipv6_world(1279);
	assert_setup_fails(world, -EINVAL,
		"wireguard: config: MTU must be at least 1280 with an IPv6 mesh address");
	assert_calls(world, "");
	world_teardown((void **)&world);
	world = ipv6_world(1280);
	world->fake.address_error = -EACCES;
	assert_setup_fails(
		world, -EACCES, "wireguard: setup: configure address: Permission denied");
	assert_calls(world, "");
	/* That is checked for an interface that is not yet made or adopted. */
	world->manager.state = INTERFACE_CREATED;
	world->fake.exists = true;
	assert_int_equal(manager_setup(&world->manager, NULL), 0);
	world_teardown((void **)&world);
}

static void an_mtu_comes_before_an_ipv6_address_that_needs_it(void **state)
{
	struct world *world = ipv6_world(1400);
	struct fake_fault fault = {
		.op = "configure_address", .key = -1, .error = -EINVAL, .times = 1};
	fake_fail(&world->fake, fault);
	assert_int_equal(manager_setup(&world->manager, NULL), 0);
	assert_calls(world, "create_interface plexd0 51820; "
			    "configure_address plexd0 fd00::1/128 !EINVAL; set_mtu plexd0 1400; "
			    "configure_address plexd0 fd00::1/128; set_mtu plexd0 1400; "
			    "set_interface_up plexd0");
	world_teardown((void **)&world);
	world = ipv6_world(1400);
	fake_fail(&world->fake, fault);
	fake_fail(&world->fake,
		(struct fake_fault){.op = "set_mtu", .key = -1, .error = -EBUSY, .times = 1});
	assert_setup_fails(world, -EBUSY,
		"wireguard: setup: configure address: set MTU: Device or resource busy");
	world_teardown((void **)&world);
	world = world_in(INTERFACE_ABSENT, 1400);
	fake_fail(&world->fake, fault);
	assert_setup_fails(world, -EINVAL, "wireguard: setup: configure address: Invalid argument");
	world_teardown((void **)&world);
	world = ipv6_world(0);
	fake_fail(&world->fake, fault);
	assert_setup_fails(world, -EINVAL, "wireguard: setup: configure address: Invalid argument");
	world_teardown((void **)&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(setup_goes_on_from_the_state_it_is_in),
		cmocka_unit_test(setup_reaches_up_after_every_sequence_of_failures),
		cmocka_unit_test(a_failure_names_the_action_and_the_error_of_the_system),
		cmocka_unit_test(a_text_that_a_controller_leaves_on_success_is_in_no_later_error),
		cmocka_unit_test(teardown_from_each_state_leads_to_absent),
		cmocka_unit_test(an_impossible_address_is_an_error_before_anything_is_touched),
		cmocka_unit_test(an_mtu_comes_before_an_ipv6_address_that_needs_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
