/* SPDX-License-Identifier: Apache-2.0 */
#include "signing_keys_wire.h"

#include "diag.h"
#include "timestamp.h"

#include <errno.h>
#include <string.h>

static int read_key(const char *text, struct key_public *ret, bool *ret_given, struct diag *diag)
{
	*ret_given = text && *text;
	return *ret_given ? key_public_parse(text, strlen(text), ret, diag) : 0;
}

static int read_current(const char *text, struct signing_keys *keys, struct diag *diag)
{
	bool given;
	int error = read_key(text, &keys->current, &given, diag);
	return error || given ? error : diag_fail(diag, -EINVAL, "missing");
}

static int read_previous(const char *text, struct signing_keys *keys, struct diag *diag)
{
	return read_key(text, &keys->previous, &keys->has_previous, diag);
}

static int read_expiry(const char *text, struct signing_keys *keys, struct diag *diag)
{
	if (!text)
		keys->has_previous = false;
	else if (!timestamp_parse(text, strlen(text), &keys->transition_expires_ns))
		return diag_fail(diag, -EINVAL, "%s: not a time as in RFC 3339",
			quote(text, strlen(text)).text);
	return 0;
}

/* In this order: without the time there is no previous key. */
static const struct {
	const char *name;
	int (*read)(const char *text, struct signing_keys *keys, struct diag *diag);
} members[] = {
	{"current", read_current},
	{"previous", read_previous},
	{"transition_expires", read_expiry},
};

#define MEMBER_COUNT (sizeof members / sizeof *members)

bool signing_keys_wire_knows(struct json_span name)
{
	for (size_t i = 0; i < MEMBER_COUNT; i++)
		if (json_span_equals(name, members[i].name))
			return true;
	return false;
}

int signing_keys_wire_read(struct json_reader *reader, struct json_span span, const char *place,
	struct signing_keys *ret, struct diag *diag)
{
	const char *dot = *place ? "." : "";
	if (json_span_kind(span) != JSON_OBJECT)
		return diag_fail(diag, -EINVAL, "%s%snot an object", place, *place ? ": " : "");
	struct signing_keys keys = {0};
	for (size_t i = 0; i < MEMBER_COUNT; i++) {
		struct json_object *value = NULL;
		const char *text = NULL;
		int error = json_read_member(reader, span, members[i].name, &value, diag);
		if (error)
			return error;
		error = json_read_string(value, &text, diag);
		if (!error)
			error = members[i].read(text, &keys, diag);
		json_read_free(value);
		if (error)
			return diag_wrap(diag, error, "%s%s%s", place, dot, members[i].name);
	}
	if (!keys.has_previous)
		keys = (struct signing_keys){.current = keys.current};
	*ret = keys;
	return 0;
}
