/*
 * Random lives of a node on the simulated controller: documents with conflicts, odd spellings and
 * bad entries; somebody else at the device; faults, events and restarts. Whatever happened, a clean
 * cycle makes the device what an independent model says, and the next has nothing left to do.
 *
 * A life is repeated with its seed, as the argument or in PLEXWG_SEED.
 */
#include "harness.h"

#include "curve.h"
#include "life.h"
#include "state_wire.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#define LIFE_COUNT      250
#define WILD_STEP_COUNT 14
#define CLEAN_CYCLES    4

static uint64_t seed = 20260301;
static bool is_life_over = true;

static void count_writes(void *impl, enum sim_op op, const char *text)
{
	struct life *life = impl;
	life->write_count += op != SIM_OP_READ_DEVICE;
}

static struct life *life_begin(void)
{
	struct life *life = calloc(1, sizeof *life);
	void *state = NULL;
	assert_non_null(life);
	life_random_seed(&life->random, seed);
	sim_controller_init(&life->sim, (struct sim_recorder){count_writes, life});
	assert_int_equal(world_setup(&state), 0);
	struct world *world = life->world = state;
	world->controller = sim_controller(&life->sim);
	world->config.mtu = life_random_chance(&life->random, 50) ? 1380 : 0;
	key_secret_clamp(&world->identity.private_key);
	key_public_derive(&world->identity.private_key, &world->identity.public_key);
	world_restart(world);
	return life;
}

static void life_end(struct life *life)
{
	world_teardown((void **)&life->world);
	sim_controller_deinit(&life->sim);
	free(life);
}

/* A cycle with a new document, as it comes over the wire. */
static int cycle_with_document(struct life *life)
{
	const struct peer_wire_options options = {.default_keepalive_s = LIFE_KEEPALIVE_DEFAULT_S};
	struct state_document document = {0};
	struct diag diag = {0};
	life_document_make(&life->random, &life->world->identity.public_key, &life->document);
	const char *json = life->document.json;
	if (state_wire_read(json, strlen(json), &options, &document, &diag) != 0)
		fail_msg("refused whole: %s: %s", diag_text(&diag), json);
	assert_int_equal(document.entry_count, life->document.entry_count);
	for (size_t i = 0; i < document.entry_count; i++)
		if (!document.entries[i].error != life->document.entries[i].is_usable)
			fail_msg("entry %zu: %s: %s", i,
				document.entries[i].error ? document.entries[i].error : "usable",
				json);
	return world_cycle(life->world, &document);
}

static void arrange_fault(struct life *life)
{
	static const int errors[] = {-EIO, -EBUSY, -EINTR, -ENODEV, -EPERM};
	struct sim_fault fault = {
		.op = (enum sim_op)life_random_below(&life->random, SIM_OP_COUNT),
		.error = errors[life_random_below(&life->random, COUNT_OF(errors))],
		.times = 1 + life_random_below(&life->random, 4),
	};
	assert_int_equal(sim_controller_fail(&life->sim, &fault), 0);
}

static void event_comes(struct life *life)
{
	static const char *const types[] = {
		"peer_added", "peer_key_rotated", "peer_endpoint_changed"};
	struct life_random *random = &life->random;
	const char *id = life_id_text((int)life_random_below(random, LIFE_ID_COUNT));
	if (life_random_chance(random, 30)) {
		world_peer_removed_event(life->world, id);
		return;
	}
	world_peer_event(life->world, types[life_random_below(random, 3)], id,
		life_any_key(life).bytes[0],
		life_endpoint_text((int)life_random_below(random, LIFE_ENDPOINT_COUNT)),
		life_prefix_text(life_random_below(random, LIFE_PREFIX_COUNT)));
}

