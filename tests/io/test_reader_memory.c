/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every parser of untrusted bytes, and every writer of bytes for others, with each allocation
 * failing in turn: -ENOMEM and nothing else, outputs unchanged, nothing leaked.
 */
#include "harness.h"

#include "api_body.h"
#include "api_reply.h"
#include "convert.h"
#include "envelope_wire.h"
#include "event_stream.h"
#include "failing_memory.h"
#include "http_url.h"
#include "identity_dir.h"
#include "identity_make.h"
#include "netlink_reply.h"
#include "payload_wire.h"
#include "peer_world.h"
#include "scenario_read.h"
#include "scratch.h"
#include "signing_keys.h"
#include "state_store_peers.h"
#include "state_wire.h"
#include "trace_line.h"
#include "uapi.h"
#include "wg_decode.h"
#include "wg_dump.h"
#include "wg_dump_maker.h"

#include <sodium.h>
#include <stdio.h>

#define KEY_2 "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
#define KEY_3 "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="
#define HEX_2 "0202020202020202020202020202020202020202020202020202020202020202"
#define PEER                                                                                       \
	"{\"id\":\"peer-2\",\"public_key\":\"" KEY_2 "\",\"endpoint\":\"a.example:5\","            \
	"\"allowed_ips\":[\"10.0.0.2\",\"10.2.0.0/16\"],\"psk\":\"" KEY_3 "\"}"
#define KEYS                                                                                       \
	"{\"current\":\"" KEY_2 "\",\"previous\":\"" KEY_3 "\","                                   \
	"\"transition_expires\":\"2026-03-01T12:00:00Z\"}"

static const struct peer_wire_options options = {.allow_host_names = true};

/* The content of an output that nothing has been written to. */
#define UNTOUCHED ((void *)&options)

static int read_state(void *document)
{
	const char *text = document;
	struct state_document state = {.entries = UNTOUCHED};
	int error = state_wire_read(text, strlen(text), &options, &state, NULL);
	if (error)
		assert_ptr_equal(state.entries, UNTOUCHED);
	else
		state_document_clear(&state);
	return error;
}

static void a_state_document_is_read_or_not(void **state)
{
	char good[] = "{\"peers\":[" PEER ",{\"id\":\"b\",\"public_key\":\"" KEY_3
		      "\",\"allowed_ips\":[],\"allowed_ip\":1}],\"signing_keys\":" KEYS "}";
	char bad[] = "{\"peers\":[7,{\"id\":\"b\",\"psk\":\"x\",\"public_key\":\"" KEY_3
		     "\",\"allowed_ips\":[\"10.0.0.0/33\"]}],\"signing_keys\":{\"current\":7}}";
	fail_each_allocation(read_state, good);
	fail_each_allocation(read_state, bad);
}

static int read_envelope(void *text)
{
	struct envelope envelope = {.event_type.text = UNTOUCHED};
	int error = envelope_wire_read(text, strlen(text), &envelope, NULL);
	if (error)
		assert_ptr_equal(envelope.event_type.text, UNTOUCHED);
	else
		envelope_clear(&envelope);
	return error;
}

static void an_envelope_is_read_or_not(void **state)
{
	char text[] = "{\"event_type\":\"peer_added\",\"event_id\":\"1\",\"nonce\":\"n\","
		      "\"issued_at\":\"2026-03-01T12:00:00Z\",\"signature\":\"AA==\","
		      "\"payload\":" PEER "}";
	fail_each_allocation(read_envelope, text);
}

static int read_peer_payload(void *text)
{
	struct payload_reader reader = payload_wire_reader(&options);
	struct arena arena = {0};
	struct peer_entry entry = {.id = UNTOUCHED};
	int error = reader.read_peer(reader.impl, text, strlen(text), &arena, &entry, NULL);
	assert_true(!error || entry.id == UNTOUCHED);
	arena_clear(&arena);
	return error;
}

