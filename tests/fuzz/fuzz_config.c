/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration files: each member reaches its option at most once, in a type that the option
 * accepts.
 */
#include "config_file.h"
#include "diag.h"
#include "fuzz.h"
#include "json_scan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct config_member members[] = {
	{"interface", CONFIG_TEXT},
	{"listen-port", CONFIG_NUMBER},
	{"fwmark", CONFIG_NUMBER_OR_TEXT},
	{"no-routes", CONFIG_FLAG},
	{"help", CONFIG_NEVER},
};

#define MEMBER_COUNT (sizeof members / sizeof *members)

struct settings {
	unsigned counts[MEMBER_COUNT];
};

static bool is_number(const char *text)
{
	struct json_span span;
	return json_scan_document(text, strlen(text), &span, NULL) == 0 &&
	       json_span_kind(span) == JSON_NUMBER;
}

static int set(void *impl, const char *name, const char *text, struct diag *diag)
{
	struct settings *settings = impl;
	for (size_t i = 0; i < MEMBER_COUNT; i++) {
		if (strcmp(members[i].name, name) != 0)
			continue;
		settings->counts[i]++;
		if (members[i].kind == CONFIG_NUMBER)
			FUZZ_HOLDS(is_number(text));
		if (members[i].kind == CONFIG_FLAG)
			FUZZ_HOLDS(strcmp(text, "true") == 0 || strcmp(text, "false") == 0);
		FUZZ_HOLDS(members[i].kind != CONFIG_NEVER);
		return *text == '!' ? diag_fail(diag, -EINVAL, "not that") : 0;
	}
	FUZZ_HOLDS(!"an option that there is");
	return -EINVAL;
}

void fuzz_one(const char *text, size_t length)
{
	char path[128];
	struct settings settings = {0};
	const struct config_schema schema = {members, MEMBER_COUNT, set, &settings};
	struct diag diag = {0};
	fuzz_write("config", text, length);
	snprintf(path, sizeof path, "%s/config", fuzz_directory());
	int error = config_file_read(path, &schema, &diag);
	FUZZ_HOLDS(
		error == 0 || (error == -EINVAL && strncmp(diag_text(&diag), "config: ", 8) == 0));
	for (size_t i = 0; i < MEMBER_COUNT; i++)
		FUZZ_HOLDS(settings.counts[i] <= 1);
	diag_clear(&diag);
}
