/* SPDX-License-Identifier: Apache-2.0 */
/* The effect of verified events, and their order with a state that was fetched before them. */
#include "harness.h"

#include "converged.h"

#include <errno.h>

#define IPS "10.0.0.2/32"

static int up_setup(void **state)
{
	if (world_setup(state) != 0)
		return -1;
	struct world *world = *state;
	assert_int_equal(manager_setup(&world->manager, NULL), 0);
	fake_forget_calls(&world->fake);
	return 0;
}

static int added(struct world *world, const char *id, unsigned char key)
{
	return world_peer_event(world, "peer_added", id, key, "", IPS);
}

/* A cycle whose fetch begins now and ends with an empty state. */
static void cycle_wants_nobody(struct world *world, const char *calls)
{
	struct state_document nobody = {0};
	assert_int_equal(world_cycle(world, &nobody), 0);
	assert_calls(world, calls);
}

/* The same with a fetch that began before. */
static void fetched_nobody(struct world *world, const char *calls)
{
	struct state_document nobody = {0};
	struct fetch_answer answer = {.outcome = FETCH_DOCUMENT, .document = &nobody};
	assert_int_equal(world_cycle_finish(world, &answer), 0);
	assert_calls(world, calls);
}

static void each_event_makes_its_change(void **state)
{
	struct world *world = *state;
	assert_int_equal(world_peer_event(world, "peer_added", "peer-2", 2, "", IPS), 0);
	assert_calls(world, "add_peer 02");
	assert_index(world, "peer-2=02");
	assert_int_equal(world_peer_event(world, "peer_endpoint_changed", "peer-2", 2,
				 "203.0.113.9:4500", IPS),
		0);
	assert_calls(world, "add_peer 02");
	assert_peers(world, "02 endpoint=203.0.113.9:4500 ips=10.0.0.2/32");
	assert_int_equal(world_peer_event(world, "peer_key_rotated", "peer-2", 12, "", IPS), 0);
	assert_calls(world, "remove_peer 02; add_peer 0c");
	assert_index(world, "peer-2=0c");
	assert_int_equal(world_peer_removed_event(world, "peer-2"), 0);
	assert_calls(world, "remove_peer 0c");
	assert_index(world, "");
	assert_peers(world, "");
}

static void events_do_not_trigger_cycles(void **state)
{
	struct world *world = *state;
	unsigned reads = world->fake.read_count;
	assert_int_equal(added(world, "peer-2", 2), 0);
	assert_int_equal(world_peer_removed_event(world, "peer-2"), 0);
	assert_int_equal(world->fake.read_count, reads);
}

/* The device is not touched, and the next state has the events' changes. */
static void events_over_the_limit_fail_until_the_next_fetch(void **state)
{
	struct world *world = *state;
	static const char error[] = "too many events since the last fetch; the next fetch replaces "
				    "them";
	assert_int_equal(added(world, "peer-2", 2), 0);
	world->manager.pending.bytes_max = world->manager.pending.bytes;
	assert_calls(world, "add_peer 02");
	assert_int_equal(added(world, "peer-3", 3), -ENOBUFS);
	assert_contains(world->error, "peer_added: ");
	assert_contains(world->error, error);
	assert_int_equal(world_peer_removed_event(world, "peer-4"), -ENOBUFS);
	assert_contains(world->error, "peer_removed: ");
	assert_contains(world->error, error);
	assert_calls(world, "");
	cycle_wants_nobody(world, "remove_peer 02");
	assert_int_equal(added(world, "peer-3", 3), 0);
	assert_calls(world, "add_peer 03");
}

static void a_rotation_of_an_unknown_peer_adds_it(void **state)
{
	struct world *world = *state;
	assert_int_equal(world_peer_event(world, "peer_key_rotated", "peer-9", 9, "", IPS), 0);
	assert_calls(world, "add_peer 09");
}

