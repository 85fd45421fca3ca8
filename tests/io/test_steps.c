/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cost of a cycle and of an event follows what it changes: model, engine and simulated host are
 * built so that the test counts every branch they take, and the bytes they move in memory. Twice
 * the peers, and twice the events on a device of twice the peers, may be slightly more than twice
 * the steps (n log n), and no more.
 */
#include "curve.h"
#include "diag.h"
#include "events.h"
#include "harness.h"
#include "reconcile.h"
#include "sim_controller.h"
#include "sim_router.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NAME          "plexwg0"
#define RATIO_MAX     2.3
#define BYTES_IN_STEP 16

static uint64_t steps;

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
	steps++;
}

void *__real_memmove(void *to, const void *from, size_t size);
void *__wrap_memmove(void *to, const void *from, size_t size);
void *__wrap_memmove(void *to, const void *from, size_t size)
{
	steps += size / BYTES_IN_STEP;
	return __real_memmove(to, from, size);
}

void *__real_memcpy(void *to, const void *from, size_t size);
void *__wrap_memcpy(void *to, const void *from, size_t size);
void *__wrap_memcpy(void *to, const void *from, size_t size)
{
	steps += size / BYTES_IN_STEP;
	return __real_memcpy(to, from, size);
}

struct node {
	struct sim_controller sim;
	struct identity identity;
	struct manager manager;
	struct verifier verifier;
	struct reconciler reconciler;
	uint64_t event_count;
};

static int64_t clock_now(void *impl)
{
	return INT64_C(1772366400) * 1000000000;
}

static void write_nothing(void *sink, enum log_level level, const char *message,
	const struct log_field *fields, unsigned field_count)
{
}

static bool verify_nothing(void *impl, const struct key_public *key, const char *message,
	size_t length, const uint8_t signature[SIGNATURE_BYTES])
{
	return true;
}

static void node_begin(struct node *node)
{
	static char node_id[] = "own";
	const struct verifier_config verifier = {
		.check = {.verify = verify_nothing}, .keys = {.current = key_of(1)}};
	const struct reconciler_config reconciler = {
		.manager = &node->manager,
		.verifier = &node->verifier,
		.clock = {.now_ns = clock_now, .boot_ns = clock_now},
	};
	const struct manager_config manager = {
		.controller = sim_controller(&node->sim),
		.interface = {.interface_name = NAME, .listen_port = 51820},
		.identity = &node->identity,
		.logger = {.write = write_nothing},
		.router = sim_router(&node->sim),
	};
	node->identity = (struct identity){
		.node_id = node_id, .mesh_ip = {.family = IP_V4, .bytes = {10, 200, 0, 1}}};
	node->identity.private_key.bytes[0] = 8;
	key_secret_clamp(&node->identity.private_key);
	key_public_derive(&node->identity.private_key, &node->identity.public_key);
	sim_controller_init(&node->sim, (struct sim_recorder){0});
	assert_int_equal(manager_init(&node->manager, &manager), 0);
	verifier_init(&node->verifier, &verifier);
	reconciler_init(&node->reconciler, &reconciler);
}

static void node_end(struct node *node)
{
	reconciler_deinit(&node->reconciler);
	verifier_deinit(&node->verifier);
	manager_deinit(&node->manager);
	sim_controller_deinit(&node->sim);
}

/* Peer `number`: its key is anywhere among the others. */
static void entry_fill(
	struct peer_entry *entry, struct arena *arena, uint32_t number, uint16_t port)
{
	uint32_t digest = number * UINT32_C(2654435761);
	struct prefix *prefix = arena_alloc(arena, sizeof *prefix);
	char id[16];
	int length = snprintf(id, sizeof id, "%08x", (unsigned)(digest * 5));
	assert_non_null(prefix);
	*prefix = (struct prefix){.ip = {.family = IP_V4, .bytes = {10}}, .length = 32};
	for (int i = 0; i < 3; i++)
		prefix->ip.bytes[1 + i] = (uint8_t)(number >> (16 - 8 * i));
	entry->id = arena_strndup(arena, id, (size_t)length);
	entry->has_key = true;
	entry->config = (struct peer_config){
		.id = entry->id,
		.allowed_ips = prefix,
		.allowed_ip_count = 1,
		.endpoint = {.kind = ENDPOINT_IP,
			.ip = {.family = IP_V4, .bytes = {192, 0, 2, 1}},
			.port = port},
	};
	memcpy(entry->config.public_key.bytes, &digest, sizeof digest);
	memcpy(entry->config.public_key.bytes + 4, &number, sizeof number);
	entry->config.public_key.bytes[31] = 1;
}

