/* SPDX-License-Identifier: Apache-2.0 */
#include "diag.h"
#include "duration.h"
#include "scenario_read.h"
#include "scenario_text.h"
#include "timestamp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <sodium.h>

#include "replay_place.h"

/* An invalid file, and the end of its error after the file's name. */
struct unusable {
	const char *text;
	const char *error;
};

static const struct unusable unusable_files[] = {
	{"", "unexpected end"},
	{"[]", "not an object"},
	{"{\"scenario\":\"t\"", "unexpected end"},
	{"\"scenario\"", "not an object"},
	{HEAD "\"steps\":[]} {}", "more after the value"},
	{HEAD "\"steps\":[],}", "unexpected character"},
	{STEPS("{\"do\":\"expect\",\"ops\":[\"a\nb\"]}"), "step 1: ops[0]: byte 67: control"},
	{HEAD "\"steps\":[{\"do\":\"setup\"},{\"do\":\"expect\",\"device\":{\"up\":tr",
		"step 2: device: up: byte"},
	{HEAD "\"steps\":[{\"do\":\"expect\",\"o\\\"", "step 1: byte"},
	{HEAD "\"steps\":[{\"do\":\"expect\",\"\\u0001\\\"\":", "step 1: \"\\x01\\\"\": byte"},
	{HEAD "\"steps\":[{\"do\":\"reconcile\",\"during_fetch\":[{},{\"do\":",
		"step 1: during_fetch: step 1.2: do: byte"},
	{HEAD "\"device\":{\"peers\":[{},{\"public_key\":\"",
		"device: peers[1]: public_key: byte"},
	{"{\"version\":1,\"steps\":[]}", "scenario: missing"},
	{"{\"scenario\":\"t\",\"steps\":[]}", "version: missing"},
	{"{\"scenario\":\"t\",\"version\":1}", "steps: missing"},
	{"{\"scenario\":7,\"version\":1,\"steps\":[]}", "scenario: not a string"},
	{"{\"scenario\":\"\",\"version\":1,\"steps\":[]}", "scenario: "},
	{"{\"scenario\":\"a\\nb\",\"version\":1,\"steps\":[]}", "scenario: "},
	{"{\"scenario\":\"t\",\"version\":2,\"steps\":[]}", "version: only version 1"},
	{"{\"scenario\":\"t\",\"version\":\"1\",\"steps\":[]}", "version: not a number"},
	{"{\"scenario\":\"t\",\"version\":1.5,\"steps\":[]}", "version: "},
	{"{\"scenario\":\"t\",\"version\":1,\"steps\":{}}",
		"steps: not an array"},
	{HEAD "\"stpes\":[],\"steps\":[]}", "\"stpes\": unknown member"},
	{HEAD "\"version\":1,\"steps\":[]}", "repeated member \"version\""},
	{HEAD "\"\\u0076ersion\":1,\"steps\":[]}", "repeated member \"version\""},
	{HEAD "\"start\":\"noon\",\"steps\":[]}", "start: \"noon\""},
	{HEAD "\"start\":0,\"steps\":[]}", "start: not a string"},
	{HEAD "\"config\":{\"port\":1},\"steps\":[]}", "config: \"port\": unknown member"},
	{HEAD "\"config\":{\"routes\":1},\"steps\":[]}", "config: routes: not true"},
	{STEPS("{\"do\":\"expect\",\"routes\":[\"10.0.0.0/8 254\"]}"),
		"step 1: routes[0]: \"10.0.0.0/8 254\": expected PREFIX TABLE TYPE"},
	{STEPS("{\"do\":\"expect\",\"routes\":[\"10.0.0.0/8 254 local\"]}"), "routes[0]: "},
	{STEPS("{\"do\":\"expect\",\"routes\":[\"10.0.0.0/8 0 unicast\"]}"), "routes[0]: "},
	{STEPS("{\"do\":\"expect\",\"routes\":[\"10.0.0.0/8 4294967296 throw\"]}"),
		"routes[0]: "},
	{STEPS("{\"do\":\"expect\",\"routes\":[\"10.0.0.0/8 -1 throw\"]}"), "routes[0]: "},
	{STEPS("{\"do\":\"expect\",\"routes\":[\"10.0.0.0/33 1 throw\"]}"), "routes[0]: "},
	{STEPS("{\"do\":\"expect\",\"routes\":[\"10.0.0.0/8\"]}"), "routes[0]: "},
	{STEPS("{\"do\":\"world\",\"set_route\":\"x 1 unicast\"}"), "step 1: set_route: \"x 1"},
	{STEPS("{\"do\":\"world\",\"flush_routes\":false}"), "flush_routes: expected true"},
	{STEPS("{\"do\":\"world\",\"set_clock\":\"now\"}"), "step 1: set_clock: "},
	{STEPS("{\"do\":\"world\",\"set_clock\":\"2200-01-01T00:00:01Z\"}"),
		"step 1: the clock ends in the year 2200"},
	{STEPS("{\"do\":\"reconcile\",\"during_fetch\":[{\"do\":\"world\","
	       "\"set_clock\":\"2199-12-31T23:59:59Z\"}]},{\"do\":\"advance\",\"by\":\"2s\"}"),
		"step 2: the clock ends in the year 2200"},
	{HEAD "\"config\":{\"mtu\":-1},\"steps\":[]}", "config: wireguard: config: MTU"},
	{HEAD "\"config\":{\"listen_port\":65536},\"steps\":[]}",
		"config: wireguard: config: ListenPort must be between 1 and 65535"},
	{HEAD "\"config\":{\"listen_port\":\"1\"},\"steps\":[]}",
		"config: listen_port: not a number"},
	{HEAD "\"config\":{\"interface_name\":\"a/b\"},\"steps\":[]}",
		"config: interface_name: \"a/b\""},
	{HEAD "\"config\":{\"interface_name\":\"wg%d\"},\"steps\":[]}",
		"config: interface_name: \"wg%d\""},
	{HEAD "\"config\":{\"persistent_keepalive\":70000},\"steps\":[]}", "config: "},
	{HEAD "\"identity\":{\"mesh_ip\":\"10.0.0.1/32\"},\"steps\":[]}", "identity: mesh_ip"},
	{HEAD "\"identity\":{\"mesh_ip\":\"127.0.0.1\"},\"steps\":[]}",
		"identity: mesh_ip: \"127.0.0.1\": cannot be the address of a node"},
	{HEAD "\"config\":{\"mtu\":1420.5},\"steps\":[]}", "mtu: not a whole number"},
	{HEAD "\"identity\":{\"private_key\":\"c2VjcmV0\"},\"steps\":[]}", "identity: private_key"},
	{HEAD "\"identity\":{\"private_key\":null},\"steps\":[]}", "identity: private_key"},
	{HEAD "\"identity\":{\"name\":\"x\"},\"steps\":[]}", "identity: \"name\": unknown member"},
	{HEAD "\"signing_keys\":{},\"steps\":[]}", "signing_keys: current"},
	{HEAD "\"signing_keys\":{\"current\":\"${key:2}\",\"next\":\"\"},\"steps\":[]}",
		"signing_keys: \"next\": unknown member"},
	{HEAD "\"device\":{\"color\":1},\"steps\":[]}", "device: \"color\": unknown member"},
	{HEAD "\"device\":null,\"steps\":[]}", "device: not an object"},
	{HEAD "\"device\":{\"up\":1},\"steps\":[]}", "device: up: not true or false"},
	{HEAD "\"device\":{\"addresses\":[\"10.0.0.1/33\"]},\"steps\":[]}", "device: addresses"},
	{HEAD "\"device\":{\"peers\":[{}]},\"steps\":[]}",
		"device: peers[0]: public_key: missing"},
	{HEAD "\"device\":{\"peers\":[{\"public_key\":\"${key:2}\",\"psk\":\"hunter2\"}]},"
	      "\"steps\":[]}",
		"device: peers[0]: psk: "},
	{HEAD "\"device\":{\"peers\":[{\"public_key\":\"${key:2}\"},{\"public_key\":"
	      "\"${key:2}\"}]},\"steps\":[]}",
		"device: peers[1]: public_key"},
	{HEAD "\"device\":{\"peers\":[{\"public_key\":\"${key:2}\",\"endpoint\":"
	      "\"host.example:1\"}]},\"steps\":[]}",
		"device: peers[0]: endpoint"},
	{HEAD "\"device\":{\"private_key\":\"${key:256}\"},\"steps\":[]}",
		"device: private_key: \"${key:256}\": the number is over 255"},
	{STEPS("{\"do\":\"setup\"},{\"do\":\"remove_peer\",\"public_key\":\"${key:256}\"}"),
		"step 2: public_key: \"${key:256}\": the number is over 255"},
	{STEPS("5"), "step 1: not an object"},
	{STEPS("{}"), "step 1: do: missing"},
	{STEPS("{\"do\":7}"), "step 1: do: not a string"},
	{STEPS("{\"do\":\"setup\"},{\"do\":\"dance\"}"), "step 2: do: \"dance\""},
	{STEPS("{\"do\":\"setup\",\"peer\":{}}"), "step 1: \"peer\": unknown member"},
	{STEPS("{\"do\":\"setup\",\"do\":\"setup\"}"), "step 1: repeated member \"do\""},
	{STEPS("{\"do\":\"setup\",\"returns\":\"fine\"}"), "step 1: returns: "},
	{STEPS("{\"do\":\"setup\",\"returns\":\"error\"}"), "step 1: returns: "},
	{STEPS("{\"do\":\"setup\",\"returns\":null}"), "step 1: returns: not a string"},
	{STEPS("{\"do\":\"restart\",\"returns\":\"ok\"}"), "step 1: \"returns\": unknown member"},
	{STEPS("{\"do\":\"advance\",\"by\":\"1s\",\"returns\":\"ok\"}"),
		"step 1: \"returns\": unknown member"},
	{STEPS("{\"do\":\"add_peer\"}"), "step 1: peer: missing"},
	{STEPS("{\"do\":\"add_peer\",\"peer\":[]}"), "step 1: peer: not an object"},
	{STEPS("{\"do\":\"add_peer\",\"peer\":{\"id\":\"a\",\"id\":\"b\"}}"),
		"step 1: peer: repeated member \"id\""},
	{STEPS("{\"do\":\"remove_peer\",\"public_key\":\"AgIC\"}"), "step 1: public_key: "},
	{STEPS("{\"do\":\"remove_peer\",\"public_key\":\"${key:0}\"}"), "step 1: public_key: "},
	{STEPS("{\"do\":\"remove_peer_by_id\",\"peer_id\":5}"), "step 1: peer_id: "},
	{STEPS("{\"do\":\"remove_peer_by_id\",\"peer_id\":\"a\\u0000b\"}"), "step 1: peer_id: "},
	{STEPS("{\"do\":\"configure_peers\",\"peers\":{}}"), "step 1: peers: not an array"},
	{STEPS("{\"do\":\"configure_peers\",\"peers\":[],\"cancel_after\":-1}"),
		"step 1: cancel_after: "},
	{STEPS("{\"do\":\"reconcile\",\"state\":{},\"fetch_error\":\"x\"}"),
		"step 1: fetch_error: "},
	{STEPS("{\"do\":\"reconcile\",\"fetch_error\":null}"), "step 1: fetch_error: "},
	{STEPS("{\"do\":\"reconcile\",\"state\":{\"peers\":[{\"id\":\"a\",\"id\":\"a\"}]}}"),
		"step 1: state: repeated member \"id\""},
	{STEPS("{\"do\":\"setup\"},{\"do\":\"reconcile\",\"during_fetch\":[{\"do\":\"world\","
	       "\"delete_interface\":true},{\"do\":\"event\",\"payload\":{}}]}"),
		"step 2.2: event_type: missing"},
	{STEPS("{\"do\":\"reconcile\",\"during_fetch\":[{\"do\":\"reconcile\"}]}"),
		"step 1.1: do: "},
	{STEPS("{\"do\":\"reconcile\",\"during_fetch\":[{\"do\":\"expect\",\"ops\":[]}]}"),
		"step 1.1: do: "},
	{STEPS("{\"do\":\"reconcile\",\"during_fetch\":[{\"do\":\"advance\",\"by\":\"1s\"}]}"),
		"step 1.1: do: "},
	{STEPS("{\"do\":\"reconcile\",\"during_fetch\":{}}"),
		"step 1: during_fetch: not an array"},
	{STEPS("{\"do\":\"event\",\"event_type\":\"peer_added\"}"), "step 1: payload: missing"},
	{STEPS("{\"do\":\"deliver\",\"data\":{}}"), "step 1: data: not a string"},
	{STEPS("{\"do\":\"stream\",\"chunks\":\"data\"}"), "step 1: chunks: not an array"},
	{STEPS("{\"do\":\"stream\",\"chunks\":[\"a\",1]}"),
		"step 1: chunks[1]: not a string"},
	{STEPS("{\"do\":\"advance\",\"by\":90}"), "step 1: by: not a string"},
	{STEPS("{\"do\":\"advance\",\"by\":\"90\"}"), "step 1: by: \"90\""},
	{STEPS("{\"do\":\"advance\",\"by\":\"2000000h\"}"),
		"step 1: the clock ends in the year 2200"},
	{STEPS("{\"do\":\"world\"}"), "step 1: world: "},
	{STEPS("{\"do\":\"world\",\"remove_peer\":\"${key:2}\",\"delete_interface\":true}"),
		"step 1: world: "},
	{STEPS("{\"do\":\"world\",\"delete_interface\":false}"), "step 1: delete_interface: "},
	{STEPS("{\"do\":\"world\",\"remove_peer\":\"oops\"}"), "step 1: remove_peer: "},
	{STEPS("{\"do\":\"world\",\"set_peer\":{}}"), "step 1: set_peer: public_key: missing"},
	{STEPS("{\"do\":\"world\",\"set_peer\":{\"public_key\":\"${key:2}\",\"id\":\"a\"}}"),
		"step 1: set_peer: \"id\": unknown member"},
	{STEPS("{\"do\":\"world\",\"set_interface\":{\"name\":\"a\"}}"),
		"step 1: set_interface: name: unknown member"},
	{STEPS("{\"do\":\"world\",\"set_interface\":{\"peers\":[]}}"),
		"step 1: set_interface: peers: unknown member"},
	{STEPS("{\"do\":\"world\",\"set_interface\":{\"listen_port\":65536}}"),
		"step 1: set_interface: listen_port: "},
	{STEPS("{\"do\":\"world\",\"handshake\":{}}"), "step 1: handshake: public_key: missing"},
	{STEPS("{\"do\":\"world\",\"sent\":{\"public_key\":\"${key:2}\"}}"),
		"step 1: sent: bytes: missing"},
	{STEPS("{\"do\":\"world\",\"sent\":{\"public_key\":\"${key:2}\",\"bytes\":-1}}"),
		"step 1: sent: bytes: "},
	{STEPS("{\"do\":\"world\",\"sent\":{\"public_key\":\"${key:2}\",\"bytes\":"
	       "99999999999999999999}}"),
		"step 1: sent: bytes: "},
	{STEPS("{\"do\":\"fail\",\"error\":\"EIO\"}"), "step 1: op: missing"},
	{STEPS("{\"do\":\"fail\",\"op\":\"add_peer\"}"), "step 1: error: missing"},
	{STEPS("{\"do\":\"fail\",\"op\":\"apply\",\"error\":\"EIO\"}"), "step 1: op: \"apply\""},
	{STEPS("{\"do\":\"fail\",\"op\":\"add_peer\",\"error\":\"EOOPS\"}"),
		"step 1: error: \"EOOPS\""},
	{STEPS("{\"do\":\"fail\",\"op\":\"add_peer\",\"error\":\"EIO\",\"times\":0}"),
		"step 1: times: "},
	{STEPS("{\"do\":\"fail\",\"op\":\"set_mtu\",\"error\":\"EIO\",\"public_key\":\"${key:2}"
	       "\"}"),
		"step 1: public_key: "},
	{STEPS("{\"do\":\"expect\"}"), "step 1: expect: "},
	{STEPS("{\"do\":\"expect\",\"op\":[]}"), "step 1: \"op\": unknown member"},
	{STEPS("{\"do\":\"expect\",\"ops\":\"all\"}"), "step 1: ops: "},
	{STEPS("{\"do\":\"expect\",\"ops\":[1]}"), "step 1: ops[0]: not a string"},
	{STEPS("{\"do\":\"expect\",\"interface\":\"down\"}"), "step 1: interface: \"down\""},
	{STEPS("{\"do\":\"expect\",\"index\":[]}"), "step 1: index: not an object"},
	{STEPS("{\"do\":\"expect\",\"index\":{\"peer-2\":\"x\"}}"), "step 1: index: \"peer-2\": "},
	{STEPS("{\"do\":\"expect\",\"index\":{\"a\":\"${key:2}\",\"a\":\"${key:2}\"}}"),
		"step 1: index: repeated member \"a\""},
	{STEPS("{\"do\":\"expect\",\"drift\":{}}"), "step 1: drift: not an array"},
	{STEPS("{\"do\":\"expect\",\"drift\":[{\"type\":\"peer_added\"}]}"),
		"step 1: drift[0]: detail: missing"},
	{STEPS("{\"do\":\"expect\",\"drift\":[{\"type\":\"peer_moved\",\"detail\":\"\"}]}"),
		"step 1: drift[0]: type: \"peer_moved\""},
	{STEPS("{\"do\":\"expect\",\"logs\":\"x\"}"), "step 1: logs: not an array"},
	{STEPS("{\"do\":\"expect\",\"log_count\":{\"x\":1.5}}"), "step 1: log_count: \"x\": "},
	{STEPS("{\"do\":\"expect\",\"no_logs\":[null]}"), "step 1: no_logs[0]: "},
	{STEPS("{\"do\":\"expect\",\"device\":{\"peers\":[{\"psk\":null}]}}"),
		"step 1: device: peers[0]: public_key: missing"},
	{STEPS("{\"do\":\"expect\",\"device\":{\"peers\":[{\"public_key\":\"${key:2}\","
	       "\"last_handshake\":\"now\"}]}}"),
		"step 1: device: peers[0]: last_handshake: \"now\""},
};

