/* SPDX-License-Identifier: Apache-2.0 */
/* The interface itself: what Setup and Teardown need. */
#include "contract_checks.h"
#include "diag.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define OTHER_KEY 77

static int create_with(
	struct device_fixture *fixture, const struct key_secret *private_key, uint16_t listen_port)
{
	return fixture->controller.ops->create_interface(
		fixture->controller.impl, fixture->interface, private_key, listen_port, NULL);
}

static int delete_now(struct device_fixture *fixture)
{
	bool existed;
	return fixture->controller.ops->delete_interface(
		fixture->controller.impl, fixture->interface, &existed, NULL);
}

/* Delete it. Returns whether it existed. */
static bool delete_existing(struct device_fixture *fixture)
{
	bool existed;
	assert_int_equal(fixture->controller.ops->delete_interface(
				 fixture->controller.impl, fixture->interface, &existed, NULL),
		0);
	return existed;
}

static int configure(struct device_fixture *fixture, const char *address, bool keep_others)
{
	struct prefix prefix = test_prefix(address);
	return fixture->controller.ops->configure_address(
		fixture->controller.impl, fixture->interface, &prefix, keep_others, NULL);
}

static int set_mtu(struct device_fixture *fixture, int mtu)
{
	return fixture->controller.ops->set_mtu(
		fixture->controller.impl, fixture->interface, mtu, NULL);
}

static int set_up(struct device_fixture *fixture)
{
	return fixture->controller.ops->set_interface_up(
		fixture->controller.impl, fixture->interface, NULL);
}

static bool has_address(struct device_fixture *fixture, const char *address)
{
	struct prefix prefix = test_prefix(address);
	return device_has_address(fixture_read(fixture), &prefix);
}

static void add_foreign_address(
	struct device_fixture *fixture, const struct contract_bed *bed, const char *address)
{
	struct prefix prefix = test_prefix(address);
	assert_true(bed->hooks.add_address(bed->hooks.impl, fixture->interface, &prefix));
}

static void a_created_interface_has_key_and_port_and_no_peers(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	fixture_create(fixture);
	const struct device *device = fixture_read(fixture);
	assert_true(key_public_equal(&device->public_key, &fixture->public_key));
	assert_int_equal(device->listen_port, PORT_A);
	assert_int_equal(device->peers.count, 0);
	assert_true(device->mtu > 0);
}

static void adopting_an_interface_leaves_its_peers_alone(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *peer =
		fixture_peer(fixture, (struct test_peer){.number = 2,
					      .endpoint = "192.0.2.2:1000",
					      .allowed_ips = "10.1.0.2,fd01::/64",
					      .psk = 9,
					      .keepalive_s = 25});
	fixture_create(fixture);
	fixture_add(fixture, peer);
	fixture_create(fixture);
	fixture_expect_peer(fixture, peer);
	fixture_expect_peer_count(fixture, 1);
}

static void adopting_puts_key_and_port_right_and_keeps_the_peers(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *peer =
		fixture_peer(fixture, (struct test_peer){.number = 2, .allowed_ips = "10.1.0.2"});
	struct key_secret other = test_secret(OTHER_KEY);
	assert_int_equal(create_with(fixture, &other, PORT_B), 0);
	fixture_add(fixture, peer);
	fixture_create(fixture);
	const struct device *device = fixture_read(fixture);
	assert_true(key_public_equal(&device->public_key, &fixture->public_key));
	assert_int_equal(device->listen_port, PORT_A);
	fixture_expect_peer(fixture, peer);
}

static void a_private_key_removes_the_peer_that_has_its_public_key(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct peer_config *peer = fixture_peer(
		fixture, (struct test_peer){.number = OTHER_KEY, .allowed_ips = "10.1.0.2"});
	struct key_secret other = test_secret(OTHER_KEY);
	fixture_create(fixture);
	fixture_add(fixture, peer);
	fixture_expect_peer_count(fixture, 1);
	assert_int_equal(create_with(fixture, &other, PORT_A), 0);
	fixture_expect_no_peer(fixture, peer);
}

static void an_address_replaces_all_others_but_link_local_ones(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	fixture_create(fixture);
	assert_int_equal(configure(fixture, "10.9.0.1/32", false), 0);
	add_foreign_address(fixture, bed, "10.9.1.1/24");
	add_foreign_address(fixture, bed, "10.9.1.2/24");
	add_foreign_address(fixture, bed, "169.254.7.7/16");
	add_foreign_address(fixture, bed, "fe80::77/64");
	add_foreign_address(fixture, bed, "fd09::1/64");
	assert_int_equal(configure(fixture, "10.9.0.2/32", false), 0);
	assert_true(has_address(fixture, "10.9.0.2/32"));
	assert_true(has_address(fixture, "fe80::77/64"));
	assert_true(has_address(fixture, "169.254.7.7/16"));
	assert_false(has_address(fixture, "10.9.0.1/32"));
	assert_false(has_address(fixture, "10.9.1.1/24"));
	assert_false(has_address(fixture, "10.9.1.2/24"));
	assert_false(has_address(fixture, "fd09::1/64"));
}

