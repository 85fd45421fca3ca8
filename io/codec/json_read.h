/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Typed access to the values of small members, through json-c. Unlike json-c's own getters, these
 * do not convert: null counts as missing, and any other type than the requested one is an error.
 *
 * Objects stay spans, because json-c cuts a member's name at a NUL and drops repeated members.
 */
#pragma once

#include "json_span.h"

#include <stdint.h>

struct json_object;
struct json_tokener;

struct json_reader {
	struct json_tokener *tokener;
};

/* Returns 0 or -ENOMEM. */
int json_reader_init(struct json_reader *reader);
/* Overwrite the last strings in the tokener, which may be secrets, and free it. */
void json_reader_deinit(struct json_reader *reader);

/*
 * Read a value, which the caller frees with json_read_free; null gives NULL. An object or an array
 * is returned empty, to show its type only: a tree takes many times the memory of its text. Returns
 * 0, -ENOMEM or -EINVAL.
 */
int json_read(struct json_reader *reader, struct json_span span, struct json_object **ret,
	struct diag *diag);
/* Read a member of an object; a missing one gives NULL. Returns as json_read. */
int json_read_member(struct json_reader *reader, struct json_span object, const char *name,
	struct json_object **ret, struct diag *diag);
/* Read an array with its elements, each as json_read does. Returns as json_read. */
int json_read_list(struct json_reader *reader, struct json_span array, struct json_object **ret,
	struct diag *diag);
/* Overwrite all strings, which may be secrets, and free. */
void json_read_free(struct json_object *tree);

/*
 * Return 0 or -EINVAL. A string is borrowed from the tree, NULL if missing, and contains no NUL; a
 * whole number out of range becomes the nearest value in range.
 */
int json_read_string(struct json_object *value, const char **ret, struct diag *diag);
int json_read_int64(struct json_span value, bool *ret_given, int64_t *ret, struct diag *diag);
