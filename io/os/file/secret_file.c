/* SPDX-License-Identifier: Apache-2.0 */
#include "secret_file.h"

#include "diag.h"
#include "file.h"
#include "secret_memory.h"

#include <errno.h>
#include <string.h>

/* The length without the line end that editors and echo append. */
static size_t line_length(const struct file_text *file)
{
	size_t length = file->length;
	while (length && (file->text[length - 1] == '\n' || file->text[length - 1] == '\r'))
		length--;
	return length;
}

static int secret_line_take(const struct file_text *file, char **ret, struct diag *diag)
{
	size_t length = line_length(file);
	if (length == 0)
		return diag_fail(diag, -EINVAL, "empty");
	if (memchr(file->text, '\0', length) || memchr(file->text, '\n', length))
		return diag_fail(diag, -EINVAL, "not one line of text");
	char *text = secret_alloc(length + 1);
	if (!text)
		return diag_fail_errno(diag, -ENOMEM);
	memcpy(text, file->text, length);
	*ret = text;
	return 0;
}

int secret_file_read(const char *path, char **ret, struct diag *diag)
{
	struct file_text file;
	int error = file_read_private(path, SECRET_FILE_BYTES_MAX, &file, diag);
	if (error)
		return error;
	error = secret_line_take(&file, ret, diag);
	file_text_clear(&file);
	return error ? diag_wrap(diag, error, "%s", file_display_name(path)) : 0;
}

void secret_text_free(char *text)
{
	if (text)
		secret_free(text, strlen(text) + 1);
}
