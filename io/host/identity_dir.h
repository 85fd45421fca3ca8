/*
 * The directory that holds who this node is: `identity.json` (`node_id`, `mesh_ip`), and
 * `private_key`, in base64. The directory has mode 0700, its files 0600; a private key that others
 * may read is refused.
 */
#pragma once

#include "identity.h"

struct diag;

#define IDENTITY_DIRECTORY_DEFAULT "/var/lib/plexwg"

/* Errors name the file. */
int identity_dir_load(const char *directory, struct identity *ret, struct diag *diag);

/* The bearer token, NUL-terminated, for the caller to wipe and free. Refused if others may read it.
 */
int identity_dir_read_token(const char *directory, char **ret, struct diag *diag);
/* The key that signs the control plane's events, as of registration. */
int identity_dir_read_signing_key(const char *directory, struct key_public *ret, struct diag *diag);

/*
 * Makes the directory if need be, and a new identity with a key pair in it. -EEXIST if there is
 * one: it is never written over. `node_id` may be NULL.
 */
int identity_dir_create(const char *directory, const char *node_id, const struct ip *mesh_ip,
	struct identity *ret, struct diag *diag);
