/* SPDX-License-Identifier: Apache-2.0 */
#include "backoff.h"

static uint32_t double_ms(uint32_t last_ms)
{
	if (last_ms == 0)
		return BACKOFF_FIRST_MS;
	return last_ms < BACKOFF_LAST_MS / 2 ? last_ms * 2 : BACKOFF_LAST_MS;
}

uint32_t backoff_next_ms(struct backoff *backoff, const struct random_source *random)
{
	backoff->last_ms = double_ms(backoff->last_ms);
	uint32_t quarter_ms = backoff->last_ms / 4;
	/* Uniform from 0 to half of the wait: the high bits of the product. */
	uint64_t spread_ms = (uint64_t)random->next(random->impl) * (2 * quarter_ms + 1) >> 32;
	return backoff->last_ms - quarter_ms + (uint32_t)spread_ms;
}

void backoff_reset(struct backoff *backoff)
{
	backoff->last_ms = 0;
}
