/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read JSON objects by a table, which names the members with the reader and the destination of
 * each. Error texts name the member: `device: peers[0]: psk: not base64`.
 *
 * The reader of a member gets the address of its destination. Readers return 0, -ENOMEM or -EINVAL
 * with a text in `diag`. Spans must come from a document that json_scan_document accepted.
 */
#pragma once

#include "json_span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct diag;

struct json_reading {
	struct arena *arena; /* owns everything that readers allocate */
	struct diag *diag;
};

typedef int json_reader(struct json_reading *reading, struct json_span value, void *target);

struct json_member {
	const char *name;
	json_reader *read;
	size_t offset; /* of the destination in the target */
	bool required;
};

struct json_table {
	const struct json_member *members;
	size_t count;
	/* Further valid members; NULL: none. */
	const struct json_table *also;
	/* Unknown members are ignored and null counts as missing: what programs exchange. Else
	 * both are errors: what people write. */
	bool is_lenient;
};

#define JSON_TABLE(array)                                                                          \
	{                                                                                          \
		.members = (array), .count = sizeof(array) / sizeof((array)[0])                    \
	}
#define JSON_TABLE_LENIENT(array)                                                                  \
	{                                                                                          \
		.members = (array), .count = sizeof(array) / sizeof((array)[0]),                   \
		.is_lenient = true                                                                 \
	}

/*
 * Read an object into `target`, members in the order of the table. Sets bit N of `*ret_given` if
 * member N of the table (not of `also`) is present; `ret_given` may be NULL.
 */
int json_object_read(struct json_reading *reading, struct json_span object,
	const struct json_table *table, void *target, unsigned *ret_given);
/* Scan a text that is one object, and read it. */
int json_text_read(struct json_reading *reading, const char *text, size_t length,
	const struct json_table *table, void *target);

/* Write the text of the error. Returns -EINVAL. */
int json_fail(struct json_reading *reading, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Put the place before the text of an error: `peers[0]: psk: ...`, after `[0]: psk: ...`. Returns
 * `error`. */
int json_wrap_place(struct diag *diag, int error, const char *place);
/* Fail unless the value is of that kind. Null is a kind of its own. */
int json_expect(struct json_reading *reading, struct json_span value, enum json_kind kind);

/* Fail unless the value is an object without repeated members. */
int json_object_check(struct json_reading *reading, struct json_span object);

/*
 * Read each element of an array with `read` into an array of elements of `size` bytes, which is
 * allocated in the arena and zeroed.
 */
int json_array_read(struct json_reading *reading, struct json_span array, json_reader *read,
	size_t size, void **ret_elements, size_t *ret_count);
