/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may own what this process takes secrets from or gives them to: files, the directories above
 * them, and the other end of a socket.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* The user that packages run the daemon as. A process of root trusts it. */
#define SERVICE_USER "plexwg"

struct service_user {
	uid_t uid;
	gid_t gid;
};

/* False if the system has no such user. */
bool service_user_find(struct service_user *ret);

/* Root, this process's own user, and for a process of root also SERVICE_USER. */
bool owner_is_trusted(uid_t owner);

/* Those, as an error names them: "root or plexwg". */
struct owners_text {
	char text[32];
};
struct owners_text trusted_owners_text(void);
