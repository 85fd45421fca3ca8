/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read a configuration file: a JSON object whose members are command-line options, by their long
 * names with `_` for `-`:
 *
 *     {"interface": "plexd0", "listen_port": 51820, "no_routes": true, "interval": "60s"}
 *
 * The reader is strict, so that no typing error goes unnoticed: it rejects a member that is
 * unknown, repeated or not of the option's type. It also rejects a file that others may write. Null
 * counts as missing.
 */
#pragma once

#include <stddef.h>

struct diag;

#define CONFIG_BYTES_MAX ((size_t)1024 * 1024)

enum config_kind {
	CONFIG_NEVER, /* only on the command line */
	CONFIG_TEXT,
	CONFIG_NUMBER,
	CONFIG_NUMBER_OR_TEXT, /* a number, or a string such as "0x2a" */
	CONFIG_FLAG,
};

struct config_member {
	const char *name; /* as on the command line: listen-port */
	enum config_kind kind;
};

struct config_schema {
	const struct config_member *members;
	size_t count;
	/* Called for each member in turn, with its value as on a command line; flags are "true" or
	 * "false". The text lives for the call only. Returns 0, -ENOMEM or -EINVAL. */
	int (*set)(void *impl, const char *name, const char *text, struct diag *diag);
	void *impl;
};

/* Returns 0, or a negative errno with a text such as
 * `config: /etc/plexwg.json: liste_port: unknown member`. Members before the faulty one stay set.
 */
int config_file_read(const char *path, const struct config_schema *schema, struct diag *diag);
