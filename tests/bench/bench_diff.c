/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_compute over peers that did not change, every field compared. The two tables are built one
 * after the other, each from input in an order of its own. Prints two times in milliseconds: one
 * pass, the best of five, and that with the sealing of both tables, which a reader does once.
 *
 * Usage: bench_diff [PEERS]
 */
#include "diff.h"
#include "peers.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PASSES 5

static void die(const char *what)
{
	fprintf(stderr, "bench_diff: %s\n", what);
	exit(1);
}

static struct prefix host_route(uint8_t net, uint64_t number)
{
	uint32_t bits = htonl((uint32_t)number);
	struct prefix prefix = {.ip = {.family = IP_V6, .bytes = {0xfd, net}}, .length = 128};
	memcpy(prefix.ip.bytes + 12, &bits, sizeof bits);
	return prefix;
}

static void peer_append(struct peer_table *table, uint64_t number)
{
	struct prefix prefixes[2] = {host_route(0, number), host_route(1, number)};
	uint32_t bits = htonl((uint32_t)number);
	char id[32];
	struct peer_config peer = {
		.endpoint = {.kind = ENDPOINT_IP, .ip = {.family = IP_V4}, .port = 51820},
		.allowed_ips = prefixes,
		.allowed_ip_count = 2,
		.persistent_keepalive_s = 25,
		.id = id,
	};
	snprintf(id, sizeof id, "peer-%08llu", (unsigned long long)number);
	memcpy(peer.endpoint.ip.bytes, &bits, sizeof bits);
	bench_key(number, 0, peer.public_key.bytes);
	bench_key(number, 1, peer.psk.bytes);
	if (peer_table_append(table, &peer) != 0)
		die("out of memory");
}

static double ms_since(const struct timespec *begin)
{
	struct timespec end;
	clock_gettime(CLOCK_MONOTONIC, &end);
	return (double)(end.tv_sec - begin->tv_sec) * 1e3 +
	       (double)(end.tv_nsec - begin->tv_nsec) / 1e6;
}

/* Add the time of sealing to `seal_ms`. */
static struct peer_table table_make(uint64_t count, uint64_t start, uint64_t step, double *seal_ms)
{
	struct peer_table table = {0};
	struct bench_shuffle shuffle = bench_shuffle(count, start, step);
	struct timespec begin;
	for (uint64_t i = 0; i < count; i++)
		peer_append(&table, bench_shuffle_next(&shuffle));
	clock_gettime(CLOCK_MONOTONIC, &begin);
	if (peer_table_seal(&table, NULL) != 0)
		die("tables cannot be sealed");
	*seal_ms += ms_since(&begin);
	return table;
}

static double pass_ms(const struct peer_table *desired, const struct peer_table *actual)
{
	const struct endpoint_history memory = {0};
	struct timespec begin;
	struct peer_diff diff = {0};
	clock_gettime(CLOCK_MONOTONIC, &begin);
	if (diff_compute(desired, actual, &memory, (struct moment){0}, &diff) != 0)
		die("out of memory");
	double ms = ms_since(&begin);
	if (diff.unchanged_count != desired->count || peer_diff_op_count(&diff) != 0)
		die("the peers are not found unchanged");
	peer_diff_clear(&diff);
	return ms;
}

/* The comparison is not only fast but complete: it finds a change of each field. */
static void check_fields(struct peer_table *desired, const struct peer_table *actual)
{
	const struct endpoint_history memory = {0};
	struct peer_config *peer = &desired->peers[desired->count / 2], kept = *peer;
	for (unsigned bit = 0; bit < PEER_FIELD_COUNT; bit++) {
		struct peer_diff diff = {0};
		if (bit == PEER_FIELD_BIT_ENDPOINT)
			peer->endpoint.port++;
		else if (bit == PEER_FIELD_BIT_ALLOWED_IPS)
			peer->allowed_ip_count--;
		else if (bit == PEER_FIELD_BIT_PSK)
			peer->psk.bytes[31] ^= 1;
		else
			peer->persistent_keepalive_s++;
		if (diff_compute(desired, actual, &memory, (struct moment){0}, &diff) != 0)
			die("out of memory");
		if (diff.update_count != 1 || diff.ops[0].fields != 1u << bit)
			die("a changed field is not found");
		peer_diff_clear(&diff);
		*peer = kept;
	}
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : BENCH_PEERS_DEFAULT;
	if (count < 1 || count > UINT32_MAX)
		die("usage: bench_diff [PEERS]");
	double best = 0, seal_ms = 0;
	struct peer_table desired = table_make(count, 1, 7368787, &seal_ms);
	struct peer_table actual = table_make(count, 5, 15485863, &seal_ms);
	check_fields(&desired, &actual);
	for (unsigned i = 0; i < PASSES; i++) {
		double ms = pass_ms(&desired, &actual);
		best = i == 0 || ms < best ? ms : best;
	}
	printf("%.3f %.3f\n", best, best + seal_ms);
	peer_table_clear(&desired);
	peer_table_clear(&actual);
	return 0;
}
