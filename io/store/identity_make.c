/* SPDX-License-Identifier: Apache-2.0 */
#include "identity_make.h"

#include "curve.h"
#include "diag.h"
#include "file.h"
#include "identity_dir.h"
#include "secret_buffer.h"
#include "trusted_path.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Open the directory, creating it if it is missing. Returns a descriptor or a negative errno. */
static int directory_make(const char *directory, struct diag *diag)
{
	bool is_made = mkdir(directory, 0700) == 0;
	if (!is_made && errno != EEXIST)
		return diag_wrap(diag, diag_fail_errno(diag, -errno), "%s", directory);
	int fd = trusted_directory_open(directory, diag);
	if (fd < 0 && is_made)
		rmdir(directory);
	return fd;
}

/* Keep other processes from creating an identity there until the caller closes `*ret`. */
static int directory_lock(const char *directory, int *ret, struct diag *diag)
{
	int fd = directory_make(directory, diag);
	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		*ret = fd;
		return 0;
	}
	int error = -errno;
	close(fd);
	if (error == -EWOULDBLOCK)
		return diag_fail(
			diag, -EBUSY, "%s: another plexwg makes an identity there now", directory);
	return diag_wrap(diag, diag_fail_errno(diag, error), "%s", directory);
}

static int check_absent(const char *directory, const char *name, struct diag *diag)
{
	char path[PATH_MAX];
	struct stat status;
	if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path)
		return diag_fail(diag, -ENAMETOOLONG, "%s: the path is too long", directory);
	if (lstat(path, &status) == 0)
		return diag_fail(diag, -EEXIST, "%s: there is an identity already", path);
	return 0;
}

/* Write the line and clear it. */
static int line_write(
	const char *directory, const char *name, struct secret_buffer *line, struct diag *diag)
{
	secret_buffer_append(line, "\n", 1);
	int error = line->out_of_memory
			    ? diag_fail_errno(diag, -ENOMEM)
			    : file_replace(directory, name, line->bytes, line->length, diag);
	secret_buffer_clear(line);
	return error;
}

static int identity_text_write(
	const char *directory, const char *name, const char *text, struct diag *diag)
{
	struct secret_buffer line = {0};
	secret_buffer_append_text(&line, text);
	return line_write(directory, name, &line, diag);
}

static int private_key_make(const char *directory, struct identity *identity, struct diag *diag)
{
	const size_t size = sodium_base64_ENCODED_LEN(KEY_BYTES, sodium_base64_VARIANT_ORIGINAL);
	struct secret_buffer line = {0};
	struct key_secret *key = &identity->private_key;
	randombytes_buf(key->bytes, KEY_BYTES);
	key_secret_clamp(key);
	key_public_derive(key, &identity->public_key);
	/* Encode into the buffer directly: the stack is not secret memory. */
	if (secret_buffer_reserve(&line, size)) {
		sodium_bin2base64(
			line.bytes, size, key->bytes, KEY_BYTES, sodium_base64_VARIANT_ORIGINAL);
		line.length = size - 1;
	}
	return line_write(directory, "private_key", &line, diag);
}

/* Return false when out of memory: json-c would write null. */
static bool text_add(struct json_object *object, const char *name, const char *text)
{
	if (!text)
		return true;
	struct json_object *value = json_object_new_string(text);
	if (value && json_object_object_add(object, name, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

static int identity_json_write(const char *directory, const char *node_id, const struct ip *mesh_ip,
	const char *signing_key, struct diag *diag)
{
	struct json_object *object = json_object_new_object();
	bool is_whole = object && text_add(object, "node_id", node_id) &&
			text_add(object, "mesh_ip", ip_format(mesh_ip).text) &&
			text_add(object, "signing_public_key", signing_key);
	const char *text =
		is_whole ? json_object_to_json_string_ext(
				   object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE)
			 : NULL;
	int error = text ? identity_text_write(directory, "identity.json", text, diag)
			 : diag_fail_errno(diag, -ENOMEM);
	json_object_put(object);
	return error;
}

int identity_make(const char *directory, const char *node_id, const struct ip *mesh_ip,
	struct identity *ret, struct diag *diag)
{
	struct identity identity = {.mesh_ip = *mesh_ip};
	int lock = -1;
	int error = directory_lock(directory, &lock, diag);
	if (error)
		return error;
	error = check_absent(directory, "identity.json", diag);
	if (!error)
		error = check_absent(directory, "private_key", diag);
	if (!error && node_id) {
		identity.node_id = strdup(node_id);
		error = identity.node_id ? 0 : diag_fail_errno(diag, -ENOMEM);
	}
	/* The key comes first: an identity without its key would be useless. */
	if (!error)
		error = private_key_make(directory, &identity, diag);
	if (!error)
		error = identity_json_write(directory, node_id, mesh_ip, NULL, diag);
	close(lock);
	if (error)
		identity_clear(&identity);
	else
		*ret = identity;
	return error;
}

/* Read the existing key, or make a new one. */
static int private_key_obtain(const char *directory, struct identity *identity, struct diag *diag)
{
	int error = identity_dir_read_private_key(directory, identity, diag);
	if (error != -ENOENT)
		return error;
	if (diag)
		diag_clear(diag);
	return private_key_make(directory, identity, diag);
}

int identity_prepare(const char *directory, struct identity *ret, int *ret_lock, struct diag *diag)
{
	struct identity identity = {0};
	int lock = -1;
	int error = directory_lock(directory, &lock, diag);
	if (error)
		return error;
	error = check_absent(directory, "identity.json", diag);
	if (!error)
		error = private_key_obtain(directory, &identity, diag);
	if (error) {
		identity_clear(&identity);
		close(lock);
		return error;
	}
	*ret = identity;
	*ret_lock = lock;
	return 0;
}

int identity_complete(
	const char *directory, const struct identity_registration *registration, struct diag *diag)
{
	struct key_text key = key_public_format(&registration->signing_public_key);
	int error = identity_text_write(
		directory, "node_secret_key", registration->node_secret_key, diag);
	if (!error)
		error = identity_text_write(directory, "signing_public_key", key.text, diag);
	if (!error)
		error = identity_json_write(
			directory, registration->node_id, &registration->mesh_ip, key.text, diag);
	return error;
}
