/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arrays that grow, and arrays that are sorted.
 */
#pragma once

#include <stddef.h>

/*
 * Return the array, moved if need be, with room for at least one element more than `count`. Return
 * NULL when out of memory; the array is then unchanged. `*capacity` is 0 for no array.
 */
void *array_grow(void *array, size_t count, size_t *capacity, size_t element_size);

/*
 * Return the index of the first element that is not before the key, or `count`. `compare` gets the
 * key and an element. Inline, so that `compare` is.
 */
static inline size_t array_search(const void *array, size_t count, size_t element_size,
	const void *key, int (*compare)(const void *key, const void *element))
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare(key, (const char *)array + middle * element_size) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
