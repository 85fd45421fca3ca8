/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records random lives of a node: documents, events, faults, other programs that change the device,
 * restarts with the state of an earlier process in force. Every recording, complete or cut after
 * any call, replays to the same operations.
 *
 * A life is repeated with its seed, as the argument or in PLEXWG_SEED.
 */
#include "harness.h"

#include "curve.h"
#include "life.h"
#include "recorder.h"
#include "replay_place.h"
#include "state_wire.h"
#include "timestamp.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>

#define LIFE_COUNT   150
#define STEP_COUNT   24
#define NONCE_COUNT  12
#define SIGNING_KEYS 3

static uint64_t seed = 20260301;

struct recorded {
	struct life life;
	uint32_t fwmark; /* of the device */
	struct controller_ops batching_ops;
	struct recorder recorder;
	struct place *place;
	char path[160];
	unsigned recording_count;
	bool replays_each_step;
};

/* Over all lives. */
static unsigned recording_count, whole_count, deliver_count, no_room_count, withheld_count;

static struct recorded *recorded_of(void *sim)
{
	return (struct recorded *)((char *)sim - offsetof(struct recorded, life.sim));
}

static const struct controller_ops *sim_ops(struct recorded *recorded)
{
	return sim_controller(&recorded->life.sim).ops;
}

/* Apply lists in reverse order, with results that are sometimes false: an operation that reports
 * success may have done nothing, and one that reports an error may have worked. */
static void batch_apply(void *sim, const char *name, const struct peer_op *ops, size_t op_count,
	struct peer_op_result *results, const struct pause *pause)
{
	struct recorded *recorded = recorded_of(sim);
	for (size_t i = op_count; i-- > 0;) {
		unsigned lot = life_random_below(&recorded->life.random, 20);
		results[i].error = lot == 0 || lot == 1 ? -EIO : 0;
		if (lot == 0 || lot == 2)
			continue; /* do nothing */
		if (ops[i].kind == PEER_OP_REMOVE)
			sim_ops(recorded)->remove_peer(sim, name, peer_op_key(&ops[i]), NULL);
		else
			sim_ops(recorded)->add_peer(sim, name, &ops[i], NULL);
	}
}

static int mark_set(void *sim, const char *name, uint32_t fwmark, struct diag *diag)
{
	struct recorded *recorded = recorded_of(sim);
	if (life_random_chance(&recorded->life.random, 20))
		return -EBUSY;
	recorded->fwmark = fwmark;
	return 0;
}

static int marked_read(void *sim, const char *name, struct device *ret, struct diag *diag)
{
	struct recorded *recorded = recorded_of(sim);
	int error = sim_ops(recorded)->read_device(sim, name, ret, diag);
	if (!error)
		ret->fwmark = recorded->fwmark;
	return error;
}

/* The simulated controller. In half of all lives it works like the kernel's. */
static struct controller life_controller(struct recorded *recorded)
{
	struct controller controller = sim_controller(&recorded->life.sim);
	recorded->batching_ops = *controller.ops;
	recorded->batching_ops.apply = batch_apply;
	recorded->batching_ops.set_fwmark = mark_set;
	recorded->batching_ops.read_device = marked_read;
	if (recorded->life.world->config.has_fwmark)
		controller.ops = &recorded->batching_ops;
	return controller;
}

static struct key_public signing_key(unsigned number)
{
	return key_of((unsigned char)(0x51 + number));
}

static void assert_replays(struct recorded *recorded)
{
	const char *paths[] = {recorded->path};
	int status = replay_paths(recorded->place, paths, 1, false);
	if (status != 0)
		fail_msg(
			"seed %" PRIu64 ": %s%s", seed, recorded->place->out, recorded->place->err);
	assert_holds(recorded->place->out, "1 passed, 0 failed");
}

static struct clock life_clock(struct recorded *recorded)
{
	return recorded->life.world->reconciler.clock;
}

/* Begin the recording of a process. */
static void recording_begin(struct recorded *recorded)
{
	struct world *world = recorded->life.world;
	struct diag diag = {0};
	world->reconciler.guard.max_percent =
		life_random_chance(&recorded->life.random, 30) ? 40 : 0;
	world->verifier.keys.current = signing_key(0);
	if (recorder_start(&recorded->recorder, recorded->path, &world->reconciler, &diag) != 0)
		fail_msg("%s", diag_text(&diag));
	recording_count++;
	recorded->recording_count++;
}

static void recording_end(struct recorded *recorded)
{
	whole_count += recorded->recorder.is_on;
	recorder_deinit(&recorded->recorder);
	assert_replays(recorded);
}

