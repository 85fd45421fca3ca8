/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `plexwg join`: makes this node known to a control plane, once. The key pair is made here and is
 * on disk before anybody is asked; the private key never leaves. Cut short anywhere, it can be done
 * again: it then asks with the same key.
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
	/* Why the peers that came with the answer were not kept for a first start without the
	 * control plane; NULL: they were, or there were none. */
	char *peers_fault;
};

/* Returns 0, or a negative errno with the reason, without the token. */
int node_join(
	const struct node_join_settings *settings, struct node_joined *ret, struct diag *diag);
void node_joined_clear(struct node_joined *joined);
