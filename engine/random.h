/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seam to chance: 32 random bits a call. It need not withstand an attacker; it spreads nodes
 * out in time.
 */
#pragma once

#include <stdint.h>

struct random_source {
	uint32_t (*next)(void *impl);
	void *impl;
};