static int read_peer_id_payload(void *text)
{
	struct payload_reader reader = payload_wire_reader(&options);
	struct arena arena = {0};
	const char *id = UNTOUCHED;
	int error = reader.read_peer_id(reader.impl, text, strlen(text), &arena, &id, NULL);
	assert_true(!error || id == UNTOUCHED);
	arena_clear(&arena);
	return error;
}

static int read_keys_payload(void *text)
{
	struct payload_reader reader = payload_wire_reader(&options);
	struct signing_keys keys = {.transition_expires_ns = 7};
	int error = reader.read_signing_keys(reader.impl, text, strlen(text), &keys, NULL);
	assert_true(!error || keys.transition_expires_ns == 7);
	return error;
}

static void a_payload_is_read_or_not(void **state)
{
	char peer[] = PEER, keys[] = KEYS, id[] = "{\"peer_id\":\"peer-2\"}";
	fail_each_allocation(read_peer_payload, peer);
	fail_each_allocation(read_peer_id_payload, id);
	fail_each_allocation(read_keys_payload, keys);
}

static void count_event(void *impl, const struct stream_event *event)
{
	assert_int_equal(event->data.length, 6000);
	++*(size_t *)impl;
}

/* Without memory a stream cannot be used further: it returns no half event. */
static int read_stream(void *line)
{
	size_t count = 0;
	const struct event_stream_callbacks callbacks = {.on_event = count_event, .impl = &count};
	struct event_stream stream;
	int error = 0;
	event_stream_init(&stream, 1 << 20, &callbacks);
	for (size_t i = 0; !error && i < 2; i++) {
		error = event_stream_push(&stream, "data: ", 6);
		if (!error)
			error = event_stream_push(&stream, line, 6000);
		if (!error)
			error = event_stream_push(&stream, "\n\n", 2);
	}
	assert_true(error || count == 2);
	event_stream_deinit(&stream);
	return error;
}

static void a_stream_is_read_or_not(void **state)
{
	char line[6000];
	memset(line, 'x', sizeof line);
	fail_each_allocation(read_stream, line);
}

static int decode_reply(void *reply)
{
	struct device device = {.addresses = UNTOUCHED};
	int error = uapi_decode_device(reply, strlen(reply), &device, NULL);
	if (error) {
		assert_ptr_equal(device.addresses, UNTOUCHED);
		return error;
	}
	device_clear(&device);
	return 0;
}

static void a_reply_of_a_userspace_program_is_read_or_not(void **state)
{
	char reply[] = "listen_port=5\npublic_key=" HEX_2 "\nallowed_ip=10.0.0.2/32\n"
		       "preshared_key=" HEX_2 "\nerrno=0\n\n";
	fail_each_allocation(decode_reply, reply);
}

static int read_dump(void *text)
{
	struct device device = {.addresses = UNTOUCHED};
	struct wg_dump_notes notes = {0};
	int error = wg_dump_parse(text, strlen(text), "wg0", &device, &notes, NULL);
	wg_dump_notes_clear(&notes);
	if (error) {
		assert_ptr_equal(device.addresses, UNTOUCHED);
		return error;
	}
	device_clear(&device);
	return 0;
}

static void a_dump_of_wg_is_read_or_not(void **state)
{
	char text[] = "(none)\t(none)\t5\toff\n" KEY_2 "\t" KEY_3
		      "\t192.0.2.1:5\t10.0.0.2/32,10.2.0.0/16\t0\t0\t0\toff\n";
	fail_each_allocation(read_dump, text);
	char of_all[] = "wg1\t(none)\t(none)\t6\toff\r\nwg0\t(none)\t(none)\t5\toff\r\nwg0\t" KEY_2
			"\t(hidden)\t192.0.2.1:0\t10.0.0.2/32\t-1\t0\t0\toff";
	fail_each_allocation(read_dump, of_all);
}

