/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of an error.
 *
 * The function that fails sets the innermost text. Each caller wraps it with what it was doing, so
 * that the final text reads like a path:
 *
 *     wireguard: setup: create interface: Operation not permitted
 *
 * The outermost caller owns the diag and reports the error once. Every `diag` parameter may be
 * NULL; the caller then gets only the returned code. Texts never hold a secret. Errors are negative
 * errno values.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Limit of a joined text. diag_join and diag_add append "..." in place of what exceeds it. */
#define DIAG_BYTES_MAX ((size_t)16 << 20)

struct diag {
	char *text; /* NULL: no text yet */
	size_t length;
	size_t capacity;
	bool is_cut; /* ends with "..." */
};

/* Replace the text. Return `error`, so that failing is one statement. */
int diag_fail(struct diag *diag, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Set the text to the system's description of `error`, a negative errno. Return `error`. */
int diag_fail_errno(struct diag *diag, int error);

/* Put "FORMAT: " before the text. Return `error`. */
int diag_wrap(struct diag *diag, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Append "; FORMAT", or set the text if there is none: several failures become one text. Return
 * `error`. */
int diag_add(struct diag *diag, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Append the text of `other` in the same way. */
void diag_join(struct diag *diag, const struct diag *other);

/* Return the text, or "" if there is none. Never NULL. */
const char *diag_text(const struct diag *diag);

/* Free the text; the diag is zero afterwards. */
void diag_clear(struct diag *diag);

/*
 * Quote input for use in an error: double quotes around it, quotes and control characters escaped,
 * cut after 64 bytes. Use as `quote(text, length).text`.
 */
struct quoted {
	char text[300];
};
struct quoted quote(const char *text, size_t length);
