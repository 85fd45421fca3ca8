/* SPDX-License-Identifier: Apache-2.0 */
/* Links and addresses of a real system, in a namespace of their own. */
#include "diag.h"
#include "link.h"
#include "link_hooks.h"
#include "netns.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NAME "plexwg-link0"

struct bed {
	struct link link;
	struct diag diag;
};

static int bed_make(void **state)
{
	struct bed *bed = calloc(1, sizeof *bed);
	*state = bed;
	return bed ? link_open(&bed->link, 0, &bed->diag) : -ENOMEM;
}

static int bed_clear(void **state)
{
	struct bed *bed = *state;
	struct link_info info;
	if (link_read(&bed->link, NAME, &info, NULL) == 0)
		link_delete(&bed->link, info.index, NULL);
	link_close(&bed->link);
	diag_clear(&bed->diag);
	free(bed);
	return 0;
}

/* A link for the test alone. */
static struct link_info link_make(struct bed *bed)
{
	struct link_info info = {0};
	assert_int_equal(link_create(&bed->link, NAME, "veth", &bed->diag), 0);
	assert_int_equal(link_read(&bed->link, NAME, &info, &bed->diag), 0);
	return info;
}

static bool has_address(struct bed *bed, int index, const char *text)
{
	struct prefix wanted;
	struct prefix *addresses = NULL;
	size_t count = 0;
	bool found = false;
	assert_int_equal(prefix_parse_address(text, strlen(text), &wanted, NULL), 0);
	assert_int_equal(link_list_addresses(&bed->link, index, &addresses, &count, NULL), 0);
	for (size_t i = 0; i < count; i++)
		found = found || prefix_equal(&addresses[i], &wanted);
	free(addresses);
	return found;
}

static int configure(struct bed *bed, int index, const char *text)
{
	struct prefix address;
	assert_int_equal(prefix_parse_address(text, strlen(text), &address, NULL), 0);
	return link_configure_address(&bed->link, index, &address, false, &bed->diag);
}

static void a_link_is_read_with_its_kind_and_state(void **state)
{
	struct bed *bed = *state;
	struct link_info info = link_make(bed);
	assert_true(info.index > 0);
	assert_string_equal(info.kind, "veth");
	assert_int_equal(info.mtu, 1500);
	assert_false(info.up);
	assert_int_equal(link_set_up(&bed->link, info.index, &bed->diag), 0);
	assert_int_equal(link_set_mtu(&bed->link, info.index, 1400, &bed->diag), 0);
	assert_int_equal(link_read(&bed->link, NAME, &info, &bed->diag), 0);
	assert_true(info.up);
	assert_int_equal(info.mtu, 1400);
}

static void hardware_and_loopback_have_no_kind(void **state)
{
	struct bed *bed = *state;
	struct link_info info = {0};
	assert_int_equal(link_read(&bed->link, "lo", &info, &bed->diag), 0);
	assert_string_equal(info.kind, "");
	assert_true(info.up);
}

static void a_missing_link_is_enodev(void **state)
{
	struct bed *bed = *state;
	struct link_info info = {.mtu = 4711};
	assert_int_equal(link_read(&bed->link, NAME, &info, &bed->diag), -ENODEV);
	assert_int_equal(info.mtu, 4711);
	assert_non_null(strstr(diag_text(&bed->diag), "No such device"));
	info = link_make(bed);
	assert_int_equal(link_delete(&bed->link, info.index, &bed->diag), 0);
	assert_int_equal(link_delete(&bed->link, info.index, &bed->diag), -ENODEV);
	assert_int_equal(link_set_up(&bed->link, info.index, &bed->diag), -ENODEV);
	assert_int_equal(link_set_mtu(&bed->link, info.index, 1400, &bed->diag), -ENODEV);
	assert_int_equal(configure(bed, info.index, "10.0.0.1/32"), -ENODEV);
}

static void an_alternative_name_is_not_the_links_own(void **state)
{
	struct bed *bed = *state;
	struct link_info info = link_make(bed);
	int index = info.index;
	assert_true(ip_command("link property add dev " NAME " altname plexwg-other0"));
	info.index = 4711;
	assert_int_equal(link_read(&bed->link, "plexwg-other0", &info, &bed->diag), -EEXIST);
	assert_int_equal(info.index, 4711);
	assert_string_equal(diag_text(&bed->diag),
		"plexwg-other0 is an alternative name of " NAME ", not its own");
	assert_int_equal(link_read(&bed->link, NAME, &info, &bed->diag), 0);
	assert_int_equal(info.index, index);
}

