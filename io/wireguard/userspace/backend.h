/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Find wireguard-go, the program that implements WireGuard in userspace, and start it for an
 * interface. It survives the process that started it.
 */
#pragma once

#include "uapi_socket.h"

#include <limits.h>

struct diag;

struct backend {
	const char *path;     /* borrowed; NULL: the result of backend_find */
	const char *log_path; /* borrowed; file to append its output to; NULL: none */
	int timeout_ms;       /* until its socket answers; 0: 5 s */
};

struct backend_path {
	char text[PATH_MAX];
};

/* Return the start timeout with its default applied. */
int backend_timeout_ms(const struct backend *backend);
/* Search the system's program directories. Returns 0, or -ENOENT. */
int backend_find(struct backend_path *ret, struct diag *diag);
/*
 * Start the program for `interface` and wait until its socket answers. A program that exits first
 * is an error, with its exit status or signal. A program that does not answer in time (-ETIMEDOUT),
 * or answers in another dialect (-EPROTONOSUPPORT), is terminated. The error quotes the beginning
 * of its output.
 */
int backend_start(const struct backend *backend, const char *interface,
	const struct uapi_socket *uapi, struct diag *diag);
