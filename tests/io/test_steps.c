/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cost of a cycle follows what it changes: model, engine and simulated host are built so that
 * the test counts every branch they take, and the bytes they move in memory. Twice the peers may be
 * slightly more than twice the steps (n log n), and no more.
 */
#include "curve.h"
#include "diag.h"
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
	struct reconciler reconciler;
};

static int64_t clock_now(void *impl)
{
	return INT64_C(1772366400) * 1000000000;
}

static void write_nothing(void *sink, enum log_level level, const char *message,
	const struct log_field *fields, unsigned field_count)
{
}

static void node_begin(struct node *node)
{
	static char node_id[] = "own";
	const struct interface_config config = {.interface_name = NAME, .listen_port = 51820};
	node->identity = (struct identity){
		.node_id = node_id, .mesh_ip = {.family = IP_V4, .bytes = {10, 200, 0, 1}}};
	node->identity.private_key.bytes[0] = 8;
	key_secret_clamp(&node->identity.private_key);
	key_public_derive(&node->identity.private_key, &node->identity.public_key);
	sim_controller_init(&node->sim, (struct sim_recorder){0});
	assert_int_equal(manager_init(&node->manager, sim_controller(&node->sim), &config,
				 (struct logger){.write = write_nothing}),
		0);
	node->manager.router = sim_router(&node->sim);
	reconciler_init(&node->reconciler, &node->manager, NULL,
		(struct clock){.now_ns = clock_now, .boot_ns = clock_now},
		(struct drift_reporter){0}, &node->identity);
}

static void node_end(struct node *node)
{
	reconciler_deinit(&node->reconciler);
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
	clock_gettime(CLOCK_MONOTONIC, &from);
	steps = 0;
	assert_int_equal(reconciler_begin(&node->reconciler, &diag), 0);
	if (reconciler_finish(&node->reconciler, &answer, &diag) != 0)
		fail_msg("%s", diag_text(&diag));
	uint64_t taken = steps;
	clock_gettime(CLOCK_MONOTONIC, &to);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twice_the_peers_are_twice_the_steps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
