/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long to wait before trying again: 1 s at first, twice as long each time up to 60 s, and each
 * wait a quarter longer or shorter by chance, so that nodes that lost the same control plane do not
 * come back to it all at once.
 */
#pragma once

#include "random.h"

#define BACKOFF_FIRST_MS 1000
#define BACKOFF_LAST_MS  60000

/* Zeroed: nothing has failed yet. */
struct backoff {
	uint32_t last_ms; /* the latest wait, chance left out; 0: none yet */
};

/* The wait after one more failure. */
uint32_t backoff_next_ms(struct backoff *backoff, const struct random_source *random);
/* What was tried went well: the next wait is a first one. */
void backoff_reset(struct backoff *backoff);
