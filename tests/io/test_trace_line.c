/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of a trace: what is written can be read, and nothing else is.
 */
#include "harness.h"

#include "curve.h"
#include "timestamp.h"
#include "trace_document.h"
#include "trace_fault.h"
#include "world.h"

#include <errno.h>
#include <sodium.h>

static struct trace_secret secret = {{7}};
static struct trace_put_context context = {.secret = &secret};

/* The text of the line, with its LF; the caller frees it. */
static char *line_text(const struct trace_line *line)
{
	struct canonical_writer writer = {0};
	trace_line_put(&writer, line, &context);
	char *text = calloc(1, writer.length + 1);
	assert_non_null(text);
	writer = (struct canonical_writer){.out = text};
	trace_line_put(&writer, line, &context);
	return text;
}

/* Write the line and read it. Each shorter text is rejected. */
static struct trace_read line_rewrite(const struct trace_line *line)
{
	struct trace_read read = {0}, cut;
	struct diag diag = {0};
	char *text = line_text(line);
	size_t length = strlen(text) - 1;
	assert_int_equal(text[length], '\n');
	assert_null(memchr(text, '\n', length));
	if (trace_line_read(text, length, &read, &diag) != 0)
		fail_msg("%s: %s", diag_text(&diag), text);
	for (size_t i = 0; i < length; i++)
		assert_int_equal(trace_line_read(text, i, &cut, NULL), -EINVAL);
	free(text);
	return read;
}

/* What was read is written as the same text. */
static void assert_same_again(const struct trace_line *line)
{
	struct trace_read read = line_rewrite(line);
	char *text = line_text(line), *again = line_text(&read.line);
	assert_string_equal(text, again);
	free(text);
	free(again);
	trace_read_clear(&read);
}

static const struct moment at = {WORLD_START_S * NS_PER_S + 123456789, 42};
static const struct trace_call calls[] = {{INTERFACE_CALL_CREATE_INTERFACE, 0},
	{INTERFACE_CALL_SET_FWMARK, 0}, {INTERFACE_CALL_CONFIGURE_ADDRESS, 0},
	{INTERFACE_CALL_SET_INTERFACE_UP, 0}, {INTERFACE_CALL_DELETE_INTERFACE, 0},
	{INTERFACE_CALL_SET_MTU, -EBUSY}};

static void calls_are_read_as_written(void **state)
{
	struct trace_line line = {.kind = TRACE_BEGIN,
		.at = at,
		.calls = calls,
		.call_count = COUNT_OF(calls),
		.error = -EBUSY};
	assert_same_again(&line);
	line.kind = TRACE_TEARDOWN;
	assert_same_again(&line);
	struct trace_read read = line_rewrite(&line);
	assert_int_equal(read.line.at.wall_ns, at.wall_ns);
	assert_int_equal(read.line.at.boot_ns, at.boot_ns);
	assert_int_equal(read.line.calls[5].error, -EBUSY);
	trace_read_clear(&read);
	/* A number without a name is EIO. */
	line.error = -4000;
	read = line_rewrite(&line);
	assert_int_equal(read.line.error, -EIO);
	trace_read_clear(&read);
}

static struct trace_entries entries_of(
	const struct trace_difference *difference, const char **gone, size_t gone_count)
{
	struct trace_entries entries = difference->entries;
	entries.gone = gone;
	entries.gone_count = gone_count;
	return entries;
}

