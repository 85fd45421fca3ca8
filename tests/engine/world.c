/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "harness.h"

#include <stdio.h>

static void logs_write(void *sink, enum log_level level, const char *message,
	const struct log_field *fields, unsigned field_count)
{
	static const char *const levels[] = {"debug", "info", "warn", "error"};
	struct world *world = sink;
	size_t length = strlen(world->logs);
	size_t room = sizeof world->logs - length;
	FILE *stream = fmemopen(world->logs + length, room, "w");
	assert_non_null(stream);
	fprintf(stream, "%s %s", levels[level], message);
	for (unsigned i = 0; i < field_count; i++)
		fprintf(stream, " %s=%s", fields[i].key, fields[i].value);
	fputc('\n', stream);
	assert_int_equal(fclose(stream), 0);
	assert_true(strlen(world->logs) < sizeof world->logs - 1);
}

static int drift_write(
	void *impl, const struct correction *corrections, size_t count, struct diag *diag)
{
	struct world *world = impl;
	world->drift[0] = '\0';
	world->drift_count++;
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(world->drift);
		snprintf(world->drift + length, sizeof world->drift - length, "%s%s %s",
			i ? "; " : "", correction_type_name(corrections[i].type),
			corrections[i].detail);
	}
	return world->drift_error ? diag_fail_errno(diag, world->drift_error) : 0;
}

static int64_t clock_now(void *impl)
{
	struct world *world = impl;
	return world->now_s * INT64_C(1000000000);
}

static int64_t clock_boot(void *impl)
{
	struct world *world = impl;
	return (world->now_s - world->clock_jump_s) * INT64_C(1000000000);
}

struct moment world_now(struct world *world)
{
	return (struct moment){clock_now(world), clock_boot(world)};
}

/* A signature is valid if all its bytes are the first byte of the key. */
static bool signature_verify(void *impl, const struct key_public *key, const char *message,
	size_t length, const uint8_t signature[SIGNATURE_BYTES])
{
	for (size_t i = 0; i < SIGNATURE_BYTES; i++)
		if (signature[i] != key->bytes[0])
			return false;
	return true;
}

static void process_start(struct world *world)
{
	const struct verifier_config verifier = {.check = {.verify = signature_verify}};
	const struct reconciler_config reconciler = {
		.manager = &world->manager,
		.verifier = &world->verifier,
		.clock = {clock_now, clock_boot, world},
		.reporter = {drift_write, world},
	};
	const struct manager_config manager = {
		.controller = world->controller,
		.interface = world->config,
		.identity = &world->identity,
		.logger = {logs_write, world},
		.observers = world->observers,
		.observer_count = sizeof world->observers / sizeof *world->observers,
	};
	assert_int_equal(manager_init(&world->manager, &manager), 0);
	verifier_init(&world->verifier, &verifier);
	reconciler_init(&world->reconciler, &reconciler);
}

static void process_end(struct world *world)
{
	reconciler_deinit(&world->reconciler);
	verifier_deinit(&world->verifier);
	manager_deinit(&world->manager);
}

struct identity world_identity(void)
{
	static char node_id[] = WORLD_NODE_ID;
	return (struct identity){
		.node_id = node_id,
		.mesh_ip = ip_of(WORLD_MESH_IP),
		.private_key = secret_of(WORLD_OWN_KEY),
		.public_key = key_of(WORLD_OWN_KEY),
	};
}

int world_setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);
	if (!world)
		return -1;
	world->identity = world_identity();
	world->now_s = WORLD_START_S;
	world->controller = fake_controller(&world->fake, false);
	process_start(world);
	*state = world;
	return 0;
}

int world_teardown(void **state)
{
	struct world *world = *state;
	process_end(world);
	free(world);
	return 0;
}

void world_restart(struct world *world)
{
	process_end(world);
	process_start(world);
}

static void allowed_ips_read(struct arena *arena, const char *text, struct peer_config *ret)
{
	struct prefix *prefixes = arena_alloc(arena, FAKE_PREFIXES_MAX * sizeof *prefixes);
	size_t count = 0;
	assert_non_null(prefixes);
	while (*text) {
		size_t length = strcspn(text, ",");
		assert_true(count < FAKE_PREFIXES_MAX);
		assert_int_equal(prefix_parse(text, length, &prefixes[count++], NULL), 0);
		text += length + (text[length] == ',');
	}
	ret->allowed_ips = prefixes;
	ret->allowed_ip_count = (uint32_t)prefixes_normalize(prefixes, count);
}

struct peer_config peer_of(
	struct arena *arena, unsigned char key, const char *endpoint, const char *allowed_ips)
{
	struct peer_config peer = {.public_key = key_of(key), .endpoint = endpoint_of(endpoint)};
	allowed_ips_read(arena, allowed_ips, &peer);
	return peer;
}

static const char *arena_text(struct arena *arena, const char *text)
{
	char *copy = arena_strndup(arena, text, strlen(text));
	assert_non_null(copy);
	return copy;
}

struct peer_entry *document_add(struct state_document *document, const char *id, unsigned char key,
	const char *endpoint, const char *allowed_ips)
{
	struct peer_entry *entry = state_document_append(document);
	assert_non_null(entry);
	entry->config = peer_of(&document->arena, key, endpoint, allowed_ips);
	entry->id = arena_text(&document->arena, id);
	entry->config.id = entry->id;
	entry->has_key = true;
	return entry;
}

struct peer_entry *document_add_unusable(
	struct state_document *document, const char *id, unsigned char key, const char *error)
{
	struct peer_entry *entry = state_document_append(document);
	assert_non_null(entry);
	entry->id = id ? arena_text(&document->arena, id) : NULL;
	entry->error = arena_text(&document->arena, error);
	entry->has_key = key != 0;
	entry->config.public_key = key_of(key);
	return entry;
}

