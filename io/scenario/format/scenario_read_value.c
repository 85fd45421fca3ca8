/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario_read_value.h"

#include "arena.h"
#include "diag.h"
#include "duration.h"
#include "endpoint.h"
#include "interface_config.h"
#include "json_duplicates.h"
#include "key.h"
#include "scenario.h"
#include "timestamp.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

int read_ignored(struct json_reading *reading, struct json_span value, void *target)
{
	return 0;
}

int read_object_text(struct json_reading *reading, struct json_span value, void *target)
{
	int error = json_expect(reading, value, JSON_OBJECT);
	return error ? error : json_read_any(reading, value, target);
}

int read_array_text(struct json_reading *reading, struct json_span value, void *target)
{
	int error = json_expect(reading, value, JSON_ARRAY);
	return error ? error : json_read_any(reading, value, target);
}

int read_interface_name(struct json_reading *reading, struct json_span value, void *target)
{
	const char *name = "";
	int error = json_read_string(reading, value, &name);
	if (error)
		return error;
	if (!interface_name_is_valid(name, strlen(name)))
		return json_fail(
			reading, "%s: not an interface name", quote(name, strlen(name)).text);
	*(const char **)target = name;
	return 0;
}

int read_texts(struct json_reading *reading, struct json_span value, void *target)
{
	struct text_array *ret = target;
	void *texts = NULL;
	int error = json_array_read(
		reading, value, json_read_string, sizeof(const char *), &texts, &ret->count);
	if (!error)
		ret->texts = texts;
	return error;
}

int read_route(struct json_reading *reading, struct json_span value, void *target)
{
	const char *text = "";
	int error = json_read_string(reading, value, &text);
	if (error)
		return error;
	if (!sim_route_parse(text, target))
		return json_fail(
			reading, "%s: expected PREFIX TABLE TYPE", quote(text, strlen(text)).text);
	return 0;
}
