/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The comparison of bench_diff.c by hash maps from id to peer, keys in base64 and addresses as
 * text on the heap: the way of bench_diff.go, for machines without Go. It knows nothing of the
 * engine. Prints two times in milliseconds, each the best of five: the comparison alone, and with
 * the building of both maps.
 *
 * Usage: bench_diff_map [PEERS]
 */
#include "peers.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PASSES 5

struct text_peer {
	char *id;
	char *public_key;
	char *endpoint;
	char *allowed_ips[2];
	size_t allowed_ip_count;
	char *psk;
	int persistent_keepalive_s;
};

/* Open addressing, at most half full. */
struct peer_map {
	struct text_peer *slots; /* no id: free */
	size_t mask;
};

static void die(const char *what)
{
	fprintf(stderr, "bench_diff_map: %s\n", what);
	exit(1);
}

__attribute__((format(printf, 1, 2))) static char *text(const char *format, ...)
{
	char *ret;
	va_list args;
	va_start(args, format);
	if (vasprintf(&ret, format, args) < 0)
		die("out of memory");
	va_end(args);
	return ret;
}

static char *key_text(uint64_t number, uint64_t kind)
{
	uint8_t bytes[32];
	char base64[48];
	bench_key(number, kind, bytes);
	return text("%s", sodium_bin2base64(base64, sizeof base64, bytes, sizeof bytes,
				  sodium_base64_VARIANT_ORIGINAL));
}

static struct text_peer peer_make(uint64_t number)
{
	unsigned high = (unsigned)(number >> 16 & 0xffff), low = (unsigned)(number & 0xffff);
	return (struct text_peer){
		.id = text("peer-%08llu", (unsigned long long)number),
		.public_key = key_text(number, 0),
		.endpoint = text("%u.%u.%u.%u:51820", high >> 8, high & 255, low >> 8, low & 255),
		.allowed_ips = {text("fd00::%x:%x/128", high, low),
			text("fd01::%x:%x/128", high, low)},
		.allowed_ip_count = 2,
		.psk = key_text(number, 1),
		.persistent_keepalive_s = 25,
	};
}

static struct text_peer *peers_make(uint64_t count, uint64_t start, uint64_t step)
{
	struct text_peer *peers = calloc(count, sizeof *peers);
	struct bench_shuffle shuffle = bench_shuffle(count, start, step);
	if (!peers)
		die("out of memory");
	for (uint64_t i = 0; i < count; i++)
		peers[i] = peer_make(bench_shuffle_next(&shuffle));
	return peers;
}

/* FNV-1a */
static size_t id_hash(const char *id)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (; *id; id++)
		hash = (hash ^ (uint8_t)*id) * UINT64_C(0x100000001b3);
	return (size_t)(hash ^ hash >> 32);
}

static struct text_peer *map_slot(const struct peer_map *map, const char *id)
{
	size_t at = id_hash(id) & map->mask;
	while (map->slots[at].id && strcmp(map->slots[at].id, id) != 0)
		at = (at + 1) & map->mask;
	return &map->slots[at];
}

static struct peer_map map_make(const struct text_peer *peers, uint64_t count)
{
	struct peer_map map = {.mask = 15};
	while (map.mask + 1 < count * 2)
		map.mask = map.mask * 2 + 1;
	map.slots = calloc(map.mask + 1, sizeof *map.slots);
	if (!map.slots)
		die("out of memory");
	for (uint64_t i = 0; i < count; i++)
		*map_slot(&map, peers[i].id) = peers[i];
	return map;
}

static bool peers_are_same(const struct text_peer *a, const struct text_peer *b)
{
	if (strcmp(a->public_key, b->public_key) != 0 || strcmp(a->endpoint, b->endpoint) != 0 ||
		strcmp(a->psk, b->psk) != 0 ||
		a->persistent_keepalive_s != b->persistent_keepalive_s ||
		a->allowed_ip_count != b->allowed_ip_count)
		return false;
	for (size_t i = 0; i < a->allowed_ip_count; i++)
		if (strcmp(a->allowed_ips[i], b->allowed_ips[i]) != 0)
			return false;
	return true;
}

/* How many peers are in both and the same. */
static uint64_t maps_compare(const struct peer_map *desired, const struct peer_map *actual)
{
	uint64_t unchanged = 0, removes = 0;
	for (size_t i = 0; i <= desired->mask; i++) {
		const struct text_peer *peer = &desired->slots[i];
		if (!peer->id)
			continue;
		const struct text_peer *other = map_slot(actual, peer->id);
		unchanged += other->id && peers_are_same(peer, other);
	}
	for (size_t i = 0; i <= actual->mask; i++)
		if (actual->slots[i].id)
			removes += !map_slot(desired, actual->slots[i].id)->id;
	return unchanged - removes;
}

static double ms_since(const struct timespec *begin)
{
	struct timespec end;
	clock_gettime(CLOCK_MONOTONIC, &end);
	return (double)(end.tv_sec - begin->tv_sec) * 1e3 +
	       (double)(end.tv_nsec - begin->tv_nsec) / 1e6;
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : BENCH_PEERS_DEFAULT;
	if (count < 1 || count > UINT32_MAX)
		die("usage: bench_diff_map [PEERS]");
	struct text_peer *desired = peers_make(count, 1, 7368787);
	struct text_peer *actual = peers_make(count, 5, 15485863);
	double best = 0, best_whole = 0;
	for (unsigned i = 0; i < PASSES; i++) {
		struct timespec begin, middle;
		clock_gettime(CLOCK_MONOTONIC, &begin);
		struct peer_map wanted = map_make(desired, count), there = map_make(actual, count);
		clock_gettime(CLOCK_MONOTONIC, &middle);
		if (maps_compare(&wanted, &there) != count)
			die("the peers are not found unchanged");
		double ms = ms_since(&middle), whole_ms = ms_since(&begin);
		best = i == 0 || ms < best ? ms : best;
		best_whole = i == 0 || whole_ms < best_whole ? whole_ms : best_whole;
		free(wanted.slots);
		free(there.slots);
	}
	printf("%.3f %.3f\n", best, best_whole);
	return 0; /* the peers go with the process */
}
