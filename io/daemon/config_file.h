/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration file: one JSON object, each of whose members is an option of the command line, by
 * its long name with `_` for `-`:
 *
 *     {"interface": "plexd0", "listen_port": 51820, "no_routes": true, "interval": "60s"}
 *
 * It is read strictly, since a typing error must not pass for a setting: a member that is unknown,
 * repeated or of another type than the option's is refused, and so is a file that others may write.
 * Null counts as missing.
 */
#pragma once

#include <stddef.h>

struct diag;

#define CONFIG_BYTES_MAX ((size_t)1024 * 1024)

enum config_kind {
	CONFIG_NEVER, /* no member of the file */
	CONFIG_TEXT,
	CONFIG_NUMBER,
	CONFIG_NUMBER_OR_TEXT, /* a number that may be written otherwise: "0x2a" */
	CONFIG_FLAG,
};

struct config_member {
	const char *name; /* as on the command line: listen-port */
	enum config_kind kind;
};

struct config_schema {
	const struct config_member *members;
	size_t count;
	/* Called for each member in turn with the value as a command line would have it, flags as
	 * "true" and "false"; the text lives for the call only. Returns 0, -ENOMEM or -EINVAL. */
	int (*set)(void *impl, const char *name, const char *text, struct diag *diag);
	void *impl;
};

/* Returns 0, or a negative errno with a text such as
 * `config: /etc/plexwg.json: liste_port: unknown member`; what was set before it stays set. */
int config_file_read(const char *path, const struct config_schema *schema, struct diag *diag);
