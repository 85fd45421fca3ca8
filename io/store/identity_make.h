/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Create the identity directory that identity_dir.h reads. identity.json is written last: once it
 * exists the identity is complete, and no function here overwrites any of its files. All functions
 * return 0 or a negative errno.
 */
#pragma once

#include "identity.h"

struct diag;

/*
 * Create an identity for file mode, with a new key pair, and the directory if it is missing.
 * `node_id` may be NULL. Free `ret` with identity_clear. -EEXIST if the directory already holds an
 * identity or a private key.
 */
int identity_make(const char *directory, const char *node_id, const struct ip *mesh_ip,
	struct identity *ret, struct diag *diag);

/*
 * Registration with a control plane takes two steps.
 *
 * The first makes sure that the key pair is on disk before the control plane sees its public key: a
 * new pair, or that of an interrupted registration. `*ret_lock` is a descriptor that locks the
 * directory until the caller closes it. -EBUSY if another process holds the lock, -EEXIST if there
 * is an identity.
 */
int identity_prepare(const char *directory, struct identity *ret, int *ret_lock, struct diag *diag);

struct identity_registration {
	const char *node_id;
	struct ip mesh_ip;
	struct key_public signing_public_key;
	const char *node_secret_key; /* a secret */
};

/* The second step writes the control plane's answer. */
int identity_complete(
	const char *directory, const struct identity_registration *registration, struct diag *diag);
