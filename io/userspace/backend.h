/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program that implements WireGuard in userspace, wireguard-go: finding it and starting it for
 * an interface. It lives on when its starter is gone.
 */
#pragma once

#include "uapi_socket.h"

#include <limits.h>

struct diag;

struct backend {
	const char *path;     /* borrowed; NULL: what backend_find finds */
	const char *log_path; /* borrowed; a file that its output is appended to; NULL: none */
	int timeout_ms;       /* until its socket answers; 0: 5 s */
};

struct backend_path {
	char text[PATH_MAX];
};

/* The time that starting it may take. */
int program_timeout_ms(const struct backend *program);
/* Looks in the usual directories. -ENOENT if there is none. */
int backend_find(struct backend_path *ret, struct diag *diag);
/*
 * Starts the program in the foreground for `interface` and waits until its socket answers. One that
 * exits first is an error that says how; one that does not answer in time (-ETIMEDOUT), or in
 * another dialect (-EPROTONOSUPPORT), is ended. The error has the beginning of its output.
 */
int backend_start(const struct backend *program, const char *interface,
	const struct uapi_socket *uapi, struct diag *diag);