static void a_rotation_goes_on_where_the_old_key_cannot_be_removed(void **state)
{
	struct world *world = *state;
	assert_int_equal(added(world, "peer-2", 2), 0);
	fake_fail(&world->fake,
		(struct fake_fault){.op = "remove_peer", .key = 2, .error = -EIO, .times = 1});
	assert_int_equal(world_peer_event(world, "peer_key_rotated", "peer-2", 12, "", IPS), 0);
	assert_calls(world, "add_peer 02; remove_peer 02 !EIO; add_peer 0c");
}

static void an_error_is_wrapped_with_the_event_type(void **state)
{
	static const char *const types[] = {
		"peer_added", "peer_key_rotated", "peer_endpoint_changed"};
	struct world *world = *state;
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		char start[40];
		fake_fail(&world->fake,
			(struct fake_fault){.op = "add_peer", .key = 2, .error = -EIO, .times = 1});
		assert_int_equal(world_peer_event(world, types[i], "peer-2", 2, "", IPS), -EIO);
		strcpy(start, types[i]);
		strcat(start, ": wireguard: ");
		assert_int_equal(strncmp(world->error, start, strlen(start)), 0);
		assert_contains(world->error, "peer-2: Input/output error");
	}
	assert_true(world_peer_removed_event(world, "peer-7") < 0);
	assert_string_equal(world->error, "peer_removed: wireguard: unknown peer ID: peer-7");
	assert_logged(world, "error ");
}

static void a_bad_payload_is_an_error_that_changes_nothing(void **state)
{
	static const char *const types[] = {
		"peer_added", "peer_key_rotated", "peer_endpoint_changed"};
	struct world *world = *state;
	struct state_document document = {0};
	struct event_dispatcher dispatcher = world_dispatcher(world);
	assert_int_equal(added(world, "peer-2", 2), 0);
	fake_forget_calls(&world->fake);
	uint64_t events_before = world->manager.pending.order;
	document_add_unusable(&document, "peer-2", 2, "psk: bad");
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		struct diag diag = {0};
		assert_int_equal(event_dispatch(&dispatcher, types[i],
					 (const char *)&document.entries[0], 0, &diag),
			-EINVAL);
		assert_contains(diag_text(&diag), types[i]);
		assert_contains(diag_text(&diag), "psk: bad");
		diag_clear(&diag);
	}
	assert_calls(world, "");
	assert_index(world, "peer-2=02");
	assert_int_equal(world->manager.pending.order, events_before);
	state_document_clear(&document);
}

static void only_a_rotation_of_signing_keys_is_handled_at_once(void **state)
{
	static const struct {
		const char *type;
		bool is_immediate;
	} kinds[] = {
		{"signing_key_rotated", true},
		{"peer_added", false},
		{"peer_removed", false},
		{"peer_key_rotated", false},
		{"peer_endpoint_changed", false},
		{"unheard_of", false},
	};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct envelope envelope = {
			.event_type = {(char *)kinds[i].type, strlen(kinds[i].type)}};
		assert_int_equal(event_is_immediate(&envelope), kinds[i].is_immediate);
	}
}

static void an_unknown_type_does_nothing(void **state)
{
	struct world *world = *state;
	struct event_dispatcher dispatcher = world_dispatcher(world);
	assert_int_equal(event_dispatch(&dispatcher, "policy_updated", "{}", 2, NULL), 0);
	assert_int_equal(event_dispatch(&dispatcher, "", "{}", 2, NULL), 0);
	assert_int_equal(event_dispatch(&dispatcher, "peer_adde", "{}", 2, NULL), 0);
	assert_calls(world, "");
}

static void an_event_with_the_own_key_sets_nothing_now_or_later(void **state)
{
	struct world *world = *state;
	assert_int_equal(added(world, "peer-2", WORLD_OWN_KEY), 0);
	assert_calls(world, "");
	assert_int_equal(world_cycle_begin(world), 0);
	fetched_nobody(world, "");
	assert_index(world, "");
}

