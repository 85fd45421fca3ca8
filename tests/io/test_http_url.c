/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include "http_url.h"

static void valid_urls_are_accepted(void **state)
{
	static const struct {
		const char *text;
		const char *expected;
		bool is_loopback;
	} urls[] = {
		{"https://control.example", "https://control.example", false},
		{"https://control.example/", "https://control.example", false},
		{"HTTPS://control.example:8443/mesh//", "https://control.example:8443/mesh", false},
		{"https://192.0.2.1", "https://192.0.2.1", false},
		{"https://[2001:db8::1]:444", "https://[2001:db8::1]:444", false},
		{"https://127.0.0.1", "https://127.0.0.1", true},
		{"https://localhost", "https://localhost", false},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080", true},
		{"http://127.255.3.4", "http://127.255.3.4", true},
		{"http://127.1", "http://127.0.0.1", true},
		{"http://[::1]:8080/x", "http://[::1]:8080/x", true},
		{"https://a/b/../c", "https://a/c", false},
		{"https://a/b%2Fc", "https://a/b%2Fc", false},
		{"https://[fe80::1%25eth0]", "https://[fe80::1%25eth0]", false},
	};
	for (size_t i = 0; i < COUNT_OF(urls); i++) {
		struct http_url url;
		assert_int_equal(http_url_parse(urls[i].text, &url, NULL), 0);
		assert_string_equal(url.text, urls[i].expected);
		assert_int_equal(url.is_loopback, urls[i].is_loopback);
		http_url_clear(&url);
	}
}

static void invalid_urls_are_rejected(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} urls[] = {
		{"", "empty"},
		{"control.example", "no scheme"},
		{"127.0.0.1:8080", "no scheme"},
		{"ftp://control.example", "neither https nor http"},
		{"file:///etc/passwd", ""},
		{"http://control.example", "literal loopback addresses only"},
		{"http://localhost:8080", "literal loopback addresses only"},
		{"http://127.0.0.1.example", "literal loopback addresses only"},
		{"http://128.0.0.1", "literal loopback addresses only"},
		{"http://0.0.0.0", "literal loopback addresses only"},
		{"http://[::2]", "literal loopback addresses only"},
		{"http://[::1%25lo]", "literal loopback addresses only"},
		{"https://user@control.example", "user name"},
		{"https://user:secret@control.example", "user name"},
		{"https://:secret@control.example", "user name"},
		{"https://control.example?x=1", "query"},
		{"https://control.example/?", "query"},
		{"https://control.example/#x", "fragment"},
		{"https://control.example#", "fragment"},
		{"https://control.example/a b", "space"},
		{"https://control.example\n", "control character"},
		{"https://control.example\\@evil", "backslash"},
		{"https:/control.example", "no scheme"},
		{"https:/%p://", "no scheme"},
		{"https:///control.example", "no host"},
		{"https://%333", "percent sign"},
		{"https://control%2eexample/mesh", "percent sign"},
		{"http://%3127.0.0.1", "percent sign"},
		{"https://", ""},
		{"https://control.example:70000", ""},
		{"https://control.example:0x50", ""},
		{"https://[::1", ""},
	};
	for (size_t i = 0; i < COUNT_OF(urls); i++) {
		struct http_url url = {.text = (char *)1};
		struct diag diag = {0};
		if (http_url_parse(urls[i].text, &url, &diag) != -EINVAL)
			fail_msg("%s is accepted", urls[i].text);
		assert_ptr_equal(url.text, (char *)1);
		assert_contains(diag_text(&diag), urls[i].error);
		assert_true(diag.length > 0);
		assert_lacks(diag_text(&diag), "secret");
		diag_clear(&diag);
	}
	char long_url[HTTP_URL_MAX + 20] = "https://control.example/";
	memset(long_url + strlen(long_url), 'x', sizeof long_url - strlen(long_url) - 1);
	struct http_url url;
	assert_int_equal(http_url_parse(long_url, &url, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_urls_are_accepted),
		cmocka_unit_test(invalid_urls_are_rejected),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
