/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict reading of a scenario's objects. A table names the members of an object, with the reader
 * and the destination of each. An unknown member is an error, and so is one of the wrong type.
 * Error texts name the member: `device: peers[0]: psk: not base64`.
 *
 * The reader of a member gets the address of its destination. Readers return 0, -ENOMEM or -EINVAL.
 */
#pragma once

#include "json_span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct diag;

struct reading {
	struct arena *arena; /* owns everything that readers allocate */
	struct diag *diag;
};

typedef int member_reader(struct reading *reading, struct json_span value, void *target);

struct member {
	const char *name;
	member_reader *read;
	size_t offset; /* of the destination in the target */
	bool required;
};

struct member_table {
	const struct member *members;
	size_t count;
	const struct member_table *also; /* further valid members; NULL: none */
};

#define MEMBER_TABLE(array)                                                                        \
	{                                                                                          \
		.members = (array), .count = sizeof(array) / sizeof((array)[0])                    \
	}

/*
 * Read an object into `target`. Sets bit N of `*ret_given` if member N of the table (not of `also`)
 * is present; `ret_given` may be NULL.
 */
int object_read(struct reading *reading, struct json_span object, const struct member_table *table,
	void *target, unsigned *ret_given);

/* Write the text of the error. Returns -EINVAL. */
int reading_fail(struct reading *reading, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Fail unless the value is of that kind. Null is a kind of its own. */
int reading_expect(struct reading *reading, struct json_span value, enum json_kind kind);

/* Fail unless the value is an object without repeated members. */
int object_check(struct reading *reading, struct json_span object);

/*
 * Read each element of an array with `read` into an array of elements of `size` bytes, which is
 * allocated in the arena and zeroed.
 */
int array_read(struct reading *reading, struct json_span array, member_reader *read, size_t size,
	void **ret_elements, size_t *ret_count);
