/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict reading of a scenario's objects. A table says which members an object has, who reads each
 * and where it goes; what the table does not name is an error, and so is a member of the wrong
 * type. Error texts name the member: `device: peers[0]: psk: not base64`.
 *
 * A reader of a member gets the place in the target that the table names. Readers return 0, -ENOMEM
 * or -EINVAL.
 */
#pragma once

#include "json_span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct diag;

struct reading {
	struct arena *arena; /* what is made lives here */
	struct diag *diag;
};

typedef int member_reader(struct reading *reading, struct json_span value, void *target);

struct member {
	const char *name;
	member_reader *read;
	size_t offset; /* of the place in the target */
	bool required;
};

struct member_table {
	const struct member *members;
	size_t count;
	const struct member_table *also; /* members that count as well; NULL: none */
};

#define MEMBER_TABLE(array)                                                                        \
	{                                                                                          \
		.members = (array), .count = sizeof(array) / sizeof((array)[0])                    \
	}

/*
 * Reads an object into `target`. `*ret_given` gets bit N for member N of the table that was there
 * (not of `also`); it may be NULL.
 */
int object_read(struct reading *reading, struct json_span object, const struct member_table *table,
	void *target, unsigned *ret_given);

/* Fails the reading. Returns -EINVAL. */
int reading_fail(struct reading *reading, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Fails unless the value is of that kind. Null is a kind of its own here. */
int reading_expect(struct reading *reading, struct json_span value, enum json_kind kind);

/* Fails unless the value is an object that has no member twice. */
int object_check(struct reading *reading, struct json_span object);

/*
 * Reads each element of an array with `read` into an array of `size` bytes an element, made in the
 * arena and zeroed.
 */
int array_read(struct reading *reading, struct json_span array, member_reader *read, size_t size,
	void **ret_elements, size_t *ret_count);
