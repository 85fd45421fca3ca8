/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints: IP and port, a host name and port, or none. */
#include "harness.h"

#include <stdio.h>

static int parse(const char *text, struct endpoint *ret, struct diag *diag)
{
	static char host[ENDPOINT_HOST_MAX + 1];
	return endpoint_parse(text, strlen(text), host, ret, diag);
}

static void endpoints_take_their_canonical_form(void **state)
{
	static const struct {
		const char *text, *canonical;
		enum endpoint_kind kind;
	} rows[] = {
		{"", "", ENDPOINT_NONE},
		{"198.51.100.2:51820", "198.51.100.2:51820", ENDPOINT_IP},
		{"198.51.100.2:1", "198.51.100.2:1", ENDPOINT_IP},
		{"198.51.100.2:65535", "198.51.100.2:65535", ENDPOINT_IP},
		{"[2001:DB8:0::1]:51820", "[2001:db8::1]:51820", ENDPOINT_IP},
		{"[::ffff:198.51.100.2]:51820", "198.51.100.2:51820", ENDPOINT_IP},
		{"[fe80::1%eth0]:51820", "[fe80::1%eth0]:51820", ENDPOINT_IP},
		{"[fe80::1%2]:51820", "[fe80::1%2]:51820", ENDPOINT_IP},
		{"[fe80::1%abcdefghijklmno]:1", "[fe80::1%abcdefghijklmno]:1", ENDPOINT_IP},
		{"vpn.example.org:51820", "vpn.example.org:51820", ENDPOINT_NAME},
		{"vpn.example.org.:51820", "vpn.example.org.:51820", ENDPOINT_NAME},
		{"localhost:1", "localhost:1", ENDPOINT_NAME},
		{"1.example:1", "1.example:1", ENDPOINT_NAME},
		{"A-z_Z0.aZ9:1", "A-z_Z0.aZ9:1", ENDPOINT_NAME},
		{"-1.example:1", "-1.example:1", ENDPOINT_NAME},
		{"1.0-:1", "1.0-:1", ENDPOINT_NAME},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct endpoint endpoint;
		if (parse(rows[i].text, &endpoint, NULL) != 0)
			fail_msg("refused: %s", rows[i].text);
		assert_int_equal(endpoint.kind, rows[i].kind);
		assert_string_equal(endpoint_format(&endpoint).text, rows[i].canonical);
	}
}

static void what_is_no_endpoint_is_rejected_and_quoted(void **state)
{
	static const char *const rows[] = {"198.51.100.2", "198.51.100.2:", "198.51.100.2:0",
		"198.51.100.2:65536", "198.51.100.2:99999999999", "198.51.100.2:-1",
		"198.51.100.2:+1", "198.51.100.2: 1", "198.51.100.2:1 ", "198.51.100.2:http",
		"198.51.100.2:0x50", ":51820", "[]:51820", "[::1]", "[::1]:", "[::1]51820",
		"::1:51820", "2001:db8::1", "[::1:51820", "::1]:51820", "[198.51.100.2]:51820",
		"[vpn.example.org]:1", "[2001:db8::1%eth0]:51820", "[fe80::1%]:51820",
		"[fe80::1%abcdefghijklmnop]:1", "[fe80::1%a b]:1", "[fe80::1%a/b]:1",
		"[fe80::1%%1]:1", "fe80::1%eth0:51820", "198.51.100.2%eth0:1",
		"[::ffff:10.0.0.1%eth0]:1", "198.51.100:51820", "198.51.100.256:51820",
		"1.2.3.4.5:51820", "vpn..example.org:1", ".example.org:1", "vpn example.org:1",
		"a[b.example:1", "a`b.example:1", "a{b.example:1", "a^b.example:1", "a~:1",
		"vpn.example..:1", ".:1", "[zz::1]:1", "[fe80::1%a\x7f]:1", "[fe80::1%a%b]:1",
		"vpn.example.org/x:1", "user@example.org:1", " 198.51.100.2:1", "\n:1",
		("b\xc3\xbc"
		 "cher.example:1"),
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example:1"};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct diag diag = {0};
		struct endpoint endpoint = endpoint_of("9.9.9.9:9"), before = endpoint;
		if (parse(rows[i], &endpoint, &diag) != -EINVAL)
			fail_msg("taken for an endpoint: \"%s\"", rows[i]);
		assert_contains(diag_text(&diag), quote(rows[i], strlen(rows[i])).text);
		assert_memory_equal(&endpoint, &before, sizeof endpoint);
		diag_clear(&diag);
	}
}

