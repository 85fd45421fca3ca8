/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replaces texts by numbers of 256 bits that have the same order, without knowing all texts
 * beforehand. Texts are ordered by bytes, and a text comes before those that begin with it.
 *
 * A new text gets a number between those of its two neighbours, about as far along as the text lies
 * between theirs, with some random distance added. So the numbers reveal the order and little more,
 * and a sequence that comes in order, of whatever length, does not use up the room at its end.
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
	/* The bits of a digit, or 0. If not 0, a place has as few digits as possible, counted from
	 * the front, and zeros after them. */
	unsigned digit_bits;
};

/*
 * Find the place of these bytes, which is always the same. Returns 0, -ENOMEM, or -ERANGE when no
 * room is left between the neighbours.
 */
int order_map_place(
	struct order_map *map, const void *bytes, size_t length, struct order_place *ret);
/* Give the first entry of an empty map a place of the caller's. Returns 0 or -ENOMEM. */
int order_map_begin(
	struct order_map *map, const void *bytes, size_t length, const struct order_place *place);
/* No effect if the map has no such entry. */
void order_map_forget(struct order_map *map, const void *bytes, size_t length);
void order_map_clear(struct order_map *map);
