/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <json-c/json.h>
#include <sodium.h>

#include "replay_place.h"

/* A step that does not hold after Setup and one peer, and the text of the failure. */
struct failing {
	const char *step;
	const char *found;
};

static const struct failing failing_steps[] = {
	{"{\"do\":\"setup\",\"returns\":\"error: x\"}", "returns: expected error: x, found ok"},
	{"{\"do\":\"remove_peer_by_id\",\"peer_id\":\"q\",\"returns\":\"ok\"}",
		"returns: expected ok, found error: wireguard: unknown peer ID: q"},
	{"{\"do\":\"remove_peer_by_id\",\"peer_id\":\"q\",\"returns\":\"error: EIO\"}",
		"returns: expected error: EIO, found error: wireguard: unknown peer ID: q"},
	{"{\"do\":\"expect\",\"ops\":[\"set_mtu plexd0 5\"]}",
		"ops: expected [\"set_mtu plexd0 5\"], found [\"create_interface plexd0 51820\", "},
	{"{\"do\":\"expect\",\"device\":null}", "device: expected null, found plexd0"},
	{"{\"do\":\"expect\",\"device\":{\"name\":\"wg9\"}}",
		"device: expected an interface, found none"},
	{"{\"do\":\"expect\",\"device\":{\"up\":false}}", "device: up: expected false, found true"},
	{"{\"do\":\"expect\",\"device\":{\"mtu\":1}}", "device: mtu: expected 1, found 1420"},
	{"{\"do\":\"expect\",\"device\":{\"listen_port\":1}}",
		"device: listen_port: expected 1, found 51820"},
	{"{\"do\":\"expect\",\"device\":{\"private_key\":\"${key:2}\"}}",
		"device: private_key: expected that of "},
	{"{\"do\":\"expect\",\"device\":{\"private_key\":null}}",
		"device: private_key: expected that of nobody, found that of "},
	{"{\"do\":\"expect\",\"device\":{\"addresses\":[\"10.0.0.1/24\"]}}",
		"device: addresses: expected [10.0.0.1/24], found [10.100.0.1/32]"},
	{"{\"do\":\"expect\",\"device\":{\"peers\":[]}}",
		"device: peers: expected 0, found AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="},
	{"{\"do\":\"expect\",\"device\":{\"peers\":[{\"public_key\":\"${key:2}\"},"
	 "{\"public_key\":\"${key:3}\"}]}}",
		"device: peers: expected AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=, found no"},
	{"{\"do\":\"expect\",\"device\":{\"peers\":[{\"public_key\":\"${key:2}\","
	 "\"endpoint\":\"\"}]}}",
		"endpoint: expected \"\", found \"198.51.100.2:51820\""},
	{"{\"do\":\"expect\",\"device\":{\"peers\":[{\"public_key\":\"${key:2}\","
	 "\"allowed_ips\":[\"10.0.0.0/8\"]}]}}",
		"allowed_ips: expected [10.0.0.0/8], found [10.100.0.2/32]"},
	{"{\"do\":\"expect\",\"device\":{\"peers\":[{\"public_key\":\"${key:2}\",\"psk\":null}]}}",
		"psk: expected none, found one"},
	{"{\"do\":\"expect\",\"device\":{\"peers\":[{\"public_key\":\"${key:2}\","
	 "\"psk\":\"${key:23}\"}]}}",
		"psk: expected one, found another"},
	{"{\"do\":\"expect\",\"device\":{\"peers\":[{\"public_key\":\"${key:2}\","
	 "\"persistent_keepalive\":1}]}}",
		"persistent_keepalive: expected 1, found 0"},
	{"{\"do\":\"expect\",\"device\":{\"peers\":[{\"public_key\":\"${key:2}\","
	 "\"last_handshake\":\"2026-03-01T12:00:00Z\"}]}}",
		"last_handshake: expected 2026-03-01T12:00:00Z, found none"},
	{"{\"do\":\"expect\",\"device\":{\"peers\":[{\"public_key\":\"${key:2}\","
	 "\"tx_bytes\":1}]}}",
		"tx_bytes: expected 1, found 0"},
	{"{\"do\":\"expect\",\"interface\":\"absent\"}", "interface: expected absent, found up"},
	{"{\"do\":\"expect\",\"index\":{}}", "index: expected {}, found {\"peer-2\": \"AgIC"},
	{"{\"do\":\"expect\",\"index\":{\"peer-3\":\"${key:2}\"}}",
		"index: expected {\"peer-3\": "},
	{"{\"do\":\"expect\",\"drift\":null}",
		"drift: expected null, found [peer_added \"peer peer-2\"]"},
	{"{\"do\":\"expect\",\"drift\":[]}", "drift: expected [], found [peer_added "},
	{"{\"do\":\"expect\",\"drift\":[{\"type\":\"peer_updated\",\"detail\":\"peer peer-2\"}]}",
		"drift: expected [peer_updated \"peer peer-2\"], found [peer_added \"peer "
		"peer-2\"]"},
	{"{\"do\":\"expect\",\"logs\":[\"component=wireguard\",\"nonsense\"]}",
		"logs: expected a line with \"nonsense\", found [\"time=2026-03-01T12:00:00.000Z"},
	{"{\"do\":\"expect\",\"log_count\":{\"Interface configured\":2}}",
		"log_count: expected 2 lines with \"Interface configured\", found 1"},
	{"{\"do\":\"expect\",\"no_logs\":[\"plexd0\"]}",
		"no_logs: expected no line with \"plexd0\", found \"time="},
};

