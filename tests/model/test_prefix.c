/* SPDX-License-Identifier: Apache-2.0 */
/* Allowed IPs in the form that the kernel reads back. */
#include "harness.h"

static void prefixes_take_their_canonical_form(void **state)
{
	static const struct {
		const char *text, *canonical;
	} rows[] = {
		{"10.0.0.5", "10.0.0.5/32"},
		{"10.0.0.5/32", "10.0.0.5/32"},
		{"10.0.0.5/24", "10.0.0.0/24"},
		{"10.0.0.255/31", "10.0.0.254/31"},
		{"255.255.255.255/1", "128.0.0.0/1"},
		{"1.2.3.4/0", "0.0.0.0/0"},
		{"2001:db8::1", "2001:db8::1/128"},
		{"2001:db8:ffff::1/33", "2001:db8:8000::/33"},
		{"2001:db8::ff/127", "2001:db8::fe/127"},
		{"ffff::/0", "::/0"},
		{"::ffff:10.0.0.5", "10.0.0.5/32"},
		{"::ffff:10.0.0.5/128", "10.0.0.5/32"},
		{"::ffff:10.0.0.5/120", "10.0.0.0/24"},
		{"::ffff:10.0.0.5/96", "0.0.0.0/0"},
		{"::ffff:10.0.0.5/95", "::fffe:0:0/95"},
		{"::ffff:10.0.0.5/80", "::/80"},
		{"::ffff:0:0/0", "::/0"},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct prefix prefix = prefix_of(rows[i].text);
		assert_string_equal(prefix_format(&prefix).text, rows[i].canonical);
		struct prefix back = prefix_of(rows[i].canonical);
		assert_memory_equal(&prefix, &back, sizeof prefix);
	}
}

static void masking_leaves_exactly_the_bits_of_the_length(void **state)
{
	for (unsigned length = 0; length <= 128; length++) {
		struct prefix prefix = {.ip = {.family = IP_V6}, .length = (uint8_t)length};
		memset(prefix.ip.bytes, 0xff, sizeof prefix.ip.bytes);
		prefix_mask(&prefix);
		for (unsigned bit = 0; bit < 128; bit++)
			assert_int_equal(
				prefix.ip.bytes[bit / 8] >> (7 - bit % 8) & 1, bit < length);
	}
	for (unsigned length = 0; length <= 32; length++) {
		struct prefix prefix = {.ip = ip_of("255.255.255.255"), .length = (uint8_t)length};
		prefix_mask(&prefix);
		for (unsigned bit = 0; bit < 128; bit++)
			assert_int_equal(
				prefix.ip.bytes[bit / 8] >> (7 - bit % 8) & 1, bit < length);
	}
}

static void what_is_no_prefix_is_rejected_and_quoted(void **state)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{"10.0.0.0/33", "\"10.0.0.0/33\": prefix length over 32"},
		{"::/129", "\"::/129\": prefix length over 128"},
		{"::ffff:10.0.0.0/129", "\"::ffff:10.0.0.0/129\": prefix length over 128"},
		{"10.0.0.0/999", "\"10.0.0.0/999\": prefix length over 32"},
		{"", "\"\""},
		{"/24", "\"/24\""},
		{"10.0.0.0/", "\"10.0.0.0/\""},
		{"10.0.0.0/x", "\"10.0.0.0/x\""},
		{"10.0.0.0/-1", "\"10.0.0.0/-1\""},
		{"10.0.0.0/+8", "\"10.0.0.0/+8\""},
		{"10.0.0.0/08", "\"10.0.0.0/08\""},
		{"10.0.0.0/ 8", "\"10.0.0.0/ 8\""},
		{"10.0.0.0/8 ", "\"10.0.0.0/8 \""},
		{"10.0.0.0/1000", "\"10.0.0.0/1000\""},
		{"10.0.0.0/4294967304", "\"10.0.0.0/4294967304\""},
		{"10.0.0.0/8/8", "\"10.0.0.0/8/8\""},
		{"10.0.0.0/255.0.0.0", "\"10.0.0.0/255.0.0.0\""},
		{"fe80::1%eth0/64", "\"fe80::1%eth0/64\""},
		{"fe80::1%eth0", "\"fe80::1%eth0\""},
		{"example.org/24", "\"example.org/24\""},
		{"10.0.0/24", "\"10.0.0/24\""},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct diag diag = {0};
		struct prefix prefix = prefix_of("9.9.9.9"), before = prefix;
		if (prefix_parse(rows[i].text, strlen(rows[i].text), &prefix, &diag) != -EINVAL)
			fail_msg("taken for a prefix: \"%s\"", rows[i].text);
		assert_contains(diag_text(&diag), rows[i].error);
		assert_memory_equal(&prefix, &before, sizeof prefix);
		diag_clear(&diag);
	}
}