static void a_host_name_has_at_most_253_characters(void **state)
{
	char text[300];
	struct endpoint endpoint;
	for (size_t i = 0; i < 254; i++)
		text[i] = i % 50 == 49 ? '.' : 'a';
	strcpy(text + 253, ":1");
	assert_int_equal(parse(text, &endpoint, NULL), 0);
	assert_int_equal(strlen(endpoint_format(&endpoint).text), 255);
	strcpy(text + 253, ".:1"); /* one character too many, the dot at the end */
	assert_int_equal(parse(text, &endpoint, NULL), -EINVAL);
	strcpy(text + 253, "a:1");
	assert_int_equal(parse(text, &endpoint, NULL), -EINVAL);
}

static void packets_cannot_be_sent_to_every_address(void **state)
{
	static const struct {
		const char *text;
		bool usable;
	} rows[] = {
		{"198.51.100.2:1", true},
		{"[2001:db8::1]:1", true},
		{"[fe80::1%eth0]:1", true},
		{"127.0.0.1:1", true},
		{"0.0.0.0:1", false},
		{"[::]:1", false},
		{"[::ffff:0.0.0.0]:1", false},
		{"224.0.0.1:1", false},
		{"239.255.255.255:1", false},
		{"240.0.0.1:1", false},
		{"[::ffff:240.0.0.1]:1", false},
		{"255.255.255.255:1", false},
		{"[f0f0::1]:1", true},
		{"[ff02::1]:1", false},
		{"[fe80::1]:1", false},
		{"169.254.0.1:1", true},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct diag diag = {0};
		struct endpoint endpoint = endpoint_of(rows[i].text);
		int error = endpoint_validate(&endpoint, &diag);
		if (error != (rows[i].usable ? 0 : -EINVAL))
			fail_msg("%s: %d %s", rows[i].text, error, diag_text(&diag));
		diag_clear(&diag);
	}
	struct endpoint none = endpoint_of("");
	assert_int_equal(endpoint_validate(&none, NULL), 0);
}

static void endpoints_differ_by_address_port_and_kind(void **state)
{
	static const char *const rows[] = {"", "198.51.100.2:1", "198.51.100.2:2", "198.51.100.3:1",
		"[2001:db8::1]:1", "[fe80::1%eth0]:1", "[fe80::1%eth1]:1"};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		for (size_t j = 0; j < COUNT_OF(rows); j++) {
			struct endpoint a = endpoint_of(rows[i]), b = endpoint_of(rows[j]);
			assert_int_equal(endpoint_equal(&a, &b), i == j);
		}
}

static void a_zone_is_compared_only_if_both_sides_have_one(void **state)
{
	struct endpoint with = endpoint_of("[fe80::1%eth0]:1"),
			without = endpoint_of("[fe80::1]:1");
	assert_true(endpoint_equal(&with, &without));
	assert_true(endpoint_equal(&without, &with));
}

