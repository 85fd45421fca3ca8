/* SPDX-License-Identifier: Apache-2.0 */
/* The interface's state machine: every cell, and what counts as drift. */
#include "harness.h"

#include "plan.h"

/* The table of the contract, row by row. */
static const struct {
	enum interface_state state;
	enum interface_event event;
	enum interface_action action;
	enum interface_state on_success, on_failure;
} rows[] = {
	{INTERFACE_ABSENT, INTERFACE_EVENT_SETUP, INTERFACE_ACTION_CREATE_INTERFACE,
		INTERFACE_CREATED, INTERFACE_ABSENT},
	{INTERFACE_CREATED, INTERFACE_EVENT_SETUP, INTERFACE_ACTION_CONFIGURE_ADDRESS,
		INTERFACE_ADDRESSED, INTERFACE_CREATED},
	{INTERFACE_ADDRESSED, INTERFACE_EVENT_SETUP, INTERFACE_ACTION_SET_MTU, INTERFACE_SIZED,
		INTERFACE_ADDRESSED},
	{INTERFACE_SIZED, INTERFACE_EVENT_SETUP, INTERFACE_ACTION_SET_INTERFACE_UP, INTERFACE_UP,
		INTERFACE_SIZED},
};

static void setup_takes_one_action_in_each_state_and_none_when_up(void **state)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct interface_transition cell =
			interface_fsm_transition(rows[i].state, rows[i].event);
		assert_int_equal(cell.action, rows[i].action);
		assert_int_equal(cell.on_success, rows[i].on_success);
		assert_int_equal(cell.on_failure, rows[i].on_failure);
	}
	struct interface_transition up =
		interface_fsm_transition(INTERFACE_UP, INTERFACE_EVENT_SETUP);
	assert_int_equal(up.action, INTERFACE_ACTION_NONE);
	assert_int_equal(up.on_success, INTERFACE_UP);
}

static void teardown_deletes_from_any_state_and_a_failure_changes_nothing(void **state)
{
	for (int i = 0; i < INTERFACE_STATE_COUNT; i++) {
		struct interface_transition cell =
			interface_fsm_transition((enum interface_state)i, INTERFACE_EVENT_TEARDOWN);
		assert_int_equal(cell.action, INTERFACE_ACTION_DELETE_INTERFACE);
		assert_int_equal(cell.on_success, INTERFACE_ABSENT);
		assert_int_equal(cell.on_failure, i);
	}
}

static void a_lost_link_is_absent_whatever_it_was(void **state)
{
	for (int i = 0; i < INTERFACE_STATE_COUNT; i++) {
		struct interface_transition cell = interface_fsm_transition(
			(enum interface_state)i, INTERFACE_EVENT_LINK_LOST);
		assert_int_equal(cell.action, INTERFACE_ACTION_NONE);
		assert_int_equal(cell.on_success, INTERFACE_ABSENT);
	}
}

static void drift_changes_the_state_from_up_only(void **state)
{
	static const struct {
		enum interface_event event;
		enum interface_state from_up;
	} drifts[] = {
		{INTERFACE_EVENT_DRIFTED_DEVICE, INTERFACE_ABSENT},
		{INTERFACE_EVENT_DRIFTED_ADDRESS, INTERFACE_CREATED},
		{INTERFACE_EVENT_DRIFTED_MTU, INTERFACE_ADDRESSED},
		{INTERFACE_EVENT_DRIFTED_DOWN, INTERFACE_SIZED},
	};
	for (size_t i = 0; i < COUNT_OF(drifts); i++)
		for (int j = 0; j < INTERFACE_STATE_COUNT; j++) {
			struct interface_transition cell =
				interface_fsm_transition((enum interface_state)j, drifts[i].event);
			assert_int_equal(cell.action, INTERFACE_ACTION_NONE);
			assert_int_equal(
				cell.on_success, j == INTERFACE_UP ? (int)drifts[i].from_up : j);
		}
}

