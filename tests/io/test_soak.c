/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An hour of the daemon's life at 20 signed events a second, in fast_world.h: it uses no more after
 * the hour than after the first tenth of it. Both times events pause until the last nonce has
 * expired, and the mesh is the same.
 *
 * With PLEXWG_SOAK_HOURS=24 (tests/long.sh) it lasts that many hours.
 */
#include "harness.h"

#include "daemon.h"
#include "fast_world.h"
#include "identity_dir.h"
#include "identity_make.h"
#include "scratch.h"
#include "sim_controller.h"
#include "timestamp.h"

#include <dirent.h>
#include <malloc.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#define START_NS      (INT64_C(1772323200) * NS_PER_S) /* 2026-03-01 */
#define EVENT_GAP_NS  (NS_PER_S / 20)
#define PEERS         50
#define CUT_EVERY     5000 /* events */
#define PAUSE_NS      (7 * 60 * NS_PER_S)
#define NAME          "plexd0"
#define ENVELOPE_SIZE 1024

/* A peer as the control plane has it. */
struct mesh_peer {
	bool is_there;
	unsigned generation; /* of its key */
	unsigned port;
};

struct sample {
	size_t heap_bytes;
	size_t descriptors;
};

struct soak {
	struct scratch *scratch;
	struct identity identity;
	struct sim_controller sim;
	struct fast_plane plane;
	uint8_t signing_secret[crypto_sign_SECRETKEYBYTES];
	uint64_t random;
	struct mesh_peer peers[PEERS];
	char state[PEERS * 256];
	char last_envelope[ENVELOPE_SIZE];
	unsigned event_count, wanted_count;
	bool has_bad_clock;
	unsigned log_lines;
	unsigned loud_lines; /* those of the default level */
	struct sample tenth, end;
};

/* Allocated bytes; the sanitizer's allocator has a function of its own for that. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));
static size_t heap_bytes(void)
{
	return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes()
						       : mallinfo2().uordblks;
}

static size_t descriptor_count(void)
{
	size_t count = 0;
	DIR *directory = opendir("/proc/self/fd");
	while (readdir(directory))
		count++;
	closedir(directory);
	return count - 3; /* ".", ".." and its own */
}

static size_t resident_kib(void)
{
	size_t pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	if (fscanf(file, "%*u %zu", &pages) != 1)
		pages = 0;
	fclose(file);
	return pages * (size_t)sysconf(_SC_PAGESIZE) / 1024;
}

static struct sample sample_take(const struct soak *soak, const char *when)
{
	struct sample sample = {heap_bytes(), descriptor_count()};
	struct fast_counts counts = fast_world_counts();
	printf("# %s: %u events, %zu nonces, %zu bytes allocated, %zu KiB resident, "
	       "%zu descriptors; %u fetches, %u heartbeats, %u reports, %u streams, %u log lines\n",
		when, soak->event_count, counts.nonces, sample.heap_bytes, resident_kib(),
		sample.descriptors, counts.fetches, counts.heartbeats, counts.reports,
		counts.streams, soak->log_lines);
	fflush(stdout);
	return sample;
}

/* xorshift64: the same hour each time. */
static unsigned random_below(struct soak *soak, unsigned limit)
{
	soak->random ^= soak->random << 13;
	soak->random ^= soak->random >> 7;
	soak->random ^= soak->random << 17;
	return (unsigned)((soak->random >> 16) % limit);
}

static struct key_public peer_key(size_t at, const struct mesh_peer *peer)
{
	struct key_public key;
	const unsigned seed[] = {(unsigned)at, peer->generation};
	crypto_generichash(
		key.bytes, sizeof key.bytes, (const uint8_t *)seed, sizeof seed, NULL, 0);
	return key;
}

static int peer_write(char *text, size_t size, size_t at, const struct mesh_peer *peer)
{
	struct key_public key = peer_key(at, peer);
	return snprintf(text, size,
		"{\"id\":\"peer-%zu\",\"public_key\":\"%s\",\"mesh_ip\":\"10.100.1.%zu\","
		"\"endpoint\":\"198.51.100.%zu:%u\",\"allowed_ips\":[\"10.100.1.%zu/32\"]}",
		at, key_public_format(&key).text, at, at, peer->port, at);
}