static void process_begin(struct recorded *recorded)
{
	struct world *world = recorded->life.world;
	recorder_init(&recorded->recorder, life_controller(recorded), life_clock(recorded),
		world->manager.logger);
	world->controller = recorder_controller(&recorded->recorder);
	world->observers[0] = recorder_observer(&recorded->recorder);
	world_restart(world);
}

static struct recorded *life_begin(struct place *place)
{
	struct recorded *recorded = calloc(1, sizeof *recorded);
	struct life *life = &recorded->life;
	void *state = NULL;
	assert_non_null(recorded);
	recorded->place = place;
	path_of(place, "record.json", recorded->path, sizeof recorded->path);
	life_random_seed(&life->random, seed);
	recorded->replays_each_step = life_random_chance(&life->random, 20);
	sim_controller_init(&life->sim, (struct sim_recorder){0});
	assert_int_equal(world_setup(&state), 0);
	struct world *world = life->world = state;
	world->config.mtu = life_random_chance(&life->random, 50) ? 1380 : 0;
	world->config.has_fwmark = life_random_chance(&life->random, 50);
	world->config.fwmark = 0x51;
	world->config.keep_addresses = life_random_chance(&life->random, 30);
	key_secret_clamp(&world->identity.private_key);
	key_public_derive(&world->identity.private_key, &world->identity.public_key);
	process_begin(recorded);
	recording_begin(recorded);
	return recorded;
}

static void life_end(struct recorded *recorded)
{
	recording_end(recorded);
	world_teardown((void **)&recorded->life.world);
	sim_controller_deinit(&recorded->life.sim);
	free(recorded);
}

/* Restart as with the daemon's cache: the next process knows the document, the events and the
 * index. */
