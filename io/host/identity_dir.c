#include "identity_dir.h"

#include "arena.h"
#include "curve.h"
#include "diag.h"
#include "file.h"
#include "json_scan.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define IDENTITY_BYTES_MAX (64 * 1024)
#define NODE_ID_MAX        255

static int directory_file_read(
	const char *directory, const char *name, struct file_text *ret, struct diag *diag)
{
	char path[PATH_MAX];
	if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path)
		return diag_fail(
			diag, -ENAMETOOLONG, "%s/%s: the path is too long", directory, name);
	return file_read(path, IDENTITY_BYTES_MAX, ret, diag);
}

/* A member that holds text without NUL bytes; NULL if it is missing or null. */
static int text_member(struct json_span object, const char *name, struct arena *arena,
	const char **ret, struct diag *diag)
{
	struct json_span value;
	*ret = NULL;
	if (!json_span_find_member(object, name, &value) || json_span_kind(value) == JSON_NULL)
		return 0;
	size_t length;
	if (json_span_kind(value) != JSON_STRING)
		return diag_fail(diag, -EINVAL, "%s: not a string", name);
	if (json_span_decode(value, arena, ret, &length) != 0)
		return diag_fail_errno(diag, -ENOMEM);
	if (strlen(*ret) != length)
		return diag_fail(diag, -EINVAL, "%s: contains a NUL byte", name);
	return 0;
}

static int identity_parse(
	const struct file_text *file, struct identity *identity, struct diag *diag)
{
	struct arena arena = {0};
	struct json_span object;
	const char *node_id = NULL, *mesh_ip = NULL;
	int error = json_scan_document(file->text, file->length, &object, diag);
	if (!error && json_span_kind(object) != JSON_OBJECT)
		error = diag_fail(diag, -EINVAL, "not a JSON object");
	if (!error)
		error = text_member(object, "node_id", &arena, &node_id, diag);
	if (!error)
		error = text_member(object, "mesh_ip", &arena, &mesh_ip, diag);
	if (!error && !mesh_ip)
		error = diag_fail(diag, -EINVAL, "mesh_ip: missing");
	if (!error && !ip_parse(mesh_ip, strlen(mesh_ip), &identity->mesh_ip))
		error = diag_fail(diag, -EINVAL, "mesh_ip: %s: not an IP address",
			quote(mesh_ip, strlen(mesh_ip)).text);
	if (!error && node_id && strlen(node_id) > NODE_ID_MAX)
		error = diag_fail(diag, -EINVAL, "node_id: over %d bytes", NODE_ID_MAX);
	if (!error && node_id) {
		identity->node_id = strdup(node_id);
		error = identity->node_id ? 0 : diag_fail_errno(diag, -ENOMEM);
	}
	arena_clear(&arena);
	return error;
}

static int secret_file_check(const struct file_text *file, struct diag *diag)
{
	if (!file_others_may_read(file->mode) && !file_others_may_write(file->mode))
		return 0;
	return diag_fail(diag, -EACCES,
		"others may read or write it (mode %04o); chmod 0600 makes it private",
		(unsigned)file->mode & 07777);
}

/* The length without the line end that editors add. */
static size_t line_length(const struct file_text *file)
{
	size_t length = file->length;
	while (length && (file->text[length - 1] == '\n' || file->text[length - 1] == '\r'))
		length--;
	return length;
}

static int private_key_parse(
	const struct file_text *file, struct identity *identity, struct diag *diag)
{
	int error = secret_file_check(file, diag);
	if (error)
		return error;
	error = key_secret_parse(file->text, line_length(file), &identity->private_key, diag);
	if (error)
		return error;
	if (key_secret_is_zero(&identity->private_key))
		return diag_fail(diag, -EINVAL, "all zero, which is no key");
	key_secret_clamp(&identity->private_key);
	key_public_derive(&identity->private_key, &identity->public_key);
	return 0;
}

int identity_dir_load(const char *directory, struct identity *ret, struct diag *diag)
{
	struct identity identity = {0};
	struct file_text file = {0};
	int error = directory_file_read(directory, "identity.json", &file, diag);
	if (!error) {
		error = identity_parse(&file, &identity, diag);
		if (error)
			diag_wrap(diag, error, "%s/identity.json", directory);
	}
	file_text_clear(&file);
	if (!error)
		error = directory_file_read(directory, "private_key", &file, diag);
	if (!error && file.text) {
		error = private_key_parse(&file, &identity, diag);
		if (error)
			diag_wrap(diag, error, "%s/private_key", directory);
	}
	file_text_clear(&file);
	if (error)
		identity_clear(&identity);
	else
		*ret = identity;
	return error;
}