static int decode_dump(void *impl)
{
	const struct dump *dump = impl;
	struct device device = {.addresses = UNTOUCHED};
	struct wg_decode decode;
	wg_decode_begin(&decode, DUMP_INDEX, 2, NULL);
	struct netlink_reply reply = {
		.sequence = DUMP_SEQUENCE,
		.is_dump = true,
		.handler = {wg_decode_message, &decode},
	};
	for (size_t i = 0; i < dump->count; i++)
		netlink_reply_take(&reply, dump->datagrams[i], dump->lengths[i], false);
	int error = netlink_reply_result(&reply);
	if (!error)
		error = wg_decode_end(&decode, &device);
	wg_decode_clear(&decode);
	if (error) {
		assert_ptr_equal(device.addresses, UNTOUCHED);
		return error;
	}
	assert_int_equal(device.peers.count, 2);
	device_clear(&device);
	return 0;
}

static void a_dump_of_the_kernel_is_read_or_not(void **state)
{
	struct peer_world world = {0};
	struct dump dump = {0};
	world_put(&world.actual,
		world_peer(&world,
			(struct world_peer){.number = 2, .allowed_ips = "10.0.0.2/32", .psk = 3}));
	world_put(&world.actual,
		world_peer(&world, (struct world_peer){
					   .number = 3, .allowed_ips = "10.0.0.3/32,10.3.0.0/16"}));
	assert_int_equal(peer_table_seal(&world.actual, NULL), 0);
	dump_put_device(&dump, &world.actual, 2);
	fail_each_allocation(decode_dump, &dump);
	dump_clear(&dump);
	peer_world_clear(&world);
}

static int read_scenario(void *text)
{
	struct scenario scenario = {.title = UNTOUCHED};
	int error = scenario_read(text, strlen(text), &scenario, NULL);
	if (error)
		assert_ptr_equal(scenario.title, UNTOUCHED);
	else
		scenario_clear(&scenario);
	return error;
}

static void a_scenario_is_read_or_not(void **state)
{
	char text[] = "{\"scenario\":\"a\",\"version\":1,\"identity\":{\"node_id\":\"n\"},"
		      "\"device\":{\"addresses\":[\"10.0.0.1/32\"],\"peers\":[{\"public_key\":"
		      "\"${key:2}\",\"allowed_ips\":[\"10.0.0.2\"]}]},\"steps\":["
		      "{\"do\":\"reconcile\",\"state\":{\"peers\":[]},\"during_fetch\":["
		      "{\"do\":\"event\",\"event_type\":\"peer_removed\",\"payload\":{}}]},"
		      "{\"do\":\"stream\",\"chunks\":[\"a\"]},"
		      "{\"do\":\"world\",\"set_peer\":{\"public_key\":\"${key:3}\"}},"
		      "{\"do\":\"expect\",\"ops\":[\"x\"],\"index\":{\"a\":\"${key:2}\"},"
		      "\"drift\":[{\"type\":\"peer_removed\",\"detail\":\"peer a\"}],"
		      "\"logs\":[\"l\"],\"log_count\":{\"m\":1},\"device\":{\"peers\":[]}}]}";
	fail_each_allocation(read_scenario, text);
}

#define KEY_9 "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk="
#define AT    "\"at\":\"2026-03-01T12:00:00Z\",\"boot_ns\":1"
#define SNAPSHOT                                                                                   \
	"{\"kind\":\"snapshot\"," AT                                                               \
	",\"version\":1,\"start\":true,\"config\":{\"listen_port\":7},"                            \
	"\"mesh_ip\":\"10.0.0.1\",\"public_key\":\"" KEY_9 "\",\"state\":\"absent\",\"events\":[{" \
	"\"id\":\"b\",\"public_key\":\"" KEY_3 "\",\"allowed_ips\":[]},\"c\"],\"index\":[{\"id\":" \
	"\"b\",\"public_key\":\"" KEY_3 "\"}]}"