static void a_cycle_is_read_as_written(void **state)
{
	struct state_document document = {0};
	struct trace_difference difference = {0};
	struct arena arena = {0};
	document_add(&document, "b \"<\xe2\x80\xa8", 3, "192.0.2.1:1", "10.0.0.3/32,fd00::/64");
	document_add(&document, "a", 2, "", "10.0.0.2/32");
	document_add_unusable(&document, "c", 4, "peers[2] \"c\": endpoint: \"x\": no port");
	document_add_unusable(&document, NULL, 0, "peers[3]: not an object");
	assert_int_equal(trace_document_compare(
				 &(struct trace_document){0}, &document, &context, &difference),
		0);
	struct peer_config actual = peer_of(&arena, 5, "[fe80::1]:7", "10.0.0.5/32");
	actual.status = (struct peer_status){.last_handshake_s = 17, .tx_bytes = 148};
	const struct peer_config *peers[] = {&actual};
	struct prefix address = prefix_of("10.100.0.1/24");
	struct device drifted = {.public_key = key_of(9),
		.listen_port = 7,
		.fwmark = 0x51,
		.mtu = 1380,
		.up = true,
		.addresses = &address,
		.address_count = 1};
	const struct trace_op ops[] = {
		{PEER_OP_REMOVE, 0, actual.public_key, &actual, 0},
		{PEER_OP_UPDATE, PEER_FIELD_PSK | PEER_FIELD_ENDPOINT, key_of(2), &actual, -EIO},
		{PEER_OP_ADD, 0, key_of(3), NULL, -ECANCELED},
	};
	const char *gone[] = {"d", "e"};
	struct trace_line line = {
		.kind = TRACE_FINISH,
		.at = at,
		.error = -EINVAL,
		.calls = calls,
		.call_count = COUNT_OF(calls),
		.ops = ops,
		.op_count = COUNT_OF(ops),
		.entries = entries_of(&difference, gone, 2),
		.cycle = {.outcome = FETCH_NOT_MODIFIED,
			.has_signing_keys = true,
			.signing_keys = {.current = key_of(0x51),
				.previous = key_of(0x52),
				.has_previous = true,
				.transition_expires_ns = 17},
			.read_error = -ENODEV,
			.reread_error = -EIO,
			.drifted = &drifted,
			.has_plan = true,
			.has_retained = true,
			.withheld = peers,
			.withheld_count = 1,
			.retained = peers,
			.retained_count = 1},
	};
	assert_same_again(&line);
	line.kind = TRACE_REPAIR;
	line.cycle.has_signing_keys_error = true;
	line.cycle.has_retained = line.cycle.has_signing_keys = false;
	assert_same_again(&line);
	line = (struct trace_line){
		.kind = TRACE_FINISH, .at = at, .cycle = {.outcome = FETCH_FAILED}};
	assert_same_again(&line);
	arena_clear(&arena);
	trace_difference_clear(&difference);
	state_document_clear(&document);
}

static void a_snapshot_is_read_as_written(void **state)
{
	struct state_document document = {0};
	struct pending_events pending = {0};
	struct peer_name names[] = {{(char *)"a", key_of(2)}, {(char *)"b", key_of(3)}};
	struct peer_entry *entry = document_add(&document, "a", 2, "192.0.2.1:1", "10.0.0.3/32");
	assert_int_equal(pending_events_set(&pending, entry), 0);
	assert_int_equal(pending_events_remove(&pending, "b"), 0);
	struct trace_line line = {
		.kind = TRACE_SNAPSHOT,
		.at = at,
		.snapshot = {.version = TRACE_VERSION,
			.is_start = true,
			.is_fetching = true,
			.config = {.interface_name = "plexd0",
				.listen_port = 51820,
				.mtu = 1380,
				.persistent_keepalive_s = 25,
				.has_fwmark = true,
				.fwmark = UINT32_MAX,
				.keep_addresses = true},
			.public_key = key_of(0xee),
			.node_id = "node-1",
			.signing_keys = {.current = key_of(0x51)},
			.state = INTERFACE_SIZED,
			.has_document = true,
			.is_provisional = true,
			.pending = &pending,
			.names = {.names = names, .count = 2}},
	};
	assert_true(ip_parse(WORLD_MESH_IP, strlen(WORLD_MESH_IP), &line.snapshot.mesh_ip));
	assert_same_again(&line);
	struct trace_read read = line_rewrite(&line);
	assert_int_equal(read.line.snapshot.pending->count, 2);
	assert_int_equal(read.line.snapshot.state, INTERFACE_SIZED);
	trace_read_clear(&read);
	pending_events_clear(&pending);
	state_document_clear(&document);
}

