/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include "diag.h"
#include "option_rows.h"
#include "report_error.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* getopt_long's value for the first row; lower ones are characters. */
#define FIRST_VALUE 256

static const struct option_row *row_of(int value)
{
	return &option_rows[value - FIRST_VALUE];
}

/* Return the row of that name, which must exist. */
static size_t row_index(const char *name)
{
	size_t i = 0;
	while (i < option_row_count && strcmp(option_rows[i].name, name) != 0)
		i++;
	assert(i < option_row_count);
	return i;
}

static bool row_is(const struct option_row *row, const char *name)
{
	return strcmp(row->name, name) == 0;
}

static void default_print(const struct command *command, const struct option_row *row)
{
	if (row->required_by & command->bit)
		fputs(" (required)", stdout);
	else if (row->default_text)
		printf(" (default: %s)", row->default_text);
	else if (row->text)
		printf(" (default %s)", row->text);
	else if (row->type->is_number)
		printf(" (default %" PRId64 ")", row->number);
}

static void help_print(const struct command *command)
{
	printf("usage: plexwg %s %s\n%s\n\n", command->name, command->usage, command->summary);
	for (size_t i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];
		char left[64];
		if (!(row->commands & command->bit))
			continue;
		snprintf(left, sizeof left, "--%s%s%s", row->name, row->argument ? " " : "",
			row->argument ? row->argument : "");
		printf("  %-38s  %s", left, row->help);
		default_print(command, row);
		putchar('\n');
	}
}

void version_print(void)
{
	puts("plexwg " PLEXWG_VERSION);
}

static int option_set(
	struct options *options, const struct option_row *row, const char *text, struct diag *diag)
{
	options->given |= UINT64_C(1) << (row - option_rows);
	if (row->type->set(row, options, text))
		return 0;
	return diag_fail(diag, -EINVAL, "%s: must be %s", quote(text, strlen(text)).text,
		option_values_text(row).text);
}

static int argument_kind(const struct option_row *row)
{
	if (row->argument)
		return required_argument;
	/* "=false" overrides a flag of the configuration file. */
	return option_is_setting(row) ? optional_argument : no_argument;
}

static void long_options_make(const struct command *command, struct option *list)
{
	size_t count = 0;
	for (size_t i = 0; i < option_row_count; i++)
		if (option_rows[i].commands & command->bit)
			list[count++] = (struct option){.name = option_rows[i].name,
				.has_arg = argument_kind(&option_rows[i]),
				.val = FIRST_VALUE + (int)i};
}

/*
 * Report the word at which getopt stopped. Within a word of several letters, such as -xy, getopt
 * has not advanced optind, so name the letter.
 */
static void wrong_print(const struct command *command, char **argv, int value)
{
	char short_option[] = {'-', (char)optopt, '\0'};
	const char *word = argv[optind - 1];
	if (optopt && strncmp(word, "--", 2) != 0)
		word = short_option;
	report_error("%s: %s: %s (see plexwg %s --help)", command->name,
		quote(word, strlen(word)).text,
		value == ':' ? "needs an argument" : "unknown option", command->name);
}

/*
 * Return the last --config, or NULL if there is none or if --help or --version is given. Ignore
 * errors: the second pass over the command line reports them.
 */
static const char *config_path_find(int argc, char **argv, const struct option *list)
{
	const char *path = NULL;
	int value;
	optind = 0;
	while ((value = getopt_long(argc, argv, ":", list, NULL)) != -1) {
		if (value < FIRST_VALUE)
			continue;
		if (row_is(row_of(value), "help") || row_is(row_of(value), "version"))
			return NULL;
		if (row_is(row_of(value), "config"))
			path = optarg;
	}
	return path;
}

static int config_member_set(void *impl, const char *name, const char *text, struct diag *diag)
{
	struct options *options = impl;
	const char *copy = arena_strndup(&options->texts, text, strlen(text));
	return copy ? option_set(options, &option_rows[row_index(name)], copy, diag) : -ENOMEM;
}

