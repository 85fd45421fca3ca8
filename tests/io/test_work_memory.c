/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work on what was read, with each allocation failing in turn: a node's life from state documents
 * and events to a simulated device, lists of operations for the kernel, a plan, the replay of a
 * scenario. Whatever was left half done, no peer that was to stay lost its tunnel, no peer was
 * removed without a complete state, and with memory the next cycle corrects everything.
 */
#include "harness.h"

#include "change_report.h"
#include "curve.h"
#include "device_plan.h"
#include "device_report.h"
#include "failing_memory.h"
#include "payload_wire.h"
#include "peer_world.h"
#include "reconcile.h"
#include "scenario_read.h"
#include "scenario_run.h"
#include "signature.h"
#include "sim_controller.h"
#include "state_wire.h"
#include "timestamp.h"
#include "wg_dump.h"

#include <sodium.h>
#include <stdio.h>

#define NAME "plexd0"
#define PEER(id, key, ips)                                                                         \
	"{\"id\":\"" id "\",\"public_key\":\"" key "\",\"allowed_ips\":[\"" ips "\"]}"
#define KEY_2 "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
#define KEY_3 "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="
#define KEY_4 "BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ="
#define KEY_5 "BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU="
#define KEY_8 "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg="

/* Peer 2 stays throughout, its prefixes change; 8 is unusable and retained. */
#define FIRST                                                                                      \
	"{\"peers\":[" PEER("peer-2", KEY_2, "10.0.0.2/32") "," PEER(                              \
		"peer-3", KEY_3, "10.0.0.3/32") "," PEER("peer-8", KEY_8,                          \
		"10.0.0.0/33") "],\"signing_keys\":{\"current\":\"" KEY_4 "\"}}"
#define LAST                                                                                       \
	"{\"peers\":[" PEER("peer-2", KEY_2, "10.2.0.0/16") "," PEER(                              \
		"peer-4", KEY_4, "10.0.0.4/32") "," PEER("peer-8", KEY_8, "10.0.0.8/32") "]}"

static const struct peer_wire_options options;

static int64_t now_ns(void *impl)
{
	return 1772366400 * NS_PER_S;
}

static void log_nothing(void *sink, enum log_level level, const char *message,
	const struct log_field *fields, unsigned field_count)
{
}

/* A node on a simulated device, which outlives it. */
struct node {
	struct sim_controller sim;
	struct identity identity;
	struct manager manager;
	struct verifier verifier;
	struct reconciler reconciler;
	bool has_state; /* a document came into force */
	size_t write_count;
};

/* Called for every change of the device. */
static void watch(void *impl, enum sim_op op, const char *text)
{
	struct node *node = impl;
	if (op == SIM_OP_READ_DEVICE)
		return;
	node->write_count++;
	if (op != SIM_OP_REMOVE_PEER)
		return;
	assert_true(node->has_state);
	assert_null(strstr(text, KEY_2));
	assert_null(strstr(text, KEY_8));
}

static void stranger_put(struct sim_device *device, unsigned char key, const char *prefix)
{
	struct prefix allowed = prefix_of(prefix);
	struct peer_config peer = {
		.public_key = key_of(key), .allowed_ips = &allowed, .allowed_ip_count = 1};
	assert_int_equal(sim_device_set_peer(device, &peer, PEER_FIELDS_ALL, true), 0);
}

static void node_begin(struct node *node)
{
	*node = (struct node){
		.identity = {.mesh_ip = ip_of("10.0.0.1"), .private_key = secret_of(1)}};
	key_secret_clamp(&node->identity.private_key);
	key_public_derive(&node->identity.private_key, &node->identity.public_key);
	sim_controller_init(&node->sim, (struct sim_recorder){.record = watch, .impl = node});
	struct sim_device *device = sim_controller_create(&node->sim, NAME);
	stranger_put(device, 2, "10.9.0.0/16");
	stranger_put(device, 8, "10.0.0.8/32");
	stranger_put(device, 9, "10.0.0.3/32");
}

