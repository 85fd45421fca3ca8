#include "options.h"

#include "diag.h"
#include "link_router.h"
#include "report_error.h"
#include "timestamp.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The defaults that an option replaces are those of the product, so that none is a value of its
 * own. */
struct option_row {
	char letter;
	const char *name;
	const char *argument; /* NULL: takes none */
	const char *summary;
};

static const struct option_row rows[] = {
	{'s', "state", "FILE", "the state document, - for standard input"},
	{'a', "actual", "FILE", "what `wg show NAME dump` printed, instead of the device"},
	{'t', "at", "TIME", "when that was, in RFC 3339; default: now"},
	{'i', "interface", "NAME", "the interface; default: plexd0"},
	{'d', "identity", "DIR", "who this node is; default: /var/lib/plexwg"},
	{'c', "controller", "NAME", "auto, kernel, userspace or sim; default: auto"},
	{'p', "listen-port", "PORT", "UDP port; default: 51820"},
	{'m', "mtu", "BYTES", "the interface's MTU; default: left to the system"},
	{'k', "persistent-keepalive", "SECONDS", "for peers that name none; default: off"},
	{'f', "fwmark", "MARK", "the mark on the device's packets; default: left alone"},
	{'r', "route-table", "NUMBER", "where routes go; default: 254, the main table"},
	{'R', "no-routes", NULL, "leave routes alone"},
	{'K', "keep-addresses", NULL, "leave other addresses on the interface alone"},
	{'M', "mesh-ip", "IP", "this node's address in the mesh"},
	{'n', "node-id", "ID", "this node's id"},
	{'j', "json", NULL, "print JSON"},
	{'T', "trace", NULL, "print what happened as JSON lines"},
	{'L', "log-level", "LEVEL", "debug, info, warn or error"},
	{'F', "log-format", "FORMAT", "logfmt or json; default: logfmt"},
	{'h', "help", NULL, "print this"},
};
#define ROW_COUNT (sizeof rows / sizeof *rows)

static bool takes_option(const struct command *command, char letter)
{
	return strchr("LFh", letter) || strchr(command->options, letter);
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
	case 's':
		options->state_path = text;
		return *text != '\0';
	case 'a':
		options->actual_path = text;
		return *text != '\0';
	case 't':
		options->has_at = timestamp_parse(text, strlen(text), &options->at_ns);
		return options->has_at;
	case 'i':
		return name_read(text, config->interface_name);
	case 'd':
		options->identity_directory = text;
		return *text != '\0';
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
		return mark_read(text, 1, &options->route_table);
	case 'R':
		options->no_routes = true;
		return true;
	case 'K':
		config->keep_addresses = true;
		return true;
	case 'M':
		options->mesh_ip = text;
		return true;
	case 'n':
		options->node_id = text;
		return *text != '\0';
	case 'j':
		options->json = true;
		return true;
	case 'T':
		options->trace = true;
		return true;
	case 'L':
		options->logs = log_level_parse(text, &options->log_level);
		return options->logs;
	case 'F':
		return log_format_parse(text, &options->log_format);
	default:
		return false;
	}
}

static size_t long_options_make(const struct command *command, struct option *list)
{
	size_t count = 0;
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (takes_option(command, rows[i].letter))
			list[count++] = (struct option){.name = rows[i].name,
				.has_arg = rows[i].argument ? required_argument : no_argument,
				.val = rows[i].letter};
	return count;
}

/* The word that getopt stopped at. */
static void wrong_print(const struct command *command, char **argv, int letter)
{
	const char *word = argv[optind - 1];
	report_error("%s: %s: %s (see plexwg %s --help)", command->name,
		quote(word, strlen(word)).text,
		letter == ':' ? "needs an argument" : "no option of this command", command->name);
}

enum options_outcome options_read(
	const struct command *command, int argc, char **argv, struct options *ret)
{
	struct option list[ROW_COUNT + 1] = {0};
	struct options options = {.route_table = ROUTE_TABLE_MAIN};
	int letter, index = 0;
	long_options_make(command, list);
	config_apply_defaults(&options.config);
	opterr = 0;
	optind = 1;
	while ((letter = getopt_long(argc, argv, ":", list, &index)) != -1) {
		if (letter == 'h') {
			help_print(command);
			return OPTIONS_HELP;
		}
		if (letter == '?' || letter == ':') {
			wrong_print(command, argv, letter);
			return OPTIONS_WRONG;
		}
		if (!option_take(&options, letter, optarg)) {
			report_error("%s: --%s: %s is no value for it", command->name,
				list[index].name, quote(optarg, strlen(optarg)).text);
			return OPTIONS_WRONG;
		}
	}
	options.operands = (const char *const *)argv + optind;
	options.operand_count = (size_t)(argc - optind);
	if (options.operand_count && !command->takes_operands) {
		report_error("%s: %s: this command takes no operand", command->name,
			quote(argv[optind], strlen(argv[optind])).text);
		return OPTIONS_WRONG;
	}
	*ret = options;
	return OPTIONS_READ;
}
