/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface to randomness: 32 bits for each call. It spreads nodes out in time and need not be
 * cryptographically secure.
 */
#pragma once

#include <stdint.h>

struct random_source {
	uint32_t (*next)(void *impl);
	void *impl;
};