static void an_interface_address_keeps_its_host_bits(void **state)
{
	struct prefix address;
	assert_int_equal(prefix_parse_address("10.0.0.5/24", 11, &address, NULL), 0);
	assert_string_equal(prefix_format(&address).text, "10.0.0.5/24");
	assert_int_equal(prefix_parse_address("::ffff:10.0.0.5/120", 19, &address, NULL), 0);
	assert_string_equal(prefix_format(&address).text, "10.0.0.5/24");
	assert_int_equal(prefix_parse_address("10.0.0.5/33", 11, &address, NULL), -EINVAL);
}

static void a_host_route_has_all_bits(void **state)
{
	struct ip v4 = ip_of("10.100.0.1"), v6 = ip_of("fd00::1");
	struct prefix a = prefix_of_host(&v4), b = prefix_of_host(&v6);
	assert_string_equal(prefix_format(&a).text, "10.100.0.1/32");
	assert_string_equal(prefix_format(&b).text, "fd00::1/128");
}

static void prefixes_are_ordered_by_address_and_then_the_shorter_first(void **state)
{
	static const char *const ordered[] = {"0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/9",
		"10.0.0.0/32", "10.0.0.1/32", "11.0.0.0/8", "::/0", "::/128", "fd00::/8"};
	for (size_t i = 0; i < COUNT_OF(ordered); i++)
		for (size_t j = 0; j < COUNT_OF(ordered); j++) {
			struct prefix a = prefix_of(ordered[i]), b = prefix_of(ordered[j]);
			int order = prefix_compare(&a, &b);
			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
			assert_int_equal(prefix_equal(&a, &b), i == j);
		}
}

static void a_prefix_covers_the_addresses_within_it(void **state)
{
	struct prefix net = prefix_of("10.1.0.0/16"), all = prefix_of("0.0.0.0/0");
	struct prefix wide = prefix_of("::/0");
	struct ip in = ip_of("10.1.255.255"), out = ip_of("10.2.0.0"), v6 = ip_of("::a01:0");
	assert_true(prefix_covers(&net, &in));
	assert_false(prefix_covers(&net, &out));
	assert_false(prefix_covers(&net, &v6));
	assert_true(prefix_covers(&all, &out));
	assert_false(prefix_covers(&all, &v6));
	assert_true(prefix_covers(&wide, &v6));
	assert_false(prefix_covers(&wide, &in));
}

static void normalizing_sorts_and_drops_repeats_in_every_order(void **state)
{
	static const char *const texts[] = {"10.0.0.0/8", "::/0", "10.0.0.7/8", "10.0.0.0/9"};
	size_t order[4];
	for (unsigned code = 0; code < 256; code++) {
		bool used[4] = {false};
		bool distinct = true;
		for (size_t i = 0; i < 4; i++) {
			order[i] = code >> 2 * i & 3;
			distinct = distinct && !used[order[i]];
			used[order[i]] = true;
		}
		if (!distinct)
			continue;
		struct prefix prefixes[4];
		for (size_t i = 0; i < 4; i++)
			prefixes[i] = prefix_of(texts[order[i]]);
		assert_int_equal(prefixes_normalize(prefixes, 4), 3);
		assert_string_equal(prefix_format(&prefixes[0]).text, "10.0.0.0/8");
		assert_string_equal(prefix_format(&prefixes[1]).text, "10.0.0.0/9");
		assert_string_equal(prefix_format(&prefixes[2]).text, "::/0");
	}
	struct prefix one = prefix_of("10.0.0.0/8");
	assert_int_equal(prefixes_normalize(&one, 1), 1);
	assert_int_equal(prefixes_normalize(NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes_take_their_canonical_form),
		cmocka_unit_test(masking_leaves_exactly_the_bits_of_the_length),
		cmocka_unit_test(what_is_no_prefix_is_rejected_and_quoted),
		cmocka_unit_test(an_interface_address_keeps_its_host_bits),
		cmocka_unit_test(a_host_route_has_all_bits),
		cmocka_unit_test(prefixes_are_ordered_by_address_and_then_the_shorter_first),
		cmocka_unit_test(a_prefix_covers_the_addresses_within_it),
		cmocka_unit_test(normalizing_sorts_and_drops_repeats_in_every_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
