/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Build JSON and print it only if it is complete. Where json-c would silently write null when out
 * of memory, struct json_make notes the failure and nothing is printed.
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

/* Return NULL if out of memory; the functions below accept that. */
struct json_object *json_make_object(struct json_make *make);
struct json_object *json_make_array(struct json_make *make);
/* Both take ownership of the value. */
void json_make_member(struct json_make *make, struct json_object *object, const char *name,
	struct json_object *value);
void json_make_element(
	struct json_make *make, struct json_object *array, struct json_object *value);
/* Add a text, or null if `text` is NULL. */
void json_make_text(
	struct json_make *make, struct json_object *object, const char *name, const char *text);

/* Print `object` and a line feed, and free it. Returns 0, or -ENOMEM if it is incomplete. */
int json_make_print(struct json_make *make, struct json_object *object, FILE *out);