/* Like an unusable payload: nothing is recorded of it. */
static void an_event_with_the_node_s_id_under_another_key_is_rejected(void **state)
{
	struct world *world = *state;
	uint64_t events_before = world->manager.pending.order;
	static const char *const types[] = {
		"peer_added", "peer_key_rotated", "peer_endpoint_changed"};
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		assert_int_equal(
			world_peer_event(world, types[i], WORLD_NODE_ID, 2, "", IPS), -EINVAL);
		assert_contains(world->error, types[i]);
		assert_contains(world->error, "peer node-1: this node's id under another key");
	}
	assert_calls(world, "");
	assert_int_equal(world->manager.pending.order, events_before);
}

static void a_state_fetched_before_an_event_does_not_undo_it(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	document_add(&document, "peer-3", 3, "", "10.0.0.3/32");
	assert_int_equal(world_cycle(world, &document), 0);
	fake_forget_calls(&world->fake);
	assert_int_equal(world_cycle_begin(world), 0);
	assert_int_equal(added(world, "peer-2", 2), 0);
	assert_int_equal(world_peer_removed_event(world, "peer-3"), 0);
	assert_calls(world, "add_peer 02; remove_peer 03");
	document_add(&document, "peer-3", 3, "", "10.0.0.3/32");
	struct fetch_answer answer = {.outcome = FETCH_DOCUMENT, .document = &document};
	assert_int_equal(world_cycle_finish(world, &answer), 0);
	assert_calls(world, "");
	assert_index(world, "peer-2=02");
	cycle_wants_nobody(world, "remove_peer 02"); /* this fetch began after the event */
}

static void an_event_wins_over_a_not_modified_that_began_before_it_only(void **state)
{
	struct world *world = *state;
	cycle_wants_nobody(world, "");
	assert_int_equal(world_cycle_begin(world), 0);
	assert_int_equal(added(world, "peer-2", 2), 0);
	struct fetch_answer answer = {.outcome = FETCH_NOT_MODIFIED};
	assert_int_equal(world_cycle_finish(world, &answer), 0);
	assert_calls(world, "add_peer 02");
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_calls(world, "remove_peer 02");
}

static void an_event_wins_over_a_fetch_that_fails(void **state)
{
	struct world *world = *state;
	cycle_wants_nobody(world, "");
	assert_int_equal(added(world, "peer-2", 2), 0);
	assert_calls(world, "add_peer 02");
	for (unsigned i = 0; i < 3; i++) {
		assert_int_not_equal(world_cycle_fetch_failed(world, "timeout"), 0);
		assert_calls(world, "");
	}
	cycle_wants_nobody(world, "remove_peer 02");
}

static void an_event_between_two_cycles_is_overtaken_by_the_next_fetch(void **state)
{
	struct world *world = *state;
	cycle_wants_nobody(world, "");
	assert_int_equal(added(world, "peer-2", 2), 0);
	assert_calls(world, "add_peer 02");
	cycle_wants_nobody(world, "remove_peer 02");
}

static void an_event_whose_operation_failed_is_carried_out_by_the_cycle(void **state)
{
	struct world *world = *state;
	cycle_wants_nobody(world, "");
	assert_int_equal(world_cycle_begin(world), 0);
	fake_fail(&world->fake,
		(struct fake_fault){.op = "add_peer", .key = 2, .error = -EIO, .times = 1});
	assert_int_equal(added(world, "peer-2", 2), -EIO);
	fetched_nobody(world, "add_peer 02 !EIO; add_peer 02");
	assert_index(world, "peer-2=02");
}

static void a_removal_of_an_unknown_id_counts_as_handled(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	cycle_wants_nobody(world, "");
	assert_int_equal(world_cycle_begin(world), 0);
	assert_true(world_peer_removed_event(world, "peer-2") < 0);
	document_add(&document, "peer-2", 2, "", IPS);
	struct fetch_answer answer = {.outcome = FETCH_DOCUMENT, .document = &document};
	assert_int_equal(world_cycle_finish(world, &answer), 0);
	assert_calls(world, "");
	document_add(&document, "peer-2", 2, "", IPS);
	assert_int_equal(world_cycle(world, &document), 0);
	assert_calls(world, "add_peer 02");
}