static int read_trace_line(void *text)
{
	struct trace_read read = {.line.at.boot_ns = 7};
	int error = trace_line_read(text, strlen(text), &read, NULL);
	if (error)
		assert_int_equal(read.line.at.boot_ns, 7);
	else
		trace_read_clear(&read);
	return error;
}

static void a_line_of_a_trace_is_read_or_not(void **state)
{
	char text[] = SNAPSHOT;
	fail_each_allocation(read_trace_line, text);
}

static int convert_text_of(void *text)
{
	struct convert_segment segment = {"trace", text, strlen(text)};
	struct converted converted = {.text = UNTOUCHED};
	int error = convert_trace(&segment, 1, (struct convert_range){0}, &converted, NULL);
	if (error) {
		assert_ptr_equal(converted.text, UNTOUCHED);
	} else {
		/* It ends early where the replay ran out of memory. */
		error = converted.reason ? -ENOMEM : 0;
		converted_clear(&converted);
	}
	return error;
}

static void a_trace_is_converted_or_not(void **state)
{
	char text[] = SNAPSHOT
		"\n{\"kind\":\"begin\"," AT ",\"calls\":[{\"call\":\"create_interface\"},{\"call\":"
		"\"configure_address\"},{\"call\":\"set_interface_up\"}]}\n{\"kind\":\"event\"," AT
		",\"verdict\":\"stale\",\"event_type\":\"other\",\"error\":\"EBADMSG\"}\n"
		"{\"kind\":\"finish\"," AT ",\"outcome\":\"document\",\"peers\":[{\"id\":\"a\","
		"\"public_key\":\"" KEY_2 "\",\"allowed_ips\":[\"10.0.0.2/32\"]}],\"ops\":[{\"op\":"
		"\"add\",\"public_key\":\"" KEY_2 "\"}],\"withheld\":[],\"retained\":[]}\n";
	fail_each_allocation(convert_text_of, text);
}

static int read_url(void *text)
{
	struct http_url url = {.text = UNTOUCHED};
	int error = http_url_parse(text, &url, NULL);
	if (error)
		assert_ptr_equal(url.text, UNTOUCHED);
	else
		http_url_clear(&url);
	return error;
}

static void a_url_is_read_or_not(void **state)
{
	char text[] = "https://api.example.org:8443/base/";
	fail_each_allocation(read_url, text);
}

static int read_registration(void *text)
{
	struct arena arena = {0};
	struct api_registration registration = {.node_id = UNTOUCHED};
	int error = api_reply_read_registration(text, strlen(text), &arena, &registration, NULL);
	assert_true(!error || registration.node_id == UNTOUCHED);
	arena_clear(&arena);
	return error;
}

static void a_registration_is_read_or_not(void **state)
{
	char text[] = "{\"node_id\":\"n\",\"mesh_ip\":\"10.0.0.1\",\"signing_public_key\":"
		      "\"" KEY_2 "\",\"node_secret_key\":\"s\",\"peers\":[" PEER "]}";
	fail_each_allocation(read_registration, text);
}

static int load_identity(void *impl)
{
	const struct scratch *scratch = impl;
	struct identity identity = {.node_id = UNTOUCHED};
	char *token = NULL;
	int error = identity_dir_load(scratch->directory, &identity, NULL);
	if (error) {
		assert_ptr_equal(identity.node_id, UNTOUCHED);
		return error;
	}
	identity_clear(&identity);
	error = identity_dir_read_token(scratch->directory, &token, NULL);
	assert_true(!error || !token);
	free(token);
	return error;
}

static void an_identity_is_loaded_or_not(void **state)
{
	scratch_write(*state, "identity.json", "{\"node_id\":\"n\",\"mesh_ip\":\"10.0.0.1\"}");
	scratch_write(*state, "private_key", KEY_2 "\n");
	scratch_write(*state, "node_secret_key", "token\n");
	fail_each_allocation(load_identity, *state);
}