static int process_start(struct node *node)
{
	const struct reconciler_config reconciler = {
		.manager = &node->manager,
		.verifier = &node->verifier,
		.clock = {.now_ns = now_ns, .boot_ns = now_ns},
	};
	const struct manager_config manager = {
		.controller = sim_controller(&node->sim),
		.identity = &node->identity,
		.logger = {.write = log_nothing},
	};
	int error = manager_init(&node->manager, &manager);
	verifier_init(
		&node->verifier, &(struct verifier_config){.check = signature_check_ed25519()});
	reconciler_init(&node->reconciler, &reconciler);
	return error;
}

static void process_end(struct node *node)
{
	reconciler_deinit(&node->reconciler);
	verifier_deinit(&node->verifier);
	manager_deinit(&node->manager);
}

/* As the daemon does it; an unusable entry makes it -EINVAL. */
static int cycle(struct node *node, const char *text)
{
	struct state_document document = {0};
	struct fetch_answer answer = {.outcome = FETCH_DOCUMENT, .document = &document};
	int error = reconciler_begin(&node->reconciler, NULL);
	if (error)
		return error;
	int unread = state_wire_read(text, strlen(text), &options, &document, NULL);
	if (unread)
		answer = (struct fetch_answer){.outcome = FETCH_FAILED, .error = "out of memory"};
	else
		node->has_state = true;
	error = reconciler_finish(&node->reconciler, &answer, NULL);
	if (error == -EIO) /* of failed operations: some lacked memory */
		error = -ENOMEM;
	return unread ? unread : error;
}

static void events(struct node *node)
{
	struct event_dispatcher dispatcher = {.manager = &node->manager,
		.verifier = &node->verifier,
		.reader = payload_wire_reader(&options)};
	static const struct {
		const char *type, *payload;
	} all[] = {
		{"peer_added", PEER("peer-5", KEY_5, "10.0.0.5/32")},
		{"peer_endpoint_changed", PEER("peer-2", KEY_2, "10.0.0.2/32")},
		{"peer_key_rotated", PEER("peer-3", KEY_4, "10.0.0.3/32")},
		{"signing_key_rotated", "{\"current\":\"" KEY_5 "\"}"},
	};
	node->has_state = true; /* an event counts like a state */
	for (size_t i = 0; i < COUNT_OF(all); i++)
		event_dispatch(
			&dispatcher, all[i].type, all[i].payload, strlen(all[i].payload), NULL);
}

static void assert_nothing_left(struct node *node)
{
	const struct sim_device *device = sim_controller_find(&node->sim, NAME);
	node->write_count = 0;
	assert_int_equal(cycle(node, LAST), 0);
	assert_int_equal(node->write_count, 0);
	assert_int_equal(device->peer_count, 3);
	assert_int_equal(device->allowed_ip_count, 3);
	assert_true(device->up);
}

/* Of a last cycle that ended so. */
static void assert_converges(struct node *node, int error)
{
	struct key_public kept = key_of(8);
	assert_non_null(sim_device_find(sim_controller_find(&node->sim, NAME), &kept));
	if (error)
		assert_int_equal(cycle(node, LAST), 0);
	assert_nothing_left(node);
}

static int live(void *impl)
{
	struct node node;
	failing_memory_pause();
	node_begin(&node);
	failing_memory_resume();
	int error = process_start(&node);
	if (!error) {
		int first = cycle(&node, FIRST);
		/* No write without a complete state. */
		assert_true(node.has_state || first);
		events(&node);
		error = cycle(&node, LAST);
		failing_memory_disarm();
		assert_converges(&node, error);
		process_end(&node);
	}
	failing_memory_disarm();
	sim_controller_deinit(&node.sim);
	return error;
}

static void a_node_survives_each_allocation_that_fails(void **state)
{
	fail_each_allocation(live, NULL);
}

/* A model of the kernel. */
struct bench {
	struct peer_world world;
	struct kernel_model model;
	struct wg_channel channel; /* the model's own */
};

static int set(void *impl, struct nl_msg *message, bool *ret_refused, struct diag *diag)
{
	struct bench *bench = impl;
	failing_memory_pause();
	int error = bench->channel.set(bench->channel.impl, message, ret_refused, diag);
	failing_memory_resume();
	return error;
}

static void set_all(void *impl, struct netlink_request *requests, size_t count)
{
	struct bench *bench = impl;
	failing_memory_pause();
	bench->channel.set_all(bench->channel.impl, requests, count);
	failing_memory_resume();
}

