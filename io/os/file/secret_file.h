/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read a secret from a file of its own: one line of text, such as a token or a key in base64.
 */
#pragma once

struct diag;

#define SECRET_FILE_BYTES_MAX ((size_t)64 * 1024)

/*
 * Read the line without its line end; "-" is standard input. Free it with secret_text_free.
 *
 * Errors: as file_read_private, and -EINVAL if the file is not one line of text. The text in `diag`
 * begins with the path and never quotes the content.
 */
int secret_file_read(const char *path, char **ret, struct diag *diag);
/* Wipe and free. NULL is allowed. */
void secret_text_free(char *text);
