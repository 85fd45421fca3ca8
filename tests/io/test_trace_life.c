/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traces random lives of a node: documents, events, faults, other programs that change the device,
 * restarts with the state of an earlier process in force. Every trace, complete or cut after any
 * line, converts to a scenario that replays to the same operations.
 *
 * A life is repeated with its seed, as the argument or in PLEXWG_SEED.
 */
#include "harness.h"

#include "convert.h"
#include "curve.h"
#include "life.h"
#include "replay_place.h"
#include "state_wire.h"
#include "timestamp.h"
#include "trace_writer.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>

#define LIFE_COUNT   150
#define STEP_COUNT   24
#define NONCE_COUNT  12
#define SIGNING_KEYS 3

static uint64_t seed = 20260301;

struct traced {
	struct life life;
	uint32_t fwmark; /* of the device */
	struct controller_ops batching_ops;
	struct trace_writer writer;
	char identity[160]; /* the directory */
	size_t ring_bytes;
	struct place *place;
	char path[160];
	bool replays_each_step;
};

/* Over all lives. */
static unsigned repair_count, scenario_count, whole_count, deliver_count, no_room_count,
	withheld_count;

static struct traced *traced_of(void *sim)
{
	return (struct traced *)((char *)sim - offsetof(struct traced, life.sim));
}

static const struct controller_ops *sim_ops(struct traced *traced)
{
	return sim_controller(&traced->life.sim).ops;
}

/* Apply lists in reverse order, with results that are sometimes false: an operation that reports
 * success may have done nothing, and one that reports an error may have worked. */
static void batch_apply(void *sim, const char *name, const struct peer_op *ops, size_t op_count,
	struct peer_op_result *results, const struct pause *pause)
{
	struct traced *traced = traced_of(sim);
	for (size_t i = op_count; i-- > 0;) {
		unsigned lot = life_random_below(&traced->life.random, 20);
		results[i].error = lot == 0 || lot == 1 ? -EIO : 0;
		if (lot == 0 || lot == 2)
			continue; /* do nothing */
		if (ops[i].kind == PEER_OP_REMOVE)
			sim_ops(traced)->remove_peer(sim, name, peer_op_key(&ops[i]), NULL);
		else
			sim_ops(traced)->add_peer(sim, name, &ops[i], NULL);
	}
}

static int mark_set(void *sim, const char *name, uint32_t fwmark, struct diag *diag)
{
	struct traced *traced = traced_of(sim);
	if (life_random_chance(&traced->life.random, 20))
		return -EBUSY;
	traced->fwmark = fwmark;
	return 0;
}

static int marked_read(void *sim, const char *name, struct device *ret, struct diag *diag)
{
	struct traced *traced = traced_of(sim);
	int error = sim_ops(traced)->read_device(sim, name, ret, diag);
	if (!error)
		ret->fwmark = traced->fwmark;
	return error;
}

/* The simulated controller. In half of all lives it works like the kernel's. */
static struct controller life_controller(struct traced *traced)
{
	struct controller controller = sim_controller(&traced->life.sim);
	traced->batching_ops = *controller.ops;
	traced->batching_ops.apply = batch_apply;
	traced->batching_ops.set_fwmark = mark_set;
	traced->batching_ops.read_device = marked_read;
	if (traced->life.world->config.has_fwmark)
		controller.ops = &traced->batching_ops;
	return controller;
}

static struct key_public signing_key(unsigned number)
{
	return key_of((unsigned char)(0x51 + number));
}

static struct convert_segment segment_read(
	const struct traced *traced, const struct trace_segment *segment)
{
	char path[256];
	char *text = malloc(segment->bytes);
	snprintf(path, sizeof path, "%s/" TRACE_SEGMENT_FORMAT, traced->identity, segment->number);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fread(text, 1, segment->bytes, file), segment->bytes);
	fclose(file);
	return (struct convert_segment){.name = "trace", .text = text, .length = segment->bytes};
}