/* Anything may happen, and nothing is expected but that it is survived. */
static void wild_step(struct life *life)
{
	struct world *world = life->world;
	switch (life_random_below(&life->random, 10)) {
	case 0:
	case 1:
		cycle_with_document(life);
		break;
	case 2:
		world_cycle_not_modified(world);
		break;
	case 3:
		world_cycle_fetch_failed(world, "timeout");
		break;
	case 4:
		event_comes(life);
		break;
	case 5:
		arrange_fault(life);
		break;
	case 6:
		if (life_random_chance(&life->random, 20))
			manager_teardown(&world->manager, NULL);
		break;
	case 7:
		if (life_random_chance(&life->random, 20))
			world_restart(world);
		break;
	default:
		life_disturb(life);
		break;
	}
	world_forget_logs(world);
}

static int endpoint_number(const struct endpoint *endpoint)
{
	for (int i = 0; i < LIFE_ENDPOINT_COUNT; i++)
		if (strcmp(endpoint_format(endpoint).text, life_endpoint_text(i)) == 0)
			return i;
	fail_msg("an endpoint that nobody set: %s", endpoint_format(endpoint).text);
	return LIFE_NONE;
}

static int psk_number(const struct key_secret *psk)
{
	for (int i = 0; i < LIFE_PSK_COUNT; i++) {
		struct key_secret known = life_psk(i);
		if (memcmp(psk, &known, sizeof known) == 0)
			return i;
	}
	fail_msg("a preshared key that nobody set");
	return LIFE_NONE;
}

/* The peers of the device, in numbers. Returns how many are strangers to the universe. */
static unsigned peers_read(const struct life *life, struct life_peer *ret)
{
	const struct sim_device *device = life_device(life);
	unsigned strangers = 0;
	memset(ret, 0, LIFE_KEY_COUNT * sizeof *ret);
	for (size_t i = 0; device && i < device->peer_count; i++) {
		const struct sim_peer *peer = device->peers[i];
		int key = life_key_number(&peer->public_key);
		if (key == LIFE_NONE) {
			strangers++;
			continue;
		}
		ret[key] = (struct life_peer){
			.is_there = true,
			.endpoint = endpoint_number(&peer->endpoint),
			.psk = psk_number(&peer->psk),
			.keepalive_s = peer->persistent_keepalive_s,
			.last_handshake_s = peer->status.last_handshake_s,
			.tx_bytes = peer->status.tx_bytes,
		};
		for (size_t j = 0; j < device->allowed_ip_count; j++)
			for (unsigned k = 0; k < LIFE_PREFIX_COUNT; k++)
				if (device->allowed_ips[j].owner == peer &&
					strcmp(prefix_format(&device->allowed_ips[j].prefix).text,
						life_prefix_text(k)) == 0)
					ret[key].allowed_ips |= 1u << k;
	}
	return strangers;
}

/* What the model is given: the device, the index and the time before the cycle. */
static void model_prepare(struct life *life)
{
	peers_read(life, life->model.peers);
	life->model.now_s = life->world->now_s;
	for (int id = 0; id < LIFE_ID_COUNT; id++) {
		struct key_public key;
		life->model.index[id] = LIFE_NONE;
		if (peer_index_lookup(&life->world->manager.index, life_id_text(id), &key))
			life->model.index[id] = life_key_number(&key);
	}
}

static void assert_device_is_the_model_s(const struct life *life, bool with_endpoints)
{
	const struct sim_device *device = life_device(life);
	struct life_peer found[LIFE_KEY_COUNT];
	const struct interface_config *config = &life->world->manager.config;
	assert_non_null(device);
	assert_true(device->up);
	assert_int_equal(device->listen_port, 51820);
	assert_int_equal(device->address_count, 1);
	if (config->mtu)
		assert_int_equal(device->mtu, config->mtu);
	assert_true(key_public_equal(&device->public_key, &life->world->identity.public_key));
	assert_int_equal(peers_read(life, found), 0);
	for (int key = 0; key < LIFE_KEY_COUNT; key++) {
		const struct life_peer *peer = &found[key], *wanted = &life->model.peers[key];
		if (peer->is_there != wanted->is_there ||
			peer->allowed_ips != wanted->allowed_ips || peer->psk != wanted->psk ||
			peer->keepalive_s != wanted->keepalive_s ||
			(with_endpoints && peer->endpoint != wanted->endpoint))
			fail_msg("key %d: there %d, allowed IPs %x, endpoint %d, psk %d, "
				 "keepalive %d; wanted %d, %x, %d, %d, %d, by id %d%s; of %s",
				key, peer->is_there, peer->allowed_ips, peer->endpoint, peer->psk,
				peer->keepalive_s, wanted->is_there, wanted->allowed_ips,
				wanted->endpoint, wanted->psk, wanted->keepalive_s,
				life->model.wanted_by[key],
				life->model.is_kept[key] ? ", kept" : "", life->document.json);
	}
}

