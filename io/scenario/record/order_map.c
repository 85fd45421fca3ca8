/* SPDX-License-Identifier: Apache-2.0 */
#include "order_map.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* The least distance of a new text from a neighbour, as a part of the neighbours' distance. */
#define NEAREST (1.0 / 4096)

/* a - b; the difference is not negative. */
static struct order_place place_subtract(const struct order_place *a, const struct order_place *b)
{
	struct order_place difference;
	int borrow = 0;
	for (size_t i = ORDER_PLACE_BYTES; i-- > 0;) {
		int digit = a->bytes[i] - b->bytes[i] - borrow;
		borrow = digit < 0;
		difference.bytes[i] = (uint8_t)digit;
	}
	return difference;
}

/* a + b; the sum does not overflow. */
static struct order_place place_add(const struct order_place *a, const struct order_place *b)
{
	struct order_place sum;
	unsigned carry = 0;
	for (size_t i = ORDER_PLACE_BYTES; i-- > 0;) {
		carry += (unsigned)a->bytes[i] + b->bytes[i];
		sum.bytes[i] = (uint8_t)carry;
		carry >>= 8;
	}
	return sum;
}

/* a times fraction / 2^32. */
static struct order_place place_scale(const struct order_place *a, uint32_t fraction)
{
	uint8_t product[ORDER_PLACE_BYTES + 4];
	uint64_t carry = 0;
	for (size_t i = sizeof product; i-- > 0;) {
		if (i >= 4)
			carry += (uint64_t)a->bytes[i - 4] * fraction;
		product[i] = (uint8_t)carry;
		carry >>= 8;
	}
	struct order_place scaled;
	memcpy(scaled.bytes, product, sizeof scaled.bytes);
	return scaled;
}