/* Endpoints that a peer may choose: each is read, and is distinct from none in print only. */
static void every_endpoint_of_a_device_is_read(void **state)
{
	char longest[400];
	memset(longest, 'a', sizeof longest);
	const struct {
		const char *text;
		size_t length;
		const char *format;
		enum endpoint_kind kind;
	} rows[] = {
		{"", 0, "", ENDPOINT_NONE},
		{"192.0.2.2:1", 11, "192.0.2.2:1", ENDPOINT_IP},
		{"[2001:DB8::2]:65535", 19, "[2001:db8::2]:65535", ENDPOINT_IP},
		{"[fe80::1]:1", 11, "[fe80::1]:1", ENDPOINT_IP},
		{"[fe80::1%gone]:1", 16, "[fe80::1%gone]:1", ENDPOINT_IP},
		{"192.0.2.2:0", 11, "192.0.2.2:0", ENDPOINT_UNUSABLE},
		{"[2001:DB8::2]:0", 15, "[2001:DB8::2]:0", ENDPOINT_UNUSABLE},
		{"[fe80::1%eth0]:0", 16, "[fe80::1%eth0]:0", ENDPOINT_UNUSABLE},
		{"0.0.0.0:0", 9, "0.0.0.0:0", ENDPOINT_UNUSABLE},
		{"0.0.0.0:1", 9, "0.0.0.0:1", ENDPOINT_UNUSABLE},
		{"[::]:1", 6, "[::]:1", ENDPOINT_UNUSABLE},
		{"224.0.0.1:1", 11, "224.0.0.1:1", ENDPOINT_UNUSABLE},
		{"[ff02::1]:1", 11, "[ff02::1]:1", ENDPOINT_UNUSABLE},
		{"192.0.2.2:65536", 15, "192.0.2.2:65536", ENDPOINT_UNUSABLE},
		{"192.0.2.2", 9, "192.0.2.2", ENDPOINT_UNUSABLE},
		{"192.0.2.2:", 10, "192.0.2.2:", ENDPOINT_UNUSABLE},
		{"192.0.2.2:-1", 12, "192.0.2.2:-1", ENDPOINT_UNUSABLE},
		{"192.0.2.2:00", 12, "192.0.2.2:00", ENDPOINT_UNUSABLE},
		{"vpn.example.org:1", 17, "vpn.example.org:1", ENDPOINT_UNUSABLE},
		{"[2001:db8::2%eth0]:1", 20, "[2001:db8::2%eth0]:1", ENDPOINT_UNUSABLE},
		{"[fe80::1%abcdefghijklmnop]:1", 28, "[fe80::1%abcdefghijklmnop]:1",
			ENDPOINT_UNUSABLE},
		{":", 1, ":", ENDPOINT_UNUSABLE},
		{"a\0b\x1b[2J\x7f\xc2\x9b", 10, "a?b?[2J???", ENDPOINT_UNUSABLE},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char host[ENDPOINT_HOST_MAX + 1];
		struct endpoint endpoint = endpoint_from_device(rows[i].text, rows[i].length, host);
		assert_int_equal(endpoint.kind, rows[i].kind);
		assert_string_equal(endpoint_format(&endpoint).text, rows[i].format);
		assert_int_equal(endpoint_has_host(&endpoint), rows[i].kind == ENDPOINT_UNUSABLE);
	}
	char host[ENDPOINT_HOST_MAX + 1];
	struct endpoint endpoint = endpoint_from_device(longest, sizeof longest, host);
	assert_int_equal(strlen(endpoint_format(&endpoint).text), ENDPOINT_HOST_MAX);
}

static void a_reported_endpoint_without_address_and_port_is_recognized(void **state)
{
	static const struct {
		const char *text;
		const char *error; /* NULL: accepted */
	} rows[] = {
		{"", NULL},
		{"192.0.2.2:1", NULL},
		{"192.0.2.2:0", NULL},
		{"224.0.0.1:1", NULL},
		{"[::]:0", NULL},
		{"192.0.2.2", "\"192.0.2.2\": no port"},
		{"192.0.2.2:65536", "\"192.0.2.2:65536\": the port is not between 1 and 65535"},
		{"a.example:1", "\"a.example:1\": not an IP address"},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct diag diag = {0};
		char host[ENDPOINT_HOST_MAX + 1];
		struct endpoint endpoint;
		const char *text = rows[i].text;
		int error = endpoint_parse_reported(text, strlen(text), host, &endpoint, &diag);
		assert_int_equal(error, rows[i].error ? -EINVAL : 0);
		if (error)
			assert_string_equal(diag_text(&diag), rows[i].error);
		else
			assert_string_equal(endpoint_format(&endpoint).text, text);
		diag_clear(&diag);
	}
}

