/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read the node's identity directory, which identity_make.h writes:
 *
 *     identity.json       node_id, mesh_ip and, after registration, signing_public_key
 *     private_key         base64
 *     node_secret_key     the bearer token for the control plane (after registration)
 *     signing_public_key  the key that verifies the control plane's events (after registration)
 *
 * The directory has mode 0700 and its files 0600. A file that others may write is rejected, and so
 * is a secret that others may read. All functions return 0 or a negative errno; the text in `diag`
 * begins with the path of the file.
 */
#pragma once

#include "identity.h"

struct diag;

#define IDENTITY_DIRECTORY_DEFAULT "/var/lib/plexwg"
/* Limit for each file. */
#define IDENTITY_BYTES_MAX ((size_t)64 * 1024)

/* Read identity.json and private_key. Free `ret` with identity_clear. */
int identity_dir_load(const char *directory, struct identity *ret, struct diag *diag);
/* Read private_key only and set the key pair of `identity`. */
int identity_dir_read_private_key(
	const char *directory, struct identity *identity, struct diag *diag);
/* Read the bearer token. Free it with secret_text_free. */
int identity_dir_read_token(const char *directory, char **ret, struct diag *diag);
/* Read the signing key that the control plane sent at registration. */
int identity_dir_read_signing_key(const char *directory, struct key_public *ret, struct diag *diag);