/* Convert the trace from that time on, as it is now, and replay the result. */
static void assert_replays(struct traced *traced, int64_t since_ns)
{
	const char *paths[] = {traced->path};
	struct convert_segment segments[TRACE_SEGMENTS_MAX];
	const struct trace_ring *ring = &traced->writer.ring;
	struct converted converted;
	struct diag diag = {0};
	for (size_t i = 0; i < ring->count; i++)
		segments[i] = segment_read(traced, &ring->segments[i]);
	if (convert_trace(segments, ring->count, (struct convert_range){.since_ns = since_ns},
		    &converted, &diag) != 0)
		fail_msg("seed %" PRIu64 ": %s", seed, diag_text(&diag));
	for (size_t i = 0; i < ring->count; i++)
		free((char *)segments[i].text);
	write_file(traced->place, "trace.json", converted.text);
	if (converted.reason)
		print_message("# seed %" PRIu64 ": %s\n", seed, converted.reason);
	scenario_count++;
	whole_count += !converted.reason;
	converted_clear(&converted);
	if (replay_paths(traced->place, paths, 1, false) != 0)
		fail_msg("seed %" PRIu64 ": %s%s", seed, traced->place->out, traced->place->err);
	assert_holds(traced->place->out, "1 passed, 0 failed");
}

static void process_begin(struct traced *traced)
{
	struct world *world = traced->life.world;
	world->controller = life_controller(traced);
	trace_writer_deinit(&traced->writer);
	world->observers[0] = trace_writer_observer(&traced->writer);
	world_restart(world);
}

/* Begin the trace of a process. */
static void trace_begin(struct traced *traced)
{
	struct world *world = traced->life.world;
	world->reconciler.guard.max_percent = life_random_chance(&traced->life.random, 30) ? 40 : 0;
	world->verifier.keys.current = signing_key(0);
	const struct trace_writer_config config = {
		.reconciler = &world->reconciler,
		.reader = world_dispatcher(world).reader,
		.directory = traced->identity,
		.bytes_max = traced->ring_bytes,
	};
	trace_writer_init(&traced->writer, &config);
	trace_writer_start(&traced->writer);
	assert_true(traced->writer.is_on);
}

static struct traced *life_begin(struct place *place)
{
	struct traced *traced = calloc(1, sizeof *traced);
	struct life *life = &traced->life;
	void *state = NULL;
	assert_non_null(traced);
	traced->place = place;
	path_of(place, "trace.json", traced->path, sizeof traced->path);
	life_random_seed(&life->random, seed);
	traced->replays_each_step = life_random_chance(&life->random, 20);
	sim_controller_init(&life->sim, (struct sim_recorder){0});
	assert_int_equal(world_setup(&state), 0);
	struct world *world = life->world = state;
	world->config.mtu = life_random_chance(&life->random, 50) ? 1380 : 0;
	world->config.has_fwmark = life_random_chance(&life->random, 50);
	world->config.fwmark = 0x51;
	world->config.keep_addresses = life_random_chance(&life->random, 30);
	key_secret_clamp(&world->identity.private_key);
	key_public_derive(&world->identity.private_key, &world->identity.public_key);
	/* In a small ring segments begin all the time, and the first are gone at the end. */
	traced->ring_bytes = life_random_chance(&life->random, 50) ? 32 << 10 : 1 << 20;
	path_of(place, "identity", traced->identity, sizeof traced->identity);
	assert_int_equal(mkdir(traced->identity, 0700), 0);
	traced->writer.ring.fd = -1;
	process_begin(traced);
	trace_begin(traced);
	return traced;
}

static void life_end(struct traced *traced)
{
	for (unsigned i = 0; i < 3; i++) {
		unsigned later_s = life_random_below(&traced->life.random, 5000);
		assert_replays(traced, (WORLD_START_S + later_s) * NS_PER_S);
	}
	assert_replays(traced, 0);
	trace_writer_deinit(&traced->writer);
	char command[256];
	snprintf(command, sizeof command, "rm -rf '%s'", traced->identity);
	assert_int_equal(system(command), 0);
	world_teardown((void **)&traced->life.world);
	sim_controller_deinit(&traced->life.sim);
	free(traced);
}

/* Restart as with the daemon's cache: the next process knows the document, the events and the
 * index. */
