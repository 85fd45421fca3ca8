/* SPDX-License-Identifier: Apache-2.0 */
/* What the writer of a trace writes, what it leaves out, and when it stops. */
#include "harness.h"

#include "converged.h"
#include "diag.h"
#include "failing_memory.h"
#include "scratch.h"
#include "trace_writer.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#define RING_BYTES ((size_t)1 << 20)
#define KEY_2      "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
#define KEY_3      "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="
#define PSK        0x33
#define PSK_TEXT   "MzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzM="

ssize_t __real_write(int fd, const void *bytes, size_t length);
ssize_t __wrap_write(int fd, const void *bytes, size_t length);

static bool disk_is_full;

ssize_t __wrap_write(int fd, const void *bytes, size_t length)
{
	if (!disk_is_full)
		return __real_write(fd, bytes, length);
	errno = ENOSPC;
	return -1;
}

struct traced {
	struct world *world;
	struct scratch *scratch;
	struct trace_writer writer;
	char *text; /* of all segments */
};

static int set_up(void **state)
{
	struct traced *traced = calloc(1, sizeof *traced);
	disk_is_full = false;
	assert_non_null(traced);
	assert_int_equal(scratch_make((void **)&traced->scratch), 0);
	assert_int_equal(world_setup((void **)&traced->world), 0);
	traced->world->observers[0] = trace_writer_observer(&traced->writer);
	traced->world->verifier.keys.current = key_of(0x51);
	*state = traced;
	return 0;
}

static int tear_down(void **state)
{
	struct traced *traced = *state;
	trace_writer_deinit(&traced->writer);
	world_teardown((void **)&traced->world);
	scratch_clear((void **)&traced->scratch);
	free(traced->text);
	free(traced);
	return 0;
}