/* The whole mesh. */
static const char *state_write(void *impl)
{
	struct soak *soak = impl;
	size_t length = (size_t)snprintf(soak->state, sizeof soak->state, "{\"peers\":[");
	const char *comma = "";
	for (size_t i = 0; i < PEERS; i++) {
		if (!soak->peers[i].is_there)
			continue;
		length += (size_t)snprintf(
			soak->state + length, sizeof soak->state - length, "%s", comma);
		length += (size_t)peer_write(
			soak->state + length, sizeof soak->state - length, i, &soak->peers[i]);
		comma = ",";
	}
	length += (size_t)snprintf(soak->state + length, sizeof soak->state - length, "]}");
	assert_true(length < sizeof soak->state);
	return soak->state;
}

/* Signs it and sends it, the bytes cut anywhere. */
static void envelope_send(
	struct soak *soak, const char *type, const char *payload, int64_t issued_at_ns)
{
	char text[ENVELOPE_SIZE], signature[96];
	uint8_t bytes[crypto_sign_BYTES];
	int length = snprintf(text, sizeof text,
		"{\"event_type\":\"%s\",\"event_id\":\"event-%u\",\"issued_at\":\"%s\","
		"\"nonce\":\"%08x%08x%08x\",\"payload\":%s}",
		type, soak->event_count, timestamp_format(issued_at_ns).text, soak->event_count,
		random_below(soak, UINT32_MAX), random_below(soak, UINT32_MAX), payload);
	crypto_sign_detached(
		bytes, NULL, (const uint8_t *)text, (size_t)length, soak->signing_secret);
	sodium_bin2base64(
		signature, sizeof signature, bytes, sizeof bytes, sodium_base64_VARIANT_ORIGINAL);
	length = snprintf(soak->last_envelope, sizeof soak->last_envelope,
		"id: %u\ndata: %.*s,\"signature\":\"%s\"}\n\n", soak->event_count, length - 1, text,
		signature);
	assert_true(length < (int)sizeof soak->last_envelope);
	unsigned cut = random_below(soak, (unsigned)length);
	fast_world_stream(soak->last_envelope, cut);
	fast_world_stream(soak->last_envelope + cut, (size_t)length - cut);
}

/* The mesh changes, and an event reports it. */
static void mesh_change(struct soak *soak)
{
	size_t at = random_below(soak, PEERS);
	struct mesh_peer *peer = &soak->peers[at];
	const char *type = "peer_added";
	char payload[512];
	unsigned choice = random_below(soak, 4);
	if (!peer->is_there) {
		peer->is_there = true;
	} else if (choice == 0) {
		type = "peer_removed";
		peer->is_there = false;
	} else if (choice == 1) {
		type = "peer_key_rotated";
		peer->generation++;
	} else {
		type = "peer_endpoint_changed";
	}
	peer->port = 1024 + random_below(soak, 60000);
	peer_write(payload, sizeof payload, at, peer);
	if (!peer->is_there)
		snprintf(payload, sizeof payload, "{\"peer_id\":\"peer-%zu\"}", at);
	envelope_send(soak, type, payload, fast_world_now_ns());
}

/* One event in ten is to be rejected. */
static void event_send(struct soak *soak)
{
	const char *payload = "{\"peer_id\":\"peer-1\"}";
	switch (random_below(soak, 40)) {
	case 0:
		fast_world_stream(soak->last_envelope, strlen(soak->last_envelope));
		break;
	case 1:
		soak->signing_secret[0] ^= 1;
		envelope_send(soak, "peer_removed", payload, fast_world_now_ns());
		soak->signing_secret[0] ^= 1;
		break;
	case 2:
		envelope_send(soak, "peer_removed", payload, fast_world_now_ns() - 301 * NS_PER_S);
		break;
	case 3:
		fast_world_stream("data: {\"event_type\":\n\n", 23);
		break;
	default:
		mesh_change(soak);
	}
	soak->event_count++;
}

