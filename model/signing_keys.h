/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Ed25519 keys that sign events: the current one and, until the transition ends, the previous.
 */
#pragma once

#include "key.h"

struct signing_keys {
	struct key_public current; /* zero: there are no keys, every event is refused */
	struct key_public previous;
	bool has_previous;
	int64_t transition_expires_ns; /* the previous key counts before this */
};
