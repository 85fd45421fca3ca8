/* SPDX-License-Identifier: Apache-2.0 */
#include "trusted_owner.h"

#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#define ENTRY_BYTES 4096

bool service_user_find(struct service_user *ret)
{
	char texts[ENTRY_BYTES];
	struct passwd entry;
	struct passwd *found = NULL;
	if (getpwnam_r(SERVICE_USER, &entry, texts, sizeof texts, &found) != 0 || !found)
		return false;
	*ret = (struct service_user){entry.pw_uid, entry.pw_gid};
	return true;
}

static bool is_service_user(uid_t owner)
{
	struct service_user user;
	return service_user_find(&user) && user.uid == owner;
}

bool owner_is_trusted(uid_t owner)
{
	uid_t self = geteuid();
	return owner == 0 || owner == self || (self == 0 && is_service_user(owner));
}

struct owners_text trusted_owners_text(void)
{
	struct owners_text owners = {"root or " SERVICE_USER};
	uid_t self = geteuid();
	if (self != 0)
		snprintf(owners.text, sizeof owners.text, "root or uid %u", (unsigned)self);
	return owners;
}