static void an_event_is_read_as_written(void **state)
{
	struct state_document document = {0};
	struct peer_entry *entry = document_add(&document, "a", 2, "192.0.2.1:1", "10.0.0.3/32");
	const struct signing_keys keys = {.current = key_of(0x51)};
	const struct trace_op op = {PEER_OP_ADD, 0, key_of(2), NULL, -EIO};
	struct trace_line line = {
		.kind = TRACE_EVENT,
		.at = at,
		.error = -EIO,
		.ops = &op,
		.op_count = 1,
		.event = {.type = "peer_added",
			.event_id = trace_token_make(&secret, "e", 1),
			.nonce = trace_token_make(&secret, "n", 1),
			.has_issued_at = true,
			.issued_at_ns = at.wall_ns - 1,
			.has_signature = true,
			.peer = entry},
	};
	assert_same_again(&line);
	line.event.peer = NULL;
	line.event.peer_id = "a";
	assert_same_again(&line);
	line.event.peer_id = NULL;
	line.event.keys = &keys;
	assert_same_again(&line);
	line = (struct trace_line){.kind = TRACE_EVENT,
		.at = at,
		.event = {.verdict = VERDICT_MALFORMED, .length = 17}};
	assert_same_again(&line);
	for (enum verdict verdict = VERDICT_ACCEPTED; verdict <= VERDICT_FAULT; verdict++) {
		line = (struct trace_line){.kind = TRACE_REJECTED,
			.at = at,
			.event.verdict = verdict,
			.rejected_count = 3};
		assert_same_again(&line);
	}
	state_document_clear(&document);
}

/* Only a digest of the preshared key is written, which is a preshared key too. */
static void a_preshared_key_is_written_as_a_digest(void **state)
{
	struct state_document document = {0};
	struct peer_entry *entry = document_add(&document, "a", 2, "", "10.0.0.2/32");
	entry->config.psk = secret_of(0x77);
	const struct peer_entry *changed[] = {entry};
	struct trace_line line = {.kind = TRACE_FINISH,
		.at = at,
		.entries = {.changed = changed, .changed_count = 1}};
	char *text = line_text(&line);
	assert_null(strstr(text, "d3d3d3d3"));
	assert_non_null(strstr(text, "\"psk\":\""));
	free(text);
	struct trace_read read = line_rewrite(&line), other;
	const struct key_secret *digest = &read.line.entries.changed[0]->config.psk;
	assert_false(key_secret_is_zero(digest));
	assert_false(key_secret_equal(digest, &entry->config.psk));
	/* The same private key gives the same digest. */
	struct key_secret private_key = secret_of(1);
	struct trace_secret derived = trace_secret_derive(&private_key), kept = secret;
	secret = derived;
	other = line_rewrite(&line);
	assert_false(key_secret_equal(digest, &other.line.entries.changed[0]->config.psk));
	assert_memory_equal(&derived, &(struct trace_secret[]){trace_secret_derive(&private_key)},
		sizeof derived);
	secret = kept;
	trace_read_clear(&other);
	trace_read_clear(&read);
	state_document_clear(&document);
}

static void a_host_name_is_read_as_the_address_that_was_chosen(void **state)
{
	struct state_document document = {0};
	struct endpoint_history history = {0};
	struct endpoint address = endpoint_of("192.0.2.9:7");
	struct peer_entry *entry = document_add(&document, "a", 2, "", "10.0.0.2/32");
	entry->config.endpoint =
		(struct endpoint){.kind = ENDPOINT_NAME, .host = "host.example", .port = 7};
	const struct peer_entry *changed[] = {entry};
	struct trace_line line = {.kind = TRACE_FINISH,
		.at = at,
		.entries = {.changed = changed, .changed_count = 1}};
	context.endpoints = &history;
	struct trace_read read = line_rewrite(&line);
	assert_int_equal(read.line.entries.changed[0]->config.endpoint.kind, ENDPOINT_NONE);
	trace_read_clear(&read);
	struct trace_document known = {0};
	struct trace_difference difference = {0};
	assert_int_equal(trace_document_compare(&known, &document, &context, &difference), 0);
	trace_document_accept(&known, &difference);
	assert_int_equal(
		endpoint_history_applied(&history, &entry->config.public_key, &address, true), 0);
	assert_int_equal(trace_document_compare(&known, &document, &context, &difference), 0);
	assert_int_equal(difference.entries.changed_count, 1);
	trace_difference_clear(&difference);
	trace_document_clear(&known);
	read = line_rewrite(&line);
	assert_true(endpoint_equal(&read.line.entries.changed[0]->config.endpoint, &address));
	trace_read_clear(&read);
	endpoint_history_clear(&history);
	context.endpoints = NULL;
	state_document_clear(&document);
}

