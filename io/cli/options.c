/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include "config_file.h"
#include "diag.h"
#include "duration.h"
#include "link_router.h"
#include "report_error.h"
#include "state_file.h"
#include "timestamp.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The defaults that an option replaces are those of the product, so that none is a value of its
 * own. A flag that a configuration file may set takes "=false" on the command line.
 */
struct option_row {
	char letter;
	const char *name;
	const char *argument; /* NULL: takes none */
	enum config_kind config;
	const char *summary;
};

static const struct option_row rows[] = {
	{'C', "config", "FILE", CONFIG_NEVER,
		"options as JSON, by long name with _ for -; the command line wins"},
	{'s', "state", "FILE", CONFIG_TEXT, "the state document, - for standard input"},
	{'A', "api", "URL", CONFIG_TEXT, "the control plane to follow"},
	{'S', "ca-file", "FILE", CONFIG_TEXT,
		"who may vouch for it; default: as the system has it"},
	{'O', "token-file", "FILE", CONFIG_NEVER, "the token to join with, - for standard input"},
	{'I', "interval", "TIME", CONFIG_TEXT,
		"between two looks, such as 90s or 5m; default: 60s"},
	{'a', "actual", "FILE", CONFIG_NEVER,
		"what `wg show NAME dump`, or `all` for NAME, printed; instead of the device"},
	{'t', "at", "TIME", CONFIG_NEVER, "when that was, in RFC 3339; default: now"},
	{'i', "interface", "NAME", CONFIG_TEXT, "the interface; default: plexd0"},
	{'d', "identity", "DIR", CONFIG_TEXT, "who this node is; default: /var/lib/plexwg"},
	{'c', "controller", "NAME", CONFIG_TEXT, "auto, kernel, userspace or sim; default: auto"},
	{'p', "listen-port", "PORT", CONFIG_NUMBER, "UDP port; default: 51820"},
	{'m', "mtu", "BYTES", CONFIG_NUMBER, "the interface's MTU; default: left to the system"},
	{'k', "persistent-keepalive", "SECONDS", CONFIG_NUMBER,
		"for peers that name none; default: off"},
	{'f', "fwmark", "MARK", CONFIG_NUMBER_OR_TEXT,
		"the mark on the device's packets; default: left alone"},
	{'r', "route-table", "NUMBER", CONFIG_NUMBER_OR_TEXT,
		"where routes go; default: 254, the main table"},
	{'R', "no-routes", NULL, CONFIG_FLAG, "leave routes alone"},
	{'K', "keep-addresses", NULL, CONFIG_FLAG, "leave other addresses on the interface alone"},
	{'e', "keep-interface", NULL, CONFIG_FLAG, "leave the interface as it is at the end"},
	{'x', "max-removal-percent", "PERCENT", CONFIG_NUMBER,
		"remove more of the peers than that only when told twice; default: 0, off"},
	{'P', "max-peers", "N", CONFIG_NUMBER, "limit on the peers of a state (default: 65536)"},
	{'W', "max-allowed-ips", "N", CONFIG_NUMBER,
		"limit on the allowed IPs of a peer (default: 1024)"},
	{'Z', "max-total-allowed-ips", "N", CONFIG_NUMBER,
		"limit on the allowed IPs of a state (default: 262144)"},
	{'B', "max-state-mib", "N", CONFIG_NUMBER,
		"limit on the size of a state in MiB (default: 64)"},
	{'N', "max-nonces", "N", CONFIG_NUMBER,
		"so many events are remembered against replays, more refused; default: 600000"},
	{'o', "record", "FILE", CONFIG_TEXT, "write what happens as a scenario, without secrets"},
	{'M', "mesh-ip", "IP", CONFIG_NEVER, "this node's address in the mesh"},
	{'n', "node-id", "ID", CONFIG_NEVER, "this node's id"},
	{'j', "json", NULL, CONFIG_NEVER, "print JSON"},
	{'T', "trace", NULL, CONFIG_NEVER, "print what happened as JSON lines"},
	{'L', "log-level", "LEVEL", CONFIG_TEXT, "debug, info, warn or error"},
	{'F', "log-format", "FORMAT", CONFIG_TEXT, "logfmt or json; default: logfmt"},
	{'h', "help", NULL, CONFIG_NEVER, "print this"},
	{'V', "version", NULL, CONFIG_NEVER, "print the program's version"},
};
#define ROW_COUNT (sizeof rows / sizeof *rows)

static bool takes_option(const struct command *command, char letter)
{
	return strchr("LFhV", letter) || strchr(command->options, letter);
}