static void restart(struct traced *traced)
{
	struct world *world = traced->life.world;
	struct state_document document = world->reconciler.document;
	struct pending_events pending = world->manager.pending;
	struct peer_names names = {0};
	bool has_document = world->reconciler.has_document;
	assert_int_equal(peer_index_snapshot(&world->manager.index, &names), 0);
	world->reconciler.document = (struct state_document){0};
	world->manager.pending = (struct pending_events){0};
	process_begin(traced);
	if (has_document && life_random_chance(&traced->life.random, 80)) {
		world->manager.pending = pending;
		pending = (struct pending_events){0};
		assert_int_equal(
			peer_index_load_from_peers(&world->manager.index, names.names, names.count),
			0);
		reconciler_preload(&world->reconciler, &document);
	}
	state_document_clear(&document);
	pending_events_clear(&pending);
	peer_names_clear(&names);
	trace_begin(traced);
}

static struct envelope_text text_of(const char *text)
{
	return (struct envelope_text){.text = text, .length = strlen(text)};
}

/* Make one thing wrong with the envelope, or nothing. */
static void envelope_spoil(struct life *life, struct envelope *envelope)
{
	switch (life_random_below(&life->random, 12)) {
	case 0:
		envelope->issued_at_ns -= 301 * NS_PER_S;
		break;
	case 1:
		envelope->issued_at_ns += 301 * NS_PER_S;
		break;
	case 2:
		envelope->signature[7] ^= 1;
		break;
	case 3:
		envelope->event_id = (struct envelope_text){0};
		break;
	case 4:
		envelope->has_signature = false;
		break;
	case 5:
		envelope->event_type = text_of("policy_updated");
		break;
	default:
		break;
	}
}

static void deliver(struct traced *traced, const char *type, const void *payload)
{
	struct life *life = &traced->life;
	struct world *world = life->world;
	struct event_dispatcher dispatcher = world_dispatcher(world);
	enum verdict verdict;
	char nonce[32];
	snprintf(nonce, sizeof nonce, "nonce-%u", life_random_below(&life->random, NONCE_COUNT));
	struct envelope envelope = {
		.event_type = text_of(type),
		.event_id = text_of("e"),
		.nonce = text_of(nonce),
		.payload = {.text = payload, .length = 1},
		.has_issued_at = true,
		.issued_at_ns = (world->now_s - life_random_below(&life->random, 300)) * NS_PER_S,
		.has_signature = true,
		.signature_is_sound = true,
	};
	memset(envelope.signature, world->verifier.keys.current.bytes[0], SIGNATURE_BYTES);
	envelope_spoil(life, &envelope);
	world->verifier.nonces.max = seed % 2 ? 2 : 0;
	event_deliver(&dispatcher, &envelope, world_now(world), &verdict, NULL);
	deliver_count += verdict == VERDICT_ACCEPTED;
	no_room_count += verdict == VERDICT_NO_ROOM;
	verifier_expire(&world->verifier, world_now(world));
}

static void peer_event(struct traced *traced)
{
	static const char *const types[] = {
		"peer_added", "peer_key_rotated", "peer_endpoint_changed"};
	struct life_random *random = &traced->life.random;
	struct state_document document = {0};
	const char *id = life_id_text((int)life_random_below(random, LIFE_ID_COUNT));
	struct peer_entry *entry = document_add(&document, id, life_any_key(&traced->life).bytes[0],
		life_endpoint_text((int)life_random_below(random, LIFE_ENDPOINT_COUNT)),
		life_prefix_text(life_random_below(random, LIFE_PREFIX_COUNT)));
	entry->config.psk = life_psk((int)life_random_below(random, LIFE_PSK_COUNT));
	if (life_random_chance(random, 10))
		entry->config.public_key = traced->life.world->identity.public_key;
	if (life_random_chance(random, 5))
		entry->error = "unusable";
	deliver(traced, types[life_random_below(random, 3)], entry);
	state_document_clear(&document);
}

