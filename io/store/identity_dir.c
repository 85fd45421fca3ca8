/* SPDX-License-Identifier: Apache-2.0 */
#include "identity_dir.h"

#include "arena.h"
#include "curve.h"
#include "diag.h"
#include "file.h"
#include "json_values.h"
#include "secret_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

struct identity_file {
	struct identity identity;
	struct key_public signing_key;
};

/* The signing key and the node id are optional: one that is missing is left zero. */
static const struct json_member identity_members[] = {
	{"node_id", json_read_node_id, offsetof(struct identity_file, identity.node_id), false},
	{"mesh_ip", json_read_mesh_ip, offsetof(struct identity_file, identity.mesh_ip), true},
	{"signing_public_key", json_read_public_key, offsetof(struct identity_file, signing_key),
		false},
};
static const struct json_table identity_table = JSON_TABLE_LENIENT(identity_members);

static int identity_parse(const struct file_text *file, struct identity *identity,
	struct key_public *signing_key, struct diag *diag)
{
	struct arena texts = {0};
	struct json_reading reading = {.arena = &texts, .diag = diag};
	struct identity_file parsed = {0};
	int error = json_text_read(&reading, file->text, file->length, &identity_table, &parsed);
	arena_clear(&texts);
	if (error) {
		identity_clear(&parsed.identity);
		return error;
	}
	*identity = parsed.identity;
	*signing_key = parsed.signing_key;
	return 0;
}

static int path_make(
	const char *directory, const char *name, char ret[static PATH_MAX], struct diag *diag)
{
	if (snprintf(ret, PATH_MAX, "%s/%s", directory, name) >= PATH_MAX)
		return diag_fail(
			diag, -ENAMETOOLONG, "%s/%s: the path is too long", directory, name);
	return 0;
}

static int private_key_parse(const char *text, struct key_secret *ret, struct diag *diag)
{
	struct key_secret key;
	int error = key_secret_parse(text, strlen(text), &key, diag);
	if (error)
		return error;
	if (key_secret_is_zero(&key))
		return diag_fail(diag, -EINVAL, "all zero, which is no key");
	key_secret_clamp(&key);
	*ret = key;
	key_secret_wipe(&key);
	return 0;
}

int identity_dir_read_private_key(
	const char *directory, struct identity *identity, struct diag *diag)
{
	char path[PATH_MAX], *text;
	int error = path_make(directory, "private_key", path, diag);
	if (!error)
		error = secret_file_read(path, &text, diag);
	if (error)
		return error;
	error = private_key_parse(text, &identity->private_key, diag);
	secret_text_free(text);
	if (error)
		return diag_wrap(diag, error, "%s", path);
	key_public_derive(&identity->private_key, &identity->public_key);
	return 0;
}

static int identity_json_read(const char *directory, struct identity *identity,
	struct key_public *signing_key, struct diag *diag)
{
	char path[PATH_MAX];
	struct file_text file;
	int error = path_make(directory, "identity.json", path, diag);
	if (!error)
		error = file_read_trusted(path, IDENTITY_BYTES_MAX, &file, diag);
	if (error)
		return error;
	error = identity_parse(&file, identity, signing_key, diag);
	file_text_clear(&file);
	return error ? diag_wrap(diag, error, "%s", path) : 0;
}

int identity_dir_load(const char *directory, struct identity *ret, struct diag *diag)
{
	struct identity identity = {0};
	struct key_public signing_key;
	int error = identity_json_read(directory, &identity, &signing_key, diag);
	if (!error)
		error = identity_dir_read_private_key(directory, &identity, diag);
	if (error)
		identity_clear(&identity);
	else
		*ret = identity;
	return error;
}

int identity_dir_read_token(const char *directory, char **ret, struct diag *diag)
{
	char path[PATH_MAX];
	int error = path_make(directory, "node_secret_key", path, diag);
	return error ? error : secret_file_read(path, ret, diag);
}

static int signing_key_file_read(const char *path, struct key_public *ret, struct diag *diag)
{
	struct file_text file;
	int error = file_read_trusted(path, IDENTITY_BYTES_MAX, &file, diag);
	if (error)
		return error;
	size_t length = file.length;
	while (length && (file.text[length - 1] == '\n' || file.text[length - 1] == '\r'))
		length--;
	error = key_public_parse(file.text, length, ret, diag);
	file_text_clear(&file);
	return error ? diag_wrap(diag, error, "%s", path) : 0;
}

int identity_dir_read_signing_key(const char *directory, struct key_public *ret, struct diag *diag)
{
	char path[PATH_MAX];
	struct identity identity = {0};
	struct key_public key = {0};
	struct diag ignored = {0};
	int error = path_make(directory, "signing_public_key", path, diag);
	if (error)
		return error;
	error = signing_key_file_read(path, ret, diag);
	if (error != -ENOENT)
		return error;
	/* Without the file, take the key from identity.json, which has it too. */
	if (identity_json_read(directory, &identity, &key, &ignored) == 0 &&
		!key_public_is_zero(&key)) {
		if (diag)
			diag_clear(diag);
		*ret = key;
		error = 0;
	}
	identity_clear(&identity);
	diag_clear(&ignored);
	return error;
}