static void an_unusable_entry_has_the_kind_of_its_fault_only(void **state)
{
	static const char *const errors[] = {
		"peers[3] \"a: \\\"b\": endpoint: \"c2VjcmV0\": no port",
		"peers[3]: allowed_ips[0]: \"c2VjcmV0/33\": prefix length over 32",
		"\"a\": psk: c2VjcmV0", "peers[3]: not an object", "c2VjcmV0"};
	static const char *const kinds[] = {"endpoint: no port",
		"allowed_ips[]: prefix length over 32", "psk: ", "not an object", "other"};
	for (size_t i = 0; i < COUNT_OF(errors); i++) {
		const struct trace_fault *fault = trace_fault_find(errors[i]);
		assert_string_equal(fault->name, kinds[i]);
		assert_ptr_equal(trace_fault_find(fault->name), fault);
	}
}

/* Change one field of the entry after the other. Return whether there was another. */
static bool entry_change(struct peer_entry *entry, unsigned number, struct state_document *document)
{
	struct peer_config *peer = &entry->config;
	switch (number) {
	case 0:
		peer->public_key = key_of(9);
		return true;
	case 1:
		peer->psk = secret_of(0x33);
		return true;
	case 2:
		peer->persistent_keepalive_s++;
		return true;
	case 3:
		peer->endpoint = endpoint_of("192.0.2.1:1");
		return true;
	case 4:
		peer->endpoint.port++;
		return true;
	case 5:
		*peer = peer_of(&document->arena, 9, "192.0.2.1:2", "10.0.0.9/32");
		peer->id = entry->id;
		return true;
	case 6:
		peer->endpoint =
			(struct endpoint){.kind = ENDPOINT_NAME, .host = "a.example", .port = 2};
		return true;
	case 7:
		peer->endpoint.host = "b.example";
		return true;
	case 8:
		entry->error = "peers[1]: endpoint: no port";
		return true;
	case 9:
		entry->has_key = false;
		return true;
	default:
		return false;
	}
}

static void each_field_of_an_entry_counts_and_its_place_does_not(void **state)
{
	struct state_document document = {0};
	struct trace_document known = {0};
	struct trace_difference difference = {0};
	document_add(&document, "b", 2, "", "10.0.0.2/32");
	document_add(&document, "a", 3, "", "10.0.0.3/32");
	assert_int_equal(trace_document_compare(&known, &document, &context, &difference), 0);
	trace_document_accept(&known, &difference);
	for (unsigned i = 0; entry_change(&document.entries[1], i, &document); i++) {
		assert_int_equal(
			trace_document_compare(&known, &document, &context, &difference), 0);
		assert_int_equal(difference.entries.changed_count, 1);
		assert_string_equal(difference.entries.changed[0]->id, "a");
		trace_document_accept(&known, &difference);
		struct peer_entry first = document.entries[0];
		document.entries[0] = document.entries[1];
		document.entries[1] = first;
		assert_int_equal(
			trace_document_compare(&known, &document, &context, &difference), 0);
		assert_int_equal(difference.entries.changed_count, 0);
		assert_int_equal(difference.entries.gone_count, 0);
		trace_difference_clear(&difference);
		first = document.entries[0];
		document.entries[0] = document.entries[1];
		document.entries[1] = first;
	}
	trace_document_clear(&known);
	state_document_clear(&document);
}

