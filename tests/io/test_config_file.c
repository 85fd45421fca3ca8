/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration file as options: what it sets, and what is rejected. */
#include "harness.h"

#include "config_file.h"
#include "scratch.h"

#include <stdio.h>
#include <sys/stat.h>

static const struct config_member members[] = {
	{"interface", CONFIG_TEXT},
	{"listen-port", CONFIG_NUMBER},
	{"fwmark", CONFIG_NUMBER_OR_TEXT},
	{"max-removal-percent", CONFIG_NUMBER},
	{"no-routes", CONFIG_FLAG},
	{"json", CONFIG_NEVER},
};

/* The settings, as "name=text;" for each. */
struct setting {
	char text[512];
	int error; /* the result of the next setting */
};

static int set(void *impl, const char *name, const char *text, struct diag *diag)
{
	struct setting *setting = impl;
	size_t length = strlen(setting->text);
	snprintf(setting->text + length, sizeof setting->text - length, "%s=%s;", name, text);
	return setting->error == -EINVAL ? diag_fail(diag, -EINVAL, "no value") : setting->error;
}

static int config_read(
	const struct scratch *scratch, const char *text, struct setting *setting, struct diag *diag)
{
	struct config_schema schema = {
		.members = members, .count = COUNT_OF(members), .set = set, .impl = setting};
	if (text)
		scratch_write(scratch, "config.json", text);
	return config_file_read(scratch_path(scratch, "config.json").text, &schema, diag);
}

static void each_member_is_set_as_on_the_command_line(void **state)
{
	static const struct {
		const char *text;
		const char *set;
	} rows[] = {
		{"{}", ""},
		{"{\"interface\":\"wg0\",\"listen_port\":51820,\"no_routes\":true}\n",
			"interface=wg0;listen-port=51820;no-routes=true;"},
		{"{\"no_routes\":false}", "no-routes=false;"},
		{"{\"fwmark\":\"0x2a\"}", "fwmark=0x2a;"},
		{"{\"fwmark\":42}", "fwmark=42;"},
		{"{\"interface\":null,\"max_removal_percent\":50}", "max-removal-percent=50;"},
		{"{\"inter\\u0066ace\":\"w\\u00e9\\\"\"}", "interface=w\xc3\xa9\";"},
		{"{\"listen_port\":-1.5e3}", "listen-port=-1.5e3;"},
		{"{\"listen_port\":51820.0}", "listen-port=51820;"},
		{"{\"listen_port\":5.182e4}", "listen-port=51820;"},
		{"{\"fwmark\":1e30}", "fwmark=1e30;"},
		{"\xef\xbb\xbf{\"interface\":\"\"}", "interface=;"},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct setting setting = {""};
		struct diag diag = {0};
		int error = config_read(*state, rows[i].text, &setting, &diag);
		assert_string_equal(diag_text(&diag), "");
		assert_int_equal(error, 0);
		assert_string_equal(setting.text, rows[i].set);
	}
}

/* The whole error: it begins with the file. */
static void assert_says(void *scratch, const struct diag *diag, const char *error)
{
	char text[400];
	snprintf(text, sizeof text, "config: %s: %s", scratch_path(scratch, "config.json").text,
		error);
	assert_string_equal(diag_text(diag), text);
}