#define PEER_2                                                                                     \
	"{\"id\":\"peer-2\",\"public_key\":\"${key:2}\",\"endpoint\":\"198.51.100.2:51820\","      \
	"\"allowed_ips\":[\"10.100.0.2/32\"],\"psk\":\"${key:22}\"}"
#define FIRST_STEPS "{\"do\":\"setup\"},{\"do\":\"reconcile\",\"state\":{\"peers\":[" PEER_2 "]}},"

static void a_failed_expectation_is_reported_with_step_and_member(void **state)
{
	struct place *place = *state;
	for (size_t i = 0; i < sizeof failing_steps / sizeof *failing_steps; i++) {
		char text[1024];
		snprintf(text, sizeof text, STEPS(FIRST_STEPS "%s"), failing_steps[i].step);
		int status = replay_text(place, text, false);
		assert_string_equal(place->err, "");
		if (status != REPLAY_ONE_FAILS)
			fail_msg("status %d for %s", status, failing_steps[i].step);
		assert_int_equal(strncmp(place->out, "FAIL a title\n  ", 15), 0);
		assert_holds(place->out, "/case.json: step 3: ");
		assert_holds(place->out, failing_steps[i].found);
		assert_holds(place->out, "\n0 passed, 1 failed\n");
		assert_null(strstr(place->out, "FhYW")); /* the psk */
		assert_null(strstr(place->out, "FxcX"));
	}
}

static void a_log_line_is_checked_once(void **state)
{
	struct place *place = *state;
	const char *text = STEPS("{\"do\":\"setup\"},"
				 "{\"do\":\"expect\",\"logs\":[\"Interface configured\"]},"
				 "{\"do\":\"expect\",\"logs\":[\"Interface configured\"]}");
	assert_int_equal(replay_text(place, text, false), REPLAY_ONE_FAILS);
	assert_holds(place->out,
		"step 3: logs: expected a line with \"Interface configured\", found []\n");
}

static void a_step_during_a_fetch_is_named_by_both_numbers(void **state)
{
	struct place *place = *state;
	const char *text = STEPS("{\"do\":\"reconcile\",\"during_fetch\":[{\"do\":\"event\","
				 "\"event_type\":\"x\",\"payload\":1,\"returns\":\"error: x\"}]}");
	assert_int_equal(replay_text(place, text, false), REPLAY_ONE_FAILS);
	assert_holds(place->out, ": step 1.1: returns: expected error: x, found ok\n");
}

static void nothing_runs_before_the_whole_file_is_valid(void **state)
{
	struct place *place = *state;
	const char *text =
		STEPS("{\"do\":\"expect\",\"interface\":\"up\"},{\"do\":\"expect\",\"ops\":7}");
	assert_int_equal(replay_text(place, text, true), REPLAY_UNUSABLE);
	assert_string_equal(place->out, "0 passed, 0 failed\n");
}

#define GOOD(title) "{\"scenario\":\"" title "\",\"version\":1,\"steps\":[]}"
#define BAD(title)                                                                                 \
	"{\"scenario\":\"" title "\",\"version\":1,\"steps\":[{\"do\":\"expect\",\"device\":{}}]}"

static void a_directory_is_searched_at_any_depth_in_sorted_order(void **state)
{
	struct place *place = *state;
	char path[160];
	path_of(place, "b", path, sizeof path);
	assert_int_equal(mkdir(path, 0700), 0);
	path_of(place, "b/deep.json", path, sizeof path);
	assert_int_equal(mkdir(path, 0700), 0);
	write_file(place, "c.json", GOOD("third"));
	write_file(place, "b/deep.json/x.json", GOOD("second"));
	write_file(place, "a.json", GOOD("first"));
	write_file(place, "b/z.json", BAD("z"));
	write_file(place, "notes.txt", "no scenario");
	write_file(place, ".json", "no scenario");
	assert_int_equal(replay_named(place, "", false), REPLAY_ONE_FAILS);
	assert_int_equal(strncmp(place->out, "ok first\nok second\nFAIL z\n", 26), 0);
	assert_holds(place->out, "\nok third\n3 passed, 1 failed\n");
	assert_string_equal(place->err, "");
}

