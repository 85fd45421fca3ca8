/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The peers that the benchmarks compare: peer N by its number, the same in C and in Go. Each has a
 * preshared key, an endpoint and two prefixes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define BENCH_PEERS_DEFAULT 1000000

/* Return 32 pseudorandom bytes for a number; `kind` separates public from preshared keys. */
static inline void bench_key(uint64_t number, uint64_t kind, uint8_t *ret)
{
	uint64_t state = number * 2 + kind;
	for (size_t i = 0; i < 32; i++) {
		if (i % 8 == 0) {
			state += UINT64_C(0x9e3779b97f4a7c15);
			state = (state ^ state >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
			state = (state ^ state >> 27) * UINT64_C(0x94d049bb133111eb);
			state ^= state >> 31;
		}
		ret[i] = (uint8_t)(state >> i % 8 * 8);
	}
}

/* A walk over all numbers below `count`, in an order that `start` and the step determine. */
struct bench_shuffle {
	uint64_t at, step, count;
};

static inline struct bench_shuffle bench_shuffle(uint64_t count, uint64_t start, uint64_t step)
{
	uint64_t a = step, b = count;
	while (b) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
		if (!b && a != 1) { /* only a step without a common factor visits all */
			a = ++step;
			b = count;
		}
	}
	return (struct bench_shuffle){.at = start % count, .step = step, .count = count};
}

static inline uint64_t bench_shuffle_next(struct bench_shuffle *shuffle)
{
	uint64_t number = shuffle->at;
	shuffle->at = (shuffle->at + shuffle->step) % shuffle->count;
	return number;
}
