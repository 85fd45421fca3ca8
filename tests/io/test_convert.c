/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A traced state document: usable entries are the same in the scenario but anonymized, unusable
 * ones are unusable for the same reason, and nothing of them is in the trace or in the scenario.
 */
#include "harness.h"

#include "convert.h"
#include "scenario_read.h"
#include "state_wire.h"
#include "timestamp.h"
#include "trace_document.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>

#define KEY    "\"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\""
#define SECRET "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlYw"
#define GOOD   "\"id\":\"the-id\",\"public_key\":" KEY ",\"allowed_ips\":[\"10.0.0.1\"]"

/* Host names stay as they are, as in the daemon; a replay cannot use them. */
static const struct peer_wire_options with_names = {.allow_host_names = true};
static const struct peer_wire_options without_names = {0};

static struct state_document document_read(
	const char *entry, const struct peer_wire_options *options)
{
	struct state_document document = {0};
	struct diag diag = {0};
	char *text = NULL;
	assert_true(asprintf(&text, "{\"peers\":[%s]}", entry) > 0);
	if (state_wire_read(text, strlen(text), options, &document, &diag) != 0)
		fail_msg("%s: %s", diag_text(&diag), text);
	assert_int_equal(document.entry_count, 1);
	free(text);
	return document;
}

/* The words behind the last value that an error quotes, without a number of characters. */
static const char *reason_of(const char *error)
{
	const char *reason = error;
	for (const char *next = error; (next = strstr(next, ": ")); next += 2)
		reason = next + 2;
	return reason + strspn(reason, "0123456789");
}

static const struct trace_secret trace_secret = {{7}};

/* Append a line to the text. */
static void line_append(char **text, const struct trace_line *line)
{
	const struct trace_put_context context = {.secret = &trace_secret};
	struct canonical_writer writer = {0};
	size_t length = *text ? strlen(*text) : 0;
	trace_line_put(&writer, line, &context);
	*text = realloc(*text, length + writer.length + 1);
	assert_non_null(*text);
	writer = (struct canonical_writer){.out = *text + length};
	trace_line_put(&writer, line, &context);
	(*text)[length + writer.length] = '\0';
}

/* The trace of a node that gets the document. */
static char *document_trace(const struct state_document *document)
{
	const struct trace_put_context context = {.secret = &trace_secret};
	static const struct trace_call calls[] = {{INTERFACE_CALL_CREATE_INTERFACE, 0},
		{INTERFACE_CALL_CONFIGURE_ADDRESS, 0}, {INTERFACE_CALL_SET_INTERFACE_UP, 0}};
	const struct pending_events pending = {0};
	struct trace_difference difference;
	char *text = NULL;
	assert_int_equal(trace_document_compare(
				 &(struct trace_document){0}, document, &context, &difference),
		0);
	const struct trace_op op = {PEER_OP_ADD, 0, document->entries->config.public_key, NULL, 0};
	struct trace_line line = {.kind = TRACE_SNAPSHOT,
		.at = {1772366400 * NS_PER_S, 0},
		.snapshot = {.version = TRACE_VERSION,
			.is_start = true,
			.config = {.interface_name = "plexd0", .listen_port = 51820},
			.mesh_ip = ip_of("10.100.0.1"),
			.public_key = key_of(0xee),
			.pending = &pending}};
	line_append(&text, &line);
	line = (struct trace_line){
		.kind = TRACE_BEGIN, .at = line.at, .calls = calls, .call_count = 3};
	line_append(&text, &line);
	line = (struct trace_line){.kind = TRACE_FINISH,
		.at = line.at,
		.error = document->entries->error ? -EINVAL : 0,
		.ops = &op,
		.op_count = document->entries->error ? 0 : 1,
		.entries = difference.entries,
		.cycle = {.has_plan = true, .has_retained = true}};
	line_append(&text, &line);
	trace_difference_clear(&difference);
	return text;
}

