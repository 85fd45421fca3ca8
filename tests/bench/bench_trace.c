/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the trace costs: cycles on a simulated device, from a document read from its text to the
 * operations, with the trace and without, in turn. Nothing changes in a quiet cycle; in a busy one
 * the document is new and one peer in a hundred differs. Prints for each the median of the CPU's
 * time for a cycle, in microseconds, without and with the trace, and their ratio.
 *
 * Usage: bench_trace [PEERS [CYCLES]]
 */
#include "curve.h"
#include "payload_wire.h"
#include "peers.h"
#include "sim_controller.h"
#include "state_wire.h"
#include "system_clock.h"
#include "trace_writer.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RING_BYTES ((size_t)32 << 20)
#define ENTRY_SIZE 256

static void die(const char *what)
{
	fprintf(stderr, "bench_trace: %s\n", what);
	exit(1);
}

static void log_nothing(void *sink, enum log_level level, const char *message,
	const struct log_field *fields, unsigned field_count)
{
	if (level >= LOG_LEVEL_WARN)
		die(message);
}

static double us_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

struct node {
	struct sim_controller sim;
	struct identity identity;
	struct manager manager;
	struct verifier verifier;
	struct reconciler reconciler;
	struct peer_wire_options wire;
	struct trace_writer writer;
	struct observer observer;
};

static void node_open(struct node *node, const char *directory)
{
	const struct manager_config manager = {
		.controller = sim_controller(&node->sim),
		.identity = &node->identity,
		.logger = {.write = log_nothing},
		.observers = &node->observer,
		.observer_count = directory != NULL,
	};
	const struct verifier_config verifier = {0};
	const struct reconciler_config reconciler = {
		.manager = &node->manager, .verifier = &node->verifier, .clock = system_clock()};
	const struct trace_writer_config trace = {
		.reconciler = &node->reconciler,
		.reader = payload_wire_reader(&node->wire),
		.directory = directory,
		.bytes_max = RING_BYTES,
	};
	sim_controller_init(&node->sim, (struct sim_recorder){0});
	bench_key(0, 1, node->identity.private_key.bytes);
	key_secret_clamp(&node->identity.private_key);
	key_public_derive(&node->identity.private_key, &node->identity.public_key);
	node->identity.mesh_ip = (struct ip){.family = IP_V4, .bytes = {10, 100, 0, 1}};
	node->observer = trace_writer_observer(&node->writer);
	if (manager_init(&node->manager, &manager) != 0)
		die("out of memory");
	verifier_init(&node->verifier, &verifier);
	reconciler_init(&node->reconciler, &reconciler);
	trace_writer_init(&node->writer, &trace);
	if (directory)
		trace_writer_start(&node->writer);
}

static void node_close(struct node *node)
{
	trace_writer_deinit(&node->writer);
	reconciler_deinit(&node->reconciler);
	verifier_deinit(&node->verifier);
	manager_deinit(&node->manager);
	sim_controller_deinit(&node->sim);
}

/* The document of that version. */
static void document_write(char *text, size_t count, unsigned version)
{
	size_t length = (size_t)sprintf(text, "{\"peers\":[");
	for (size_t i = 0; i < count; i++) {
		struct key_public key;
		bench_key(i + 1, 0, key.bytes);
		length += (size_t)sprintf(text + length,
			"%s{\"id\":\"peer-%zu\",\"public_key\":\"%s\",\"endpoint\":"
			"\"198.51.%zu.%zu:51820\",\"persistent_keepalive\":%u,\"allowed_ips\":"
			"[\"fd00::%zx:%zx/128\"]}",
			i ? "," : "", i, key_public_format(&key).text, i / 250 % 250, i % 250,
			i % 100 ? 25 : 25 + version % 100, i >> 16, i & 0xffff);
	}
	sprintf(text + length, "]}");
}

/* One cycle; `text` is NULL if the document is not modified. */
static void cycle(struct node *node, const char *text)
{
	struct state_document document = {0};
	struct fetch_answer answer = {
		.outcome = text ? FETCH_DOCUMENT : FETCH_NOT_MODIFIED, .document = &document};
	if (reconciler_begin(&node->reconciler, NULL) != 0)
		die("the cycle does not begin");
	if (text && state_wire_read(text, strlen(text), &node->wire, &document, NULL) != 0)
		die("the document is invalid");
	if (reconciler_finish(&node->reconciler, &answer, NULL) != 0)
		die("the cycle fails");
}

static int compare_times(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Cycles of both nodes in turn; prints the medians. */
static void compare(
	const char *name, struct node nodes[2], char *text, size_t peers, unsigned cycles)
{
	double *times[2];
	for (unsigned i = 0; i < 2; i++)
		times[i] = calloc(cycles, sizeof **times);
	for (unsigned done = 0; done < cycles; done++) {
		if (text)
			document_write(text, peers, done + 1);
		for (unsigned i = 0; i < 2; i++) {
			double begin_us = us_now();
			cycle(&nodes[i], text);
			times[i][done] = us_now() - begin_us;
		}
	}
	for (unsigned i = 0; i < 2; i++)
		qsort(times[i], cycles, sizeof **times, compare_times);
	double without = times[0][cycles / 2], with = times[1][cycles / 2];
	printf("%-6s %10.1f %10.1f  %.3f\n", name, without, with, with / without);
	for (unsigned i = 0; i < 2; i++)
		free(times[i]);
}

int main(int argc, char **argv)
{
	size_t peers = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	unsigned cycles = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 200;
	char directory[] = "/tmp/bench-trace-XXXXXX", command[64];
	struct node *nodes = calloc(2, sizeof *nodes);
	char *text = malloc((peers + 1) * ENTRY_SIZE);
	if (sodium_init() < 0 || !nodes || !text || !mkdtemp(directory))
		die("cannot begin");
	node_open(&nodes[0], NULL);
	node_open(&nodes[1], directory);
	document_write(text, peers, 0);
	cycle(&nodes[0], text);
	cycle(&nodes[1], text);
	printf("%zu peers: us for a cycle without and with the trace, and their ratio\n", peers);
	compare("quiet", nodes, NULL, peers, cycles);
	compare("busy", nodes, text, peers, cycles);
	node_close(&nodes[0]);
	node_close(&nodes[1]);
	free(nodes);
	free(text);
	snprintf(command, sizeof command, "rm -rf '%s'", directory);
	return system(command);
}
