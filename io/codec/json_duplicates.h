/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Find repeated members: two of one object whose names are equal once their escapes are decoded.
 * JSON readers differ in which of the two counts, so such an object is rejected.
 *
 * Checks return 0, -ENOMEM, or -EINVAL with `repeated member "psk"`. The span must come
 * from a document that json_scan_document accepted. They sort the names, in O(n log n).
 */
#pragma once

#include "json_span.h"

#define JSON_NAMES_FEW 32

/* The names of members, collected during a walk. A zeroed struct is empty. */
struct json_names {
	struct json_member_name {
		size_t object; /* the number of its object */
		struct json_span name;
	} few[JSON_NAMES_FEW], *many; /* the members of a peer fit without an allocation */
	size_t count;
	size_t capacity; /* of `many` */
};

/* Returns 0 or -ENOMEM. */
int json_names_add(struct json_names *names, size_t object, struct json_span name);
int json_names_check(struct json_names *names, struct diag *diag);
void json_names_clear(struct json_names *names);

/* Check the object itself, not the values of its members. */
int json_duplicates_check_members(struct json_span object, struct diag *diag);
/* Check every object within the span, at any depth. */
int json_duplicates_check_tree(struct json_span span, struct diag *diag);