/* Accept all settings, whatever the command: one file serves all commands. */
static int config_read(struct options *options, const char *path, struct diag *diag)
{
	struct config_member members[OPTION_ROWS_MAX];
	struct config_schema schema = {
		.members = members, .set = config_member_set, .impl = options};
	for (const struct option_row *row = option_rows; row < option_rows + option_row_count;
		row++)
		if (option_is_setting(row))
			members[schema.count++] =
				(struct config_member){row->name, row->type->kind};
	return config_file_read(path, &schema, diag);
}

static void source_unset(struct options *options, const char *name, const char **source)
{
	*source = NULL;
	options->given &= ~(UINT64_C(1) << row_index(name));
}

static enum options_outcome argv_read(
	const struct command *command, int argc, char **argv, struct options *options)
{
	struct option list[OPTION_ROWS_MAX + 1] = {0};
	struct diag diag = {0};
	int value;
	long_options_make(command, list);
	opterr = 0;
	const char *config_path = config_path_find(argc, argv, list);
	if (config_path && config_read(options, config_path, &diag) != 0) {
		report_error("%s: %s", command->name, diag_text(&diag));
		diag_clear(&diag);
		return OPTIONS_UNREADABLE;
	}
	const struct options of_file = *options;
	optind = 0;
	while ((value = getopt_long(argc, argv, ":", list, NULL)) != -1) {
		if (value < FIRST_VALUE) {
			wrong_print(command, argv, value);
			return OPTIONS_WRONG;
		}
		const struct option_row *row = row_of(value);
		if (row_is(row, "help")) {
			help_print(command);
			return OPTIONS_HELP;
		}
		if (row_is(row, "version")) {
			version_print();
			return OPTIONS_HELP;
		}
		if (option_set(options, row, optarg ? optarg : "true", &diag) != 0) {
			report_error("%s: --%s: %s", command->name, row->name, diag_text(&diag));
			diag_clear(&diag);
			return OPTIONS_WRONG;
		}
	}
	/* A source on the command line replaces the other source in the configuration file. */
	if (options->state_path != of_file.state_path && options->api_url == of_file.api_url)
		source_unset(options, "api", &options->api_url);
	else if (options->api_url != of_file.api_url && options->state_path == of_file.state_path)
		source_unset(options, "state", &options->state_path);
	return OPTIONS_READ;
}

/* Whether all required options are given; reports the first missing one. */
static bool options_are_complete(const struct command *command, const struct options *options)
{
	for (const struct option_row *row = option_rows; row < option_rows + option_row_count;
		row++) {
		if (!(row->required_by & command->bit) || option_is_given(options, row->name))
			continue;
		report_error("%s: needs --%s %s (see plexwg %s --help)", command->name, row->name,
			row->argument, command->name);
		return false;
	}
	return true;
}

enum options_outcome options_read(
	const struct command *command, int argc, char **argv, struct options *ret)
{
	struct options options = {0};
	options_set_defaults(&options);
	enum options_outcome outcome = argv_read(command, argc, argv, &options);
	options.operands = (const char *const *)argv + optind;
	options.operand_count = (size_t)(argc - optind);
	if (outcome == OPTIONS_READ && options.operand_count && !command->takes_operands) {
		report_error("%s: %s: this command takes no operand", command->name,
			quote(argv[optind], strlen(argv[optind])).text);
		outcome = OPTIONS_WRONG;
	}
	if (outcome == OPTIONS_READ && !options_are_complete(command, &options))
		outcome = OPTIONS_WRONG;
	if (outcome == OPTIONS_READ)
		*ret = options;
	else
		options_clear(&options);
	return outcome;
}

void options_clear(struct options *options)
{
	arena_clear(&options->texts);
}

bool option_is_given(const struct options *options, const char *name)
{
	return options->given >> row_index(name) & 1;
}
