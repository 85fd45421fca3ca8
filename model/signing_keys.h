/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Ed25519 keys that verify events: the current key and, during a transition, the previous one.
 */
#pragma once

#include "key.h"

struct signing_keys {
	struct key_public current; /* zero: no keys, every event is rejected */
	struct key_public previous;
	bool has_previous;
	int64_t transition_expires_ns; /* the previous key is valid before this time */
};
