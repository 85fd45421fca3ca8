/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options, a row each: all that the command line, the configuration file and --help know of
 * one. A new option is a row, and a member of struct options for its value.
 */
#pragma once

#include "config_file.h"
#include "options.h"

struct option_row;

struct option_type {
	enum config_kind kind; /* in a configuration file; CONFIG_NEVER: it has no value */
	bool is_number;        /* with `min`, `max` and `number` in its rows */
	/* What a value must be, for an error. NULL: in the row's range, or one of its words. */
	const char *values;
	/* Stores the value, a text that outlives the options. False if it is none. */
	bool (*set)(const struct option_row *row, struct options *options, const char *text);
};

struct option_row {
	const char *name;     /* long-form, without the dashes */
	const char *argument; /* NULL: none. Words with bars between them are all that it takes */
	const char *help;     /* a noun phrase; of a flag, what it does */
	unsigned commands;    /* bits of enum command_bit: those that take it */
	unsigned required_by; /* of these, those that do not go without it */
	const struct option_type *type;
	size_t member;    /* of struct options: where its value is, where the type does not know */
	int64_t min, max; /* of a number; of an interval in milliseconds */
	/* What the value is unless given: the number, for types that are one, or else the text. */
	int64_t number;
	const char *text;         /* NULL: it is not set */
	const char *default_text; /* what --help calls that, where the value itself does not tell */
};

extern const struct option_row option_rows[];
extern const size_t option_row_count;
#define OPTION_ROWS_MAX 64 /* a bit each in struct options */

/* Whether a configuration file may have it: what `run` takes, so that one file serves all. */
bool option_is_setting(const struct option_row *row);
/* Every value as it is unless given. */
void options_set_defaults(struct options *options);
/* What a value of it must be, such as "1 to 65535". */
struct option_values {
	char text[128];
};
struct option_values option_values_text(const struct option_row *row);