static void what_an_event_removed_and_could_not_remove_is_removed_by_the_cycle(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	document_add(&document, "peer-2", 2, "", IPS);
	assert_int_equal(world_cycle(world, &document), 0);
	assert_calls(world, "add_peer 02");
	assert_drift(world, "peer_added peer peer-2");
	assert_int_equal(world_cycle_begin(world), 0);
	fake_fail(&world->fake,
		(struct fake_fault){.op = "remove_peer", .key = 2, .error = -EIO, .times = 1});
	assert_int_equal(world_peer_removed_event(world, "peer-2"), -EIO);
	struct fetch_answer answer = {.outcome = FETCH_NOT_MODIFIED};
	assert_int_equal(world_cycle_finish(world, &answer), 0);
	assert_calls(world, "remove_peer 02 !EIO; remove_peer 02");
	assert_drift(world, "peer_removed peer peer-2");
}

static void conflicts_of_events_are_settled_by_the_next_cycle(void **state)
{
	struct world *world = *state;
	cycle_wants_nobody(world, "");
	assert_int_equal(world_cycle_begin(world), 0);
	assert_int_equal(added(world, "peer-2", 2), 0);
	assert_int_equal(added(world, "peer-1", 1), 0); /* takes the prefix */
	assert_int_equal(added(world, "peer-3", 3), 0); /* takes it again */
	assert_peers(world, "01; 02; 03 ips=10.0.0.2/32");
	fetched_nobody(world, "add_peer 02; add_peer 01; add_peer 03; "
			      "update_peer 01 allowed_ips; update_peer 03 allowed_ips");
	assert_peers(world, "01 ips=10.0.0.2/32; 02; 03");
}

static void rotated_signing_keys_are_in_force_at_once(void **state)
{
	struct world *world = *state;
	struct event_dispatcher dispatcher = world_dispatcher(world);
	struct signing_keys keys = {.current = key_of(0x42)}, bad = {0};
	struct diag diag = {0};
	assert_int_equal(event_dispatch(&dispatcher, "signing_key_rotated", (const char *)&keys,
				 sizeof keys, NULL),
		0);
	assert_int_equal(world->verifier.keys.current.bytes[0], 0x42);
	assert_int_equal(event_dispatch(&dispatcher, "signing_key_rotated", (const char *)&bad,
				 sizeof bad, &diag),
		-EINVAL);
	assert_contains(diag_text(&diag), "signing_key_rotated: ");
	assert_int_equal(world->verifier.keys.current.bytes[0], 0x42);
	diag_clear(&diag);
}

/* An envelope whose payload is an id, signed by that key. */
static struct envelope envelope_of(const char *type, size_t type_length, unsigned char key)
{
	struct envelope envelope = {
		.event_type = {type, type_length},
		.event_id = {"e", 1},
		.nonce = {"n", 1},
		.payload = {"peer-2", 6},
		.has_issued_at = true,
		.issued_at_ns = WORLD_START_S * INT64_C(1000000000),
		.has_signature = true,
		.signature_is_sound = true,
		.canonical = {"c", 1},
	};
	memset(envelope.signature, key, sizeof envelope.signature);
	return envelope;
}

static int deliver(struct world *world, struct envelope envelope, enum verdict *ret_verdict)
{
	struct event_dispatcher dispatcher = world_dispatcher(world);
	return event_deliver(&dispatcher, &envelope, world_now(world), ret_verdict, NULL);
}

static void only_what_is_verified_is_dispatched(void **state)
{
	struct world *world = *state;
	enum verdict verdict = VERDICT_FAULT;
	assert_int_equal(added(world, "peer-2", 2), 0);
	fake_forget_calls(&world->fake);
	assert_true(deliver(world, envelope_of("peer_removed", 12, 0x42), &verdict) < 0);
	assert_int_equal(verdict, VERDICT_BAD_SIGNATURE);
	assert_calls(world, "");
	world->verifier.keys.current = key_of(0x42);
	assert_int_equal(deliver(world, envelope_of("peer_removed", 12, 0x42), &verdict), 0);
	assert_int_equal(verdict, VERDICT_ACCEPTED);
	assert_calls(world, "remove_peer 02");
	assert_true(deliver(world, envelope_of("peer_removed", 12, 0x42), &verdict) < 0);
	assert_int_equal(verdict, VERDICT_DUPLICATE_NONCE);
	assert_calls(world, "");
}

