/* SPDX-License-Identifier: Apache-2.0 */
#include "signing_keys_wire.h"

#include "diag.h"
#include "json_values.h"
#include "timestamp.h"

#include <errno.h>
#include <string.h>

struct key_texts {
	const char *current;
	const char *previous;
	const char *transition_expires;
};

static const struct json_member members[] = {
	{"current", json_read_string, offsetof(struct key_texts, current), false},
	{"previous", json_read_string, offsetof(struct key_texts, previous), false},
	{"transition_expires", json_read_string, offsetof(struct key_texts, transition_expires),
		false},
};
static const struct json_table table = JSON_TABLE_LENIENT(members);
static const struct json_table strict_table = JSON_TABLE(members);

bool signing_keys_wire_knows(struct json_span name)
{
	for (size_t i = 0; i < table.count; i++)
		if (json_span_equals(name, members[i].name))
			return true;
	return false;
}

static bool is_given(const char *text)
{
	return text && *text;
}

static int signing_key_parse(
	const char *name, const char *text, struct key_public *ret, struct json_reading *reading)
{
	int error = key_public_parse(text, strlen(text), ret, reading->diag);
	return error ? diag_wrap(reading->diag, error, "%s", name) : 0;
}

static int texts_parse(
	const struct key_texts *texts, struct signing_keys *ret, struct json_reading *reading)
{
	struct signing_keys keys = {0};
	const char *expires = texts->transition_expires;
	if (!is_given(texts->current))
		return json_fail(reading, "current: missing");
	int error = signing_key_parse("current", texts->current, &keys.current, reading);
	if (!error && is_given(texts->previous))
		error = signing_key_parse("previous", texts->previous, &keys.previous, reading);
	if (error)
		return error;
	if (expires && !timestamp_parse(expires, strlen(expires), &keys.transition_expires_ns))
		return json_fail(reading, "transition_expires: %s: not a time as in RFC 3339",
			quote(expires, strlen(expires)).text);
	keys.has_previous = is_given(texts->previous) && expires;
	*ret = keys.has_previous ? keys : (struct signing_keys){.current = keys.current};
	return 0;
}

static int keys_read(struct json_reading *reading, struct json_span value,
	const struct json_table *members_of, struct signing_keys *ret)
{
	struct key_texts texts = {0};
	int error = json_object_read(reading, value, members_of, &texts, NULL);
	return error ? error : texts_parse(&texts, ret, reading);
}

int signing_keys_wire_read(struct json_reading *reading, struct json_span value, void *target)
{
	return keys_read(reading, value, &table, target);
}

int signing_keys_wire_read_strictly(
	struct json_reading *reading, struct json_span value, void *target)
{
	return keys_read(reading, value, &strict_table, target);
}
