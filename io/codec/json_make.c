/* SPDX-License-Identifier: Apache-2.0 */
#include "json_make.h"

#include "log_escape.h"

#include <errno.h>

static struct json_object *made(struct json_make *make, struct json_object *object)
{
	make->out_of_memory |= !object;
	return object;
}

struct json_object *json_make_object(struct json_make *make)
{
	return made(make, json_object_new_object());
}

struct json_object *json_make_array(struct json_make *make)
{
	return made(make, json_object_new_array());
}

/* Free a value that could not be added, and note the failure. */
static void drop(struct json_make *make, struct json_object *value)
{
	make->out_of_memory = true;
	json_object_put(value);
}

void json_make_member(struct json_make *make, struct json_object *object, const char *name,
	struct json_object *value)
{
	if (!object || !value || json_object_object_add(object, name, value) != 0)
		drop(make, value);
}

void json_make_element(struct json_make *make, struct json_object *array, struct json_object *value)
{
	if (!array || !value || json_object_array_add(array, value) != 0)
		drop(make, value);
}

void json_make_text(
	struct json_make *make, struct json_object *object, const char *name, const char *text)
{
	if (text)
		json_make_member(make, object, name, json_object_new_string(text));
	else if (!object || json_object_object_add(object, name, NULL) != 0)
		make->out_of_memory = true;
}

int json_make_print(struct json_make *make, struct json_object *object, FILE *out)
{
	const char *text = NULL;
	if (!make->out_of_memory)
		text = json_object_to_json_string_ext(
			object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text) {
		json_print(out, text);
		fputc('\n', out);
	}
	json_object_put(object);
	return text ? 0 : -ENOMEM;
}
