/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The places of unknown members, such as `peers[3].allowed_ip`. They are ignored; `plan` names
 * them, since many are typing errors.
 */
#pragma once

#include "json_span.h"

/* Further ones are only counted. */
#define UNKNOWN_MEMBERS_MAX 1024

struct unknown_members {
	const char **places; /* in the arena */
	size_t count;
	size_t further_count;
};

/*
 * Add "PLACE.NAME", or "NAME" if the place is ""; a name that is not plain text is quoted.
 * Returns 0 or -ENOMEM.
 */
int unknown_members_add(struct unknown_members *members, struct arena *arena, const char *place,
	struct json_span name);