static int timed_out(struct world *world, const char *id, unsigned char key)
{
	fails(world, "add_peer", key, -ETIMEDOUT, 1);
	int error = world_peer_event(world, "peer_added", id, key, "", "10.0.0.3/32");
	fake_forget_calls(&world->fake);
	return error;
}

/* Each would wait for a deadline of its own. */
static void after_a_device_timed_out_events_wait_for_the_cycle_that_reads_it(void **state)
{
	struct world *world = *state;
	cycle_wants_nobody(world, "");
	assert_int_equal(added(world, "peer-2", 2), 0);
	assert_int_equal(timed_out(world, "peer-3", 3), -ETIMEDOUT);
	assert_int_equal(world_peer_event(world, "peer_added", "peer-4", 4, "", "10.0.0.4/32"), 0);
	assert_int_equal(world_peer_removed_event(world, "peer-2"), 0);
	assert_calls(world, "");
	assert_logged(world, "Event deferred peer_id=peer-4");
	fails(world, "read_device", -1, -ETIMEDOUT, 1);
	assert_int_not_equal(world_cycle_fetch_failed(world, "no answer"), 0);
	assert_int_equal(world_peer_event(world, "peer_added", "peer-5", 5, "", "10.0.0.5/32"), 0);
	assert_calls(world, "");
	assert_int_not_equal(world_cycle_fetch_failed(world, "no answer"), 0);
	assert_calls(world, "remove_peer 02; add_peer 03; add_peer 04; add_peer 05");
	assert_int_equal(world_peer_event(world, "peer_added", "peer-6", 6, "", "10.0.0.6/32"), 0);
	assert_calls(world, "add_peer 06");
}

/* As one whose operation failed: it says where the peer is now, whatever was last applied. */
static void a_deferred_event_sets_its_endpoint_in_the_next_cycle(void **state)
{
	struct world *world = *state;
	const char *home = "192.0.2.1:1";
	struct state_document document = {0};
	assert_int_equal(world_peer_event(world, "peer_added", "peer-2", 2, home, IPS), 0);
	world_handshake(world, 2, "203.0.113.9:9");
	assert_int_equal(timed_out(world, "peer-3", 3), -ETIMEDOUT);
	assert_int_equal(
		world_peer_event(world, "peer_endpoint_changed", "peer-2", 2, home, IPS), 0);
	assert_calls(world, "");
	document_add(&document, "peer-2", 2, home, IPS);
	assert_int_equal(world_cycle(world, &document), 0);
	assert_calls(world, "update_peer 02 endpoint");
}

static void a_rotation_waits_for_one_deadline_only(void **state)
{
	struct world *world = *state;
	assert_int_equal(added(world, "peer-2", 2), 0);
	fake_forget_calls(&world->fake);
	fails(world, "remove_peer", 2, -ETIMEDOUT, 1);
	assert_int_equal(
		world_peer_event(world, "peer_key_rotated", "peer-2", 12, "", IPS), -ETIMEDOUT);
	assert_calls(world, "remove_peer 02 !ETIMEDOUT");
}

static void a_handler_that_fails_does_not_change_the_verdict(void **state)
{
	struct world *world = *state;
	enum verdict verdict = VERDICT_FAULT;
	world->verifier.keys.current = key_of(0x42);
	assert_true(deliver(world, envelope_of("peer_removed", 12, 0x42), &verdict) < 0);
	assert_int_equal(verdict, VERDICT_ACCEPTED);
}

static void a_type_with_a_nul_in_it_is_not_the_text_before_the_nul(void **state)
{
	struct world *world = *state;
	enum verdict verdict = VERDICT_FAULT;
	world->verifier.keys.current = key_of(0x42);
	assert_int_equal(added(world, "peer-2", 2), 0);
	fake_forget_calls(&world->fake);
	assert_int_equal(deliver(world, envelope_of("peer_removed\0x", 14, 0x42), &verdict), 0);
	assert_int_equal(verdict, VERDICT_ACCEPTED);
	assert_calls(world, "");
}