static void other_addresses_stay_if_they_are_to(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	fixture_create(fixture);
	add_foreign_address(fixture, bed, "10.9.1.1/24");
	add_foreign_address(fixture, bed, "fd09::1/64");
	assert_int_equal(configure(fixture, "10.9.0.1/32", true), 0);
	assert_true(has_address(fixture, "10.9.0.1/32"));
	assert_true(has_address(fixture, "10.9.1.1/24"));
	assert_true(has_address(fixture, "fd09::1/64"));
}

static void an_address_that_is_there_stays(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	fixture_create(fixture);
	assert_int_equal(configure(fixture, "10.9.0.1/32", false), 0);
	assert_int_equal(configure(fixture, "10.9.0.1/32", false), 0);
	assert_true(has_address(fixture, "10.9.0.1/32"));
}

static void an_address_changes_between_ipv4_and_ipv6(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	fixture_create(fixture);
	assert_int_equal(configure(fixture, "10.9.0.1/32", false), 0);
	assert_int_equal(configure(fixture, "fd09::1/128", false), 0);
	assert_true(has_address(fixture, "fd09::1/128"));
	assert_false(has_address(fixture, "10.9.0.1/32"));
	assert_int_equal(configure(fixture, "10.9.0.1/32", false), 0);
	assert_true(has_address(fixture, "10.9.0.1/32"));
	assert_false(has_address(fixture, "fd09::1/128"));
}

static void the_same_address_with_another_length_becomes_a_host_address(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	fixture_create(fixture);
	add_foreign_address(fixture, bed, "fd09::1/64");
	assert_int_equal(configure(fixture, "fd09::1/128", false), 0);
	assert_true(has_address(fixture, "fd09::1/128"));
	assert_false(has_address(fixture, "fd09::1/64"));
	add_foreign_address(fixture, bed, "10.9.0.1/24");
	assert_int_equal(configure(fixture, "10.9.0.1/32", false), 0);
	assert_true(has_address(fixture, "10.9.0.1/32"));
	assert_false(has_address(fixture, "10.9.0.1/24"));
}

static void the_mtu_is_set(struct device_fixture *fixture, const struct contract_bed *bed)
{
	fixture_create(fixture);
	assert_int_equal(set_mtu(fixture, 1380), 0);
	assert_int_equal(fixture_read(fixture)->mtu, 1380);
	assert_int_equal(set_mtu(fixture, 1380), 0);
	assert_int_equal(fixture_read(fixture)->mtu, 1380);
}

static void the_interface_comes_up_and_again_after_somebody_took_it_down(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	fixture_create(fixture);
	assert_false(fixture_read(fixture)->up);
	assert_int_equal(set_up(fixture), 0);
	assert_true(fixture_read(fixture)->up);
	assert_int_equal(set_up(fixture), 0);
	if (!bed->hooks.set_down)
		return;
	assert_true(bed->hooks.set_down(bed->hooks.impl, fixture->interface));
	assert_false(fixture_read(fixture)->up);
	assert_int_equal(set_up(fixture), 0);
	assert_true(fixture_read(fixture)->up);
}

static void adopting_leaves_address_mtu_and_state_alone(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	fixture_create(fixture);
	assert_int_equal(configure(fixture, "10.9.0.1/32", false), 0);
	assert_int_equal(set_mtu(fixture, 1390), 0);
	assert_int_equal(set_up(fixture), 0);
	fixture_create(fixture);
	assert_true(has_address(fixture, "10.9.0.1/32"));
	const struct device *device = fixture_read(fixture);
	assert_int_equal(device->mtu, 1390);
	assert_true(device->up);
}

static void deleting_twice_is_no_error_and_a_new_interface_is_empty(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	assert_false(delete_existing(fixture));
	fixture_create(fixture);
	fixture_add(fixture, fixture_peer(fixture, (struct test_peer){.number = 2}));
	assert_true(delete_existing(fixture));
	assert_false(delete_existing(fixture));
	fixture_create(fixture);
	fixture_expect_peer_count(fixture, 0);
}

