/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control plane of this directory as a process of a test, and its admin interface, which
 * main.go describes. Whatever goes wrong fails the test.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct plane_process {
	pid_t pid;
	char api[64]; /* "http://127.0.0.1:PORT" */
	char ca_file[256];
	char signing_public_key[64];
	char admin_address[64]; /* "127.0.0.1:PORT" */
};

/* `arguments`, ended by NULL, are put after the program's name, which is that of the environment's
 * PLEXWG_CONTROL_PLANE. It is killed with the test. */
void plane_process_start(struct plane_process *plane, const char *const *arguments);
void plane_process_stop(struct plane_process *plane);

/* Sends a request to the admin interface; the answer is to be freed. A path begins with a slash;
 * `body` may be NULL. */
char *plane_process_ask(const struct plane_process *plane, const char *method, const char *path,
	const char *body) __attribute__((returns_nonnull));
/* The same without the answer. `format` makes the body. */
void plane_process_tell(const struct plane_process *plane, const char *method, const char *path,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Whether the answer to GET has this text in it. */
bool plane_process_knows(const struct plane_process *plane, const char *path, const char *part);