static void everything_has_a_name(void **state)
{
	assert_string_equal(interface_state_name(INTERFACE_ABSENT), "absent");
	assert_string_equal(interface_state_name(INTERFACE_CREATED), "created");
	assert_string_equal(interface_state_name(INTERFACE_ADDRESSED), "addressed");
	assert_string_equal(interface_state_name(INTERFACE_SIZED), "sized");
	assert_string_equal(interface_state_name(INTERFACE_UP), "up");
	assert_string_equal(
		interface_action_name(INTERFACE_ACTION_CREATE_INTERFACE), "create_interface");
	assert_string_equal(
		interface_action_name(INTERFACE_ACTION_CONFIGURE_ADDRESS), "configure_address");
	assert_string_equal(interface_action_name(INTERFACE_ACTION_SET_MTU), "set_mtu");
	assert_string_equal(
		interface_action_name(INTERFACE_ACTION_SET_INTERFACE_UP), "set_interface_up");
	assert_string_equal(
		interface_action_name(INTERFACE_ACTION_DELETE_INTERFACE), "delete_interface");
	assert_string_equal(interface_event_name(INTERFACE_EVENT_SETUP), "setup");
	assert_string_equal(interface_event_name(INTERFACE_EVENT_TEARDOWN), "teardown");
	assert_string_equal(interface_event_name(INTERFACE_EVENT_LINK_LOST), "link_lost");
}

/* A device without drift, for one MTU that is configured. */
struct good_device {
	struct device device;
	struct interface_config config;
	struct key_public own_key;
	struct ip mesh_ip;
};

static struct good_device good_device(void)
{
	struct good_device good = {
		.device = {.public_key = key_of(1), .listen_port = 51820, .mtu = 1380, .up = true},
		.config = {.listen_port = 51820, .mtu = 1380},
		.own_key = key_of(1),
		.mesh_ip = ip_of("10.100.0.1"),
	};
	struct prefix address = prefix_of("10.100.0.1/32");
	assert_int_equal(device_add_address(&good.device, &address), 0);
	return good;
}

static enum interface_event drift_of(struct good_device *good)
{
	enum interface_event event =
		interface_drift(&good->device, &good->config, &good->own_key, &good->mesh_ip);
	device_clear(&good->device);
	return event;
}

static void address_add(struct good_device *good, const char *text)
{
	struct prefix address;
	assert_int_equal(prefix_parse_address(text, strlen(text), &address, NULL), 0);
	assert_int_equal(device_add_address(&good->device, &address), 0);
}

static void a_device_as_setup_left_it_has_no_drift(void **state)
{
	struct good_device good = good_device();
	assert_int_equal(drift_of(&good), INTERFACE_EVENT_NONE);
	good = good_device();
	good.config.mtu = 0; /* not configured: any MTU is right */
	assert_int_equal(drift_of(&good), INTERFACE_EVENT_NONE);
}

static void each_kind_of_drift_is_found(void **state)
{
	struct good_device good = good_device();
	good.device.public_key = key_of(2);
	assert_int_equal(drift_of(&good), INTERFACE_EVENT_DRIFTED_DEVICE);
	good = good_device();
	good.device.public_key = key_of(0);
	assert_int_equal(drift_of(&good), INTERFACE_EVENT_DRIFTED_DEVICE);
	good = good_device();
	good.device.listen_port = 51821;
	assert_int_equal(drift_of(&good), INTERFACE_EVENT_DRIFTED_DEVICE);
	good = good_device();
	good.device.address_count = 0;
	assert_int_equal(drift_of(&good), INTERFACE_EVENT_DRIFTED_ADDRESS);
	good = good_device();
	good.device.addresses[0].length = 24;
	assert_int_equal(drift_of(&good), INTERFACE_EVENT_DRIFTED_ADDRESS);
	good = good_device();
	good.device.mtu = 1420;
	assert_int_equal(drift_of(&good), INTERFACE_EVENT_DRIFTED_MTU);
	good = good_device();
	good.device.up = false;
	assert_int_equal(drift_of(&good), INTERFACE_EVENT_DRIFTED_DOWN);
}

