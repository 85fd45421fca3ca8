/* SPDX-License-Identifier: Apache-2.0 */
#include "state_file.h"

#include "diag.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int state_text_read(const char *path, size_t bytes_max, struct file_text *ret, struct diag *diag)
{
	size_t max = bytes_max ? bytes_max : STATE_BYTES_MAX;
	int error = file_read_trusted(path, max, ret, diag);
	if (error == -EFBIG)
		diag_fail(diag, error, "%s: over %zu MiB (--max-state-mib)",
			file_display_name(path), max >> 20);
	return error;
}

int state_file_open(struct state_file *file, const char *path, size_t bytes_max, struct diag *diag)
{
	*file = (struct state_file){.bytes_max = bytes_max};
	return path_watch_open(&file->watch, path, diag);
}

int state_file_watch_again(struct state_file *file, struct diag *diag)
{
	const char *path = file->watch.path;
	path_watch_close(&file->watch);
	return path_watch_open(&file->watch, path, diag);
}

int state_file_take(struct state_file *file, bool *ret_changed, struct diag *diag)
{
	return path_watch_take(&file->watch, ret_changed, diag);
}

int state_file_read(struct state_file *file, enum state_file_outcome *ret_outcome,
	struct file_text *ret_text, struct diag *diag)
{
	const char *path = file->watch.path;
	struct file_text text = {0};
	uint8_t hash[STATE_FILE_HASH];
	/* A descriptor can be read only once, and therefore not followed. */
	int error = file_is_descriptor(path)
			    ? diag_fail(diag, -EINVAL, "%s: not a regular file", path)
			    : state_text_read(path, file->bytes_max, &text, diag);
	if (error)
		return error;
	crypto_generichash(hash, sizeof hash, (const uint8_t *)text.text, text.length, NULL, 0);
	if (file->has_hash && memcmp(file->hash, hash, sizeof hash) == 0) {
		file_text_clear(&text);
		if (file->fault)
			return diag_fail(diag, -EINVAL, "%s", file->fault);
		*ret_outcome = STATE_FILE_UNCHANGED;
		return 0;
	}
	free(file->fault);
	file->fault = NULL;
	memcpy(file->hash, hash, sizeof hash);
	file->has_hash = true;
	*ret_outcome = STATE_FILE_TEXT;
	*ret_text = text;
	return 0;
}

int state_file_reject(struct state_file *file, const char *fault)
{
	char *copy = strdup(fault);
	if (!copy) {
		file->has_hash = false;
		return -ENOMEM;
	}
	free(file->fault);
	file->fault = copy;
	return 0;
}

void state_file_forget(struct state_file *file)
{
	free(file->fault);
	file->fault = NULL;
	file->has_hash = false;
}

void state_file_close(struct state_file *file)
{
	path_watch_close(&file->watch);
	state_file_forget(file);
}
