/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory of its own for each test, removed with everything in it:
 *
 *     cmocka_unit_test_setup_teardown(name, scratch_make, scratch_clear)
 *
 * What cannot be done there fails the test.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct scratch {
	char directory[64];
};

int scratch_make(void **state);
int scratch_clear(void **state);

struct scratch_path {
	char text[256];
};
struct scratch_path scratch_path(const struct scratch *scratch, const char *name);

/* Write in place; a new file gets mode 0600. */
void scratch_write(const struct scratch *scratch, const char *name, const char *text);
/* Replaces by rename. */
void scratch_replace(const struct scratch *scratch, const char *name, const char *text);
/* Return the content of the file; the caller frees it. */
char *scratch_read(const struct scratch *scratch, const char *name);
bool scratch_has(const struct scratch *scratch, const char *name);
void scratch_mkdir(const struct scratch *scratch, const char *name);
/* Make a link of that name with that text, which replaces an older one in one step. */
void scratch_link(const struct scratch *scratch, const char *name, const char *target);
void scratch_rename(const struct scratch *scratch, const char *from, const char *to);
void scratch_unlink(const struct scratch *scratch, const char *name);
void scratch_chmod(const struct scratch *scratch, const char *name, mode_t mode);