static struct envelope issued_at(struct envelope envelope, const char *nonce, int64_t s)
{
	envelope.nonce = (struct envelope_text){nonce, strlen(nonce)};
	envelope.issued_at_ns += s * INT64_C(1000000000);
	return envelope;
}

/* It changes nothing, now or in the next cycle, and does not count as a failure. */
static void an_event_older_than_the_newest_about_its_peer_is_superseded(void **state)
{
	struct world *world = *state;
	enum verdict verdict = VERDICT_FAULT;
	struct envelope removal = envelope_of("peer_removed", 12, 0x42);
	world->verifier.keys.current = key_of(0x42);
	assert_int_equal(added(world, "peer-2", 2), 0);
	assert_int_equal(deliver(world, issued_at(removal, "n1", 10), &verdict), 0);
	assert_int_equal(added(world, "peer-2", 2), 0);
	fake_forget_calls(&world->fake);
	uint64_t count = pending_events_count(&world->manager.pending);
	assert_int_equal(deliver(world, issued_at(removal, "n2", 9), &verdict), EVENT_SUPERSEDED);
	assert_int_equal(verdict, VERDICT_SUPERSEDED);
	assert_calls(world, "");
	assert_int_equal(pending_events_count(&world->manager.pending), count + 1);
	assert_null(strstr(world->logs, "Event failed"));
	/* Its nonce was used. */
	assert_true(deliver(world, issued_at(removal, "n2", 9), &verdict) < 0);
	assert_int_equal(verdict, VERDICT_DUPLICATE_NONCE);
	assert_int_equal(deliver(world, issued_at(removal, "n3", 10), &verdict), 0);
	assert_calls(world, "remove_peer 02");
}

#define UP_TEST(name) cmocka_unit_test_setup_teardown(name, up_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UP_TEST(each_event_makes_its_change),
		UP_TEST(events_do_not_trigger_cycles),
		UP_TEST(events_over_the_limit_fail_until_the_next_fetch),
		UP_TEST(a_rotation_of_an_unknown_peer_adds_it),
		UP_TEST(a_rotation_goes_on_where_the_old_key_cannot_be_removed),
		UP_TEST(an_error_is_wrapped_with_the_event_type),
		UP_TEST(a_bad_payload_is_an_error_that_changes_nothing),
		UP_TEST(only_a_rotation_of_signing_keys_is_handled_at_once),
		UP_TEST(an_unknown_type_does_nothing),
		UP_TEST(an_event_with_the_own_key_sets_nothing_now_or_later),
		UP_TEST(an_event_with_the_node_s_id_under_another_key_is_rejected),
		UP_TEST(a_state_fetched_before_an_event_does_not_undo_it),
		UP_TEST(an_event_wins_over_a_not_modified_that_began_before_it_only),
		UP_TEST(an_event_wins_over_a_fetch_that_fails),
		UP_TEST(an_event_between_two_cycles_is_overtaken_by_the_next_fetch),
		UP_TEST(an_event_whose_operation_failed_is_carried_out_by_the_cycle),
		UP_TEST(a_removal_of_an_unknown_id_counts_as_handled),
		UP_TEST(what_an_event_removed_and_could_not_remove_is_removed_by_the_cycle),
		UP_TEST(conflicts_of_events_are_settled_by_the_next_cycle),
		UP_TEST(rotated_signing_keys_are_in_force_at_once),
		UP_TEST(only_what_is_verified_is_dispatched),
		UP_TEST(an_event_older_than_the_newest_about_its_peer_is_superseded),
		UP_TEST(after_a_device_timed_out_events_wait_for_the_cycle_that_reads_it),
		UP_TEST(a_deferred_event_sets_its_endpoint_in_the_next_cycle),
		UP_TEST(a_rotation_waits_for_one_deadline_only),
		UP_TEST(a_handler_that_fails_does_not_change_the_verdict),
		UP_TEST(a_type_with_a_nul_in_it_is_not_the_text_before_the_nul),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
