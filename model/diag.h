/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An error on its way outward.
 *
 * A function that fails sets the innermost text; each caller on the way out wraps it with what it
 * was doing, so that the final text reads like a path:
 *
 *     wireguard: setup: create interface: Operation not permitted
 *
 * The caller that started the work owns the diag, and whoever gives up reports it, once. A diag
 * may be NULL wherever one is asked for; then only the returned code tells. No text may hold a
 * secret. Errors are negative errno values.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What would join a text and make it longer is left out, and "..." stands for it. */
#define DIAG_BYTES_MAX ((size_t)16 << 20)

struct diag {
	char *text; /* NULL: no text yet */
	size_t length;
	size_t capacity;
	bool is_cut;
};

/* Replaces the text. Returns `error` so that a failure is one statement. */
int diag_fail(struct diag *diag, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Sets the text to the system's words for `error` (negative errno). Returns `error`. */
int diag_fail_errno(struct diag *diag, int error);

/* Puts "FORMAT: " before the text. Returns `error`. */
int diag_wrap(struct diag *diag, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Appends the text to one that is there, after "; ": of several failures none is lost. Returns
 * `error`. */
int diag_add(struct diag *diag, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Appends "; TEXT" of `other`, or takes its text over if there is none here. */
void diag_join(struct diag *diag, const struct diag *other);

/* The text, or "" if there is none. Never NULL. */
const char *diag_text(const struct diag *diag);

/* Back to the zero state. */
void diag_clear(struct diag *diag);

/*
 * Foreign text for use in an error: in double quotes, control characters and quotes escaped,
 * cut after 64 bytes. Use as `quote(text, length).text`.
 */
struct quoted {
	char text[300];
};
struct quoted quote(const char *text, size_t length);
