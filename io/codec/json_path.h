/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Find the path to a byte of a JSON document, so that an error can name it.
 */
#pragma once

#include "json_scan.h"

/* One part of the path: the member of an object or the element of an array that holds the byte. */
struct json_path_part {
	bool is_member;        /* of an object; else an element of an array */
	struct json_span name; /* no text: the byte comes before the end of the name */
	size_t index;
};

/*
 * Find the path to the byte at `offset`, outermost part first, and return the number of parts. The
 * text before that byte must be valid JSON; the rest is not read. Names borrow from `text`.
 */
size_t json_path_find(const char *text, size_t offset, struct json_path_part ret[JSON_DEPTH_MAX]);