static void an_endpoint_in_bytes_is_read_like_one_in_text(void **state)
{
	static const char *const rows[] = {"", "192.0.2.2:1", "192.0.2.2:0", "0.0.0.0:1",
		"239.255.255.255:1", "[2001:db8::1]:0", "[ff02::1]:1", "[fe80::1%7]:1",
		"[fe80::1%7]:0", "[fe80::1]:1"};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char of_text[ENDPOINT_HOST_MAX + 1], of_bytes[ENDPOINT_HOST_MAX + 1];
		struct endpoint text = endpoint_from_device(rows[i], strlen(rows[i]), of_text);
		struct endpoint bytes = {0};
		if (rows[i][0]) {
			/* The port is put in afterwards. */
			char usable[64];
			size_t length = strlen(rows[i]) - 1;
			snprintf(usable, sizeof usable, "%.*s1", (int)length, rows[i]);
			bytes = endpoint_of(usable);
			bytes.port = rows[i][length] == '0' ? 0 : 1;
		}
		bytes = endpoint_from_device_ip(&bytes, of_bytes);
		assert_int_equal(bytes.kind, text.kind);
		assert_true(endpoint_equal(&bytes, &text));
		assert_string_equal(endpoint_format(&bytes).text, rows[i]);
	}
}

static void an_unusable_endpoint_equals_only_its_own_text(void **state)
{
	static const char *const rows[] = {"", "192.0.2.2:1", "192.0.2.2:0", "192.0.2.3:0", "?"};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		for (size_t j = 0; j < COUNT_OF(rows); j++) {
			char x[ENDPOINT_HOST_MAX + 1], y[ENDPOINT_HOST_MAX + 1];
			struct endpoint a = endpoint_from_device(rows[i], strlen(rows[i]), x);
			struct endpoint b = endpoint_from_device(rows[j], strlen(rows[j]), y);
			assert_int_equal(endpoint_equal(&a, &b), i == j);
		}
}

static void host_names_are_compared_as_text(void **state)
{
	char x[ENDPOINT_HOST_MAX + 1], y[ENDPOINT_HOST_MAX + 1];
	struct endpoint a, b;
	assert_int_equal(endpoint_parse("a.example:1", 11, x, &a, NULL), 0);
	assert_int_equal(endpoint_parse("a.example:1", 11, y, &b, NULL), 0);
	assert_true(endpoint_equal(&a, &b));
	assert_int_equal(endpoint_parse("b.example:1", 11, y, &b, NULL), 0);
	assert_false(endpoint_equal(&a, &b));
	b = endpoint_of("198.51.100.2:1");
	assert_false(endpoint_equal(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoints_take_their_canonical_form),
		cmocka_unit_test(what_is_no_endpoint_is_rejected_and_quoted),
		cmocka_unit_test(a_host_name_has_at_most_253_characters),
		cmocka_unit_test(packets_cannot_be_sent_to_every_address),
		cmocka_unit_test(endpoints_differ_by_address_port_and_kind),
		cmocka_unit_test(a_zone_is_compared_only_if_both_sides_have_one),
		cmocka_unit_test(every_endpoint_of_a_device_is_read),
		cmocka_unit_test(a_reported_endpoint_without_address_and_port_is_recognized),
		cmocka_unit_test(an_endpoint_in_bytes_is_read_like_one_in_text),
		cmocka_unit_test(an_unusable_endpoint_equals_only_its_own_text),
		cmocka_unit_test(host_names_are_compared_as_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
