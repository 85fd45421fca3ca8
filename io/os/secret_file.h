/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A secret in a file of its own: one line of text, such as a token or a key in base64.
 */
#pragma once

struct diag;

#define SECRET_FILE_BYTES_MAX ((size_t)64 * 1024)

/*
 * Reads it without its line end; "-" is standard input. -EACCES as of file_read_private. Errors
 * begin with the path and do not repeat what is in it.
 */
int secret_file_read(const char *path, char **ret, struct diag *diag);
/* Wipes and frees. */
void secret_text_free(char *text);