static void only_entries_that_changed_are_written(void **state)
{
	struct state_document document = {0};
	struct trace_document known = {0};
	struct trace_difference difference = {0};
	document_add(&document, "b", 2, "", "10.0.0.2/32");
	document_add(&document, "a", 3, "", "10.0.0.3/32");
	document_add(&document, "b", 4, "", "10.0.0.4/32"); /* never counts */
	assert_int_equal(trace_document_compare(&known, &document, &context, &difference), 0);
	assert_int_equal(difference.entries.changed_count, 2);
	assert_false(difference.entries.has_nameless);
	trace_document_accept(&known, &difference);
	assert_int_equal(trace_document_compare(&known, &document, &context, &difference), 0);
	assert_int_equal(difference.entries.changed_count, 0);
	assert_int_equal(difference.entries.gone_count, 0);
	trace_difference_clear(&difference);
	/* The second "b" counts now; "a" is gone. */
	document.entries[0].id = document.entries[0].config.id = "c";
	document.entries[1] = document.entries[2];
	document.entry_count = 2;
	document_add_unusable(&document, NULL, 4, "peers[2]: id: missing");
	assert_int_equal(trace_document_compare(&known, &document, &context, &difference), 0);
	assert_int_equal(difference.entries.changed_count, 2);
	assert_string_equal(difference.entries.changed[0]->id, "b");
	assert_int_equal(difference.entries.gone_count, 1);
	assert_string_equal(difference.entries.gone[0], "a");
	assert_true(difference.entries.has_nameless);
	assert_int_equal(difference.entries.nameless_count, 1);
	trace_document_accept(&known, &difference);
	document.entry_count = 2;
	assert_int_equal(trace_document_compare(&known, &document, &context, &difference), 0);
	assert_int_equal(difference.entries.changed_count, 0);
	assert_true(difference.entries.has_nameless);
	assert_int_equal(difference.entries.nameless_count, 0);
	trace_difference_clear(&difference);
	trace_document_clear(&known);
	document.entry_count = 3;
	state_document_clear(&document);
}

#define HEAD "{\"kind\":\"event\",\"at\":\"2026-03-01T12:00:00Z\",\"boot_ns\":1,"

static void a_damaged_line_is_an_error(void **state)
{
	static const char *const lines[][2] = {
		{"[]", "not an object"},
		{"{}", "kind: missing"},
		{"{\"kind\":7}", "not a string"},
		{HEAD "\"verdict\":\"good\"}", "verdict: unknown"},
		{HEAD "\"verdict\":\"stale\",\"verdict\":\"stale\"}", "verdict"},
		{HEAD "\"verdict\":\"stale\",\"nonce\":\"0123456789abcdef0\"}", "nonce: too long"},
		{HEAD "\"verdict\":\"stale\",\"ops\":[{}]}", "ops: op: missing"},
		{HEAD "\"verdict\":\"stale\",\"length\":1.5}", "length: not a number in range"},
		{HEAD "\"verdict\":\"stale\",\"peer\":{\"fault\":\"a\\u0000\"}}", "NUL"},
		{HEAD "\"verdict\":\"stale\",\"event_type\":\"\\\"\"}", "not a type"},
		{HEAD "\"verdict\":\"stale\",\"error\":\"OK\"}", "error: no name of an errno"},
		{"{\"kind\":\"snapshot\",\"at\":\"2026-03-01T12:00:00Z\",\"boot_ns\":1,"
		 "\"version\":2}",
			"version: only 1 is known"},
	};
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		struct trace_read read;
		struct diag diag = {0};
		assert_int_equal(
			trace_line_read(lines[i][0], strlen(lines[i][0]), &read, &diag), -EINVAL);
		if (!strstr(diag_text(&diag), lines[i][1]))
			fail_msg("%s", diag_text(&diag));
		diag_clear(&diag);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_are_read_as_written),
		cmocka_unit_test(a_cycle_is_read_as_written),
		cmocka_unit_test(a_snapshot_is_read_as_written),
		cmocka_unit_test(an_event_is_read_as_written),
		cmocka_unit_test(a_preshared_key_is_written_as_a_digest),
		cmocka_unit_test(a_host_name_is_read_as_the_address_that_was_chosen),
		cmocka_unit_test(an_unusable_entry_has_the_kind_of_its_fault_only),
		cmocka_unit_test(only_entries_that_changed_are_written),
		cmocka_unit_test(each_field_of_an_entry_counts_and_its_place_does_not),
		cmocka_unit_test(a_damaged_line_is_an_error),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
