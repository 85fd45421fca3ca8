/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `plexwg join`: register this node with a control plane, once. The key pair is made here and
 * written to disk before the request; the private key never leaves the node. If interrupted at any
 * point, it can be repeated and then registers the same key.
 */
#pragma once

#include "identity_make.h"

struct node_join_settings {
	const char *api_url;
	const char *ca_path; /* NULL: the system's authorities */
	const char *identity_directory;
	const char *join_token; /* a secret */
	size_t state_bytes_max; /* of the answer, which has the peers; 0: the default */
};

struct node_joined {
	char *node_id;
	struct ip mesh_ip;
	/* Why the peers in the answer were not cached for a first start without the control plane;
	 * NULL: they were, or there were none. */
	char *peers_fault;
};

/* Returns 0 or a negative errno; the text in `diag` does not contain the token. Clear `ret` with
 * node_joined_clear. */
int node_join(
	const struct node_join_settings *settings, struct node_joined *ret, struct diag *diag);
void node_joined_clear(struct node_joined *joined);
