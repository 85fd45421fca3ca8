/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Find repeated members: two of one object whose names are equal once their escapes are decoded.
 * JSON readers differ in which of the two counts, so such an object is rejected.
 *
 * Both functions return 0, -ENOMEM, or -EINVAL with `repeated member "psk"`. The span must come
 * from a document that json_scan_document accepted. They sort the names, in O(n log n).
 */
#pragma once

#include "json_span.h"

/* Check the object itself, not the values of its members. */
int json_duplicates_check_members(struct json_span object, struct diag *diag);
/* Check every object within the span, at any depth. */
int json_duplicates_check_tree(struct json_span span, struct diag *diag);