static void an_unusable_file_is_named_with_step_and_member(void **state)
{
	struct place *place = *state;
	for (size_t i = 0; i < sizeof unusable_files / sizeof *unusable_files; i++) {
		const struct unusable *unusable = &unusable_files[i];
		int status = replay_text(place, unusable->text, false);
		if (status != REPLAY_UNUSABLE)
			fail_msg("status %d for %s", status, unusable->text);
		assert_string_equal(place->out, "0 passed, 0 failed\n");
		assert_holds(place->err, "plexwg: ");
		assert_holds(place->err, "/case.json: ");
		assert_holds(place->err, unusable->error);
		assert_null(strstr(place->err, "hunter2"));
		assert_int_equal(strcspn(place->err, "\n"), place->err_length - 1);
	}
}

static struct scenario read_scenario(const char *text)
{
	struct scenario scenario = {0};
	struct diag diag = {0};
	int error = scenario_read(text, strlen(text), &scenario, &diag);
	assert_string_equal(diag_text(&diag), "");
	assert_int_equal(error, 0);
	diag_clear(&diag);
	return scenario;
}

static void what_a_file_leaves_out_has_its_default(void **state)
{
	struct scenario scenario = read_scenario(STEPS("{\"do\":\"setup\"}"));
	struct key_secret private_key;
	memset(private_key.bytes, 1, sizeof private_key.bytes);
	key_secret_clamp(&private_key);
	assert_string_equal(timestamp_format(scenario.start_ns).text, "2026-03-01T12:00:00Z");
	assert_string_equal(scenario.config.interface_name, "plexd0");
	assert_int_equal(scenario.config.listen_port, 51820);
	assert_int_equal(scenario.config.mtu, 0);
	assert_int_equal(scenario.config.persistent_keepalive_s, 0);
	assert_string_equal(scenario.identity.node_id, "node-1");
	assert_string_equal(ip_format(&scenario.identity.mesh_ip).text, "10.100.0.1");
	assert_true(key_secret_equal(&scenario.identity.private_key, &private_key));
	assert_true(key_public_is_zero(&scenario.signing_keys.current));
	assert_null(scenario.device);
	assert_false(scenario.steps[0].checks_return);
	scenario_clear(&scenario);
}

