/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which users may own the files, directories and sockets that this process reads secrets from or
 * sends them to.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* The user that packages run the daemon as. A root process trusts it. */
#define SERVICE_USER "plexwg"

struct service_user {
	uid_t uid;
	gid_t gid;
};

/* Return false if the system has no such user. */
bool service_user_find(struct service_user *ret);

/* Trusted are root, this process's own user and, if this process is root, SERVICE_USER. */
bool owner_is_trusted(uid_t owner);

/* The trusted owners as an error names them: "root or plexwg". */
struct owners_text {
	char text[32];
};
struct owners_text trusted_owners_text(void);