static void a_possible_typing_error_is_rejected_with_its_place(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} rows[] = {
		{"", "byte 0: unexpected end"},
		{"{", "byte 1: unexpected end"},
		{"[]", "not an object"},
		{"null", "not an object"},
		{"{} {}", "byte 3: more after the value"},
		{"{\"liste_port\":1}", "liste_port: unknown member"},
		{"{\"listen-port\":1}", "listen-port: unknown member"},
		{"{\"listen_por\":1}", "listen_por: unknown member"},
		{"{\"listen_port_\":1}", "listen_port_: unknown member"},
		{"{\"Interface\":\"a\"}", "Interface: unknown member"},
		{"{\"nonsense\":null}", "nonsense: unknown member"},
		{"{\"\":1}", "\"\": unknown member"},
		{"{\"a\\nb\":1}", "\"a\\x0ab\": unknown member"},
		{"{\"interface\\u0000\":\"a\"}", "\"interface\\x00\": unknown member"},
		{"{\"json\":true}", "json: unknown member"},
		{"{\"interface\":\"a\",\"interface\":\"a\"}", "repeated member \"interface\""},
		{"{\"interface\":\"a\",\"inter\\u0066ace\":\"b\"}",
			"repeated member \"interface\""},
		{"{\"interface\":1}", "interface: not a string"},
		{"{\"interface\":\"a\\u0000b\"}", "interface: contains a NUL byte"},
		{"{\"listen_port\":\"1\"}", "listen_port: not a number"},
		{"{\"fwmark\":true}", "fwmark: not a number or a string"},
		{"{\"no_routes\":\"true\"}", "no_routes: not true or false"},
		{"{\"no_routes\":1}", "no_routes: not true or false"},
		{"{\"interface\":[\"a\"]}", "interface: not a string"},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct setting setting = {""};
		struct diag diag = {0};
		assert_int_equal(config_read(*state, rows[i].text, &setting, &diag), -EINVAL);
		assert_says(*state, &diag, rows[i].error);
		assert_string_equal(setting.text, "");
		diag_clear(&diag);
	}
}

static void a_value_that_the_option_rejects_is_named(void **state)
{
	struct setting setting = {.error = -EINVAL};
	struct diag diag = {0};
	assert_int_equal(
		config_read(*state, "{\"listen_port\":1,\"fwmark\":2}", &setting, &diag), -EINVAL);
	assert_says(*state, &diag, "listen_port: no value");
	assert_string_equal(setting.text, "listen-port=1;");
	diag_clear(&diag);
	setting.error = -ENOMEM;
	assert_int_equal(config_read(*state, NULL, &setting, &diag), -ENOMEM);
	assert_says(*state, &diag, "Cannot allocate memory");
	diag_clear(&diag);
}

static void a_file_that_others_may_write_is_rejected(void **state)
{
	static const struct {
		mode_t mode;
		int error;
	} rows[] = {{0600, 0}, {0644, 0}, {0660, -EACCES}, {0602, -EACCES}};
	scratch_write(*state, "config.json", "{}");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct setting setting = {""};
		struct diag diag = {0};
		scratch_chmod(*state, "config.json", rows[i].mode);
		assert_int_equal(config_read(*state, NULL, &setting, &diag), rows[i].error);
		if (rows[i].error)
			assert_contains(
				diag_text(&diag), "config.json: others may write it (mode 06");
		diag_clear(&diag);
	}
}

static void a_file_of_exactly_the_limit_is_read(void **state)
{
	assert_int_equal(CONFIG_BYTES_MAX, 1048576);
	for (size_t length = CONFIG_BYTES_MAX; length <= CONFIG_BYTES_MAX + 1; length++) {
		struct setting setting = {""};
		struct diag diag = {0};
		char *text = malloc(length + 1);
		assert_non_null(text);
		memset(text, ' ', length);
		memcpy(text, "{}", 2);
		text[length] = '\0';
		bool is_over = length > CONFIG_BYTES_MAX;
		assert_int_equal(config_read(*state, text, &setting, &diag), is_over ? -EFBIG : 0);
		if (is_over)
			assert_contains(diag_text(&diag), "config.json: over 1048576 bytes");
		diag_clear(&diag);
		free(text);
	}
}

static void a_missing_file_is_named(void **state)
{
	struct setting setting = {""};
	struct diag diag = {0};
	assert_int_equal(config_read(*state, NULL, &setting, &diag), -ENOENT);
	assert_says(*state, &diag, "No such file or directory");
	diag_clear(&diag);
}

#define CONFIG_TEST(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONFIG_TEST(each_member_is_set_as_on_the_command_line),
		CONFIG_TEST(a_possible_typing_error_is_rejected_with_its_place),
		CONFIG_TEST(a_value_that_the_option_rejects_is_named),
		CONFIG_TEST(a_file_that_others_may_write_is_rejected),
		CONFIG_TEST(a_file_of_exactly_the_limit_is_read),
		CONFIG_TEST(a_missing_file_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