void world_set_peer(
	struct world *world, unsigned char key, const char *endpoint, const char *allowed_ips)
{
	struct arena arena = {0};
	struct peer_config peer = peer_of(&arena, key, endpoint, allowed_ips);
	fake_set_peer(&world->fake, &peer);
	arena_clear(&arena);
}

static struct peer_config *device_peer(struct world *world, unsigned char byte)
{
	struct key_public key = key_of(byte);
	struct fake_peer *peer = fake_find(&world->fake, &key);
	assert_non_null(peer);
	return &peer->config;
}

void world_handshake(struct world *world, unsigned char key, const char *endpoint)
{
	struct peer_config *peer = device_peer(world, key);
	peer->status.last_handshake_s = world->now_s;
	if (*endpoint)
		peer->endpoint = endpoint_of(endpoint);
}

void world_sent(struct world *world, unsigned char key, uint64_t bytes)
{
	device_peer(world, key)->status.tx_bytes += bytes;
}

static int result_keep(struct world *world, int error, struct diag *diag)
{
	assert_true(strlen(diag_text(diag)) < sizeof world->error);
	strcpy(world->error, diag_text(diag));
	diag_clear(diag);
	return error;
}

int world_cycle_begin(struct world *world)
{
	struct diag diag = {0};
	int error = reconciler_begin(&world->reconciler, &diag);
	return result_keep(world, error, &diag);
}

int world_cycle_finish(struct world *world, const struct fetch_answer *answer)
{
	struct diag diag = {0};
	int error = reconciler_finish(&world->reconciler, answer, &diag);
	return result_keep(world, error, &diag);
}

static int cycle(struct world *world, struct fetch_answer answer)
{
	int error = world_cycle_begin(world);
	return error ? error : world_cycle_finish(world, &answer);
}

int world_cycle(struct world *world, struct state_document *document)
{
	int error = cycle(
		world, (struct fetch_answer){.outcome = FETCH_DOCUMENT, .document = document});
	state_document_clear(document); /* if the cycle ended before it took it over */
	return error;
}

int world_cycle_not_modified(struct world *world)
{
	return cycle(world, (struct fetch_answer){.outcome = FETCH_NOT_MODIFIED});
}

int world_cycle_fetch_failed(struct world *world, const char *error)
{
	return cycle(world, (struct fetch_answer){.outcome = FETCH_FAILED, .error = error});
}

/* The payload is the entry itself. */
static int read_peer(void *impl, const char *payload, size_t length, struct arena *arena,
	struct peer_entry *ret, struct diag *diag)
{
	const struct peer_entry *entry = (const void *)payload;
	if (entry->error)
		return diag_fail(diag, -EINVAL, "%s", entry->error);
	*ret = *entry;
	return 0;
}

static int read_peer_id(void *impl, const char *payload, size_t length, struct arena *arena,
	const char **ret, struct diag *diag)
{
	*ret = payload;
	return 0;
}

static int read_signing_keys(
	void *impl, const char *payload, size_t length, struct signing_keys *ret, struct diag *diag)
{
	const struct signing_keys *keys = (const void *)payload;
	if (key_public_is_zero(&keys->current))
		return diag_fail(diag, -EINVAL, "current: all zero, which is no key");
	*ret = *keys;
	return 0;
}

struct event_dispatcher world_dispatcher(struct world *world)
{
	return (struct event_dispatcher){
		.manager = &world->manager,
		.verifier = &world->verifier,
		.reader = {.read_peer = read_peer,
			.read_peer_id = read_peer_id,
			.read_signing_keys = read_signing_keys},
	};
}

static int event(struct world *world, const char *type, const void *payload)
{
	struct event_dispatcher dispatcher = world_dispatcher(world);
	struct diag diag = {0};
	return result_keep(world, event_dispatch(&dispatcher, type, payload, 0, &diag), &diag);
}

int world_peer_event(struct world *world, const char *type, const char *id, unsigned char key,
	const char *endpoint, const char *allowed_ips)
{
	struct state_document document = {0};
	document_add(&document, id, key, endpoint, allowed_ips);
	int error = event(world, type, &document.entries[0]);
	state_document_clear(&document);
	return error;
}

int world_peer_removed_event(struct world *world, const char *id)
{
	return event(world, "peer_removed", id);
}

void assert_calls(struct world *world, const char *calls)
{
	assert_string_equal(world->fake.calls, calls);
	fake_forget_calls(&world->fake);
}

void assert_peers(struct world *world, const char *peers)
{
	assert_string_equal(fake_peers_text(&world->fake).text, peers);
}

void assert_index(struct world *world, const char *wanted)
{
	struct peer_names names;
	char text[2048] = "";
	assert_int_equal(peer_index_snapshot(manager_peer_index(&world->manager), &names), 0);
	for (size_t i = 0; i < names.count; i++) {
		size_t length = strlen(text);
		snprintf(text + length, sizeof text - length, "%s%s=%02x", i ? " " : "",
			names.names[i].id, names.names[i].public_key.bytes[0]);
	}
	peer_names_clear(&names);
	assert_string_equal(text, wanted);
}

void assert_logged(struct world *world, const char *part)
{
	assert_contains(world->logs, part);
}

void assert_not_logged(struct world *world, const char *part)
{
	assert_lacks(world->logs, part);
}

void world_forget_logs(struct world *world)
{
	world->logs[0] = '\0';
}

void assert_drift(struct world *world, const char *corrections)
{
	assert_int_equal(world->drift_count, corrections ? 1 : 0);
	if (corrections)
		assert_string_equal(world->drift, corrections);
	world->drift_count = 0;
	world->drift[0] = '\0';
}
