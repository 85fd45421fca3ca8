/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who this node is: its place in the mesh and its key pair.
 */
#pragma once

#include "ip.h"
#include "key.h"

#include <stdbool.h>

struct identity {
	char *node_id; /* owned; NULL: none given */
	struct ip mesh_ip;
	struct key_secret private_key; /* clamped */
	struct key_public public_key;  /* of private_key */
};

/* Whether `id`, which may be NULL, is this node's: false where none was given. */
bool identity_has_id(const struct identity *identity, const char *id);
void identity_clear(struct identity *identity);