/* Every wanted peer is in the index; whatever else is there belongs to one that is kept. */
static void assert_index_is_the_model_s(const struct life *life)
{
	struct peer_names names = {0};
	unsigned wanted_count = 0, found_count = 0;
	assert_int_equal(peer_index_snapshot(&life->world->manager.index, &names), 0);
	for (int key = 0; key < LIFE_KEY_COUNT; key++)
		wanted_count += life->model.wanted_by[key] != LIFE_NONE;
	for (size_t i = 0; i < names.count; i++) {
		int key = life_key_number(&names.names[i].public_key);
		assert_int_not_equal(key, LIFE_NONE);
		int id = life->model.wanted_by[key];
		if (id == LIFE_NONE)
			assert_true(life->model.is_kept[key]);
		else
			assert_string_equal(names.names[i].id, life_id_text(id));
		found_count += id != LIFE_NONE;
	}
	peer_names_clear(&names);
	assert_int_equal(found_count, wanted_count);
}

/* The same state once more: nothing is left to do. */
static void assert_next_plan_is_empty(struct life *life)
{
	life->write_count = 0;
	int error = world_cycle_not_modified(life->world);
	if (!error != !life->model.unusable_count)
		fail_msg("the quiet cycle: %d %s", error, life->world->error);
	assert_int_equal(life->write_count, 0);
	world_forget_logs(life->world);
}

/* After whatever happened: endpoints apart, of which the model does not know what was applied. */
static void assert_converges_without_a_restart(struct life *life)
{
	life->sim.fault_count = 0;
	model_prepare(life);
	if (cycle_with_document(life) == -ENODEV && !life_device(life)) {
		/* The link was lost unnoticed, during Setup. */
		model_prepare(life);
		cycle_with_document(life);
	}
	life_model_cycle(&life->model, &life->document);
	assert_device_is_the_model_s(life, false);
	assert_next_plan_is_empty(life);
}

static void assert_follows_the_model_after_a_restart(struct life *life)
{
	memset(&life->model, 0, sizeof life->model);
	world_restart(life->world);
	for (unsigned i = 0; i < CLEAN_CYCLES; i++) {
		for (unsigned j = life_random_below(&life->random, 8); j > 0; j--)
			life_disturb(life);
		model_prepare(life);
		int error = cycle_with_document(life);
		life_model_cycle(&life->model, &life->document);
		if (!error != !life->model.unusable_count)
			fail_msg("%u unusable entries, and the cycle says %d %s",
				life->model.unusable_count, error, life->world->error);
		assert_device_is_the_model_s(life, true);
		assert_index_is_the_model_s(life);
		assert_next_plan_is_empty(life);
		/* The quiet cycle has seen what the cycle before added. */
		life_model_cycle(&life->model, &life->document);
	}
}

static void whatever_happened_a_clean_cycle_makes_the_device_right(void **state)
{
	for (unsigned i = 0; i < LIFE_COUNT; i++, seed++) {
		is_life_over = false;
		struct life *life = life_begin();
		for (unsigned j = 0; j < WILD_STEP_COUNT; j++)
			wild_step(life);
		assert_converges_without_a_restart(life);
		assert_follows_the_model_after_a_restart(life);
		life_end(life);
		is_life_over = true;
	}
}

static int seed_print(void **state)
{
	if (!is_life_over)
		print_message("# again with PLEXWG_SEED=%" PRIu64 "\n", seed);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(
			whatever_happened_a_clean_cycle_makes_the_device_right, seed_print),
	};
	const char *given = argc > 1 ? argv[1] : getenv("PLEXWG_SEED");
	if (given)
		seed = strtoull(given, NULL, 10);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
