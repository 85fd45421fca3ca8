/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The identity of this node: its id, its mesh address and its key pair.
 */
#pragma once

#include "ip.h"
#include "key.h"

#include <stdbool.h>

struct identity {
	char *node_id; /* owned; NULL: not configured */
	struct ip mesh_ip;
	struct key_secret private_key; /* clamped */
	struct key_public public_key;  /* of private_key */
};

/* Return whether `id`, which may be NULL, is this node's. False if the node has no id. */
bool identity_has_id(const struct identity *identity, const char *id);
/* Wipe and free; the identity is zero afterwards. */
void identity_clear(struct identity *identity);