int identity_dir_read_token(const char *directory, char **ret, struct diag *diag)
{
	struct file_text file = {0};
	int error = directory_file_read(directory, "node_secret_key", &file, diag);
	if (error)
		return error;
	size_t length = line_length(&file);
	char *token = NULL;
	error = secret_file_check(&file, diag);
	if (!error && (length == 0 || memchr(file.text, '\0', length)))
		error = diag_fail(diag, -EINVAL, "no token in it");
	if (!error) {
		token = strndup(file.text, length);
		error = token ? 0 : diag_fail_errno(diag, -ENOMEM);
	}
	file_text_clear(&file);
	if (error)
		return diag_wrap(diag, error, "%s/node_secret_key", directory);
	*ret = token;
	return 0;
}

int identity_dir_read_signing_key(const char *directory, struct key_public *ret, struct diag *diag)
{
	struct file_text file = {0};
	int error = directory_file_read(directory, "signing_public_key", &file, diag);
	if (error)
		return error;
	error = key_public_parse(file.text, line_length(&file), ret, diag);
	file_text_clear(&file);
	return error ? diag_wrap(diag, error, "%s/signing_public_key", directory) : 0;
}

static int directory_make(const char *directory, struct diag *diag)
{
	struct stat status;
	if (mkdir(directory, 0700) == 0)
		return 0;
	int error = -errno;
	if (error == -EEXIST && stat(directory, &status) == 0 && S_ISDIR(status.st_mode)) {
		if (!(status.st_mode & (S_IWGRP | S_IWOTH)))
			return 0;
		return diag_fail(diag, -EACCES, "%s: others may write it (mode %04o)", directory,
			(unsigned)status.st_mode & 07777);
	}
	diag_fail_errno(diag, error);
	return diag_wrap(diag, error, "%s", directory);
}

static int refuse_existing(const char *directory, const char *name, struct diag *diag)
{
	char path[PATH_MAX];
	struct stat status;
	if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path)
		return diag_fail(diag, -ENAMETOOLONG, "%s: the path is too long", directory);
	if (lstat(path, &status) == 0)
		return diag_fail(diag, -EEXIST, "%s: there is an identity already", path);
	return 0;
}

static int private_key_write(const char *directory, const struct key_secret *key, struct diag *diag)
{
	char text[sodium_base64_ENCODED_LEN(KEY_BYTES, sodium_base64_VARIANT_ORIGINAL)];
	sodium_bin2base64(text, sizeof text, key->bytes, KEY_BYTES, sodium_base64_VARIANT_ORIGINAL);
	size_t length = strlen(text);
	text[length] = '\n';
	int error = file_replace(directory, "private_key", text, length + 1, diag);
	sodium_memzero(text, sizeof text);
	return error;
}

static int identity_write(const char *directory, const struct identity *identity, struct diag *diag)
{
	struct json_object *object = json_object_new_object();
	const char *text = NULL;
	if (object && identity->node_id)
		json_object_object_add(
			object, "node_id", json_object_new_string(identity->node_id));
	if (object) {
		json_object_object_add(object, "mesh_ip",
			json_object_new_string(ip_format(&identity->mesh_ip).text));
		text = json_object_to_json_string_ext(
			object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	}
	int error = text ? file_replace(directory, "identity.json", text, strlen(text), diag)
			 : diag_fail_errno(diag, -ENOMEM);
	json_object_put(object);
	return error;
}

int identity_dir_create(const char *directory, const char *node_id, const struct ip *mesh_ip,
	struct identity *ret, struct diag *diag)
{
	struct identity identity = {.mesh_ip = *mesh_ip};
	int error = directory_make(directory, diag);
	if (!error)
		error = refuse_existing(directory, "identity.json", diag);
	if (!error)
		error = refuse_existing(directory, "private_key", diag);
	if (!error && node_id) {
		identity.node_id = strdup(node_id);
		error = identity.node_id ? 0 : diag_fail_errno(diag, -ENOMEM);
	}
	if (!error) {
		randombytes_buf(identity.private_key.bytes, KEY_BYTES);
		key_secret_clamp(&identity.private_key);
		key_public_derive(&identity.private_key, &identity.public_key);
		/* The key first: an identity without its key would be of no use. */
		error = private_key_write(directory, &identity.private_key, diag);
	}
	if (!error)
		error = identity_write(directory, &identity, diag);
	if (error)
		identity_clear(&identity);
	else
		*ret = identity;
	return error;
}