/* The device holds the mesh, and nothing else. */
static void device_check(const struct soak *soak)
{
	const struct sim_device *device = sim_controller_find(&soak->sim, NAME);
	size_t count = 0;
	assert_non_null(device);
	for (size_t i = 0; i < PEERS; i++) {
		struct key_public key = peer_key(i, &soak->peers[i]);
		const struct sim_peer *peer = sim_device_find(device, &key);
		assert_int_equal(peer != NULL, soak->peers[i].is_there);
		count += peer != NULL;
		if (peer)
			assert_int_equal(peer->endpoint.port, soak->peers[i].port);
	}
	assert_int_equal(device->peer_count, count);
}

static void soak_act(void *impl);

/* After the last nonce has expired and a cycle has seen that. */
static void pause_end(void *impl)
{
	struct soak *soak = impl;
	struct sample sample = sample_take(soak, "once the nonces have expired");
	assert_int_equal(fast_world_counts().nonces, 0);
	device_check(soak);
	soak->plane.act = soak_act;
	soak->plane.next_ns += EVENT_GAP_NS;
	if (soak->event_count < soak->wanted_count) {
		soak->tenth = sample;
		return;
	}
	soak->end = sample;
	soak->plane.next_ns = INT64_MAX;
	raise(SIGTERM);
}

/* The next states are of a whole mesh that no event mentions. */
static void pause_begin(struct soak *soak)
{
	for (size_t i = 0; i < PEERS; i++)
		soak->peers[i] = (struct mesh_peer){
			.is_there = true, .generation = soak->event_count, .port = 10000};
	soak->plane.act = pause_end;
	soak->plane.next_ns = fast_world_now_ns() + PAUSE_NS;
}

/* A day ahead in the third tenth, a day behind in the fifth: every event is rejected then. */
static void clock_set(const struct soak *soak)
{
	static const int64_t ahead_s[10] = {[2] = 86400, [4] = -86400};
	unsigned tenth = soak->event_count * 10 / soak->wanted_count;
	if (soak->has_bad_clock && tenth < COUNT_OF(ahead_s))
		fast_world_set_clock(ahead_s[tenth] * NS_PER_S);
}

static void soak_act(void *impl)
{
	struct soak *soak = impl;
	unsigned tenth = soak->wanted_count / 10;
	char when[32];
	clock_set(soak);
	event_send(soak);
	if (soak->event_count % CUT_EVERY == 0)
		fast_world_cut_stream();
	soak->plane.next_ns += EVENT_GAP_NS;
	if (soak->event_count % tenth != 0)
		return;
	snprintf(when, sizeof when, "after %lld minutes",
		(long long)((fast_world_now_ns() - START_NS) / NS_PER_S / 60));
	sample_take(soak, when);
	if (soak->event_count == tenth || soak->event_count == soak->wanted_count)
		pause_begin(soak);
}

static void log_count(void *sink, enum log_level level, const char *message,
	const struct log_field *fields, unsigned field_count)
{
	struct soak *soak = sink;
	soak->log_lines++;
	soak->loud_lines += level >= LOG_LEVEL_INFO;
}

static int soak_make(void **state)
{
	struct soak *soak = calloc(1, sizeof *soak);
	assert_non_null(soak);
	scratch_make((void **)&soak->scratch);
	soak->random = 88172645463325252U;
	sim_controller_init(&soak->sim, (struct sim_recorder){0});
	fast_world_identity(soak->scratch->directory, soak->signing_secret, &soak->identity);
	*state = soak;
	return 0;
}

static int soak_clear(void **state)
{
	struct soak *soak = *state;
	sim_controller_deinit(&soak->sim);
	identity_clear(&soak->identity);
	scratch_clear((void **)&soak->scratch);
	free(soak);
	return 0;
}

