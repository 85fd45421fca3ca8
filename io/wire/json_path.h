/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in a JSON document a byte stands, for errors that shall name more than its number.
 */
#pragma once

#include "json_scan.h"

/* A step of the way: the member of an object or the element of an array that leads to the byte. */
struct json_path_part {
	bool is_member;        /* of an object; else an element of an array */
	struct json_span name; /* no text: the name is not known yet */
	size_t index;
};

/*
 * The way to the byte at `offset`, outermost first; returns how many parts it has. The text before
 * that byte must be sound, what follows does not matter. Names borrow from `text`.
 */
size_t json_path_find(const char *text, size_t offset, struct json_path_part ret[JSON_DEPTH_MAX]);
