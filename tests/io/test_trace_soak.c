/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 3 600 intervals of the daemon's odd life in fast_world.h: states, events, faults and other
 * programs at random, and a kill at the end. Its trace is within its size, and replays to the same
 * operations.
 *
 * With PLEXWG_SOAK_HOURS=24 (tests/long.sh) it lasts so many times 60 intervals.
 */
#include "harness.h"

#include "convert.h"
#include "daemon.h"
#include "diag.h"
#include "fast_world.h"
#include "identity_dir.h"
#include "identity_make.h"
#include "life.h"
#include "replay_place.h"
#include "scratch.h"
#include "timestamp.h"
#include "trace_ring.h"

#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define START_NS   (INT64_C(1772323200) * NS_PER_S) /* 2026-03-01 */
#define GAP_NS     (20 * NS_PER_S)
#define INTERVALS  3600
#define RING_BYTES ((size_t)3 << 20) /* in which the first segments are gone at the end */
#define TEXT_MAX   2048

struct soak {
	struct scratch *scratch;
	struct identity identity;
	struct life life;
	struct fast_plane plane;
	uint8_t signing_secret[crypto_sign_SECRETKEYBYTES];
	int64_t end_ns;
	unsigned event_count;
	char last_event[TEXT_MAX];
};

/* The state changes in one of ten fetches, and in one of thirty it is no state. */
static const char *state_write(void *impl)
{
	struct soak *soak = impl;
	struct life *life = &soak->life;
	if (!*life->document.json || life_random_chance(&life->random, 10))
		life_document_make(&life->random, &soak->identity.public_key, &life->document);
	return life_random_chance(&life->random, 3) ? "{\"peers\":" : life->document.json;
}

static void event_send(struct soak *soak, const char *type, const char *payload, int64_t issued_ns)
{
	char text[TEXT_MAX], signature[96];
	uint8_t bytes[crypto_sign_BYTES];
	int length = snprintf(text, sizeof text,
		"{\"event_type\":\"%s\",\"event_id\":\"event-%u\",\"issued_at\":\"%s\","
		"\"nonce\":\"%08x\",\"payload\":%s}",
		type, soak->event_count, timestamp_format(issued_ns).text, soak->event_count,
		payload);
	crypto_sign_detached(
		bytes, NULL, (const uint8_t *)text, (size_t)length, soak->signing_secret);
	sodium_bin2base64(
		signature, sizeof signature, bytes, sizeof bytes, sodium_base64_VARIANT_ORIGINAL);
	length = snprintf(soak->last_event, sizeof soak->last_event,
		"id: %u\ndata: %.*s,\"signature\":\"%s\"}\n\n", soak->event_count, length - 1, text,
		signature);
	assert_true(length < (int)sizeof soak->last_event);
	fast_world_stream(soak->last_event, (size_t)length);
}

static void peer_event_send(struct soak *soak)
{
	static const char *const types[] = {
		"peer_added", "peer_key_rotated", "peer_endpoint_changed"};
	struct life_random *random = &soak->life.random;
	char payload[1024], psk[64] = "";
	struct key_public key = life_any_key(&soak->life);
	struct key_secret secret = life_psk((int)life_random_below(random, LIFE_PSK_COUNT));
	if (!key_secret_is_zero(&secret))
		sodium_bin2base64(
			psk, sizeof psk, secret.bytes, KEY_BYTES, sodium_base64_VARIANT_ORIGINAL);
	snprintf(payload, sizeof payload,
		"{\"id\":\"%s\",\"public_key\":\"%s\",\"allowed_ips\":[\"%s\"],\"endpoint\":\"%s\","
		"\"psk\":\"%s\"}",
		life_id_text((int)life_random_below(random, LIFE_ID_COUNT)),
		key_public_format(&key).text,
		life_prefix_text(life_random_below(random, LIFE_PREFIX_COUNT)),
		life_endpoint_text((int)life_random_below(random, LIFE_ENDPOINT_COUNT)), psk);
	event_send(soak, types[life_random_below(random, 3)], payload, fast_world_now_ns());
}

static void event_comes(struct soak *soak)
{
	struct life_random *random = &soak->life.random;
	char payload[128];
	soak->event_count++;
	snprintf(payload, sizeof payload, "{\"peer_id\":\"%s\"}",
		life_id_text((int)life_random_below(random, LIFE_ID_COUNT)));
	switch (life_random_below(random, 12)) {
	case 0:
		fast_world_stream(soak->last_event, strlen(soak->last_event));
		break;
	case 1:
		soak->signing_secret[0] ^= 1;
		event_send(soak, "peer_removed", payload, fast_world_now_ns());
		soak->signing_secret[0] ^= 1;
		break;
	case 2:
		event_send(soak, "peer_removed", payload, fast_world_now_ns() - 301 * NS_PER_S);
		break;
	case 3:
		fast_world_stream("data: {\"event_type\":\n\n", 23);
		break;
	case 4:
		event_send(soak, "policy_updated", payload, fast_world_now_ns());
		break;
	case 5:
	case 6:
		event_send(soak, "peer_removed", payload, fast_world_now_ns());
		break;
	default:
		peer_event_send(soak);
	}
}

