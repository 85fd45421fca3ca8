/* SPDX-License-Identifier: Apache-2.0 */
/* Defaults and limits of the interface's configuration. */
#include "harness.h"

#include "interface_config.h"
#include "ipv6_obstacle.h"

static struct interface_config with_defaults(void)
{
	struct interface_config config = {0};
	config_apply_defaults(&config);
	return config;
}

static void defaults_are_the_seed_s(void **state)
{
	struct interface_config config = with_defaults();
	assert_string_equal(config.interface_name, "plexd0");
	assert_int_equal(config.listen_port, 51820);
	assert_int_equal(config.mtu, 0);
	assert_int_equal(config.persistent_keepalive_s, 0);
	assert_false(config.keep_addresses);
	assert_int_equal(config_validate(&config, NULL), 0);
}

static void values_that_are_set_are_not_overridden(void **state)
{
	struct interface_config config = {.interface_name = "wg7", .listen_port = 51821};
	config_apply_defaults(&config);
	assert_string_equal(config.interface_name, "wg7");
	assert_int_equal(config.listen_port, 51821);
	config = (struct interface_config){.listen_port = -1, .mtu = -1};
	config_apply_defaults(&config);
	assert_int_equal(config.listen_port, -1);
	assert_int_equal(config.mtu, -1);
}

static void assert_refused(const struct interface_config *config, const char *text)
{
	struct diag diag = {0};
	assert_int_equal(config_validate(config, &diag), -EINVAL);
	assert_contains(diag_text(&diag), text);
	diag_clear(&diag);
}

static void a_listen_port_is_between_1_and_65535(void **state)
{
	static const int bad[] = {0, -1, 65536, INT32_MAX, INT32_MIN};
	struct interface_config config = with_defaults();
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		config.listen_port = bad[i];
		assert_refused(
			&config, "wireguard: config: ListenPort must be between 1 and 65535");
	}
	config.listen_port = 1;
	assert_int_equal(config_validate(&config, NULL), 0);
	config.listen_port = 65535;
	assert_int_equal(config_validate(&config, NULL), 0);
}

static void an_mtu_is_not_negative(void **state)
{
	struct interface_config config = with_defaults();
	config.mtu = -1;
	assert_refused(&config, "wireguard: config: MTU must not be negative");
	config.mtu = 1420;
	assert_int_equal(config_validate(&config, NULL), 0);
}

static void a_keepalive_is_between_0_and_65535(void **state)
{
	struct interface_config config = with_defaults();
	config.persistent_keepalive_s = -1;
	assert_refused(&config, "wireguard: config: PersistentKeepalive");
	config.persistent_keepalive_s = 65536;
	assert_refused(&config, "wireguard: config: PersistentKeepalive");
	config.persistent_keepalive_s = 65535;
	assert_int_equal(config_validate(&config, NULL), 0);
}

static void a_bad_interface_name_is_rejected(void **state)
{
	struct interface_config config = with_defaults();
	strcpy(config.interface_name, "a/b");
	assert_refused(&config, "wireguard: config: InterfaceName");
}

static void interface_names_become_parts_of_paths(void **state)
{
	static const char *const good[] = {"a", "plexd0", "wg-0.1", "...", ".a", "a.", "..a",
		"abcdefghijklmno", "\xc3\xa9th0", "~", "-x", "alls", "al", "All", "defaul",
		"default0"};
	static const char *const bad[] = {"", ".", "..", "/", "a/b", "a b", " a", "a ", "a\tb",
		"a\nb", "\x01", "a\x7f", "abcdefghijklmnop", "a\x1f", "%", "%d", "wg%d", "wg0%",
		"%%", ":", "wg0:1", "a:", "all", "default"};
	for (size_t i = 0; i < COUNT_OF(good); i++)
		if (!interface_name_is_valid(good[i], strlen(good[i])))
			fail_msg("refused: \"%s\"", good[i]);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (interface_name_is_valid(bad[i], strlen(bad[i])))
			fail_msg("taken: \"%s\"", bad[i]);
	assert_false(interface_name_is_valid("a\0b", 3));
	assert_true(interface_name_is_valid("..x", 3));
	assert_false(interface_name_is_valid("..x", 2));
	assert_true(interface_name_is_valid("alls", 4));
	assert_false(interface_name_is_valid("alls", 3));
}

static void an_ipv6_mesh_address_takes_an_mtu_of_1280(void **state)
{
	static const int good[] = {0, 1280, 1281, 65535}, bad[] = {1, 576, 1279};
	const struct ip six = ip_of("fd00::1"), four = ip_of("10.0.0.1");
	struct interface_config config = with_defaults();
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		config.mtu = good[i];
		assert_int_equal(config_validate_address(&config, &six, NULL), 0);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct diag diag = {0};
		config.mtu = bad[i];
		assert_int_equal(config_validate_address(&config, &four, &diag), 0);
		assert_int_equal(config_validate_address(&config, &six, &diag), -EINVAL);
		assert_string_equal(diag_text(&diag), "wireguard: config: MTU must be at least "
						      "1280 with an IPv6 mesh address");
		diag_clear(&diag);
	}
}

/* The MTU that an interface will get decides, not the one it has. */
static void a_larger_mtu_may_make_ipv6_possible(void **state)
{
	static const struct {
		enum ipv6_obstacle before;
		int mtu;
		enum ipv6_obstacle after;
	} rows[] = {
		{IPV6_OBSTACLE_NONE, 0, IPV6_OBSTACLE_NONE},
		{IPV6_OBSTACLE_NONE, 1279, IPV6_OBSTACLE_MTU},
		{IPV6_OBSTACLE_NONE, 1280, IPV6_OBSTACLE_NONE},
		{IPV6_OBSTACLE_MTU, 0, IPV6_OBSTACLE_MTU},
		{IPV6_OBSTACLE_MTU, 1279, IPV6_OBSTACLE_MTU},
		{IPV6_OBSTACLE_MTU, 1280, IPV6_OBSTACLE_NONE},
		{IPV6_OBSTACLE_DISABLED, 0, IPV6_OBSTACLE_DISABLED},
		{IPV6_OBSTACLE_DISABLED, 1279, IPV6_OBSTACLE_DISABLED},
		{IPV6_OBSTACLE_KERNEL, 1280, IPV6_OBSTACLE_KERNEL},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(
			ipv6_obstacle_with_mtu(rows[i].before, rows[i].mtu), rows[i].after);
	assert_int_equal(ipv6_obstacle_error(IPV6_OBSTACLE_NONE), 0);
	assert_int_equal(ipv6_obstacle_error(IPV6_OBSTACLE_DISABLED), -EACCES);
	assert_string_equal(ipv6_obstacle_text(IPV6_OBSTACLE_KERNEL), "this kernel has no IPv6");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_the_seed_s),
		cmocka_unit_test(values_that_are_set_are_not_overridden),
		cmocka_unit_test(a_listen_port_is_between_1_and_65535),
		cmocka_unit_test(an_mtu_is_not_negative),
		cmocka_unit_test(a_keepalive_is_between_0_and_65535),
		cmocka_unit_test(a_bad_interface_name_is_rejected),
		cmocka_unit_test(an_ipv6_mesh_address_takes_an_mtu_of_1280),
		cmocka_unit_test(a_larger_mtu_may_make_ipv6_possible),
		cmocka_unit_test(interface_names_become_parts_of_paths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