static void event_comes(struct traced *traced)
{
	struct life_random *random = &traced->life.random;
	if (life_random_chance(random, 10)) {
		struct signing_keys keys = {
			.current = signing_key(life_random_below(random, SIGNING_KEYS))};
		deliver(traced, "signing_key_rotated", &keys);
	} else if (life_random_chance(random, 5)) {
		observe_event(&traced->life.world->manager,
			&(struct event_judgement){
				.verdict = VERDICT_MALFORMED, .length = 17, .error = -EBADMSG});
	} else if (life_random_chance(random, 30)) {
		deliver(traced, "peer_removed",
			life_id_text((int)life_random_below(random, LIFE_ID_COUNT)));
	} else {
		peer_event(traced);
	}
}

static void document_make(struct life *life, struct state_document *ret)
{
	const struct peer_wire_options options = {.default_keepalive_s = LIFE_KEEPALIVE_DEFAULT_S};
	life_document_make(&life->random, &life->world->identity.public_key, &life->document);
	const char *json = life->document.json;
	assert_int_equal(state_wire_read(json, strlen(json), &options, ret, NULL), 0);
	if (life_random_chance(&life->random, 20)) {
		ret->has_signing_keys = true;
		ret->signing_keys.current =
			signing_key(life_random_below(&life->random, SIGNING_KEYS));
	}
}

/* A name now resolves to another address, or to none. */
static void name_resolves_anew(struct traced *traced)
{
	struct life *life = &traced->life;
	struct state_document *document = &life->world->reconciler.document;
	if (!document->entry_count)
		return;
	struct peer_entry *entry = &document->entries[life_random_below(
		&life->random, (unsigned)document->entry_count)];
	if (!entry->error)
		entry->config.endpoint = endpoint_of(life_endpoint_text(
			(int)life_random_below(&life->random, LIFE_ENDPOINT_COUNT)));
	traced->writer.has_names = true;
}

/* The fetch is slow. */
static void repair(struct traced *traced)
{
	struct reconciler *reconciler = &traced->life.world->reconciler;
	repair_count += reconciler->has_document;
	reconciler_repair(reconciler, NULL);
}

/* The wall clock is set, a little or a lot. */
static void clock_jumps(struct life *life)
{
	static const int64_t jumps_s[] = {-1000, -1, 1, 1000};
	int64_t jump_s = jumps_s[life_random_below(&life->random, COUNT_OF(jumps_s))];
	life->world->now_s += jump_s;
	life->world->clock_jump_s += jump_s;
}

static void cycle(struct traced *traced)
{
	struct life *life = &traced->life;
	struct world *world = life->world;
	struct state_document document = {0};
	static const enum fetch_outcome outcomes[] = {
		FETCH_DOCUMENT, FETCH_DOCUMENT, FETCH_NOT_MODIFIED, FETCH_FAILED};
	struct fetch_answer answer = {.outcome = outcomes[life_random_below(&life->random, 4)],
		.document = &document,
		.error = "https://user:secret@192.0.2.9/ does not answer"};
	if (reconciler_begin(&world->reconciler, NULL) != 0)
		return;
	for (unsigned i = life_random_below(&life->random, 4); i > 0; i--) {
		if (life_random_chance(&life->random, 20))
			repair(traced);
		else if (life_random_chance(&life->random, 50))
			event_comes(traced);
		else
			life_disturb(life);
		world_forget_logs(world);
	}
	if (life_random_chance(&life->random, 5))
		return; /* abandon the fetch */
	if (answer.outcome == FETCH_DOCUMENT)
		document_make(life, &document);
	else if (life_random_chance(&life->random, 20))
		name_resolves_anew(traced);
	reconciler_finish(&world->reconciler, &answer, NULL);
	withheld_count += world->reconciler.guard.withheld_count != 0;
	state_document_clear(&document);
}

static void fault_comes(struct life *life)
{
	static const int errors[] = {-EIO, -EBUSY, -EINTR, -ENODEV, -EPERM};
	struct sim_fault fault = {
		.op = (enum sim_op)life_random_below(&life->random, SIM_OP_COUNT),
		.error = errors[life_random_below(&life->random, COUNT_OF(errors))],
		.times = 1 + life_random_below(&life->random, 2),
	};
	assert_int_equal(sim_controller_fail(&life->sim, &fault), 0);
}

