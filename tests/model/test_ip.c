/* SPDX-License-Identifier: Apache-2.0 */
/* IP addresses and their canonical form. */
#include "harness.h"

static const struct {
	const char *text;
	const char *canonical;
	enum ip_family family;
} good[] = {
	{"0.0.0.0", "0.0.0.0", IP_V4},
	{"10.100.0.1", "10.100.0.1", IP_V4},
	{"255.255.255.255", "255.255.255.255", IP_V4},
	{"::", "::", IP_V6},
	{"::1", "::1", IP_V6},
	{"2001:DB8:0:0:0:0:0:1", "2001:db8::1", IP_V6},
	{"fe80::1", "fe80::1", IP_V6},
	{"::ffff:10.0.0.1", "10.0.0.1", IP_V4},
	{"::FFFF:0a00:0001", "10.0.0.1", IP_V4},
	{"0:0:0:0:0:ffff:255.255.255.255", "255.255.255.255", IP_V4},
	{"::10.0.0.1", "::10.0.0.1", IP_V6},
	{"64:ff9b::10.0.0.1", "64:ff9b::a00:1", IP_V6},
	{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		IP_V6},
};

static void addresses_take_their_canonical_form(void **state)
{
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		struct ip ip = ip_of(good[i].text);
		assert_int_equal(ip.family, good[i].family);
		assert_string_equal(ip_format(&ip).text, good[i].canonical);
	}
}

static void two_spellings_of_one_address_have_the_same_bytes(void **state)
{
	struct ip a = ip_of("2001:db8::1"), b = ip_of("2001:0DB8:0000::0001");
	assert_true(ip_equal(&a, &b));
	assert_memory_equal(&a, &b, sizeof a);
	struct ip mapped = ip_of("::ffff:1.2.3.4"), v4 = ip_of("1.2.3.4");
	assert_memory_equal(&mapped, &v4, sizeof v4);
}

static void what_is_no_address_is_rejected(void **state)
{
	static const char *const bad[] = {"", " ", "10.0.0", "10.0.0.0.0", "10.0.0.256",
		"010.0.0.1", "10.0.0.01", "10.0.0.1 ", " 10.0.0.1", "10.0.0.1/32", "10.0.0.-1",
		"0x0a.0.0.1", "167772161", "localhost", ":", ":::", "1::2::3", "fe80::1%eth0",
		"[::1]", "12345::", "g::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::1/128",
		"::ffff:256.0.0.1", "::ffff:10.0.0.1:0",
		"0000000000000000000000000000000000000000000000000000000000000000"};
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct ip ip = ip_of("9.9.9.9"), before = ip;
		if (ip_parse(bad[i], strlen(bad[i]), &ip))
			fail_msg("taken for an address: \"%s\"", bad[i]);
		assert_memory_equal(&ip, &before, sizeof ip);
	}
}

static void only_the_length_given_is_read(void **state)
{
	struct ip ip;
	assert_true(ip_parse("10.0.0.1/32", 8, &ip));
	assert_string_equal(ip_format(&ip).text, "10.0.0.1");
	assert_false(ip_parse("10.0.0.1\0", 9, &ip));
	assert_false(ip_parse("10.0.0.1\0x", 10, &ip));
}

static void raw_bytes_take_the_canonical_form_too(void **state)
{
	const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, 10, 0, 0, 1};
	struct ip ip = ip_from_bytes(IP_V6, mapped), wanted = ip_of("10.0.0.1");
	assert_memory_equal(&ip, &wanted, sizeof ip);
	ip = ip_from_bytes(IP_V4, mapped + 12);
	assert_memory_equal(&ip, &wanted, sizeof ip);
}

static void ipv4_stands_before_ipv6_and_each_by_its_bytes(void **state)
{
	static const char *const ordered[] = {"0.0.0.0", "9.255.255.255", "10.0.0.0", "128.0.0.1",
		"255.255.255.255", "::", "::1", "7fff::", "8000::", "ffff::"};
	for (size_t i = 0; i < COUNT_OF(ordered); i++)
		for (size_t j = 0; j < COUNT_OF(ordered); j++) {
			struct ip a = ip_of(ordered[i]), b = ip_of(ordered[j]);
			int order = ip_compare(&a, &b);
			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
			assert_int_equal(ip_equal(&a, &b), i == j);
		}
}