static void an_error_carries_the_kernels_own_words(void **state)
{
	struct bed *bed = *state;
	struct link_info info = link_make(bed);
	assert_int_equal(link_set_mtu(&bed->link, info.index, 1, &bed->diag), -EINVAL);
	assert_string_equal(
		diag_text(&bed->diag), "Invalid argument: mtu less than device minimum");
	assert_int_equal(link_create(&bed->link, NAME, "veth", &bed->diag), -EEXIST);
	assert_int_equal(link_create(&bed->link, "x", "no-such-kind", &bed->diag), -EOPNOTSUPP);
	assert_non_null(strstr(diag_text(&bed->diag), "Unknown device type"));
}

/* An address with a peer end is read as its own end, not the other. */
static void the_address_of_a_point_to_point_link_is_this_ends(void **state)
{
	struct bed *bed = *state;
	struct link_info info = link_make(bed);
	assert_true(ip_command("address add 10.0.0.1 peer 10.0.0.2/32 dev " NAME));
	assert_true(has_address(bed, info.index, "10.0.0.1/32"));
	assert_false(has_address(bed, info.index, "10.0.0.2/32"));
	assert_int_equal(configure(bed, info.index, "10.0.0.3/32"), 0);
	assert_false(has_address(bed, info.index, "10.0.0.1/32"));
}

/* The kernel removes the desired address along with the one that it is secondary to. */
static void an_address_that_is_removed_with_another_is_restored(void **state)
{
	struct bed *bed = *state;
	struct link_info info = link_make(bed);
	assert_true(ip_command("address add 10.0.0.9 peer 10.0.0.1/32 dev " NAME));
	assert_int_equal(configure(bed, info.index, "10.0.0.1/32"), 0);
	assert_true(has_address(bed, info.index, "10.0.0.1/32"));
	assert_false(has_address(bed, info.index, "10.0.0.9/32"));
}

static void addresses_of_other_links_are_not_listed(void **state)
{
	struct bed *bed = *state;
	struct link_info info = link_make(bed);
	assert_true(ip_command("address add 10.0.7.1/24 dev lo"));
	assert_false(has_address(bed, info.index, "10.0.7.1/24"));
	assert_true(ip_command("address delete 10.0.7.1/24 dev lo"));
}

static void two_hundred_addresses_are_listed(void **state)
{
	struct bed *bed = *state;
	struct link_info info = link_make(bed);
	for (int i = 0; i < 200; i++) {
		struct prefix address = {.ip = {.family = IP_V6, .bytes = {0xfd, 0}}, .length = 64};
		address.ip.bytes[15] = (uint8_t)(i + 1);
		assert_int_equal(
			link_configure_address(&bed->link, info.index, &address, true, &bed->diag),
			0);
	}
	struct prefix *addresses = NULL;
	size_t count = 0;
	assert_int_equal(link_list_addresses(&bed->link, info.index, &addresses, &count, NULL), 0);
	assert_int_equal(count, 200);
	free(addresses);
}

static int no_handling(void *impl, struct nlmsghdr *header)
{
	return -ENOMSG;
}

static void a_handlers_error_does_not_spoil_the_next_exchange(void **state)
{
	struct bed *bed = *state;
	struct link_info info = link_make(bed);
	struct nl_msg *message = nlmsg_alloc_simple(RTM_GETLINK, NLM_F_DUMP);
	struct ifinfomsg header = {0};
	nlmsg_append(message, &header, sizeof header, NLMSG_ALIGNTO);
	struct netlink_handler handler = {no_handling, NULL};
	for (int i = 0; i < 3; i++)
		assert_int_equal(netlink_socket_exchange(
					 &bed->link.netlink, message, &handler, NULL, &bed->diag),
			-ENOMSG);
	assert_string_equal(diag_text(&bed->diag), strerror(ENOMSG));
	nlmsg_free(message);
	assert_int_equal(link_read(&bed->link, NAME, &info, &bed->diag), 0);
}

static void a_closed_socket_is_opened_again(void **state)
{
	struct bed *bed = *state;
	struct link_info info;
	netlink_socket_close(&bed->link.netlink);
	assert_int_equal(link_read(&bed->link, "lo", &info, &bed->diag), 0);
}

static int link_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_link_is_read_with_its_kind_and_state, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			hardware_and_loopback_have_no_kind, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(a_missing_link_is_enodev, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			an_alternative_name_is_not_the_links_own, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			an_error_carries_the_kernels_own_words, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			the_address_of_a_point_to_point_link_is_this_ends, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			an_address_that_is_removed_with_another_is_restored, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			addresses_of_other_links_are_not_listed, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			two_hundred_addresses_are_listed, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			a_handlers_error_does_not_spoil_the_next_exchange, bed_make, bed_clear),
		cmocka_unit_test_setup_teardown(
			a_closed_socket_is_opened_again, bed_make, bed_clear),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return netns_run(false, link_tests);
}
