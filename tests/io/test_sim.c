/* SPDX-License-Identifier: Apache-2.0 */
#include "errno_name.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <sodium.h>

#include "sim_world.h"

static void a_new_interface_is_down_and_empty(void **state)
{
	struct world *world = *state;
	assert_int_equal(create(world), 0);
	struct device device = read_back(world);
	assert_false(device.up);
	assert_int_equal(device.mtu, 1420);
	assert_int_equal(device.listen_port, 51820);
	assert_int_equal(device.address_count, 0);
	assert_int_equal(device.peers.count, 0);
	device_clear(&device);
}

static void private_keys_are_clamped(void **state)
{
	struct world *world = *state;
	assert_int_equal(create(world), 0);
	struct key_secret clamped = secret_key(1);
	key_secret_clamp(&clamped);
	struct key_secret raw = secret_key(1);
	assert_false(key_secret_equal(&clamped, &raw));
	struct key_public expected;
	key_public_derive(&clamped, &expected);
	struct sim_device *device = sim_controller_find(&world->sim, NAME);
	assert_true(key_secret_equal(&device->private_key, &clamped));
	assert_true(key_public_equal(&device->public_key, &expected));
	sim_device_set_private_key(device, &(struct key_secret){0});
	assert_true(key_public_is_zero(&device->public_key));
	assert_true(key_secret_is_zero(&device->private_key));
}

static void creating_adopts_and_keeps_peers(void **state)
{
	struct world *world = *state;
	struct sim_device *device = sim_controller_create(&world->sim, NAME);
	struct key_secret other = secret_key(9);
	sim_device_set_private_key(device, &other);
	device->listen_port = 1;
	device->mtu = 9000;
	device->up = true;
	struct peer_config peer = {.public_key = public_key(2)};
	assert_int_equal(sim_device_set_peer(device, &peer, PEER_FIELDS_ALL, true), 0);
	assert_int_equal(create(world), 0);
	struct device read = read_back(world);
	assert_int_equal(read.listen_port, 51820);
	assert_int_equal(read.mtu, 9000);
	assert_true(read.up);
	assert_int_equal(read.peers.count, 1);
	device_clear(&read);
}

static void the_address_replaces_others_except_link_local_ones(void **state)
{
	struct world *world = *state;
	assert_int_equal(create(world), 0);
	struct sim_device *device = sim_controller_find(&world->sim, NAME);
	struct prefix old[] = {prefix("192.0.2.1/24"), prefix("fe80::1/64"), prefix("fd00::1/64")};
	struct prefix ours = prefix("10.100.0.1/32");
	const struct controller_ops *ops = world->controller.ops;
	assert_int_equal(sim_device_set_addresses(device, old, 3), 0);
	assert_int_equal(ops->configure_address(&world->sim, NAME, &ours, true, NULL), 0);
	assert_int_equal(device->address_count, 4);
	assert_int_equal(ops->configure_address(&world->sim, NAME, &ours, false, NULL), 0);
	assert_int_equal(device->address_count, 2);
	assert_string_equal(prefix_format(&device->addresses[0]).text, "fe80::1/64");
	assert_string_equal(prefix_format(&device->addresses[1]).text, "10.100.0.1/32");
}

static void operations_on_a_missing_interface_fail_except_delete(void **state)
{
	struct world *world = *state;
	const struct controller_ops *ops = world->controller.ops;
	struct prefix address = prefix("10.100.0.1/32");
	struct peer_config peer = {.public_key = public_key(2)};
	struct device device = {.mtu = -7};
	void *sim = &world->sim;
	bool existed = true;
	assert_int_equal(ops->configure_address(sim, NAME, &address, false, NULL), -ENODEV);
	assert_int_equal(ops->set_interface_up(sim, NAME, NULL), -ENODEV);
	assert_int_equal(ops->set_mtu(sim, NAME, 1420, NULL), -ENODEV);
	assert_int_equal(put(world, PEER_OP_ADD, 0, &peer), -ENODEV);
	assert_int_equal(ops->remove_peer(sim, NAME, &peer.public_key, NULL), -ENODEV);
	assert_int_equal(ops->read_device(sim, NAME, &device, NULL), -ENODEV);
	assert_int_equal(device.mtu, -7);
	assert_int_equal(ops->delete_interface(sim, NAME, &existed, NULL), 0);
	assert_false(existed);
}

static void operations_are_reported_with_their_errors(void **state)
{
	struct world *world = *state;
	const struct controller_ops *ops = world->controller.ops;
	struct prefix address = prefix("fd00::1/128");
	struct peer_config peer = {.public_key = public_key(2)};
	struct diag diag = {0};
	arrange_fault(world, (struct sim_fault){.op = SIM_OP_SET_MTU, .error = -EPERM, .times = 1});
	assert_int_equal(create(world), 0);
	ops->configure_address(&world->sim, NAME, &address, false, NULL);
	assert_int_equal(ops->set_mtu(&world->sim, NAME, 1400, &diag), -EPERM);
	assert_string_equal(diag_text(&diag), "Operation not permitted");
	diag_clear(&diag);
	ops->set_interface_up(&world->sim, NAME, NULL);
	put(world, PEER_OP_ADD, 0, &peer);
	ops->remove_peer(&world->sim, NAME, &peer.public_key, NULL);
	assert_int_equal(ops->delete_interface(&world->sim, NAME, &(bool){false}, NULL), 0);
	put(world, PEER_OP_UPDATE, 0, &peer);
	assert_string_equal(world->record,
		"create_interface plexd0 51820\n"
		"configure_address plexd0 fd00::1/128\n"
		"set_mtu plexd0 1400 !EPERM\n"
		"set_interface_up plexd0\n"
		"add_peer plexd0 AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n"
		"remove_peer plexd0 AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n"
		"delete_interface plexd0\n"
		"add_peer plexd0 AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI= !ENODEV\n");
}