static void kinds_of_addresses_are_distinguished(void **state)
{
	static const struct {
		const char *text;
		bool unspecified, multicast, link_local;
	} rows[] = {
		{"0.0.0.0", true, false, false},
		{"::", true, false, false},
		{"::ffff:0.0.0.0", true, false, false},
		{"0.0.0.1", false, false, false},
		{"::1", false, false, false},
		{"223.255.255.255", false, false, false},
		{"224.0.0.0", false, true, false},
		{"239.255.255.255", false, true, false},
		{"240.0.0.0", false, false, false},
		{"ff00::", false, true, false},
		{"feff::", false, false, false},
		{"169.254.0.1", false, false, true},
		{"169.253.0.1", false, false, false},
		{"fe80::1", false, false, true},
		{"febf:ffff::", false, false, true},
		{"fec0::1", false, false, false},
		{"fe7f::1", false, false, false},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct ip ip = ip_of(rows[i].text);
		assert_int_equal(ip_is_unspecified(&ip), rows[i].unspecified);
		assert_int_equal(ip_is_multicast(&ip), rows[i].multicast);
		assert_int_equal(ip_is_link_local(&ip), rows[i].link_local);
	}
}

static void only_some_addresses_can_belong_to_a_node(void **state)
{
	static const struct {
		const char *text;
		bool can_be_node, reserved;
	} rows[] = {
		{"10.100.0.1", true, false},
		{"0.0.0.0", false, false},
		{"0.0.0.1", true, false},
		{"126.255.255.255", true, false},
		{"127.0.0.0", false, false},
		{"127.0.0.1", false, false},
		{"127.255.255.255", false, false},
		{"::ffff:127.0.0.1", false, false},
		{"128.0.0.1", true, false},
		{"169.254.0.1", true, false},
		{"223.255.255.255", true, false},
		{"224.0.0.1", false, false},
		{"239.255.255.255", false, false},
		{"240.0.0.0", true, true},
		{"255.255.255.254", true, true},
		{"255.255.255.255", false, true},
		{"::ffff:255.255.255.255", false, true},
		{"::", false, false},
		{"::1", false, false},
		{"::2", true, false},
		{"::1:1", true, false},
		{"7f00::1", true, false},
		{"f0f0:f0f0::", true, false},
		{"fd00::1", true, false},
		{"fe80::1", true, false},
		{"ff02::1", false, false},
		{"ffff:ffff::1", false, false},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct ip ip = ip_of(rows[i].text);
		assert_int_equal(ip_can_be_node(&ip), rows[i].can_be_node);
		assert_int_equal(ip_is_reserved(&ip), rows[i].reserved);
	}
}

static void an_address_has_32_or_128_bits(void **state)
{
	struct ip v4 = ip_of("1.2.3.4"), v6 = ip_of("::1");
	assert_int_equal(ip_bits(&v4), 32);
	assert_int_equal(ip_bits(&v6), 128);
}

static void an_absent_address_has_no_bytes_and_no_text(void **state)
{
	uint8_t bytes[16] = {1, 2, 3, 4};
	struct ip none = ip_from_bytes(IP_NONE, bytes), zero = {0};
	assert_memory_equal(&none, &zero, sizeof zero);
	assert_string_equal(ip_format(&none).text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_take_their_canonical_form),
		cmocka_unit_test(two_spellings_of_one_address_have_the_same_bytes),
		cmocka_unit_test(what_is_no_address_is_rejected),
		cmocka_unit_test(only_the_length_given_is_read),
		cmocka_unit_test(raw_bytes_take_the_canonical_form_too),
		cmocka_unit_test(ipv4_stands_before_ipv6_and_each_by_its_bytes),
		cmocka_unit_test(kinds_of_addresses_are_distinguished),
		cmocka_unit_test(only_some_addresses_can_belong_to_a_node),
		cmocka_unit_test(an_address_has_32_or_128_bits),
		cmocka_unit_test(an_absent_address_has_no_bytes_and_no_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
