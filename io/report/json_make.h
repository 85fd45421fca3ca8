/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON to be printed, in which nothing is missing for lack of memory: json-c would write a null for
 * it. What memory ran out for is remembered, and then nothing is printed.
 *
 *     struct json_make make = {0};
 *     struct json_object *object = json_make_object(&make);
 *     json_make_member(&make, object, "name", json_object_new_string("a"));
 *     return json_make_print(&make, object, out);
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

struct json_make {
	bool out_of_memory;
};

/* NULL when memory is out, which all of these take. */
struct json_object *json_make_object(struct json_make *make);
struct json_object *json_make_array(struct json_make *make);
/* Both take the value over. */
void json_make_member(struct json_make *make, struct json_object *object, const char *name,
	struct json_object *value);
void json_make_element(
	struct json_make *make, struct json_object *array, struct json_object *value);
/* A text, or null where there is none. */
void json_make_text(
	struct json_make *make, struct json_object *object, const char *name, const char *text);

/* Prints `object` with a line feed behind it, and frees it. Returns 0 or -ENOMEM. */
int json_make_print(struct json_make *make, struct json_object *object, FILE *out);