static int place_compare(const struct order_place *a, const struct order_place *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

/* Clear what follows the first `bits` bits. */
static struct order_place place_cut(const struct order_place *place, unsigned bits)
{
	struct order_place cut = *place;
	for (unsigned i = 0; i < ORDER_PLACE_BYTES; i++) {
		unsigned kept = bits > i * 8 ? bits - i * 8 : 0;
		if (kept < 8)
			cut.bytes[i] &= (uint8_t)(0xff00u >> kept);
	}
	return cut;
}

static int bytes_compare(const void *a, size_t a_length, const void *b, size_t b_length)
{
	int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
	return order ? order : (a_length > b_length) - (a_length < b_length);
}

/* The index of the bytes, or the one at which to insert them. */
static size_t map_position(
	const struct order_map *map, const void *bytes, size_t length, bool *ret_found)
{
	size_t low = 0, high = map->count;
	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct order_entry *entry = &map->entries[middle];
		int order = bytes_compare(entry->bytes, entry->length, bytes, length);
		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A text as digits. After its end come zeros, or 255s if it stands for the upper end. */
struct digits {
	const uint8_t *bytes;
	size_t length;
	uint8_t fill;
};

static struct digits digits_of(const struct order_entry *entry, uint8_t fill)
{
	if (!entry)
		return (struct digits){.fill = fill};
	return (struct digits){.bytes = entry->bytes, .length = entry->length};
}

static uint8_t digit_at(const struct digits *digits, size_t at)
{
	return at < digits->length ? digits->bytes[at] : digits->fill;
}

/* Eight digits from `at` on as a number. */
static double window_read(const struct digits *digits, size_t at)
{
	uint64_t window = 0;
	for (size_t i = at; i < at + 8; i++)
		window = window << 8 | digit_at(digits, i);
	return (double)window;
}

/* How far along `digits` lie between their neighbours, either of which may be NULL: 0 to 1. */
static double part_of_way(
	const struct order_entry *low, const struct order_entry *high, const struct digits *digits)
{
	struct digits below = digits_of(low, 0), above = digits_of(high, 0xff);
	size_t end = below.length > above.length ? below.length : above.length;
	size_t at = 0;
	while (at < end && digit_at(&below, at) == digit_at(&above, at))
		at++;
	double from = window_read(&below, at), to = window_read(&above, at);
	return to > from ? (window_read(digits, at) - from) / (to - from) : 0.5;
}

static double part_limit(double part)
{
	if (part < NEAREST)
		return NEAREST;
	return part > 1 - NEAREST ? 1 - NEAREST : part;
}

/* Scale the distance to the nearer end by a random factor: at least 1/4, less than 2. */
static uint32_t part_blur(double part)
{
	double factor = 1 + randombytes_random() / 4294967296.0;
	factor = factor / (1 << (1 + randombytes_uniform(3))) * 2;
	part = part_limit(part);
	part = part < 0.5 ? part * factor : 1 - (1 - part) * factor;
	return (uint32_t)(part_limit(part) * 4294967296.0);
}

/* The fewest digits that leave the place above `low`, and half of its distance from there. */
static struct order_place place_shorten(
	const struct order_place *place, const struct order_place *low, unsigned digit_bits)
{
	for (unsigned bits = digit_bits; bits < ORDER_PLACE_BYTES * 8; bits += digit_bits) {
		struct order_place cut = place_cut(place, bits);
		if (place_compare(&cut, low) <= 0)
			continue;
		struct order_place lost = place_subtract(place, &cut);
		struct order_place left = place_subtract(&cut, low);
		if (place_compare(&lost, &left) <= 0)
			return cut;
	}
	return *place;
}

/* A random number less than a / 2^32. */
static struct order_place place_noise(const struct order_place *a)
{
	struct order_place limit = place_scale(a, 1), noise;
	randombytes_buf(noise.bytes, sizeof noise.bytes);
	for (size_t i = 0; i < ORDER_PLACE_BYTES; i++) {
		noise.bytes[i] = 0;
		if (limit.bytes[i])
			break;
	}
	return noise;
}

static int place_find(const struct order_map *map, size_t at, const void *bytes, size_t length,
	struct order_place *ret)
{
	const struct order_entry *low = at > 0 ? &map->entries[at - 1] : NULL;
	const struct order_entry *high = at < map->count ? &map->entries[at] : NULL;
	struct digits digits = {.bytes = bytes, .length = length};
	struct order_place from = {{0}}, to;
	memset(to.bytes, 0xff, sizeof to.bytes);
	if (low)
		from = low->place;
	if (high)
		to = high->place;
	struct order_place gap = place_subtract(&to, &from);
	struct order_place step = place_scale(&gap, part_blur(part_of_way(low, high, &digits)));
	struct order_place noise = place_noise(&gap);
	struct order_place place = place_add(&from, &step);
	place = place_add(&place, &noise);
	if (place_compare(&place, &from) <= 0 || place_compare(&place, &to) >= 0)
		return -ERANGE;
	*ret = map->digit_bits ? place_shorten(&place, &from, map->digit_bits) : place;
	return 0;
}

static int map_insert(struct order_map *map, size_t at, const void *bytes, size_t length,
	const struct order_place *place)
{
	if (map->count == map->capacity) {
		size_t capacity = map->capacity ? map->capacity * 2 : 16;
		struct order_entry *entries = reallocarray(map->entries, capacity, sizeof *entries);
		if (!entries)
			return -ENOMEM;
		map->entries = entries;
		map->capacity = capacity;
	}
	void *copy = malloc(length ? length : 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, bytes, length);
	struct order_entry *entry = &map->entries[at];
	memmove(entry + 1, entry, (map->count - at) * sizeof *entry);
	*entry = (struct order_entry){.bytes = copy, .length = length, .place = *place};
	map->count++;
	return 0;
}

int order_map_begin(
	struct order_map *map, const void *bytes, size_t length, const struct order_place *place)
{
	return map_insert(map, 0, bytes, length, place);
}

int order_map_place(
	struct order_map *map, const void *bytes, size_t length, struct order_place *ret)
{
	bool found;
	size_t at = map_position(map, bytes, length, &found);
	struct order_place place;
	if (found) {
		*ret = map->entries[at].place;
		return 0;
	}
	int error = place_find(map, at, bytes, length, &place);
	if (!error)
		error = map_insert(map, at, bytes, length, &place);
	if (!error)
		*ret = place;
	return error;
}

void order_map_forget(struct order_map *map, const void *bytes, size_t length)
{
	bool found;
	size_t at = map_position(map, bytes, length, &found);
	if (!found)
		return;
	struct order_entry *entry = &map->entries[at];
	free(entry->bytes);
	map->count--;
	memmove(entry, entry + 1, (map->count - at) * sizeof *entry);
}

void order_map_clear(struct order_map *map)
{
	for (size_t i = 0; i < map->count; i++)
		free(map->entries[i].bytes);
	free(map->entries);
	*map = (struct order_map){.digit_bits = map->digit_bits};
}
