/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts in the place of others, without knowing all of them beforehand: whatever comes gets a place
 * in a space of 256-bit numbers, and places stand in the order of what they stand for (by bytes, a
 * shorter text before those that begin with it).
 *
 * A newcomer's place lies between those of its two neighbours, about as far along as it lies
 * between them itself, and off by chance. So the places tell the order and little more, and a
 * sequence that comes in order, of whatever length, does not use up the room at its end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORDER_PLACE_BYTES 32

/* A number, the most significant byte first. Never zero. */
struct order_place {
	uint8_t bytes[ORDER_PLACE_BYTES];
};

struct order_entry {
	void *bytes; /* owned */
	size_t length;
	struct order_place place;
};

struct order_map {
	struct order_entry *entries; /* sorted */
	size_t count;
	size_t capacity;
	/* 0, or how many bits a place is made of at a time: it has then as few of these as it can,
	 * counted from the front, and zeros behind them. */
	unsigned digit_bits;
};

/*
 * The place of these bytes, always the same. Returns 0, -ENOMEM, or -ERANGE when there is no room
 * left between the neighbours.
 */
int order_map_place(
	struct order_map *map, const void *bytes, size_t length, struct order_place *ret);
/* Gives the first entry of a map the place that it is to have. Returns 0 or -ENOMEM. */
int order_map_begin(
	struct order_map *map, const void *bytes, size_t length, const struct order_place *place);
/* No effect if there is none. */
void order_map_forget(struct order_map *map, const void *bytes, size_t length);
void order_map_clear(struct order_map *map);
