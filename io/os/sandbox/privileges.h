/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Give up root's privileges early and for good, except those that the daemon needs.
 */
#pragma once

#include <stdbool.h>

struct diag;
struct service_user;

/*
 * Find the user that a root daemon becomes: the service user, if that user owns the identity
 * directory. Return false if the process keeps its user.
 */
bool privileges_find_user(const char *identity_directory, struct service_user *ret);
/* Create the directory if it is missing, and make `user` its owner unless that is NULL. Returns 0
 * or a negative errno. */
int privileges_make_directory(
	const char *directory, const struct service_user *user, struct diag *diag);

/*
 * Become `user`, without supplementary groups, unless that is NULL, and drop capabilities.
 *
 * Of the capabilities the process has, keep CAP_NET_ADMIN and, if `keeps_bind`,
 * CAP_NET_BIND_SERVICE; programs that it starts inherit them. Drop all others for good, so that
 * neither root's exec (bounding set) nor a set-user-id program (no_new_privs) brings them back.
 * Call it before any thread is started. Returns 0 or a negative errno.
 */
int privileges_drop(const struct service_user *user, bool keeps_bind, struct diag *diag);

/* Whether binding that port requires CAP_NET_BIND_SERVICE. */
bool privileges_port_is_reserved(int port);
