/* SPDX-License-Identifier: Apache-2.0 */
#include "envelope.h"

void envelope_clear(struct envelope *envelope)
{
	arena_clear(&envelope->arena);
	*envelope = (struct envelope){0};
}