/* As after a SIGHUP. */
static void identity_changes(struct traced *traced)
{
	struct life *life = &traced->life;
	struct identity *identity = &life->world->identity;
	identity->private_key =
		secret_of((unsigned char)(0xa0 + life_random_below(&life->random, 8)));
	key_secret_clamp(&identity->private_key);
	key_public_derive(&identity->private_key, &identity->public_key);
	trace_writer_follow_identity(&traced->writer);
}

static void step(struct traced *traced)
{
	struct life *life = &traced->life;
	switch (life_random_below(&life->random, 12)) {
	case 0:
	case 1:
	case 2:
	case 3:
		cycle(traced);
		break;
	case 4:
	case 5:
		event_comes(traced);
		break;
	case 6:
		if (life_random_chance(&life->random, 60))
			fault_comes(life);
		break;
	case 7:
		if (life_random_chance(&life->random, 15))
			manager_teardown(&life->world->manager, NULL);
		break;
	case 8:
		if (life_random_chance(&life->random, 25))
			restart(traced);
		else if (life_random_chance(&life->random, 30))
			identity_changes(traced);
		break;
	default:
		if (life_random_chance(&life->random, 5))
			traced->fwmark = life_random_below(&life->random, 2) * 0x51;
		life_disturb(life);
		break;
	}
	world_forget_logs(life->world);
	if (life_random_chance(&life->random, 3))
		clock_jumps(life);
	if (traced->replays_each_step)
		assert_replays(traced, 0);
}

static void a_traced_life_replays_to_the_same_operations(void **state)
{
	for (unsigned i = 0; i < LIFE_COUNT; i++, seed++) {
		struct traced *traced = life_begin(*state);
		for (unsigned j = 0; j < STEP_COUNT; j++)
			step(traced);
		life_end(traced);
	}
	print_message("# %u scenarios, %u of them whole; %u events accepted, %u cycles withheld "
		      "removals back\n",
		scenario_count, whole_count, deliver_count, withheld_count);
	assert_true(whole_count * 10 > scenario_count * 7);
	assert_true(deliver_count > LIFE_COUNT);
	assert_true(repair_count > LIFE_COUNT / 2);
	assert_true(no_room_count > 0);
}

/* The first segment that is left begins in a fetch, with an event that came during it: the answer
 * does not supersede that. */
static void a_trace_may_begin_in_the_middle_of_a_fetch(void **state)
{
	seed = 1125;
	struct traced *traced = life_begin(*state);
	for (unsigned i = 0; i < STEP_COUNT; i++)
		step(traced);
	life_end(traced);
}

/* A replay fails if its operations differ from the traced ones. */
static void a_scenario_with_another_operation_does_not_replay(void **state)
{
	seed = 20260301;
	struct traced *traced = life_begin(*state);
	struct life *life = &traced->life;
	struct state_document document = {0};
	document_add(&document, "a", 2, "", "10.0.0.2/32");
	struct fetch_answer answer = {.outcome = FETCH_DOCUMENT, .document = &document};
	assert_int_equal(reconciler_begin(&life->world->reconciler, NULL), 0);
	assert_int_equal(reconciler_finish(&life->world->reconciler, &answer, NULL), 0);
	life_end(traced);
	char path[160], command[256];
	path_of(*state, "trace.json", path, sizeof path);
	snprintf(command, sizeof command, "sed -i s/add_peer/remove_peer/ '%s'", path);
	assert_int_equal(system(command), 0);
	assert_int_equal(replay_named(*state, "trace.json", false), 1);
	assert_holds(((struct place *)*state)->out, "ops: expected");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_traced_life_replays_to_the_same_operations, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(
			a_trace_may_begin_in_the_middle_of_a_fetch, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(a_scenario_with_another_operation_does_not_replay,
			place_setup, place_teardown),
	};
	const char *given = argc > 1 ? argv[1] : getenv("PLEXWG_SEED");
	if (given)
		seed = strtoull(given, NULL, 10);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
