/*
 * Who this node is: its place in the mesh and its key pair.
 */
#pragma once

#include "ip.h"
#include "key.h"

struct identity {
	char *node_id; /* owned; NULL: none given */
	struct ip mesh_ip;
	struct key_secret private_key; /* clamped */
	struct key_public public_key;  /* of private_key */
};

void identity_clear(struct identity *identity);