/* A cycle with the peers from `begin` to `end`. Returns its steps. */
static uint64_t cycle(struct node *node, uint32_t begin, uint32_t end, uint16_t port)
{
	struct state_document document = {0};
	struct diag diag = {0};
	for (uint32_t i = begin; i < end; i++) {
		struct peer_entry *entry = state_document_append(&document);
		assert_non_null(entry);
		entry_fill(entry, &document.arena, i, port);
	}
	struct fetch_answer answer = {.outcome = FETCH_DOCUMENT, .document = &document};
	struct timespec from, to;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	steps = 0;
	assert_int_equal(reconciler_begin(&node->reconciler, &diag), 0);
	if (reconciler_finish(&node->reconciler, &answer, &diag) != 0)
		fail_msg("%s", diag_text(&diag));
	uint64_t taken = steps;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	assert_true(taken > 0);
	assert_int_equal(sim_controller_find(&node->sim, NAME)->peer_count, end - begin);
	print_message("# %u peers wanted: %.1f million steps, %.2f s\n", (unsigned)(end - begin),
		(double)taken / 1e6,
		(double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
	return taken;
}

enum change { ADDED, ADDED_AMONG_OTHERS, CHANGED, REMOVED, REMOVED_ALL, CHANGE_COUNT };

static const char *const change_names[] = {
	"added", "added among others", "changed", "removed", "removed, all"};

static void cycles_count(uint32_t peers, uint64_t ret[CHANGE_COUNT])
{
	struct node node = {0};
	node_begin(&node);
	ret[ADDED] = cycle(&node, 0, peers, 1000);
	ret[ADDED_AMONG_OTHERS] = cycle(&node, 0, 2 * peers, 1000);
	ret[CHANGED] = cycle(&node, 0, 2 * peers, 2000);
	ret[REMOVED] = cycle(&node, peers, 2 * peers, 2000);
	ret[REMOVED_ALL] = cycle(&node, 0, 0, 0);
	node_end(&node);
}

static void twice_the_peers_are_twice_the_steps(void **state)
{
	uint64_t last[CHANGE_COUNT] = {0};
	const char *least = getenv("PLEXWG_STEPS_PEERS");
	uint32_t peers = least ? (uint32_t)strtoul(least, NULL, 10) : 20000;
	for (int doubling = 0; doubling <= 2; doubling++, peers *= 2) {
		uint64_t taken[CHANGE_COUNT];
		cycles_count(peers, taken);
		for (int change = 0; doubling > 0 && change < CHANGE_COUNT; change++)
			if ((double)taken[change] > RATIO_MAX * (double)last[change])
				fail_msg("%u peers %s: %.2f times the steps of half as many",
					(unsigned)peers, change_names[change],
					(double)taken[change] / (double)last[change]);
		memcpy(last, taken, sizeof last);
	}
}

/* Payloads are a struct peer_entry, as it lies in memory, and an id. */
static int read_peer(void *impl, const char *payload, size_t length, struct arena *arena,
	struct peer_entry *ret, struct diag *diag)
{
	memcpy(ret, payload, sizeof *ret);
	return 0;
}

static int read_peer_id(void *impl, const char *payload, size_t length, struct arena *arena,
	const char **ret, struct diag *diag)
{
	*ret = payload;
	return 0;
}

static void event(struct node *node, const char *type, const void *payload, size_t length)
{
	struct event_dispatcher dispatcher = {
		.manager = &node->manager,
		.verifier = &node->verifier,
		.reader = {.read_peer = read_peer, .read_peer_id = read_peer_id},
	};
	uint64_t nonce = ++node->event_count * UINT64_C(0x9e3779b97f4a7c15);
	struct envelope envelope = {
		.event_type = {type, strlen(type)},
		.event_id = {"1", 1},
		.nonce = {(const char *)&nonce, sizeof nonce},
		.payload = {payload, length},
		.has_issued_at = true,
		.issued_at_ns = clock_now(NULL),
		.has_signature = true,
		.signature_is_sound = true,
		.canonical = {"", 0},
	};
	struct moment now = {clock_now(NULL), clock_now(NULL)};
	enum verdict verdict;
	struct diag diag = {0};
	if (event_deliver(&dispatcher, &envelope, now, &verdict, &diag) != 0)
		fail_msg("%s: %s", type, diag_text(&diag));
}

enum event_kind {
	EVENT_ENDPOINT,
	EVENT_ALLOWED_IPS,
	EVENT_KEY_ROTATED,
	EVENT_REMOVED,
	EVENT_ADDED,
	EVENT_KIND_COUNT
};

static const char *const event_names[] = {
	"endpoints", "allowed IPs", "rotated keys", "removed peers", "new peers"};

/* An event of that kind about each of `count` peers, in no order. Returns the steps. */
static uint64_t events_count(struct node *node, enum event_kind kind, uint32_t count)
{
	struct timespec from, to;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	steps = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct peer_entry entry = {0};
		struct arena arena = {0};
		uint32_t number = (uint32_t)(i * UINT64_C(2654435761) % count);
		bool is_new = kind == EVENT_ADDED;
		entry_fill(&entry, &arena, number + (is_new ? count : 0), 3000);
		struct prefix *prefix = (struct prefix *)entry.config.allowed_ips;
		if (kind == EVENT_ALLOWED_IPS)
			prefix->ip.bytes[0] = 11;
		if (kind == EVENT_KEY_ROTATED)
			entry.config.public_key.bytes[31] = 2;
		if (kind == EVENT_REMOVED)
			event(node, "peer_removed", entry.id, strlen(entry.id));
		else
			event(node, "peer_added", &entry, sizeof entry);
		arena_clear(&arena);
	}
	uint64_t taken = steps;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	print_message("# %u %s: %.1f million steps, %.2f s\n", (unsigned)count, event_names[kind],
		(double)taken / 1e6,
		(double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
	return taken;
}

static void twice_the_events_are_twice_the_steps(void **state)
{
	uint64_t last[EVENT_KIND_COUNT] = {0};
	uint32_t peers = 5000;
	for (int doubling = 0; doubling <= 2; doubling++, peers *= 2) {
		struct node node = {0};
		node_begin(&node);
		cycle(&node, 0, peers, 1000);
		for (enum event_kind kind = 0; kind < EVENT_KIND_COUNT; kind++) {
			uint64_t taken = events_count(&node, kind, peers);
			if (doubling > 0 && (double)taken > RATIO_MAX * (double)last[kind])
				fail_msg("%u events, %s: %.2f times the steps of half as many",
					(unsigned)peers, event_names[kind],
					(double)taken / (double)last[kind]);
			last[kind] = taken;
		}
		node_end(&node);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twice_the_peers_are_twice_the_steps),
		cmocka_unit_test(twice_the_events_are_twice_the_steps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
