/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The identity directory: its four files, between lines of "--". What is accepted is valid; what is
 * rejected has a reason that contains neither the key nor the token.
 */
#include "curve.h"
#include "diag.h"
#include "fuzz.h"
#include "identity_dir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void write_files(const char *text, size_t length)
{
	static const char *const names[] = {
		"identity.json", "private_key", "node_secret_key", "signing_public_key"};
	struct fuzz_part rest = {text, length};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct fuzz_part part = fuzz_cut(&rest, "--\n");
		fuzz_write(names[i], part.text, part.length);
	}
}

static void refusal_check(int error, struct diag *diag)
{
	FUZZ_HOLDS(error == -EINVAL && *diag_text(diag));
	FUZZ_HOLDS(!fuzz_says_secret(diag_text(diag)));
	diag_clear(diag);
}

static void identity_check(const char *directory)
{
	struct identity identity = {.node_id = (char *)&identity}, again;
	struct diag diag = {0};
	struct key_public derived;
	int error = identity_dir_load(directory, &identity, &diag);
	if (error) {
		FUZZ_HOLDS(identity.node_id == (char *)&identity);
		refusal_check(error, &diag);
		return;
	}
	FUZZ_HOLDS(identity.mesh_ip.family != IP_NONE);
	key_public_derive(&identity.private_key, &derived);
	FUZZ_HOLDS(key_public_equal(&derived, &identity.public_key));
	FUZZ_HOLDS(identity_dir_load(directory, &again, NULL) == 0);
	FUZZ_HOLDS(key_secret_equal(&identity.private_key, &again.private_key));
	FUZZ_HOLDS(ip_equal(&identity.mesh_ip, &again.mesh_ip));
	identity_clear(&identity);
	identity_clear(&again);
}

static void token_check(const char *directory)
{
	char *token = NULL;
	struct diag diag = {0};
	int error = identity_dir_read_token(directory, &token, &diag);
	if (error) {
		FUZZ_HOLDS(!token);
		refusal_check(error, &diag);
		return;
	}
	FUZZ_HOLDS(*token && token[strlen(token) - 1] != '\n');
	free(token);
}

static void signing_key_check(const char *directory)
{
	struct key_public key;
	struct diag diag = {0};
	int error = identity_dir_read_signing_key(directory, &key, &diag);
	if (error) /* a public key may be shown */
		FUZZ_HOLDS(error == -EINVAL && *diag_text(&diag));
	else
		FUZZ_HOLDS(!key_public_is_zero(&key));
	diag_clear(&diag);
}

void fuzz_one(const char *text, size_t length)
{
	struct fuzz_part rest = {text, length}, identity = fuzz_cut(&rest, "--\n");
	/* The node's id and address are no secret. */
	if (identity.length &&
		memmem(identity.text, identity.length, FUZZ_SECRET, sizeof FUZZ_SECRET - 1))
		return;
	write_files(text, length);
	identity_check(fuzz_directory());
	token_check(fuzz_directory());
	signing_key_check(fuzz_directory());
}