static void help_print(const struct command *command)
{
	printf("usage: plexwg %s %s\n%s\n\n", command->name, command->usage, command->summary);
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (!takes_option(command, rows[i].letter))
			continue;
		char left[64];
		snprintf(left, sizeof left, "--%s%s%s", rows[i].name, rows[i].argument ? " " : "",
			rows[i].argument ? rows[i].argument : "");
		printf("  %-32s %s\n", left, rows[i].summary);
	}
}

void version_print(void)
{
	puts("plexwg " PLEXWG_VERSION);
}

static bool number_read(const char *text, long min, long max, int *ret)
{
	char *end;
	if (*text < '0' || *text > '9')
		return false;
	long value = strtol(text, &end, 10);
	if (*end || value < min || value > max)
		return false;
	*ret = (int)value;
	return true;
}

/* Decimal or, after 0x, hexadecimal. */
static bool mark_read(const char *text, uint32_t min, uint32_t *ret)
{
	char *end;
	bool is_hex = text[0] == '0' && text[1] == 'x' && text[2];
	if (*text < '0' || *text > '9')
		return false;
	unsigned long value = strtoul(text, &end, is_hex ? 16 : 10);
	if (*end || value < min || value > UINT32_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

static bool controller_read(const char *text, enum controller_choice *ret)
{
	static const char *const names[] = {
		[CONTROLLER_AUTO] = "auto",
		[CONTROLLER_KERNEL] = "kernel",
		[CONTROLLER_USERSPACE] = "userspace",
		[CONTROLLER_SIM] = "sim",
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(text, names[i]) == 0) {
			*ret = (enum controller_choice)i;
			return true;
		}
	}
	return false;
}

static bool flag_read(const char *text, bool *ret)
{
	*ret = strcmp(text, "true") == 0;
	return *ret || strcmp(text, "false") == 0;
}

static bool interval_read(const char *text, int64_t *ret_ms)
{
	int64_t ns;
	if (!duration_parse(text, strlen(text), &ns) || ns < INTERVAL_MIN_MS * NS_PER_MS ||
		ns > INTERVAL_MAX_MS * NS_PER_MS)
		return false;
	*ret_ms = ns / NS_PER_MS;
	return true;
}

static bool text_read(const char *text, const char **ret)
{
	*ret = text;
	return *text != '\0';
}

static bool name_read(const char *text, char *ret)
{
	if (!interface_name_is_valid(text, strlen(text)))
		return false;
	strcpy(ret, text);
	return true;
}

/* False if the argument is no value for the option. */
static bool option_take(struct options *options, int letter, const char *text)
{
	struct interface_config *config = &options->config;
	switch (letter) {
	case 'C':
		return true; /* has been read by now */
	case 's':
		return text_read(text, &options->state_path);
	case 'A':
		return text_read(text, &options->api_url);
	case 'S':
		return text_read(text, &options->ca_path);
	case 'O':
		return text_read(text, &options->token_path);
	case 'I':
		return interval_read(text, &options->interval_ms);
	case 'a':
		return text_read(text, &options->actual_path);
	case 't':
		options->has_at = timestamp_parse(text, strlen(text), &options->at_ns);
		return options->has_at;
	case 'i':
		return name_read(text, config->interface_name);
	case 'd':
		return text_read(text, &options->identity_directory);
	case 'c':
		return controller_read(text, &options->controller);
	case 'p':
		return number_read(text, 1, 65535, &config->listen_port);
	case 'm':
		return number_read(text, 0, 65535, &config->mtu);
	case 'k':
		return number_read(
			text, 0, PERSISTENT_KEEPALIVE_MAX, &config->persistent_keepalive_s);
	case 'f':
		config->has_fwmark = mark_read(text, 0, &config->fwmark);
		return config->has_fwmark;
	case 'r':
		/* The kernel keeps its own addresses in that table. */
		return mark_read(text, 1, &options->route_table) &&
		       options->route_table != RT_TABLE_LOCAL;
	case 'R':
		return flag_read(text, &options->no_routes);
	case 'K':
		return flag_read(text, &config->keep_addresses);
	case 'e':
		return flag_read(text, &options->keep_interface);
	case 'x':
		return number_read(text, 0, 100, &options->max_removal_percent);
	case 'P':
		return number_read(text, 1, INT_MAX, &options->max_peers);
	case 'W':
		return number_read(text, 1, INT_MAX, &options->max_allowed_ips);
	case 'Z':
		return number_read(text, 1, INT_MAX, &options->max_total_allowed_ips);
	case 'B':
		return number_read(text, 1, STATE_MIB_MAX, &options->max_state_mib);
	case 'N':
		return number_read(text, 1, INT_MAX, &options->max_nonces);
	case 'o':
		return text_read(text, &options->record_path);
	case 'M':
		options->mesh_ip = text;
		return true;
	case 'n':
		return text_read(text, &options->node_id);
	case 'j':
		return flag_read(text, &options->json);
	case 'T':
		return flag_read(text, &options->trace);
	case 'L':
		options->logs = log_level_parse(text, &options->log_level);
		return options->logs;
	case 'F':
		return log_format_parse(text, &options->log_format);
	default:
		return false;
	}
}

static int option_set(struct options *options, int letter, const char *text, struct diag *diag)
{
	if (option_take(options, letter, text))
		return 0;
	return diag_fail(diag, -EINVAL, "%s is no value for it", quote(text, strlen(text)).text);
}

static int argument_kind(const struct option_row *row)
{
	if (row->argument)
		return required_argument;
	return row->config == CONFIG_FLAG ? optional_argument : no_argument;
}

static void long_options_make(const struct command *command, struct option *list)
{
	size_t count = 0;
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (takes_option(command, rows[i].letter))
			list[count++] = (struct option){.name = rows[i].name,
				.has_arg = argument_kind(&rows[i]),
				.val = rows[i].letter};
}

/* The word that getopt stopped at. One of several letters, such as -xy, it has not left yet. */
static void wrong_print(const struct command *command, char **argv, int letter)
{
	char short_option[] = {'-', (char)optopt, '\0'};
	const char *word = argv[optind - 1];
	if (optopt && strncmp(word, "--", 2) != 0)
		word = short_option;
	report_error("%s: %s: %s (see plexwg %s --help)", command->name,
		quote(word, strlen(word)).text,
		letter == ':' ? "needs an argument" : "no option of this command", command->name);
}

/* The last one that is named; NULL if there is none, or help is all that is wanted. What is wrong
 * with the command line is found when it is read for good. */
static const char *config_path_find(int argc, char **argv, const struct option *list)
{
	const char *path = NULL;
	int letter;
	optind = 0;
	while ((letter = getopt_long(argc, argv, ":", list, NULL)) != -1) {
		if (letter == 'h' || letter == 'V')
			return NULL;
		if (letter == 'C')
			path = optarg;
	}
	return path;
}

static int config_member_set(void *impl, const char *name, const char *text, struct diag *diag)
{
	struct options *options = impl;
	const struct option_row *row = rows;
	while (strcmp(row->name, name) != 0)
		row++;
	const char *copy = arena_strndup(&options->texts, text, strlen(text));
	return copy ? option_set(options, row->letter, copy, diag) : -ENOMEM;
}

/* Whatever command reads it: one file may serve them all. */
static int config_read(struct options *options, const char *path, struct diag *diag)
{
	struct config_member members[ROW_COUNT];
	struct config_schema schema = {
		.members = members, .set = config_member_set, .impl = options};
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (rows[i].config != CONFIG_NEVER)
			members[schema.count++] =
				(struct config_member){rows[i].name, rows[i].config};
	return config_file_read(path, &schema, diag);
}

static enum options_outcome argv_read(
	const struct command *command, int argc, char **argv, struct options *options)
{
	struct option list[ROW_COUNT + 1] = {0};
	struct diag diag = {0};
	int letter, index = 0;
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
	while ((letter = getopt_long(argc, argv, ":", list, &index)) != -1) {
		if (letter == 'h') {
			help_print(command);
			return OPTIONS_HELP;
		}
		if (letter == 'V') {
			version_print();
			return OPTIONS_HELP;
		}
		if (letter == '?' || letter == ':') {
			wrong_print(command, argv, letter);
			return OPTIONS_WRONG;
		}
		if (option_set(options, letter, optarg ? optarg : "true", &diag) != 0) {
			report_error(
				"%s: --%s: %s", command->name, list[index].name, diag_text(&diag));
			diag_clear(&diag);
			return OPTIONS_WRONG;
		}
	}
	/* A source on the command line takes the place of the other one in the file. */
	if (options->state_path != of_file.state_path && options->api_url == of_file.api_url)
		options->api_url = NULL;
	else if (options->api_url != of_file.api_url && options->state_path == of_file.state_path)
		options->state_path = NULL;
	return OPTIONS_READ;
}

enum options_outcome options_read(
	const struct command *command, int argc, char **argv, struct options *ret)
{
	struct options options = {
		.log_level = LOG_LEVEL_INFO,
		.route_table = ROUTE_TABLE_MAIN,
		.interval_ms = INTERVAL_DEFAULT_MS,
	};
	config_apply_defaults(&options.config);
	enum options_outcome outcome = argv_read(command, argc, argv, &options);
	options.operands = (const char *const *)argv + optind;
	options.operand_count = (size_t)(argc - optind);
	if (outcome == OPTIONS_READ && options.operand_count && !command->takes_operands) {
		report_error("%s: %s: this command takes no operand", command->name,
			quote(argv[optind], strlen(argv[optind])).text);
		outcome = OPTIONS_WRONG;
	}
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