/* A failed attempt leaves nothing behind that would block the next. */
static int make_identity(void *impl)
{
	const struct scratch *scratch = impl;
	struct scratch_path directory = scratch_path(scratch, "new");
	struct ip mesh_ip = ip_of("10.0.0.1");
	struct identity identity = {.node_id = UNTOUCHED};
	int error = identity_make(directory.text, "n", &mesh_ip, &identity, NULL);
	failing_memory_disarm();
	assert_int_equal(scratch_has(scratch, "new/identity.json"), !error);
	if (error) {
		assert_ptr_equal(identity.node_id, UNTOUCHED);
	} else {
		identity_clear(&identity);
		assert_int_equal(identity_dir_load(directory.text, &identity, NULL), 0);
		assert_string_equal(identity.node_id, "n");
		identity_clear(&identity);
		scratch_unlink(scratch, "new/identity.json");
	}
	if (scratch_has(scratch, "new/private_key"))
		scratch_unlink(scratch, "new/private_key");
	return error;
}

static void an_identity_is_made_or_not(void **state)
{
	fail_each_allocation(make_identity, *state);
}

static int write_bodies(void *impl)
{
	const struct api_correction corrections[] = {{"peer_added", "peer a"}};
	const struct api_heartbeat heartbeat = {.status = "healthy", .interface = "plexd0"};
	struct secret_buffer body = {0};
	int error = api_body_drift(&body, 1, corrections, 1);
	secret_buffer_clear(&body);
	if (!error)
		error = api_body_heartbeat(&body, "n", &heartbeat);
	secret_buffer_clear(&body);
	if (!error)
		error = api_body_register(&body, "token", KEY_2, "host");
	secret_buffer_clear(&body);
	return error;
}

static void bodies_are_written_or_not(void **state)
{
	fail_each_allocation(write_bodies, NULL);
}

/* A peer that did not fit leaves the request as it was before. */
static int write_request(void *impl)
{
	const struct peer_op *op = impl;
	struct secret_buffer request = {0};
	uapi_begin_set(&request);
	size_t before = request.length;
	int error = request.out_of_memory ? -ENOMEM : uapi_put_peer_op(&request, op, NULL);
	if (error)
		assert_int_equal(request.length, before);
	else
		uapi_end(&request);
	error = request.out_of_memory ? -ENOMEM : error;
	secret_buffer_clear(&request);
	return error;
}

static void a_request_to_a_userspace_program_is_written_or_not(void **state)
{
	struct peer_world world = {0};
	const struct peer_op op = {
		.kind = PEER_OP_ADD,
		.fields = PEER_FIELDS_ALL,
		.desired = world_peer(&world,
			(struct world_peer){.number = 2, .allowed_ips = "10.0.0.2/32", .psk = 3}),
	};
	fail_each_allocation(write_request, (void *)&op);
	peer_world_clear(&world);
}

#define MEMORY_TEST(name)  cmocka_unit_test(name)
#define SCRATCH_TEST(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MEMORY_TEST(a_state_document_is_read_or_not),
		MEMORY_TEST(an_envelope_is_read_or_not),
		MEMORY_TEST(a_payload_is_read_or_not),
		MEMORY_TEST(a_stream_is_read_or_not),
		MEMORY_TEST(a_reply_of_a_userspace_program_is_read_or_not),
		MEMORY_TEST(a_dump_of_wg_is_read_or_not),
		MEMORY_TEST(a_dump_of_the_kernel_is_read_or_not),
		MEMORY_TEST(a_scenario_is_read_or_not),
		MEMORY_TEST(a_line_of_a_trace_is_read_or_not),
		MEMORY_TEST(a_trace_is_converted_or_not),
		MEMORY_TEST(a_url_is_read_or_not),
		MEMORY_TEST(a_registration_is_read_or_not),
		SCRATCH_TEST(an_identity_is_loaded_or_not),
		SCRATCH_TEST(an_identity_is_made_or_not),
		MEMORY_TEST(bodies_are_written_or_not),
		MEMORY_TEST(a_request_to_a_userspace_program_is_written_or_not),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