static void restart(struct recorded *recorded)
{
	struct world *world = recorded->life.world;
	struct state_document document = world->reconciler.document;
	struct pending_events pending = world->manager.pending;
	struct peer_names names = {0};
	bool has_document = world->reconciler.has_document;
	assert_int_equal(peer_index_snapshot(&world->manager.index, &names), 0);
	world->reconciler.document = (struct state_document){0};
	world->manager.pending = (struct pending_events){0};
	recording_end(recorded);
	process_begin(recorded);
	if (has_document && life_random_chance(&recorded->life.random, 80)) {
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
	recording_begin(recorded);
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

static void deliver(struct recorded *recorded, const char *type, const void *payload)
{
	struct life *life = &recorded->life;
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
	recorder_deliver(
		&recorded->recorder, &dispatcher, &envelope, world_now(world), &verdict, NULL);
	deliver_count += verdict == VERDICT_ACCEPTED;
	no_room_count += verdict == VERDICT_NO_ROOM;
	verifier_expire(&world->verifier, world_now(world));
}

static void peer_event(struct recorded *recorded)
{
	static const char *const types[] = {
		"peer_added", "peer_key_rotated", "peer_endpoint_changed"};
	struct life_random *random = &recorded->life.random;
	struct state_document document = {0};
	const char *id = life_id_text((int)life_random_below(random, LIFE_ID_COUNT));
	struct peer_entry *entry =
		document_add(&document, id, life_any_key(&recorded->life).bytes[0],
			life_endpoint_text((int)life_random_below(random, LIFE_ENDPOINT_COUNT)),
			life_prefix_text(life_random_below(random, LIFE_PREFIX_COUNT)));
	entry->config.psk = life_psk((int)life_random_below(random, LIFE_PSK_COUNT));
	if (life_random_chance(random, 10))
		entry->config.public_key = recorded->life.world->identity.public_key;
	if (life_random_chance(random, 5))
		entry->error = "unusable";
	deliver(recorded, types[life_random_below(random, 3)], entry);
	state_document_clear(&document);
}

static void event_comes(struct recorded *recorded)
{
	struct life_random *random = &recorded->life.random;
	if (life_random_chance(random, 10)) {
		struct signing_keys keys = {
			.current = signing_key(life_random_below(random, SIGNING_KEYS))};
		deliver(recorded, "signing_key_rotated", &keys);
	} else if (life_random_chance(random, 5)) {
		recorder_note_malformed(&recorded->recorder);
	} else if (life_random_chance(random, 30)) {
		deliver(recorded, "peer_removed",
			life_id_text((int)life_random_below(random, LIFE_ID_COUNT)));
	} else {
		peer_event(recorded);
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
static void name_resolves_anew(struct life *life)
{
	struct state_document *document = &life->world->reconciler.document;
	if (!document->entry_count)
		return;
	struct peer_entry *entry = &document->entries[life_random_below(
		&life->random, (unsigned)document->entry_count)];
	if (!entry->error)
		entry->config.endpoint = endpoint_of(life_endpoint_text(
			(int)life_random_below(&life->random, LIFE_ENDPOINT_COUNT)));
}

static void cycle(struct recorded *recorded)
{
	struct life *life = &recorded->life;
	struct world *world = life->world;
	struct state_document document = {0};
	static const enum fetch_outcome outcomes[] = {
		FETCH_DOCUMENT, FETCH_DOCUMENT, FETCH_NOT_MODIFIED, FETCH_FAILED};
	struct fetch_answer answer = {.outcome = outcomes[life_random_below(&life->random, 4)],
		.document = &document,
		.error = "https://user:secret@192.0.2.9/ does not answer"};
	if (recorder_begin(&recorded->recorder, &world->reconciler, NULL) != 0)
		return;
	for (unsigned i = life_random_below(&life->random, 4); i > 0; i--) {
		if (life_random_chance(&life->random, 50))
			event_comes(recorded);
		else
			life_disturb(life);
		world_forget_logs(world);
	}
	if (life_random_chance(&life->random, 5))
		return; /* abandon the fetch */
	if (answer.outcome == FETCH_DOCUMENT)
		document_make(life, &document);
	else if (life_random_chance(&life->random, 20))
		name_resolves_anew(life);
	recorder_finish(&recorded->recorder, &world->reconciler, &answer, NULL);
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
static void identity_changes(struct life *life)
{
	struct identity *identity = &life->world->identity;
	identity->private_key =
		secret_of((unsigned char)(0xa0 + life_random_below(&life->random, 8)));
	key_secret_clamp(&identity->private_key);
	key_public_derive(&identity->private_key, &identity->public_key);
}

static void step(struct recorded *recorded)
{
	struct life *life = &recorded->life;
	switch (life_random_below(&life->random, 12)) {
	case 0:
	case 1:
	case 2:
	case 3:
		cycle(recorded);
		break;
	case 4:
	case 5:
		event_comes(recorded);
		break;
	case 6:
		if (life_random_chance(&life->random, 60))
			fault_comes(life);
		break;
	case 7:
		if (life_random_chance(&life->random, 15))
			recorder_teardown(&recorded->recorder, &life->world->manager, NULL);
		break;
	case 8:
		if (life_random_chance(&life->random, 25))
			restart(recorded);
		else if (life_random_chance(&life->random, 30))
			identity_changes(life);
		break;
	default:
		if (life_random_chance(&life->random, 5))
			recorded->fwmark = life_random_below(&life->random, 2) * 0x51;
		life_disturb(life);
		break;
	}
	world_forget_logs(life->world);
	if (recorded->replays_each_step)
		assert_replays(recorded);
}

static void a_recorded_life_replays_to_the_same_operations(void **state)
{
	for (unsigned i = 0; i < LIFE_COUNT; i++, seed++) {
		struct recorded *recorded = life_begin(*state);
		for (unsigned j = 0; j < STEP_COUNT; j++)
			step(recorded);
		life_end(recorded);
	}
	print_message("# %u recordings, %u of them whole; %u events accepted, %u cycles withheld "
		      "removals back\n",
		recording_count, whole_count, deliver_count, withheld_count);
	assert_true(whole_count * 10 > recording_count * 7);
	assert_true(deliver_count > LIFE_COUNT);
	assert_true(no_room_count > 0);
}

/* A replay fails if its operations differ from the recorded ones. */
static void a_recording_with_another_operation_does_not_replay(void **state)
{
	struct recorded *recorded = life_begin(*state);
	struct life *life = &recorded->life;
	struct state_document document = {0};
	document_add(&document, "a", 2, "", "10.0.0.2/32");
	struct fetch_answer answer = {.outcome = FETCH_DOCUMENT, .document = &document};
	assert_int_equal(recorder_begin(&recorded->recorder, &life->world->reconciler, NULL), 0);
	assert_int_equal(
		recorder_finish(&recorded->recorder, &life->world->reconciler, &answer, NULL), 0);
	life_end(recorded);
	char path[160], command[256];
	path_of(*state, "record.json", path, sizeof path);
	snprintf(command, sizeof command, "sed -i s/add_peer/remove_peer/ '%s'", path);
	assert_int_equal(system(command), 0);
	assert_int_equal(replay_named(*state, "record.json", false), 1);
	assert_holds(((struct place *)*state)->out, "ops: expected");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_recorded_life_replays_to_the_same_operations,
			place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(a_recording_with_another_operation_does_not_replay,
			place_setup, place_teardown),
	};
	const char *given = argc > 1 ? argv[1] : getenv("PLEXWG_SEED");
	if (given)
		seed = strtoull(given, NULL, 10);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
