/* SPDX-License-Identifier: Apache-2.0 */
/* What observers learn: each call of the engine, its operations and its result, in that order. */
#include "harness.h"

#include "converged.h"

#include <stdio.h>

#define SETUP "create_interface 0; configure_address 0; set_interface_up 0"

static char seen[4096];

static void see(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void see(const char *format, ...)
{
	va_list arguments;
	size_t length = strlen(seen);
	va_start(arguments, format);
	length += (size_t)snprintf(seen + length, sizeof seen - length, length ? "; " : "");
	vsnprintf(seen + length, sizeof seen - length, format, arguments);
	va_end(arguments);
}

static void see_call(void *impl, enum interface_call call, int error)
{
	see("%s %d", interface_call_name(call), error);
}

static void see_peer(void *impl, const struct peer_op *op, int error)
{
	see("%s %02x %d", peer_op_kind_name(op->kind), peer_op_key(op)->bytes[0], error);
}

static void see_device(
	void *impl, const struct device *device, enum interface_event drift, int error)
{
	if (error)
		see("read %d", error);
	else
		see("read %zu%s%s", device->peers.count, drift == INTERFACE_EVENT_NONE ? "" : " ",
			drift == INTERFACE_EVENT_NONE ? "" : interface_event_name(drift));
}

static void see_begin(void *impl, int error)
{
	see("begin %d", error);
}

static void see_document(void *impl, const struct state_document *document)
{
	see("document %zu", document->entry_count);
}

static void see_cycle(void *impl, const struct cycle_report *report)
{
	static const char *const outcomes[] = {"document", "not_modified", "failed"};
	const struct world *world = impl;
	const struct peer_diff *diff = report->plan ? &report->plan->diff : NULL;
	see("%s %d%s%s", report->is_repair ? "repaired" : outcomes[report->outcome], report->error,
		*report->error_text ? " " : "", report->error_text);
	if (!diff)
		return;
	assert_int_equal(report->now.wall_ns, world->now_s * INT64_C(1000000000));
	assert_non_null(report->actual);
	for (size_t i = 0; report->results && i < peer_diff_op_count(diff); i++)
		see_peer(NULL, &diff->ops[i], report->results[i].error);
	see(report->results ? "executed" : "planned");
}

static void see_event(void *impl, const struct event_judgement *judgement)
{
	const struct world *world = impl;
	assert_int_equal(judgement->arrived.wall_ns, world->now_s * INT64_C(1000000000));
	see("%s %d %d %s", judgement->envelope->event_type.text, judgement->verdict,
		judgement->error, judgement->error_text);
}

static void see_teardown(void *impl, int error)
{
	see("torn down %d", error);
}

static int set_up(void **state)
{
	int error = world_setup(state);
	struct world *world = *state;
	/* The first has no callbacks. */
	world->observers[1] = (struct observer){
		.interface_called = see_call,
		.peer_changed = see_peer,
		.device_read = see_device,
		.cycle_begun = see_begin,
		.document_taken = see_document,
		.cycle_ended = see_cycle,
		.event_judged = see_event,
		.torn_down = see_teardown,
		.impl = world,
	};
	seen[0] = '\0';
	return error;
}

static void assert_seen(const char *wanted)
{
	assert_string_equal(seen, wanted);
	seen[0] = '\0';
}

static void a_cycle_is_seen_from_its_begin_to_its_end(void **state)
{
	struct world *world = *state;
	fails(world, "add_peer", 3, -EIO, 1);
	assert_int_not_equal(cycle_wants(world, "23"), 0);
	assert_seen(SETUP "; begin 0; document 2; read 0; document -5 add peer peer-3: "
			  "Input/output error; add 02 0; add 03 -5; executed");
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_seen("begin 0; read 1; not_modified 0; add 03 0; executed");
	assert_int_not_equal(world_cycle_fetch_failed(world, "away"), 0);
	assert_seen("begin 0; read 2; failed -5 fetch: away; executed");
}

static void a_repair_is_seen_as_one(void **state)
{
	struct world *world = *state;
	assert_int_equal(cycle_wants(world, "2"), 0);
	fake_drop_peer(&world->fake, 2);
	seen[0] = '\0';
	assert_int_equal(reconciler_repair(&world->reconciler, NULL), 0);
	assert_seen("read 0; repaired 0; add 02 0; executed");
}

static void a_cycle_that_cannot_begin_has_no_end(void **state)
{
	struct world *world = *state;
	fails(world, "configure_address", -1, -EPERM, 1);
	assert_int_not_equal(cycle_wants(world, "2"), 0);
	assert_seen("create_interface 0; configure_address -1; begin -1");
}

/* Pauses are taken after the read, after the plan and before the operations. */
static bool end_at_third_pause(void *impl)
{
	unsigned *count = impl;
	return ++*count == 3;
}

static void a_cycle_that_is_cancelled_has_a_plan_and_no_results(void **state)
{
	struct world *world = *state;
	unsigned count = 0;
	assert_int_equal(cycle_wants(world, "2"), 0);
	fake_drop_peer(&world->fake, 2);
	seen[0] = '\0';
	world->manager.pause = (struct pause){end_at_third_pause, &count};
	assert_int_equal(world_cycle_not_modified(world), -ECANCELED);
	assert_seen("begin 0; read 0; not_modified -125; planned");
}

static void a_drifted_device_is_seen_before_it_is_set_up_again(void **state)
{
	struct world *world = *state;
	assert_int_equal(cycle_wants(world, "2"), 0);
	world->fake.up = false;
	seen[0] = '\0';
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_seen("begin 0; read 1 drifted_down; set_interface_up 0; read 1; "
		    "not_modified 0; executed");
	fake_drop_interface(&world->fake);
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_seen("begin 0; read -19; " SETUP "; read 0; not_modified 0; add 02 0; executed");
	fails(world, "read_device", -1, -EIO, 1);
	assert_int_not_equal(world_cycle_not_modified(world), 0);
	assert_seen("begin 0; read -5; not_modified -5 read device: Input/output error");
}

static int set_fwmark(void *impl, const char *name, uint32_t fwmark, struct diag *diag)
{
	return 0;
}

static void each_call_of_an_action_is_seen(void **state)
{
	struct world *world = *state;
	struct controller_ops ops = *world->controller.ops;
	ops.set_fwmark = set_fwmark;
	world->controller.ops = &ops;
	world->config.has_fwmark = true;
	world->config.mtu = 1380;
	world->identity.mesh_ip = ip_of("fd00::1");
	world_restart(world);
	fails(world, "configure_address", -1, -EINVAL, 1);
	assert_int_equal(world_cycle_begin(world), 0);
	assert_seen("create_interface 0; set_fwmark 0; configure_address -22; set_mtu 0; "
		    "configure_address 0; set_mtu 0; set_interface_up 0; begin 0");
}

static struct envelope_text text_of(const char *text)
{
	return (struct envelope_text){.text = text, .length = strlen(text)};
}

/* The event about peer-2, with that nonce, signed with `key`. */
static void event_comes(struct world *world, const char *type, const char *nonce, unsigned char key)
{
	struct event_dispatcher dispatcher = world_dispatcher(world);
	struct state_document document = {0};
	enum verdict verdict;
	const void *payload = document_add(&document, "peer-2", 2, "", "10.0.0.2");
	struct envelope envelope = {
		.event_type = text_of(type),
		.event_id = text_of("e"),
		.nonce = text_of(nonce),
		.payload = {strcmp(type, "peer_removed") == 0 ? "peer-2" : payload, 1},
		.has_issued_at = true,
		.issued_at_ns = world->now_s * INT64_C(1000000000),
		.has_signature = true,
		.signature_is_sound = true,
	};
	memset(envelope.signature, key, SIGNATURE_BYTES);
	event_deliver(&dispatcher, &envelope, world_now(world), &verdict, NULL);
	state_document_clear(&document);
}

static void an_event_is_seen_with_its_operations_and_its_verdict(void **state)
{
	struct world *world = *state;
	struct event_dispatcher dispatcher = world_dispatcher(world);
	struct diag diag = {0};
	world->verifier.keys.current = key_of(0x51);
	assert_int_equal(world_cycle_begin(world), 0);
	seen[0] = '\0';
	event_comes(world, "peer_added", "1", 0x51);
	assert_seen("add 02 0; peer_added 0 0 ");
	event_comes(world, "peer_added", "2", 0x52);
	assert_int_equal(strncmp(seen, "peer_added 5 -", strlen("peer_added 5 -")), 0);
	seen[0] = '\0';
	fails(world, "remove_peer", 2, -EIO, 1);
	event_comes(world, "peer_removed", "3", 0x51);
	assert_seen("remove 02 -5; peer_removed 0 -5 ");
	/* The caller of the engine rejects one, with a text. */
	struct envelope envelope = {.event_type = text_of("x")};
	struct event_judgement judgement = {.envelope = &envelope,
		.arrived = world_now(world),
		.verdict = VERDICT_NO_ROOM,
		.error = diag_fail(&diag, -ENOBUFS, "no room"),
		.error_text = diag_text(&diag)};
	observe_event(dispatcher.manager, &judgement);
	assert_seen("x 8 -105 no room");
	diag_clear(&diag);
}

static void a_teardown_is_seen(void **state)
{
	struct world *world = *state;
	assert_int_equal(manager_teardown(&world->manager, NULL), 0);
	assert_seen("delete_interface 0; torn down 0");
	fails(world, "delete_interface", -1, -EPERM, 1);
	assert_int_not_equal(manager_teardown(&world->manager, NULL), 0);
	assert_seen("delete_interface -1; torn down -1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cycle_is_seen_from_its_begin_to_its_end),
		TEST(a_repair_is_seen_as_one),
		TEST(a_cycle_that_cannot_begin_has_no_end),
		TEST(a_cycle_that_is_cancelled_has_a_plan_and_no_results),
		TEST(a_drifted_device_is_seen_before_it_is_set_up_again),
		TEST(each_call_of_an_action_is_seen),
		TEST(an_event_is_seen_with_its_operations_and_its_verdict),
		TEST(a_teardown_is_seen),
	};
	return cmocka_run_group_tests_name("observer", tests, NULL, NULL);
}