static int read_model(void *impl, int index, struct device *ret, struct diag *diag)
{
	struct bench *bench = impl;
	failing_memory_pause();
	int error = bench->channel.read(bench->channel.impl, index, ret, diag);
	failing_memory_resume();
	return error;
}

static int ask(void *impl, enum wg_prefix_removal *ret, struct diag *diag)
{
	struct bench *bench = impl;
	return bench->channel.ask_prefix_removal(bench->channel.impl, ret, diag);
}

/* Applies the world's difference; the first error of its operations. */
static int apply(struct bench *bench)
{
	const struct wg_target target = {MODEL_FAMILY, MODEL_INDEX};
	struct wg_apply apply = world_apply(&bench->model, world_limits());
	size_t count = peer_diff_op_count(&bench->world.diff);
	struct peer_op_result results[64] = {0};
	int error = 0;
	assert_true(count <= COUNT_OF(results));
	bench->channel = apply.channel;
	apply.channel = (struct wg_channel){set, set_all, read_model, ask, bench};
	wg_apply_ops(&apply, &target, bench->world.diff.ops, count, results, NULL);
	for (size_t i = 0; i < count; i++) {
		error = error ? error : results[i].error;
		free(results[i].error_text);
	}
	return error;
}

/* A prefix that the same peer has before and after was never absent. */
static void assert_kept(const struct bench *bench)
{
	for (size_t i = 0; i < bench->world.desired.count; i++) {
		const struct peer_config *peer = &bench->world.desired.peers[i];
		const struct peer_config *before =
			peer_table_find(&bench->world.actual, &peer->public_key);
		for (uint32_t j = 0; before && j < peer->allowed_ip_count; j++) {
			const struct prefix *prefix = &peer->allowed_ips[j];
			if (!peer_has_allowed_ip(before, prefix))
				continue;
			const struct key_public *owner = kernel_model_owner(&bench->model, prefix);
			assert_true(owner && key_public_equal(owner, &peer->public_key));
		}
	}
}

/* What was left is done by the next diff. */
static void assert_applies(struct bench *bench)
{
	struct device device;
	struct endpoint_history memory = {0};
	kernel_model_read(&bench->model, &device);
	peer_diff_clear(&bench->world.diff);
	assert_int_equal(
		diff_compute(&bench->world.desired, &device.peers, &memory,
			(struct moment){.wall_ns = 1000 * INT64_C(1000000000)}, &bench->world.diff),
		0);
	assert_int_equal(apply(bench), 0);
	world_expect(&bench->model, &bench->world.desired);
	device_clear(&device);
}

static int apply_on_kernel(void *seed)
{
	struct bench bench = {.world.random = *(uint32_t *)seed};
	failing_memory_pause();
	world_draw(&bench.world);
	kernel_model_load(&bench.model, &bench.world.actual);
	failing_memory_resume();
	int error = apply(&bench);
	failing_memory_disarm();
	assert_kept(&bench);
	if (!error)
		world_expect(&bench.model, &bench.world.desired);
	assert_applies(&bench);
	peer_world_clear(&bench.world);
	kernel_model_clear(&bench.model);
	return error;
}

static void operations_on_the_kernel_are_carried_out_or_not(void **state)
{
	for (uint32_t seed = 1; seed <= 8; seed++)
		fail_each_allocation(apply_on_kernel, &seed);
}

/* A plan, from input texts to output text. */
#define ACTUAL                                                                                     \
	"(none)\t" KEY_5 "\t51820\toff\n" KEY_2 "\t" KEY_3                                         \
	"\t192.0.2.2:5\t10.9.0.0/16\t0\t0\t0\toff\n" KEY_8                                         \
	"\t(none)\t(none)\t10.0.0.3/32\t0\t0\t0\t25\n"

static int no_routes_read(
	void *impl, const char *interface, struct route_table *ret, struct diag *diag)
{
	return 0;
}

