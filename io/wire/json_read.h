/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Typed access, through json-c, to the values of small members. json-c's own getters convert
 * quietly; these do not: null counts as missing, any other type than the one asked for is an error.
 *
 * Objects stay spans: json-c would cut a member's name at a NUL and keep the last of repeated ones.
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
/* Overwrites what the tokener holds of the last strings, which may be secrets, and frees. */
void json_reader_deinit(struct json_reader *reader);

/*
 * The value, for json_read_free; NULL for null. An object or an array comes empty: no more is asked
 * of it than what it is, and a tree takes many times the memory of its text. Returns 0, -ENOMEM or
 * -EINVAL.
 */
int json_read(struct json_reader *reader, struct json_span span, struct json_object **ret,
	struct diag *diag);
/* The same of a member of an object; NULL if there is none. */
int json_read_member(struct json_reader *reader, struct json_span object, const char *name,
	struct json_object **ret, struct diag *diag);
/* An array with its elements, read like that. */
int json_read_list(struct json_reader *reader, struct json_span array, struct json_object **ret,
	struct diag *diag);
/* Overwrites all strings, which may be secrets, and frees. */
void json_read_free(struct json_object *tree);

/* Each returns 0 or -EINVAL. A string is borrowed from the tree, NULL if missing, and holds no NUL;
 * a whole number beyond the type's range becomes the end of the range. */
int json_read_string(struct json_object *value, const char **ret, struct diag *diag);
int json_read_int64(struct json_span value, bool *ret_given, int64_t *ret, struct diag *diag);