/* Trace the document, convert that, and read the document of the scenario. */
static struct state_document document_rewrite(
	const struct state_document *document, char **ret_text)
{
	struct state_document rewritten = {0};
	struct converted converted;
	struct scenario scenario;
	struct diag diag = {0};
	char *trace = document_trace(document);
	struct convert_segment segment = {"trace", trace, strlen(trace)};
	if (convert_trace(&segment, 1, (struct convert_range){0}, &converted, &diag) != 0)
		fail_msg("%s: %s", diag_text(&diag), trace);
	if (converted.reason)
		fail_msg("%s: %s", converted.reason, trace);
	assert_int_equal(scenario_read(converted.text, converted.length, &scenario, NULL), 0);
	for (size_t i = 0; i < scenario.step_count; i++) {
		const struct scenario_step *step = &scenario.steps[i];
		if (step->kind != STEP_RECONCILE)
			continue;
		assert_int_equal(
			state_wire_read(step->reconcile.state.text, step->reconcile.state.length,
				&without_names, &rewritten, NULL),
			0);
	}
	assert_true(asprintf(ret_text, "%s%s", trace, converted.text) > 0);
	scenario_clear(&scenario);
	converted_clear(&converted);
	free(trace);
	return rewritten;
}

static const char *const unusable[] = {
	"7",
	"{}",
	"{\"public_key\":" KEY ",\"allowed_ips\":[]}",
	"{\"id\":\"\",\"public_key\":" KEY ",\"allowed_ips\":[]}",
	"{\"id\":7,\"public_key\":" KEY ",\"allowed_ips\":[]}",
	"{\"id\":\"a\\u0000b\",\"public_key\":" KEY ",\"allowed_ips\":[]}",
	"{\"id\":\"the-id\",\"allowed_ips\":[]}",
	"{\"id\":\"the-id\",\"public_key\":7,\"allowed_ips\":[]}",
	"{\"id\":\"the-id\",\"public_key\":\"" SECRET "\",\"allowed_ips\":[]}",
	"{\"id\":\"the-id\",\"public_key\":\"" SECRET "==\",\"allowed_ips\":[]}",
	"{\"id\":\"the-id\",\"public_key\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\","
	"\"allowed_ips\":[]}",
	"{\"id\":\"the-id\",\"public_key\":" KEY "}",
	"{\"id\":\"the-id\",\"public_key\":" KEY ",\"allowed_ips\":\"" SECRET "\"}",
	"{\"id\":\"the-id\",\"public_key\":" KEY ",\"allowed_ips\":[7]}",
	"{\"id\":\"the-id\",\"public_key\":" KEY ",\"allowed_ips\":[\"" SECRET "\"]}",
	"{\"id\":\"the-id\",\"public_key\":" KEY ",\"allowed_ips\":[\"::1\",\"10.0.0.0/33\"]}",
	"{\"id\":\"the-id\",\"public_key\":" KEY ",\"allowed_ips\":[\"2001:db8::/129\"]}",
	"{\"id\":\"the-id\",\"public_key\":" KEY ",\"allowed_ips\":[\"10.0.0.0/08\"]}",
	"{" GOOD ",\"mesh_ip\":\"" SECRET "\"}",
	"{" GOOD ",\"mesh_ip\":7}",
	"{" GOOD ",\"psk\":7}",
	"{" GOOD ",\"psk\":\"" SECRET "\"}",
	"{" GOOD ",\"psk\":\"" SECRET "!=\"}",
	"{" GOOD ",\"persistent_keepalive\":-1}",
	"{" GOOD ",\"persistent_keepalive\":65536}",
	"{" GOOD ",\"persistent_keepalive\":\"" SECRET "\"}",
	"{" GOOD ",\"endpoint\":7}",
	"{" GOOD ",\"endpoint\":\"" SECRET "\"}",
	"{" GOOD ",\"endpoint\":\"" SECRET "!:1\"}",
	"{" GOOD ",\"endpoint\":\"198.51.100.9:0\"}",
	"{" GOOD ",\"endpoint\":\"2001:db8:7::9:1\"}",
	"{" GOOD ",\"endpoint\":\"[198.51.100.9]:1\"}",
	"{" GOOD ",\"endpoint\":\"[2001:db8:7::9%eth7]:1\"}",
	"{" GOOD ",\"endpoint\":\"[fe80::9%]:1\"}",
	"{" GOOD ",\"endpoint\":\"[fe80::9%e/7]:1\"}",
	"{" GOOD ",\"endpoint\":\"[::]:1\"}",
	"{" GOOD ",\"endpoint\":\"[ff02::9]:1\"}",
	"{" GOOD ",\"endpoint\":\"[fe80::9]:1\"}",
};

