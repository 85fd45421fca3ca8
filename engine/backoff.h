/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exponential backoff: the first wait is 1 s, each further one twice as long, up to 60 s. A random
 * quarter more or less spreads out the nodes that lost the same control plane.
 */
#pragma once

#include "random.h"

#define BACKOFF_FIRST_MS 1000
#define BACKOFF_LAST_MS  60000

/* Zero is the initial state. */
struct backoff {
	uint32_t last_ms; /* the last wait without its random part; 0: none yet */
};

/* Return how long to wait after another failure. */
uint32_t backoff_next_ms(struct backoff *backoff, const struct random_source *random);
/* Begin again with the first wait, after a success. */
void backoff_reset(struct backoff *backoff);
