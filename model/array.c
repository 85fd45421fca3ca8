/* SPDX-License-Identifier: Apache-2.0 */
#include "array.h"

#include <stdlib.h>

#define CAPACITY_MIN 8

void *array_grow(void *array, size_t count, size_t *capacity, size_t element_size)
{
	if (count < *capacity)
		return array;
	size_t larger = *capacity ? *capacity * 2 : CAPACITY_MIN;
	void *grown = reallocarray(array, larger, element_size);
	if (grown)
		*capacity = larger;
	return grown;
}