static void live_with(struct soak *soak, struct fast_plane plane)
{
	soak->plane = plane;
	struct daemon_settings settings = {
		.controller = sim_controller(&soak->sim),
		.config = {.interface_name = NAME, .listen_port = 51820},
		.logger = {.write = log_count, .sink = soak},
		.identity = &soak->identity,
		.identity_directory = soak->scratch->directory,
		.api_url = "http://127.0.0.1:1",
		.trace_bytes_max = (size_t)4 << 20,
		.interval_ms = 60 * 1000,
	};
	fast_world_begin(&soak->plane, START_NS);
	assert_int_equal(daemon_run(&settings, NULL), 0);
	assert_null(sim_controller_find(&soak->sim, NAME));
}

/* The daemon from start to end, with that many minutes of events. */
static void live(struct soak *soak, unsigned minutes)
{
	soak->wanted_count = 20 * 60 * minutes;
	live_with(soak, (struct fast_plane){
				.state = state_write,
				.next_ns = START_NS + 2 * NS_PER_S,
				.act = soak_act,
				.impl = soak,
			});
}

static void an_hour_of_events_leaves_nothing_behind(void **state)
{
	struct soak *soak = *state;
	const char *hours = getenv("PLEXWG_SOAK_HOURS");
	live(soak, 60 * (unsigned)(hours ? atoi(hours) : 1));
	assert_int_equal(soak->end.descriptors, soak->tenth.descriptors);
	assert_in_range(soak->end.heap_bytes, soak->tenth.heap_bytes / 20 * 19,
		soak->tenth.heap_bytes / 20 * 21);
}

/* The loop uses another clock: states are fetched each minute all the same. */
static void a_clock_that_jumps_stops_nothing(void **state)
{
	struct soak *soak = *state;
	soak->has_bad_clock = true;
	live(soak, 20);
	struct fast_counts counts = fast_world_counts();
	int64_t minutes = (fast_world_now_ns() - START_NS) / NS_PER_S / 60;
	assert_in_range(counts.fetches, minutes - 1, minutes + 1);
	assert_in_range(counts.heartbeats, 2 * minutes - 1, 2 * minutes + 1);
}

#define FLAP_NS (30 * NS_PER_S)
#define FLAPS   2880 /* in a day */

/* Every second fetch fails. */
static const char *state_flap(void *impl)
{
	struct soak *soak = impl;
	return soak->random++ % 2 ? "{}" : "{\"peers\":[]}";
}

/* A load balancer ends the stream each minute. */
static void flap(void *impl)
{
	struct soak *soak = impl;
	if (soak->event_count++ % 2)
		fast_world_cut_stream();
	soak->plane.next_ns += FLAP_NS;
	if (soak->event_count < FLAPS)
		return;
	soak->plane.next_ns = INT64_MAX;
	raise(SIGTERM);
}

static void a_day_of_changing_problems_is_logged_in_a_few_lines(void **state)
{
	struct soak *soak = *state;
	live_with(soak, (struct fast_plane){
				.state = state_flap,
				.next_ns = START_NS + FLAP_NS,
				.act = flap,
				.impl = soak,
			});
	struct fast_counts counts = fast_world_counts();
	assert_in_range(counts.streams, FLAPS / 2, FLAPS / 2 + 1);
	assert_in_range(counts.fetches, FLAPS / 2, FLAPS * 2);
	print_message("# %u lines of %u\n", soak->loud_lines, soak->log_lines);
	assert_in_range(soak->loud_lines, 5, 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			an_hour_of_events_leaves_nothing_behind, soak_make, soak_clear),
		cmocka_unit_test_setup_teardown(
			a_clock_that_jumps_stops_nothing, soak_make, soak_clear),
		cmocka_unit_test_setup_teardown(
			a_day_of_changing_problems_is_logged_in_a_few_lines, soak_make, soak_clear),
	};
	if (sodium_init() < 0)
		return 1;
	/* The last good state is written after each event, and the test is not about the disk. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", false);
	return cmocka_run_group_tests_name("soak", tests, NULL, NULL);
}