static int plan_print(FILE *out, const struct state_document *document, const struct device *device)
{
	static const struct router_ops routes_ops = {.read_routes = no_routes_read};
	const struct interface_config config = {.interface_name = NAME};
	const struct identity identity = {.public_key = device->public_key};
	/* The address of the control plane: the route to peer-2 covers it. */
	const struct ip protected_ip = ip_from_bytes(IP_V4, (uint8_t[]){10, 0, 0, 2});
	const struct device_plan_input input = {
		.device = device,
		.config = &config,
		.identity = &identity,
		.document = document,
		.router = {&routes_ops, NULL},
		.route_policy = {.protected_ips = &protected_ip, .protected_ip_count = 1},
	};
	struct warnings warnings = {0};
	struct device_plan plan = {0};
	int error = device_plan_compute(&input, 0, &warnings, &plan, NULL);
	if (!error)
		error = change_report_print_json(out, &plan.report);
	warnings_clear(&warnings);
	device_plan_clear(&plan);
	return error;
}

static int plan_from_texts(FILE *out)
{
	struct state_document document = {0};
	struct device device = {0};
	int error = state_wire_read(FIRST, strlen(FIRST), &options, &document, NULL);
	if (!error)
		error = wg_dump_parse(
			ACTUAL, strlen(ACTUAL), NAME, &device, &(struct wg_dump_notes){0}, NULL);
	if (!error)
		error = plan_print(out, &document, &device);
	if (!error)
		error = device_print_json(out, NAME, "sim", &device);
	state_document_clear(&document);
	device_clear(&device);
	return error;
}

struct printed {
	char *text;
	size_t length;
};

static int print_all(struct printed *ret)
{
	failing_memory_pause();
	FILE *out = open_memstream(&ret->text, &ret->length);
	assert_non_null(out);
	failing_memory_resume();
	int error = plan_from_texts(out);
	failing_memory_disarm();
	fclose(out);
	return error;
}

/* Two reports, each there whole or not at all. */
static int plan_from_memory(void *whole)
{
	const struct printed *expected = whole;
	struct printed printed = {0};
	int error = print_all(&printed);
	const char *second = strstr(expected->text + 1, "\n{");
	if (!error)
		assert_string_equal(printed.text, expected->text);
	else if (printed.length)
		assert_ptr_equal(expected->text + printed.length, second + 1);
	free(printed.text);
	return error;
}

static void a_plan_is_printed_or_not(void **state)
{
	struct printed expected = {0};
	assert_int_equal(print_all(&expected), 0);
	assert_contains(expected.text, "it covers 10.0.0.2");
	fail_each_allocation(plan_from_memory, &expected);
	free(expected.text);
}

/* A replay that ran out of memory may not report that a scenario holds that did not run. */
static int replay(void *text)
{
	struct scenario scenario;
	failing_memory_pause();
	assert_int_equal(scenario_read(text, strlen(text), &scenario, NULL), 0);
	failing_memory_resume();
	enum run_outcome outcome = scenario_run(&scenario, NULL, NULL);
	bool has_failed = failing_memory_disarm();
	scenario_clear(&scenario);
	assert_true(outcome == RUN_HOLDS || has_failed);
	return outcome == RUN_HOLDS ? 0 : -ENOMEM;
}

static void a_scenario_is_replayed_or_not(void **state)
{
	char text[] = "{\"scenario\":\"a\",\"version\":1,\"steps\":["
		      "{\"do\":\"reconcile\",\"state\":" LAST ",\"returns\":\"ok\"},"
		      "{\"do\":\"event\",\"event_type\":\"peer_removed\",\"payload\":"
		      "{\"peer_id\":\"peer-4\"},\"returns\":\"ok\"},"
		      "{\"do\":\"stream\",\"chunks\":[\"data: x\\n\\n\"]},"
		      "{\"do\":\"restart\"},{\"do\":\"reconcile\",\"state\":{\"peers\":[]}},"
		      "{\"do\":\"expect\",\"device\":{\"peers\":[]},\"index\":{},"
		      "\"logs\":[\"Peer added\"],\"drift\":[{\"type\":\"peer_removed\","
		      "\"detail\":\"peer " KEY_2 "\"},{\"type\":\"peer_removed\","
		      "\"detail\":\"peer " KEY_8 "\"}]}]}";
	fail_each_allocation(replay, text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_node_survives_each_allocation_that_fails),
		cmocka_unit_test(operations_on_the_kernel_are_carried_out_or_not),
		cmocka_unit_test(a_plan_is_printed_or_not),
		cmocka_unit_test(a_scenario_is_replayed_or_not),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
