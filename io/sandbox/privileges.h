/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the daemon may do with the system beyond what any user may, given up early and for good.
 */
#pragma once

#include <stdbool.h>

struct diag;
struct service_user;

/*
 * Whom root's daemon becomes: the service user if the node's identity is that user's. False if the
 * process stays who it is.
 */
bool privileges_find_user(const char *identity_directory, struct service_user *ret);
/* Makes the directory if it is missing, and gives it to the user unless that is NULL. Returns 0 or
 * a negative errno. */
int privileges_make_directory(
	const char *directory, const struct service_user *user, struct diag *diag);

/*
 * Becomes `user` unless that is NULL, without supplementary groups.
 *
 * Keeps CAP_NET_ADMIN, and CAP_NET_BIND_SERVICE where the tunnels' port calls for it, so far as the
 * process has them, and gives up all other capabilities: also those that root would be given when
 * it starts a program, and those that a set-user-id program would bring (no_new_privs). The
 * programs that it starts have the same two. Only before there are threads. Returns 0 or a negative
 * errno.
 */
int privileges_drop(const struct service_user *user, bool keeps_bind, struct diag *diag);

/* Whether to bind that port takes CAP_NET_BIND_SERVICE. */
bool privileges_port_is_reserved(int port);
