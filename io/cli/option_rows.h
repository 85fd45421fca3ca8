/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of options, from which the command line, the configuration file and --help come. A new
 * option is a row here, and a member of struct options for its value.
 */
#pragma once

#include "config_file.h"
#include "options.h"

struct option_row;

struct option_type {
	enum config_kind kind; /* in a configuration file; CONFIG_NEVER: it has no value */
	bool is_number;        /* with `min`, `max` and `number` in its rows */
	bool is_duration;      /* with `min` and `max` in its rows */
	int64_t reserved;      /* a number that is invalid within the range; 0: none */
	/* The valid values, for an error. NULL: the row's range, or its words. */
	const char *values;
	/* Store the value. `text` outlives the options. Returns false if it is invalid. */
	bool (*set)(const struct option_row *row, struct options *options, const char *text);
};

struct option_row {
	const char *name;     /* without the dashes */
	const char *argument; /* NULL: none. "a|b|c" lists all valid words */
	const char *help;     /* a noun phrase; of a flag, an imperative */
	unsigned commands;    /* bits of enum command_bit: the commands that accept it */
	unsigned required_by; /* of these, the commands that require it */
	const struct option_type *type;
	size_t member;    /* offset of the value in struct options, unless the type knows it */
	int64_t min, max; /* of a number; of an interval in milliseconds */
	/* The default: `number` if the type is a number, `text` otherwise. */
	int64_t number;
	const char *text;         /* NULL: not set */
	const char *default_text; /* for --help, if the value itself does not explain it */
};

extern const struct option_row option_rows[];
extern const size_t option_row_count;
#define OPTION_ROWS_MAX 64 /* one bit each in struct options */

/* Whether a configuration file may set it: any option with a value that `run` accepts. */
bool option_is_setting(const struct option_row *row);
/* Set every option to its default. */
void options_set_defaults(struct options *options);
/* Return the valid values of an option, such as "1 to 65535". */
struct option_values {
	char text[128];
};
struct option_values option_values_text(const struct option_row *row);