static void the_first_drift_counts(void **state)
{
	struct good_device good = good_device();
	good.device.up = false;
	good.device.mtu = 1;
	assert_int_equal(drift_of(&good), INTERFACE_EVENT_DRIFTED_MTU);
	good = good_device();
	good.device.up = false;
	good.device.mtu = 1;
	good.device.address_count = 0;
	assert_int_equal(drift_of(&good), INTERFACE_EVENT_DRIFTED_ADDRESS);
	good = good_device();
	good.device.up = false;
	good.device.mtu = 1;
	good.device.address_count = 0;
	good.device.listen_port = 0;
	assert_int_equal(drift_of(&good), INTERFACE_EVENT_DRIFTED_DEVICE);
}

static void other_addresses_are_drift_except_link_local_and_kept_ones(void **state)
{
	struct good_device good = good_device();
	address_add(&good, "192.0.2.1/24");
	assert_int_equal(drift_of(&good), INTERFACE_EVENT_DRIFTED_ADDRESS);
	good = good_device();
	address_add(&good, "192.0.2.1/24");
	good.config.keep_addresses = true;
	assert_int_equal(drift_of(&good), INTERFACE_EVENT_NONE);
	good = good_device();
	address_add(&good, "fe80::1/64");
	assert_int_equal(drift_of(&good), INTERFACE_EVENT_NONE);
	good = good_device();
	good.config.keep_addresses = true;
	good.mesh_ip = ip_of("10.100.0.2"); /* the own one is required all the same */
	assert_int_equal(drift_of(&good), INTERFACE_EVENT_DRIFTED_ADDRESS);
}

static void an_ipv6_mesh_address_is_a_128(void **state)
{
	struct good_device good = good_device();
	good.mesh_ip = ip_of("fd00::1");
	good.device.addresses[0] = prefix_of("fd00::1/128");
	assert_int_equal(drift_of(&good), INTERFACE_EVENT_NONE);
	good = good_device();
	good.mesh_ip = ip_of("fd00::1");
	good.device.addresses[0] = prefix_of("fd00::1/128");
	good.device.addresses[0].length = 64;
	assert_int_equal(drift_of(&good), INTERFACE_EVENT_DRIFTED_ADDRESS);
}

static void a_planned_setup_lists_the_actions_that_setup_would_take(void **state)
{
	static const struct {
		enum interface_state state;
		int mtu;
		const char *actions;
	} plans[] = {
		{INTERFACE_ABSENT, 0, "create_interface configure_address set_interface_up "},
		{INTERFACE_ABSENT, 1380,
			"create_interface configure_address set_mtu set_interface_up "},
		{INTERFACE_CREATED, 0, "configure_address set_interface_up "},
		{INTERFACE_ADDRESSED, 1380, "set_mtu set_interface_up "},
		{INTERFACE_ADDRESSED, 0, "set_interface_up "},
		{INTERFACE_SIZED, 1380, "set_interface_up "},
		{INTERFACE_UP, 1380, ""},
	};
	for (size_t i = 0; i < COUNT_OF(plans); i++) {
		struct interface_config config = {.mtu = plans[i].mtu};
		enum interface_action actions[INTERFACE_ACTION_COUNT];
		char text[200] = "";
		size_t count = plan_setup(plans[i].state, &config, actions);
		assert_true(count <= INTERFACE_ACTION_COUNT);
		for (size_t j = 0; j < count; j++) {
			strcat(text, interface_action_name(actions[j]));
			strcat(text, " ");
		}
		assert_string_equal(text, plans[i].actions);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(setup_takes_one_action_in_each_state_and_none_when_up),
		cmocka_unit_test(teardown_deletes_from_any_state_and_a_failure_changes_nothing),
		cmocka_unit_test(a_lost_link_is_absent_whatever_it_was),
		cmocka_unit_test(drift_changes_the_state_from_up_only),
		cmocka_unit_test(everything_has_a_name),
		cmocka_unit_test(a_device_as_setup_left_it_has_no_drift),
		cmocka_unit_test(each_kind_of_drift_is_found),
		cmocka_unit_test(the_first_drift_counts),
		cmocka_unit_test(other_addresses_are_drift_except_link_local_and_kept_ones),
		cmocka_unit_test(an_ipv6_mesh_address_is_a_128),
		cmocka_unit_test(a_planned_setup_lists_the_actions_that_setup_would_take),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