static void documents_keep_their_text(void **state)
{
	struct scenario scenario = read_scenario(
		STEPS("{\"do\":\"reconcile\",\"state\": { \"b\":1.0,\"a\" : \"\\u0041\" } },"
		      "{\"do\":\"reconcile\",\"state\":null},{\"do\":\"reconcile\"}"));
	const struct json_span *span = &scenario.steps[0].reconcile.state;
	const char *expected = "{ \"b\":1.0,\"a\" : \"\\u0041\" }";
	assert_int_equal(span->length, strlen(expected));
	assert_memory_equal(span->text, expected, span->length);
	assert_int_equal(scenario.steps[1].reconcile.state.length, 4);
	assert_null(scenario.steps[2].reconcile.state.text);
	scenario_clear(&scenario);
}

static void keys_are_substituted_in_the_text(void **state)
{
	static const struct {
		const char *raw, *text;
	} cases[] = {
		{"", ""},
		{"${key:2}", "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="},
		{"a${key:0}${key:255}b", "aAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
					 "//////////////////////////////////////////8=b"},
		{"${key:002}", "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="},
		{"${key:}", "${key:}"},
		{"${key:x}", "${key:x}"},
		{"${key:2", "${key:2"},
		{"${key:-2}", "${key:-2}"},
		{"$${key:2}", "$AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = NULL;
		size_t length = 0, fault;
		const char *raw = cases[i].raw;
		assert_int_equal(
			scenario_text_substitute(raw, strlen(raw), &text, &length, &fault, NULL),
			0);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(length, strlen(text));
		free(text);
	}
	char *text = NULL;
	size_t length = 0, fault = 0;
	assert_int_equal(
		scenario_text_substitute("${key:256}", 10, &text, &length, &fault, NULL), -EINVAL);
	assert_int_equal(scenario_text_substitute(
				 "${key:99999999999999999999}", 27, &text, &length, &fault, NULL),
		-EINVAL);
	assert_null(text);
}

static void durations_have_units(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* negative: none */
	} cases[] = {
		{"90s", 90000},
		{"5m", 300000},
		{"1h30m", 5400000},
		{"250ms", 250},
		{"1m1ms", 60001},
		{"0s", 0},
		{"", -1},
		{"5", -1},
		{"s", -1},
		{"5 m", -1},
		{"-5m", -1},
		{"5d", -1},
		{"1.5h", -1},
		{"5m5", -1},
		{"99999999999999999999s", -1},
		{"9999999999h", -1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t ns = 0;
		bool read = duration_parse(cases[i].text, strlen(cases[i].text), &ns);
		assert_int_equal(read, cases[i].ms >= 0);
		if (read)
			assert_int_equal(ns, cases[i].ms * NS_PER_MS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_unusable_file_is_named_with_step_and_member,
			place_setup, place_teardown),
		cmocka_unit_test(what_a_file_leaves_out_has_its_default),
		cmocka_unit_test(documents_keep_their_text),
		cmocka_unit_test(keys_are_substituted_in_the_text),
		cmocka_unit_test(durations_have_units),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