static void without_an_interface_everything_is_enodev(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	const struct controller_ops *ops = fixture->controller.ops;
	void *impl = fixture->controller.impl;
	struct peer_config *peer = fixture_peer(fixture, (struct test_peer){.number = 2});
	struct peer_op op = {.kind = PEER_OP_ADD, .desired = peer};
	struct device device = {.mtu = 4711};
	struct diag diag = {0};
	assert_int_equal(configure(fixture, "10.9.0.1/32", false), -ENODEV);
	assert_int_equal(set_mtu(fixture, 1380), -ENODEV);
	assert_int_equal(set_up(fixture), -ENODEV);
	assert_int_equal(ops->add_peer(impl, fixture->interface, &op, NULL), -ENODEV);
	op = (struct peer_op){PEER_OP_UPDATE, PEER_FIELDS_ALL, peer, peer};
	assert_int_equal(ops->add_peer(impl, fixture->interface, &op, NULL), -ENODEV);
	assert_int_equal(
		ops->remove_peer(impl, fixture->interface, &peer->public_key, NULL), -ENODEV);
	assert_int_equal(ops->read_device(impl, fixture->interface, &device, &diag), -ENODEV);
	assert_int_equal(device.mtu, 4711);
	assert_true(strlen(diag_text(&diag)) > 0);
	diag_clear(&diag);
}

static void a_link_of_another_kind_is_refused_and_left_alone(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct diag diag = {0};
	assert_true(bed->hooks.add_foreign_link(bed->hooks.impl, fixture->interface));
	assert_int_equal(create_with(fixture, &fixture->private_key, PORT_A), -EEXIST);
	assert_int_equal(delete_now(fixture), -EEXIST);
	assert_true(configure(fixture, "10.9.0.1/32", false) < 0);
	assert_true(set_mtu(fixture, 1300) < 0);
	assert_true(set_up(fixture) < 0);
	assert_true(fixture->controller.ops->read_device(fixture->controller.impl,
			    fixture->interface, &fixture->device, &diag) < 0);
	assert_true(strlen(diag_text(&diag)) > 0);
	diag_clear(&diag);
	assert_true(bed->hooks.remove_foreign_link(bed->hooks.impl, fixture->interface));
	fixture_create(fixture);
}

/* A link answers to its alternative names too; it is a different link all the same. */
static void an_alternative_name_is_refused_and_its_link_left_alone(
	struct device_fixture *fixture, const struct contract_bed *bed)
{
	struct diag diag = {0};
	fixture_create(fixture);
	assert_true(bed->hooks.make_name_alternative(bed->hooks.impl, fixture->interface));
	assert_int_equal(create_with(fixture, &fixture->private_key, PORT_B), -EEXIST);
	assert_int_equal(delete_now(fixture), -EEXIST);
	assert_int_equal(configure(fixture, "10.9.0.1/32", false), -EEXIST);
	assert_int_equal(set_mtu(fixture, 1300), -EEXIST);
	assert_int_equal(set_up(fixture), -EEXIST);
	assert_int_equal(fixture->controller.ops->read_device(fixture->controller.impl,
				 fixture->interface, &fixture->device, &diag),
		-EEXIST);
	assert_non_null(strstr(diag_text(&diag), "an alternative name of renamed0"));
	diag_clear(&diag);
	assert_true(bed->hooks.make_name_own(bed->hooks.impl, fixture->interface));
	const struct device *device = fixture_read(fixture);
	assert_int_equal(device->listen_port, PORT_A);
	assert_false(device->up);
}

static const struct contract_check checks[] = {
	CONTRACT_CHECK(a_created_interface_has_key_and_port_and_no_peers),
	CONTRACT_CHECK(adopting_an_interface_leaves_its_peers_alone),
	CONTRACT_CHECK(adopting_puts_key_and_port_right_and_keeps_the_peers),
	CONTRACT_CHECK(a_private_key_removes_the_peer_that_has_its_public_key),
	CONTRACT_CHECK_NEEDING(
		an_address_replaces_all_others_but_link_local_ones, CONTRACT_NEEDS_ADDRESSES),
	CONTRACT_CHECK_NEEDING(other_addresses_stay_if_they_are_to, CONTRACT_NEEDS_ADDRESSES),
	CONTRACT_CHECK(an_address_that_is_there_stays),
	CONTRACT_CHECK(an_address_changes_between_ipv4_and_ipv6),
	CONTRACT_CHECK_NEEDING(the_same_address_with_another_length_becomes_a_host_address,
		CONTRACT_NEEDS_ADDRESSES),
	CONTRACT_CHECK(the_mtu_is_set),
	CONTRACT_CHECK(the_interface_comes_up_and_again_after_somebody_took_it_down),
	CONTRACT_CHECK(adopting_leaves_address_mtu_and_state_alone),
	CONTRACT_CHECK(deleting_twice_is_no_error_and_a_new_interface_is_empty),
	CONTRACT_CHECK(without_an_interface_everything_is_enodev),
	CONTRACT_CHECK_NEEDING(
		a_link_of_another_kind_is_refused_and_left_alone, CONTRACT_NEEDS_FOREIGN_LINKS),
	CONTRACT_CHECK_NEEDING(an_alternative_name_is_refused_and_its_link_left_alone,
		CONTRACT_NEEDS_FOREIGN_LINKS),
};

struct contract_list contract_interface_checks(void)
{
	return CONTRACT_LIST(checks);
}