static void start(struct traced *traced, size_t bytes_max)
{
	const struct trace_writer_config config = {
		.reconciler = &traced->world->reconciler,
		.reader = world_dispatcher(traced->world).reader,
		.directory = traced->scratch->directory,
		.bytes_max = bytes_max,
	};
	trace_writer_init(&traced->writer, &config);
	trace_writer_start(&traced->writer);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All lines of all segments. */
static const char *trace(struct traced *traced)
{
	char *names[TRACE_SEGMENTS_MAX];
	size_t count = 0;
	DIR *list = opendir(traced->scratch->directory);
	const struct dirent *entry;
	FILE *stream = NULL;
	size_t length;
	assert_non_null(list);
	while ((entry = readdir(list)))
		if (strncmp(entry->d_name, "trace-", 6) == 0)
			names[count++] = strdup(entry->d_name);
	closedir(list);
	qsort(names, count, sizeof *names, compare_names);
	free(traced->text);
	traced->text = NULL;
	stream = open_memstream(&traced->text, &length);
	for (size_t i = 0; i < count; i++) {
		char *text = scratch_read(traced->scratch, names[i]);
		assert_true(strncmp(text, "{\"kind\":\"snapshot\"", 18) == 0);
		assert_true(text[strlen(text) - 1] == '\n');
		fputs(text, stream);
		free(text);
		free(names[i]);
	}
	fclose(stream);
	return traced->text ? traced->text : "";
}

static size_t occurrences(const char *text, const char *part)
{
	size_t count = 0;
	while ((text = strstr(text, part))) {
		count++;
		text += strlen(part);
	}
	return count;
}

/* The line that contains `part`; there is one. Valid until the next call. */
static const char *line_with(struct traced *traced, const char *part)
{
	char *text = (char *)trace(traced);
	assert_int_equal(occurrences(text, part), 1);
	char *found = strstr(text, part);
	if (!found)
		return "";
	found[strcspn(found, "\n")] = '\0';
	while (found > text && found[-1] != '\n')
		found--;
	return found;
}

/* The lines of the kind. */
static size_t lines_of(struct traced *traced, const char *kind)
{
	char part[64];
	snprintf(part, sizeof part, "{\"kind\":\"%s\"", kind);
	return occurrences(trace(traced), part);
}

static void a_line_has_what_a_cycle_decided_and_not_what_follows(void **state)
{
	struct traced *traced = *state;
	struct world *world = traced->world;
	start(traced, RING_BYTES);
	assert_contains(line_with(traced, "\"snapshot\""), "\"start\":true");
	fails(world, "add_peer", 3, -EIO, 1);
	assert_int_not_equal(cycle_wants(world, "23"), 0);
	assert_contains(
		line_with(traced, "\"begin\""), "\"calls\":[{\"call\":\"create_interface\"}");
	const char *line = line_with(traced, "\"outcome\":\"document\"");
	assert_contains(line, "\"peers\":[{\"id\":\"peer-2\"");
	assert_contains(line, "{\"op\":\"add\",\"public_key\":\"" KEY_2 "\"}");
	assert_contains(line, "{\"op\":\"add\",\"public_key\":\"" KEY_3 "\",\"error\":\"EIO\"}");
	assert_contains(line, "\"error\":\"EIO\"}");
	/* The same document, and nothing that differs. */
	assert_int_equal(world_cycle_not_modified(world), 0);
	world->now_s += 60;
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_int_equal(occurrences(trace(traced), "\"outcome\":\"not_modified\",\"ops\":[]}"), 1);
	/* A document with one change. */
	assert_int_equal(cycle_wants(world, "24"), 0);
	line = line_with(traced, "\"gone\"");
	assert_contains(line, "\"peers\":[{\"id\":\"peer-4\"");
	assert_contains(line, "\"gone\":[\"peer-3\"]");
	assert_int_equal(occurrences(line, "peer-2"), 0);
	assert_contains(line, "{\"op\":\"remove\",\"public_key\":\"" KEY_3 "\",\"actual\":{");
}

static void a_drifted_interface_is_in_the_line_as_it_was_found(void **state)
{
	struct traced *traced = *state;
	struct world *world = traced->world;
	start(traced, RING_BYTES);
	assert_int_equal(cycle_wants(world, "2"), 0);
	world->fake.up = false;
	assert_int_equal(world_cycle_not_modified(world), 0);
	const char *line = line_with(traced, "\"interface\":{");
	assert_contains(line, "\"addresses\":[\"10.100.0.1/32\"]");
	assert_contains(line, "\"calls\":[{\"call\":\"set_interface_up\"}]");
	fake_drop_interface(&world->fake);
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_contains(line_with(traced, "\"read_error\""), "\"create_interface\"");
	fake_drop_interface(&world->fake);
	fake_fail(&world->fake,
		(struct fake_fault){
			.op = "read_device", .key = -1, .error = -EIO, .spared = 1, .times = 1});
	assert_int_not_equal(world_cycle_not_modified(world), 0);
	assert_contains(line_with(traced, "\"reread_error\":\"EIO\""), "\"read_error\":\"ENODEV\"");
	assert_int_equal(manager_teardown(&world->manager, NULL), 0);
	assert_contains(line_with(traced, "\"teardown\""), "\"delete_interface\"");
}

static void peers_that_stay_are_written_when_they_change(void **state)
{
	struct traced *traced = *state;
	struct world *world = traced->world;
	start(traced, RING_BYTES);
	assert_int_equal(cycle_wants(world, "23"), 0);
	for (unsigned i = 0; i < 4; i++) {
		struct state_document document = {0};
		wants(&document, 2);
		document_add_unusable(&document, "peer-3", 3, "allowed_ips: not an array");
		if (i == 2)
			world_set_peer(world, 3, "", "10.0.0.33/32");
		world_sent(world, 3, 100);
		assert_int_not_equal(world_cycle(world, &document), 0);
	}
	assert_int_equal(occurrences(trace(traced), "\"retained\":[{"), 2);
	/* Nor is what such an entry has but for the kind of its fault. */
	assert_int_equal(occurrences(trace(traced), "\"fault\":"), 1);
	/* A change back. */
	assert_int_equal(cycle_wants(world, "23"), 0);
	assert_int_equal(occurrences(trace(traced), "\"retained\":[]"), 2);
}

static struct envelope_text text_of(const char *text)
{
	return (struct envelope_text){.text = text, .length = strlen(text)};
}

static void deliver(struct world *world, const char *type, const void *payload, unsigned char key)
{
	static unsigned count;
	struct event_dispatcher dispatcher = world_dispatcher(world);
	enum verdict verdict;
	char nonce[32];
	snprintf(nonce, sizeof nonce, "nonce-%u", ++count);
	struct envelope envelope = {
		.event_type = text_of(type),
		.event_id = text_of("event-1"),
		.nonce = text_of(nonce),
		.payload = {.text = payload, .length = 1},
		.has_issued_at = true,
		.issued_at_ns = world->now_s * INT64_C(1000000000),
		.has_signature = true,
		.signature_is_sound = true,
	};
	memset(envelope.signature, key, SIGNATURE_BYTES);
	event_deliver(&dispatcher, &envelope, world_now(world), &verdict, NULL);
}

static void an_event_has_its_payload_and_operations_and_no_secret(void **state)
{
	struct traced *traced = *state;
	struct world *world = traced->world;
	struct state_document document = {0};
	struct peer_entry *entry = document_add(&document, "peer-2", 2, "", "10.0.0.2/32");
	entry->config.psk = secret_of(PSK);
	assert_int_equal(world_cycle_begin(world), 0);
	start(traced, RING_BYTES);
	deliver(world, "peer_added", entry, 0x51);
	const char *line = line_with(traced, "\"event_type\":\"peer_added\"");
	assert_contains(line, "\"verdict\":\"accepted\"");
	assert_contains(line, "\"peer\":{\"id\":\"peer-2\",\"public_key\":\"" KEY_2 "\"");
	assert_contains(line, "\"ops\":[{\"op\":\"add\",\"public_key\":\"" KEY_2 "\"}]");
	assert_contains(line, "\"psk\":\"");
	assert_int_equal(occurrences(line, "nonce-"), 0);
	assert_int_equal(occurrences(line, "event-1"), 0);
	fails(world, "remove_peer", 2, -EIO, 1);
	deliver(world, "peer_removed", "peer-2", 0x51);
	line = line_with(traced, "\"peer_id\":\"peer-2\"");
	assert_contains(line, "\"error\":\"EIO\"}");
	const struct signing_keys keys = {.current = key_of(0x52)};
	deliver(world, "signing_key_rotated", &keys, 0x51);
	assert_contains(line_with(traced, "signing_key_rotated"), "\"signing_keys\":{\"current\"");
	entry->error = "unusable";
	deliver(world, "peer_endpoint_changed", entry, 0x52);
	assert_contains(line_with(traced, "peer_endpoint_changed"), "\"error\":\"EINVAL\"}");
	deliver(world, "secret-type", "", 0x52);
	assert_contains(line_with(traced, "\"event_type\":\"other\""), "accepted");
	assert_lacks(trace(traced), "secret-type");
	assert_lacks(trace(traced), PSK_TEXT);
	state_document_clear(&document);
}

static void reject(struct world *world, enum verdict verdict, size_t length)
{
	const struct event_judgement judgement = {.length = length,
		.arrived = world_now(world),
		.verdict = verdict,
		.error = -EINVAL,
		.error_text = "secret text"};
	observe_event(&world->manager, &judgement);
}

static void of_many_rejected_events_ten_a_minute_are_written(void **state)
{
	struct traced *traced = *state;
	struct world *world = traced->world;
	start(traced, RING_BYTES);
	for (unsigned i = 0; i < 1000; i++) {
		reject(world, VERDICT_MALFORMED, 77);
		deliver(world, "peer_removed", "peer-2", 0x66);
	}
	assert_int_equal(lines_of(traced, "event"), 20);
	assert_int_equal(occurrences(trace(traced), "\"length\":77"), 10);
	assert_int_equal(occurrences(trace(traced), "\"verdict\":\"bad_signature\""), 10);
	assert_int_equal(lines_of(traced, "rejected"), 0);
	world->now_s += 60;
	reject(world, VERDICT_MALFORMED, 1);
	assert_contains(line_with(traced, "{\"kind\":\"rejected\""),
		"\"verdict\":\"malformed\",\"count\":990}");
	/* A cycle writes the counts of the other kinds. */
	assert_int_equal(cycle_wants(world, "2"), 0);
	assert_contains(line_with(traced, "\"verdict\":\"bad_signature\",\"count\":"), "990}");
	world->now_s += 600;
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_int_equal(lines_of(traced, "rejected"), 2);
	assert_lacks(trace(traced), "secret text");
}

/* The ring rotates many times; trace() checks that each segment begins with a snapshot. */
static void each_segment_begins_with_the_state_in_force(void **state)
{
	struct traced *traced = *state;
	struct world *world = traced->world;
	start(traced, 32 << 10);
	for (unsigned i = 0; i < 500; i++) {
		world->now_s += 60;
		assert_int_equal(cycle_wants(world, i % 2 ? "234" : "2"), 0);
		reject(world, VERDICT_FAULT, 0);
		assert_not_logged(world, "Trace stopped");
		world_forget_logs(world);
		fake_forget_calls(&world->fake);
	}
	assert_true(traced->writer.is_on);
	assert_true(traced->writer.ring.segments[0].number > 20);
	assert_true(strlen(trace(traced)) <= 32 << 10);
	assert_true(lines_of(traced, "snapshot") >= 4);
	const char *last = trace(traced);
	while (strstr(last + 1, "{\"kind\":\"snapshot\""))
		last++;
	assert_contains(last, "\"document\":true");
	assert_contains(last, "\"peers\":[{\"id\":\"peer-2\"");
	assert_contains(last, "\"index\":[{\"id\":\"peer-2\",");
	assert_lacks(last, "\"start\"");
}

static void another_key_of_the_node_begins_a_segment(void **state)
{
	struct traced *traced = *state;
	struct world *world = traced->world;
	start(traced, RING_BYTES);
	assert_int_equal(cycle_wants(world, "2"), 0);
	world->identity.private_key = secret_of(0xaa);
	world->identity.public_key = key_of(0xaa);
	trace_writer_follow_identity(&traced->writer);
	trace_writer_follow_identity(&traced->writer);
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_int_equal(lines_of(traced, "snapshot"), 2);
	world->identity.mesh_ip = ip_of("10.100.0.99");
	trace_writer_follow_identity(&traced->writer);
	assert_contains(line_with(traced, "10.100.0.99"), "snapshot");
}

static void a_full_disk_stops_the_trace_with_one_warning_and_nothing_else(void **state)
{
	struct traced *traced = *state;
	struct world *world = traced->world;
	start(traced, RING_BYTES);
	assert_int_equal(cycle_wants(world, "2"), 0);
	size_t length = strlen(trace(traced));
	disk_is_full = true;
	assert_int_equal(cycle_wants(world, "23"), 0);
	assert_peers(world, "02 ips=10.0.0.2/32; 03 ips=10.0.0.3/32");
	assert_false(traced->writer.is_on);
	assert_logged(world, "warn Trace stopped error=");
	assert_logged(world, "trace-00000000.jsonl: No space left on device");
	disk_is_full = false;
	world_forget_logs(world);
	assert_int_equal(cycle_wants(world, "2"), 0);
	deliver(world, "peer_removed", "peer-2", 0x51);
	reject(world, VERDICT_STALE, 0);
	assert_int_equal(manager_teardown(&world->manager, NULL), 0);
	assert_not_logged(world, "Trace stopped");
	assert_int_equal(strlen(trace(traced)), length);
}

static void a_snapshot_over_a_quarter_of_the_ring_stops_the_trace_before_it_begins(void **state)
{
	struct traced *traced = *state;
	struct world *world = traced->world;
	assert_int_equal(cycle_wants(world, "23456789"), 0);
	start(traced, 4096);
	assert_false(traced->writer.is_on);
	assert_logged(world, "warn Trace stopped error=a line takes ");
	assert_logged(world, "bytes, and --trace-mib allows 1024");
	assert_int_equal(cycle_wants(world, "2"), 0);
	assert_string_equal(trace(traced), "");
}

/* The one address of every name. */
static size_t resolve(void *impl, const char *host, const struct ip **ret)
{
	*ret = impl;
	return 1;
}

static void a_name_that_resolves_anew_is_written(void **state)
{
	struct traced *traced = *state;
	struct world *world = traced->world;
	struct state_document document = {0};
	struct ip address = ip_of("192.0.2.2");
	world->manager.lookup = (struct name_lookup){.addresses = resolve, .impl = &address};
	start(traced, RING_BYTES);
	wants(&document, 2)->config.endpoint =
		(struct endpoint){.kind = ENDPOINT_NAME, .host = "vpn.example", .port = 51820};
	wants(&document, 3);
	assert_int_equal(world_cycle(world, &document), 0);
	assert_int_equal(occurrences(trace(traced), "vpn.example"), 1);
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_int_equal(occurrences(trace(traced), "vpn.example"), 1);
	/* The peer is silent, and gets the new address. */
	address = ip_of("192.0.2.3");
	world->now_s += 600;
	world_sent(world, 2, 148);
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_int_equal(occurrences(trace(traced), "vpn.example"), 2);
	assert_contains(line_with(traced, "\"address\":\"192.0.2.3:51820\""), "not_modified");
	assert_int_equal(occurrences(trace(traced), "peer-3"), 1);
}

/* A drifted device, a document and events; then a new key of the node. */
static void trace_everything(struct traced *traced, struct state_document *document)
{
	struct world *world = traced->world;
	const struct signing_keys keys = {.current = key_of(0x51)};
	world_cycle(world, document);
	deliver(world, "signing_key_rotated", &keys, 0x51);
	deliver(world, "peer_removed", "peer-3", 0x51);
	reject(world, VERDICT_STALE, 0);
	world->identity.public_key.bytes[0]++;
	trace_writer_follow_identity(&traced->writer);
	world->identity.public_key.bytes[0]--;
}

/* Each allocation fails in turn, those of the engine too. */
static void a_trace_that_has_no_memory_stops(void **state)
{
	struct traced *traced = *state;
	struct world *world = traced->world;
	unsigned stopped = 0;
	bool has_failed = true;
	assert_int_equal(cycle_wants(world, "23"), 0);
	for (unsigned spared = 0; has_failed; spared++) {
		struct state_document document = {0};
		wants(&document, 2);
		wants(&document, 4);
		world_set_peer(world, 9, "", "10.0.0.9/32");
		world->fake.up = false;
		start(traced, RING_BYTES);
		world_forget_logs(world);
		failing_memory_arm(spared, false);
		trace_everything(traced, &document);
		has_failed = failing_memory_disarm();
		stopped += !traced->writer.is_on;
		if (!traced->writer.is_on)
			assert_logged(world, "warn Trace stopped error=");
		trace_writer_deinit(&traced->writer);
		fake_forget_calls(&world->fake);
		/* It leaves whole lines. */
		trace(traced);
	}
	assert_true(stopped > 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_line_has_what_a_cycle_decided_and_not_what_follows),
		TEST(a_drifted_interface_is_in_the_line_as_it_was_found),
		TEST(peers_that_stay_are_written_when_they_change),
		TEST(an_event_has_its_payload_and_operations_and_no_secret),
		TEST(of_many_rejected_events_ten_a_minute_are_written),
		TEST(each_segment_begins_with_the_state_in_force),
		TEST(another_key_of_the_node_begins_a_segment),
		TEST(a_full_disk_stops_the_trace_with_one_warning_and_nothing_else),
		TEST(a_snapshot_over_a_quarter_of_the_ring_stops_the_trace_before_it_begins),
		TEST(a_name_that_resolves_anew_is_written),
		TEST(a_trace_that_has_no_memory_stops),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("trace_writer", tests, NULL, NULL);
}