static void the_other_files_run_where_one_is_unusable(void **state)
{
	struct place *place = *state;
	write_file(place, "a.json", "{");
	write_file(place, "b.json", BAD("b"));
	write_file(place, "c.json", GOOD("c"));
	assert_int_equal(replay_named(place, "", false), REPLAY_UNUSABLE);
	assert_holds(place->out, "FAIL b\n");
	assert_holds(place->out, "ok c\n1 passed, 1 failed\n");
	assert_holds(place->err, "/a.json: ");
	assert_int_equal(replay_named(place, "missing.json", false), REPLAY_UNUSABLE);
	assert_holds(place->err, "missing.json: No such file or directory");
	assert_int_equal(replay_named(place, "c.json", false), REPLAY_ALL_HOLD);
	assert_string_equal(place->out, "ok c\n1 passed, 0 failed\n");
}

static void a_directory_without_scenarios_is_an_error(void **state)
{
	struct place *place = *state;
	assert_int_equal(replay_named(place, "", false), REPLAY_UNUSABLE);
	assert_holds(place->err, "no scenario in this directory");
}

#define BUSY_STEPS                                                                                 \
	FIRST_STEPS "{\"do\":\"advance\",\"by\":\"90s\"},"                                         \
		    "{\"do\":\"reconcile\",\"during_fetch\":[{\"do\":\"event\",\"event_type\":"    \
		    "\"peer_removed\",\"payload\":{\"peer_id\":\"peer-2\"}}]},"                    \
		    "{\"do\":\"deliver\",\"data\":\"no envelope\"}"

/* The lines of a trace, read as JSON; the last lines of the output are none. */
static void a_trace_is_json_lines_with_time_and_step(void **state)
{
	struct place *place = *state;
	static const char *const types[] = {"operation", "event", "log", "cycle"};
	unsigned seen[4] = {0};
	assert_int_equal(replay_text(place, STEPS(BUSY_STEPS), true), REPLAY_ALL_HOLD);
	assert_holds(place->out, "\nok a title\n1 passed, 0 failed\n");
	assert_holds(place->out, "\"time\":\"2026-03-01T12:01:30Z\",\"step\":\"4.1\"");
	char *rest = NULL;
	for (char *line = strtok_r(place->out, "\n", &rest); line && *line == '{';
		line = strtok_r(NULL, "\n", &rest)) {
		struct json_object *object = json_tokener_parse(line), *member;
		assert_non_null(object);
		assert_true(json_object_object_get_ex(object, "time", &member));
		assert_true(json_object_object_get_ex(object, "step", &member));
		assert_true(json_object_object_get_ex(object, "scenario", &member));
		assert_true(json_object_object_get_ex(object, "type", &member));
		for (size_t i = 0; i < 4; i++)
			seen[i] += strcmp(json_object_get_string(member), types[i]) == 0;
		json_object_put(object);
	}
	assert_true(seen[0] >= 6);
	assert_int_equal(seen[1], 2);
	assert_true(seen[2] >= 3);
	assert_int_equal(seen[3], 2);
}

static int replay_fixtures(struct place *place, bool trace)
{
	const char *fixtures = getenv("PLEXWG_FIXTURES");
	char path[512];
	assert_non_null(fixtures);
	snprintf(path, sizeof path, "%s/scenarios", fixtures);
	const char *paths[] = {path};
	return replay_paths(place, paths, 1, trace);
}

static void two_runs_print_the_same_bytes_and_no_secret(void **state)
{
	struct place *place = *state;
	int status = replay_fixtures(place, true);
	char *first = strdup(place->out);
	assert_non_null(first);
	sleep(1);
	assert_int_equal(replay_fixtures(place, true), status);
	assert_string_equal(place->out, first);
	assert_null(strstr(first, "FhYWFhYW")); /* the psk of many fixtures */
	free(first);
}

static void the_fixtures_hold(void **state)
{
	struct place *place = *state;
	int status = replay_fixtures(place, false);
	char *rest = NULL;
	for (char *line = strtok_r(place->out, "\n", &rest); line;
		line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, "ok ", 3) != 0)
			print_message("# %s\n", line);
	}
	print_message("%s", place->err);
	assert_int_equal(status, REPLAY_ALL_HOLD);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_failed_expectation_is_reported_with_step_and_member),
		TEST(a_log_line_is_checked_once),
		TEST(a_step_during_a_fetch_is_named_by_both_numbers),
		TEST(nothing_runs_before_the_whole_file_is_valid),
		TEST(a_directory_is_searched_at_any_depth_in_sorted_order),
		TEST(the_other_files_run_where_one_is_unusable),
		TEST(a_directory_without_scenarios_is_an_error),
		TEST(a_trace_is_json_lines_with_time_and_step),
		TEST(two_runs_print_the_same_bytes_and_no_secret),
		TEST(the_fixtures_hold),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