/* The trace has no bad value, and the scenario nothing that the entries above are made of. */
static void assert_reveals_nothing(const char *text)
{
	static const char *const words[] = {SECRET, "the-id", KEY, "10.0.0.", "198.51.100.",
		"2001:db8:7", "eth7", "fe80::9", "ff02::9", "a\\u0000b"};
	const char *scenario = strstr(text, "{\"scenario\"");
	assert_lacks(text, SECRET);
	for (size_t i = 0; i < COUNT_OF(words); i++)
		assert_lacks(scenario ? scenario : KEY, words[i]);
}

static void an_unusable_entry_stays_so_for_the_same_reason(void **state)
{
	for (size_t i = 0; i < COUNT_OF(unusable); i++) {
		char *text;
		struct state_document document = document_read(unusable[i], &with_names);
		const struct peer_entry *entry = document.entries;
		assert_non_null(entry->error);
		struct state_document rewritten = document_rewrite(&document, &text);
		assert_int_equal(rewritten.entry_count, 1);
		if (!rewritten.entries->error ||
			strcmp(reason_of(rewritten.entries->error), reason_of(entry->error)) != 0)
			fail_msg("%s became %s: %s", entry->error, rewritten.entries->error, text);
		assert_int_equal(rewritten.entries->id != NULL, entry->id != NULL);
		assert_int_equal(rewritten.entries->has_key, entry->has_key);
		assert_reveals_nothing(text);
		state_document_clear(&rewritten);
		state_document_clear(&document);
		free(text);
	}
}

static void a_repeated_member_is_another_fault(void **state)
{
	char *text;
	struct state_document document =
		document_read("{" GOOD ",\"psk\":\"" SECRET "\",\"psk\":null}", &with_names);
	struct state_document rewritten = document_rewrite(&document, &text);
	assert_non_null(rewritten.entries->error);
	assert_non_null(rewritten.entries->id);
	assert_true(rewritten.entries->has_key);
	assert_reveals_nothing(text);
	state_document_clear(&rewritten);
	state_document_clear(&document);
	free(text);
}

static void a_name_that_did_not_resolve_stays_one(void **state)
{
	char *text;
	struct state_document document = document_read("{" GOOD "}", &with_names);
	document.entries->error =
		"peers[0] \"the-id\": endpoint: \"eth7.the-id.example\": no answer in time";
	struct state_document rewritten = document_rewrite(&document, &text);
	assert_contains(rewritten.entries->error, "endpoint");
	assert_contains(rewritten.entries->error, "host name");
	assert_reveals_nothing(text);
	state_document_clear(&rewritten);
	state_document_clear(&document);
	free(text);
}

static void a_usable_entry_retains_what_the_engine_uses(void **state)
{
	char *text;
	struct state_document document = document_read(
		"{\"id\":\"the-id\",\"public_key\":" KEY ",\"endpoint\":\"[2001:db8:7::9]:4500\","
		"\"allowed_ips\":[\"198.51.100.0/24\",\"::/0\",\"198.51.100.9\"],\"psk\":" KEY
		",\"persistent_keepalive\":25,\"mesh_ip\":\"10.0.0.9\",\"unknown\":\"" SECRET "\"}",
		&with_names);
	struct state_document rewritten = document_rewrite(&document, &text);
	const struct peer_config *peer = &rewritten.entries->config;
	assert_null(rewritten.entries->error);
	assert_int_equal(peer->endpoint.kind, ENDPOINT_IP);
	assert_int_equal(peer->endpoint.port, 4500);
	assert_int_equal(peer->allowed_ip_count, 3);
	assert_int_equal(peer->allowed_ips[0].length, 24);
	assert_true(prefix_covers(&peer->allowed_ips[0], &peer->allowed_ips[1].ip));
	assert_int_equal(peer->allowed_ips[2].length, 0);
	assert_int_equal(peer->persistent_keepalive_s, 25);
	assert_false(key_secret_is_zero(&peer->psk));
	assert_reveals_nothing(text);
	state_document_clear(&rewritten);
	state_document_clear(&document);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unusable_entry_stays_so_for_the_same_reason),
		cmocka_unit_test(a_repeated_member_is_another_fault),
		cmocka_unit_test(a_name_that_did_not_resolve_stays_one),
		cmocka_unit_test(a_usable_entry_retains_what_the_engine_uses),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
