/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory that holds who this node is: `identity.json` (`node_id`, `mesh_ip`), and
 * `private_key`, in base64; with a control plane also `node_secret_key`, the bearer token, and
 * `signing_public_key`. The directory has mode 0700, its files 0600; a secret that others may read
 * is refused, and so is what others may write. identity_make.h writes it.
 */
#pragma once

#include "identity.h"

struct diag;

#define IDENTITY_DIRECTORY_DEFAULT "/var/lib/plexwg"
/* Of each file. */
#define IDENTITY_BYTES_MAX ((size_t)64 * 1024)

/* Errors name the file. */
int identity_dir_load(const char *directory, struct identity *ret, struct diag *diag);
/* Only the key pair. */
int identity_dir_read_private_key(
	const char *directory, struct identity *identity, struct diag *diag);
/* The bearer token, for secret_text_free. */
int identity_dir_read_token(const char *directory, char **ret, struct diag *diag);
/* The key that signs the control plane's events, as of registration. */
int identity_dir_read_signing_key(const char *directory, struct key_public *ret, struct diag *diag);