/* No ENODEV: that is a link that another program deletes. */
static void fault_comes(struct life *life)
{
	static const int errors[] = {-EIO, -EBUSY, -EINTR, -EPERM};
	const struct sim_fault fault = {
		.op = (enum sim_op)life_random_below(&life->random, SIM_OP_COUNT),
		.error = errors[life_random_below(&life->random, COUNT_OF(errors))],
		.times = 1 + life_random_below(&life->random, 2),
	};
	assert_int_equal(sim_controller_fail(&life->sim, &fault), 0);
}

static void soak_act(void *impl)
{
	struct soak *soak = impl;
	struct life *life = &soak->life;
	if (fast_world_now_ns() >= soak->end_ns)
		raise(SIGKILL);
	life->world->now_s = fast_world_now_ns() / NS_PER_S;
	if (life_random_chance(&life->random, 30))
		life_disturb(life);
	if (life_random_chance(&life->random, 40))
		event_comes(soak);
	if (life_random_chance(&life->random, 3))
		fault_comes(life);
	if (life_random_chance(&life->random, 1))
		fast_world_cut_stream();
	soak->plane.next_ns += GAP_NS;
}

static void log_nothing(void *sink, enum log_level level, const char *message,
	const struct log_field *fields, unsigned field_count)
{
	assert_string_not_equal(message, "Trace stopped");
}

static int soak_make(void **state)
{
	struct soak *soak = calloc(1, sizeof *soak);
	assert_non_null(soak);
	scratch_make((void **)&soak->scratch);
	life_random_seed(&soak->life.random, 20260301);
	sim_controller_init(&soak->life.sim, (struct sim_recorder){0});
	fast_world_identity(soak->scratch->directory, soak->signing_secret, &soak->identity);
	soak->life.world = calloc(1, sizeof *soak->life.world);
	soak->life.world->identity = soak->identity;
	*state = soak;
	return 0;
}

static int soak_clear(void **state)
{
	struct soak *soak = *state;
	sim_controller_deinit(&soak->life.sim);
	free(soak->life.world);
	identity_clear(&soak->identity);
	scratch_clear((void **)&soak->scratch);
	free(soak);
	return 0;
}

/* Live until the end, in a process of its own that is killed then. */
static void live(struct soak *soak)
{
	const char *hours = getenv("PLEXWG_SOAK_HOURS");
	int status;
	soak->end_ns = START_NS + (hours ? 60 * atoi(hours) : INTERVALS) * 60 * NS_PER_S;
	soak->plane = (struct fast_plane){
		.state = state_write,
		.next_ns = START_NS + 2 * NS_PER_S,
		.act = soak_act,
		.impl = soak,
	};
	const struct daemon_settings settings = {
		.controller = sim_controller(&soak->life.sim),
		.config = {.interface_name = "plexd0", .listen_port = 51820},
		.logger = {.write = log_nothing},
		.identity = &soak->identity,
		.identity_directory = soak->scratch->directory,
		.api_url = "http://127.0.0.1:1",
		.trace_bytes_max = RING_BYTES,
		.interval_ms = 60 * 1000,
	};
	pid_t child = fork();
	if (child == 0) {
		fast_world_begin(&soak->plane, START_NS);
		_exit(daemon_run(&settings, NULL) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void a_killed_daemon_leaves_a_trace_that_replays(void **state)
{
	struct soak *soak = *state;
	struct place *place = NULL;
	struct convert_segment segments[TRACE_SEGMENTS_MAX];
	struct trace_ring ring;
	struct converted converted;
	struct diag diag = {0};
	live(soak);
	/* It would delete what exceeds the ring. */
	assert_int_equal(trace_ring_open(&ring, soak->scratch->directory, SIZE_MAX, NULL), 0);
	assert_true(ring.bytes <= RING_BYTES);
	assert_true(ring.bytes > RING_BYTES / 2);
	assert_true(ring.segments[0].number > 0);
	for (size_t i = 0; i < ring.count; i++) {
		char name[32];
		snprintf(name, sizeof name, TRACE_SEGMENT_FORMAT, ring.segments[i].number);
		char *text = scratch_read(soak->scratch, name);
		segments[i] = (struct convert_segment){
			.name = "trace", .text = text, .length = strlen(text)};
	}
	if (convert_trace(segments, ring.count, (struct convert_range){0}, &converted, &diag) != 0)
		fail_msg("%s", diag_text(&diag));
	print_message("# %zu bytes of trace from segment %" PRIu32
		      " on, a scenario of %zu bytes and "
		      "%zu units\n",
		ring.bytes, ring.segments[0].number, converted.length, converted.unit_count);
	if (converted.reason)
		fail_msg("%s", converted.reason);
	place_setup((void **)&place);
	assert_int_equal(replay_text(place, converted.text, false), 0);
	assert_holds(place->out, "1 passed, 0 failed");
	place_teardown((void **)&place);
	for (size_t i = 0; i < ring.count; i++)
		free((char *)segments[i].text);
	converted_clear(&converted);
	trace_ring_close(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_killed_daemon_leaves_a_trace_that_replays, soak_make, soak_clear),
	};
	if (sodium_init() < 0)
		return 1;
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", false);
	return cmocka_run_group_tests_name("trace_soak", tests, NULL, NULL);
}
