/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the directory that identity_dir.h reads. Nothing in it is ever written over once there is
 * an identity: identity.json is written last, so that it stands for all the rest.
 */
#pragma once

#include "identity.h"

struct diag;

/*
 * An identity for file mode, with a new key pair. The directory is made if need be. -EEXIST if
 * there is an identity, or a key of one, already. `node_id` may be NULL.
 */
int identity_make(const char *directory, const char *node_id, const struct ip *mesh_ip,
	struct identity *ret, struct diag *diag);

/*
 * Registration with a control plane, in two steps.
 *
 * The first has the key pair on disk: a new one, or that of a registration that was cut short.
 * Until `*ret_lock` is closed nobody else can begin: -EBUSY. -EEXIST if there is an identity.
 */
int identity_prepare(const char *directory, struct identity *ret, int *ret_lock, struct diag *diag);

struct identity_registration {
	const char *node_id;
	struct ip mesh_ip;
	struct key_public signing_public_key;
	const char *node_secret_key; /* a secret */
};

/* The second writes what the control plane answered. */
int identity_complete(
	const char *directory, const struct identity_registration *registration, struct diag *diag);