static void a_fault_fails_its_number_of_calls_and_changes_nothing(void **state)
{
	struct world *world = *state;
	arrange_fault(world,
		(struct sim_fault){.op = SIM_OP_CREATE_INTERFACE, .error = -EIO, .times = 2});
	assert_int_equal(create(world), -EIO);
	assert_int_equal(create(world), -EIO);
	assert_null(sim_controller_find(&world->sim, NAME));
	assert_int_equal(create(world), 0);
	arrange_fault(world,
		(struct sim_fault){.op = SIM_OP_DELETE_INTERFACE, .error = -EBUSY, .times = 1});
	assert_int_equal(
		world->controller.ops->delete_interface(&world->sim, NAME, &(bool){false}, NULL),
		-EBUSY);
	assert_non_null(sim_controller_find(&world->sim, NAME));
}

static void a_fault_of_one_peer_does_not_affect_others(void **state)
{
	struct world *world = *state;
	struct peer_config two = {.public_key = public_key(2)};
	struct peer_config three = {.public_key = public_key(3)};
	assert_int_equal(create(world), 0);
	arrange_fault(world, (struct sim_fault){.op = SIM_OP_ADD_PEER,
				     .error = -EIO,
				     .times = 1,
				     .has_key = true,
				     .public_key = three.public_key});
	arrange_fault(
		world, (struct sim_fault){.op = SIM_OP_ADD_PEER, .error = -ENOMEM, .times = 2});
	assert_int_equal(put(world, PEER_OP_ADD, 0, &two), -ENOMEM);
	assert_int_equal(put(world, PEER_OP_ADD, 0, &three), -EIO);
	assert_int_equal(put(world, PEER_OP_ADD, 0, &three), -ENOMEM);
	assert_int_equal(put(world, PEER_OP_ADD, 0, &three), 0);
	assert_int_equal(put(world, PEER_OP_ADD, 0, &two), 0);
}

static void the_world_changes_without_a_record(void **state)
{
	struct world *world = *state;
	struct sim_device *device = sim_controller_create(&world->sim, NAME);
	assert_ptr_equal(sim_controller_create(&world->sim, NAME), device);
	struct peer_config peer = {.public_key = public_key(2)};
	struct endpoint place = endpoint("203.0.113.9:7");
	assert_int_equal(sim_device_set_peer(device, &peer, PEER_FIELDS_ALL, true), 0);
	sim_device_handshake(device, &peer.public_key, &place, 1000);
	sim_device_sent(device, &peer.public_key, 148);
	sim_device_sent(device, &peer.public_key, 2);
	sim_device_handshake(device, &peer.public_key, NULL, 1001);
	struct key_public nobody = public_key(9);
	sim_device_sent(device, &nobody, 1);
	sim_device_handshake(device, &nobody, NULL, 1);
	sim_device_remove_peer(device, &nobody);
	const struct sim_peer *found = sim_device_find(device, &peer.public_key);
	assert_int_equal(found->status.last_handshake_s, 1001);
	assert_int_equal(found->status.tx_bytes, 150);
	assert_true(endpoint_equal(&found->endpoint, &place));
	assert_string_equal(world->record, "");
	sim_controller_delete(&world->sim, NAME);
	sim_controller_delete(&world->sim, NAME);
	assert_null(sim_controller_find(&world->sim, NAME));
}

static void errno_names_go_both_ways(void **state)
{
	assert_string_equal(errno_name(-EIO), "EIO");
	assert_string_equal(errno_name(EADDRINUSE), "EADDRINUSE");
	assert_string_equal(errno_name(EAGAIN), "EAGAIN");
	assert_string_equal(errno_name(4095), "E?");
	assert_int_equal(errno_from_name("ENODEV"), ENODEV);
	assert_int_equal(errno_from_name("EWOULDBLOCK"), EAGAIN);
	assert_int_equal(errno_from_name("eio"), 0);
	assert_int_equal(errno_from_name(""), 0);
	int named = 0;
	for (int error = 1; error < 4096; error++) {
		const char *name = errno_name(error);
		if (strcmp(name, "E?") == 0)
			continue;
		assert_int_equal(errno_from_name(name), error);
		named++;
	}
	assert_true(named > 120);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_new_interface_is_down_and_empty),
		TEST(private_keys_are_clamped),
		TEST(creating_adopts_and_keeps_peers),
		TEST(the_address_replaces_others_except_link_local_ones),
		TEST(operations_on_a_missing_interface_fail_except_delete),
		TEST(operations_are_reported_with_their_errors),
		TEST(a_fault_fails_its_number_of_calls_and_changes_nothing),
		TEST(a_fault_of_one_peer_does_not_affect_others),
		TEST(the_world_changes_without_a_record),
		cmocka_unit_test(errno_names_go_both_ways),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
