/* SPDX-License-Identifier: Apache-2.0 */
#include "option_rows.h"

#include "duration.h"
#include "identity_dir.h"
#include "link_router.h"
#include "nonce_store.h"
#include "peer_wire.h"
#include "state_file.h"
#include "timestamp.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS_PER_S INT64_C(1000)
#define MS_PER_H (3600 * MS_PER_S)

/*
 * Types.
 */

static void *member_of(const struct option_row *row, struct options *options)
{
	return (char *)options + row->member;
}

/* Parse decimal or, if `may_be_hex`, hexadecimal after 0x. */
static bool unsigned_parse(
	const struct option_row *row, const char *text, bool may_be_hex, int64_t *ret)
{
	char *end;
	bool is_hex = may_be_hex && text[0] == '0' && text[1] == 'x' && text[2];
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*ret = strtoll(text, &end, is_hex ? 16 : 10);
	bool is_reserved = row->type->reserved && *ret == row->type->reserved;
	return !*end && errno == 0 && *ret >= row->min && *ret <= row->max && !is_reserved;
}

static bool number_set(const struct option_row *row, struct options *options, const char *text)
{
	int64_t value;
	if (!unsigned_parse(row, text, false, &value))
		return false;
	*(int *)member_of(row, options) = (int)value;
	return true;
}

static bool fwmark_set(const struct option_row *row, struct options *options, const char *text)
{
	int64_t value;
	options->config.has_fwmark = unsigned_parse(row, text, true, &value);
	if (options->config.has_fwmark)
		options->config.fwmark = (uint32_t)value;
	return options->config.has_fwmark;
}

static bool table_set(const struct option_row *row, struct options *options, const char *text)
{
	int64_t value;
	if (!unsigned_parse(row, text, true, &value))
		return false;
	options->route_table = (uint32_t)value;
	return true;
}

static bool text_set(const struct option_row *row, struct options *options, const char *text)
{
	*(const char **)member_of(row, options) = text;
	return *text != '\0';
}

static bool flag_set(const struct option_row *row, struct options *options, const char *text)
{
	bool *value = member_of(row, options);
	*value = strcmp(text, "true") == 0;
	return *value || strcmp(text, "false") == 0;
}

static bool interval_set(const struct option_row *row, struct options *options, const char *text)
{
	int64_t ns;
	if (!duration_parse(text, strlen(text), &ns) || ns < row->min * NS_PER_MS ||
		ns > row->max * NS_PER_MS)
		return false;
	*(int64_t *)member_of(row, options) = ns / NS_PER_MS;
	return true;
}

static bool time_set(const struct option_row *row, struct options *options, const char *text)
{
	return timestamp_parse(text, strlen(text), member_of(row, options));
}

static bool name_set(const struct option_row *row, struct options *options, const char *text)
{
	if (!interface_name_is_valid(text, strlen(text)))
		return false;
	strcpy(options->config.interface_name, text);
	return true;
}

static bool address_set(const struct option_row *row, struct options *options, const char *text)
{
	return ip_parse(text, strlen(text), &options->mesh_ip) && ip_can_be_node(&options->mesh_ip);
}

static bool controller_set(const struct option_row *row, struct options *options, const char *text)
{
	int choice = 0;
	for (const char *word = row->argument;; choice++) {
		size_t length = strcspn(word, "|");
		if (strlen(text) == length && memcmp(text, word, length) == 0)
			break;
		if (!word[length])
			return false;
		word += length + 1;
	}
	options->controller = (enum controller_choice)choice;
	return true;
}

static bool level_set(const struct option_row *row, struct options *options, const char *text)
{
	return log_level_parse(text, &options->log_level);
}

static bool format_set(const struct option_row *row, struct options *options, const char *text)
{
	return log_format_parse(text, &options->log_format);
}

/* For the options that the parser itself handles. */
static bool nothing_set(const struct option_row *row, struct options *options, const char *text)
{
	return true;
}

static const struct option_type number_type = {
	.kind = CONFIG_NUMBER, .is_number = true, .set = number_set};
/* The local table belongs to the kernel. */
static const struct option_type table_type = {.kind = CONFIG_NUMBER_OR_TEXT,
	.is_number = true,
	.reserved = RT_TABLE_LOCAL,
	.set = table_set};
static const struct option_type fwmark_type = {.kind = CONFIG_NUMBER_OR_TEXT, .set = fwmark_set};
static const struct option_type text_type = {
	.kind = CONFIG_TEXT, .values = "at least one byte long", .set = text_set};
static const struct option_type flag_type = {
	.kind = CONFIG_FLAG, .values = "true or false", .set = flag_set};
static const struct option_type interval_type = {
	.kind = CONFIG_TEXT, .is_duration = true, .set = interval_set};
static const struct option_type moment_type = {
	.kind = CONFIG_TEXT, .values = "a time as in RFC 3339", .set = time_set};
static const struct option_type interface_name_type = {.kind = CONFIG_TEXT,
	.values = "1 to 15 bytes without '/', '%', ':' or a space, and not '.', '..', 'all' "
		  "or 'default'",
	.set = name_set};
static const struct option_type address_type = {
	.kind = CONFIG_TEXT, .values = "the IP address of a node", .set = address_set};
static const struct option_type controller_type = {.kind = CONFIG_TEXT, .set = controller_set};
static const struct option_type level_type = {.kind = CONFIG_TEXT, .set = level_set};
static const struct option_type format_type = {.kind = CONFIG_TEXT, .set = format_set};
static const struct option_type action_type = {.kind = CONFIG_NEVER, .set = nothing_set};

/*
 * Rows, in the order of --help.
 */

#define MAKING      (COMMAND_INIT | COMMAND_JOIN)
#define CONFIGURING (COMMAND_PLAN | COMMAND_APPLY | COMMAND_RUN)
#define LOOKING     (CONFIGURING | COMMAND_SHOW | COMMAND_DOWN)
#define ALL         (MAKING | LOOKING | COMMAND_REPLAY | COMMAND_TRACE)

/* The offset of a value in struct options, whose member must have exactly that type. */
#define PLACE(of_type, name)                                                                       \
	.member = _Generic(((struct options *)0)->name, of_type : offsetof(struct options, name))
#define TEXT(name)     .type = &text_type, PLACE(const char *, name)
#define FLAG(name)     .type = &flag_type, PLACE(bool, name)
#define DURATION(name) .type = &interval_type, PLACE(int64_t, name)
#define MOMENT(name)   .type = &moment_type, PLACE(int64_t, name)
#define NUMBER(name, least, most, initial)                                                         \
	.type = &number_type, PLACE(int, name), .min = (least), .max = (most), .number = (initial)

const struct option_row option_rows[] = {
	{"config", "FILE", "configuration file in JSON; the command line wins", CONFIGURING,
		.type = &action_type},
	{"state", "FILE", "state document, - for standard input", CONFIGURING, TEXT(state_path),
		.required_by = COMMAND_PLAN | COMMAND_APPLY},
	{"api", "URL", "URL of the control plane", COMMAND_JOIN | COMMAND_RUN, TEXT(api_url),
		.required_by = COMMAND_JOIN},
	{"ca-file", "FILE", "CA bundle in PEM", COMMAND_JOIN | COMMAND_RUN, TEXT(ca_path),
		.default_text = "the system's"},
	{"token-file", "FILE", "join token, - for standard input", COMMAND_JOIN, TEXT(token_path),
		.required_by = COMMAND_JOIN},
	{"interval", "TIME", "reconcile interval", COMMAND_RUN, DURATION(interval_ms),
		.min = MS_PER_S, .max = 24 * MS_PER_H, .text = "60s"},
	{"actual", "FILE", "output of `wg show NAME dump`, in place of the device", COMMAND_PLAN,
		TEXT(actual_path)},
	{"at", "TIME", "time of the --actual output", COMMAND_PLAN, MOMENT(at_ns),
		.default_text = "now"},
	{"interface", "NAME", "name of the interface", LOOKING, .type = &interface_name_type,
		.text = INTERFACE_NAME_DEFAULT},
	{"identity", "DIR", "identity directory", LOOKING | MAKING | COMMAND_TRACE,
		TEXT(identity_directory), .required_by = MAKING,
		.text = IDENTITY_DIRECTORY_DEFAULT},
	{"controller", "auto|kernel|userspace|sim", "implementation of WireGuard", LOOKING,
		.type = &controller_type, .text = "auto"},
	{"listen-port", "PORT", "UDP port to listen on", CONFIGURING,
		NUMBER(config.listen_port, 1, 65535, INTERFACE_PORT_DEFAULT)},
	{"mtu", "BYTES", "MTU of the interface", CONFIGURING, NUMBER(config.mtu, 0, 65535, 0),
		.default_text = "the system's"},
	{"persistent-keepalive", "SECONDS", "keepalive of peers without one", CONFIGURING,
		NUMBER(config.persistent_keepalive_s, 0, PERSISTENT_KEEPALIVE_MAX, 0),
		.default_text = "off"},
	{"fwmark", "MARK", "firewall mark of the tunnel packets", CONFIGURING, .type = &fwmark_type,
		.max = UINT32_MAX, .default_text = "unchanged"},
	{"route-table", "NUMBER", "routing table", CONFIGURING, .type = &table_type, .min = 1,
		.max = UINT32_MAX, .number = ROUTE_TABLE_MAIN},
	{"no-routes", NULL, "do not manage routes", CONFIGURING, FLAG(no_routes)},
	{"keep-addresses", NULL, "keep other addresses of the interface", CONFIGURING,
		FLAG(config.keep_addresses)},
	{"keep-interface", NULL, "keep the interface when the daemon ends", COMMAND_RUN,
		FLAG(keep_interface)},
	{"max-removal-percent", "PERCENT",
		"withhold removals above this share of peers until a second fetch confirms them",
		COMMAND_RUN, NUMBER(max_removal_percent, 0, 100, 0), .default_text = "off"},
	{"max-peers", "N", "limit on peers in a state", CONFIGURING,
		NUMBER(max_peers, 1, INT_MAX, PEERS_MAX_DEFAULT)},
	{"max-allowed-ips", "N", "limit on allowed IPs of a peer", CONFIGURING,
		NUMBER(max_allowed_ips, 1, INT_MAX, ALLOWED_IPS_MAX_DEFAULT)},
	{"max-total-allowed-ips", "N", "limit on allowed IPs in a state", CONFIGURING,
		NUMBER(max_total_allowed_ips, 1, INT_MAX, ALLOWED_IPS_TOTAL_MAX_DEFAULT)},
	{"max-state-mib", "N", "limit on the size of a state in MiB", CONFIGURING | COMMAND_JOIN,
		NUMBER(max_state_mib, 1, STATE_MIB_MAX, STATE_BYTES_MAX >> 20)},
	{"max-nonces", "N", "limit on event nonces remembered against replays", COMMAND_RUN,
		NUMBER(max_nonces, 1, INT_MAX, NONCES_MAX_DEFAULT)},
	{"trace-mib", "N", "size of the trace in MiB, 0 for none", COMMAND_RUN,
		NUMBER(trace_mib, 0, 1024, 32)},
	{"mesh-ip", "IP", "mesh address of this node", COMMAND_INIT, .type = &address_type,
		.required_by = COMMAND_INIT},
	{"node-id", "ID", "id of this node", COMMAND_INIT, TEXT(node_id), .default_text = "none"},
	{"last", "TIME", "convert this much of the end", COMMAND_TRACE, DURATION(last_ms),
		.min = MS_PER_S, .max = 10000 * MS_PER_H, .default_text = "everything"},
	{"since", "TIME", "convert from this time on", COMMAND_TRACE, MOMENT(since_ns),
		.default_text = "everything"},
	{"output", "FILE", "output file", COMMAND_TRACE, TEXT(output_path),
		.default_text = "standard output"},
	{"json", NULL, "print JSON", COMMAND_PLAN | COMMAND_APPLY | COMMAND_SHOW, FLAG(json)},
	{"trace", NULL, "print a trace as JSON lines", COMMAND_REPLAY, FLAG(trace)},
	{"log-level", "debug|info|warn|error", "lowest level to log", ALL, .type = &level_type,
		.text = "info", .default_text = "info for run, otherwise no log"},
	{"log-format", "logfmt|json", "format of the log", ALL, .type = &format_type,
		.text = "logfmt"},
	{"help", NULL, "print this help", ALL, .type = &action_type},
	{"version", NULL, "print the version of plexwg", ALL, .type = &action_type},
};

const size_t option_row_count = sizeof option_rows / sizeof *option_rows;
_Static_assert(
	sizeof option_rows / sizeof *option_rows <= OPTION_ROWS_MAX, "a bit for each option");

bool option_is_setting(const struct option_row *row)
{
	return row->commands & COMMAND_RUN && row->type->kind != CONFIG_NEVER;
}

void options_set_defaults(struct options *options)
{
	char digits[24];
	for (const struct option_row *row = option_rows; row < option_rows + option_row_count;
		row++) {
		snprintf(digits, sizeof digits, "%" PRId64, row->number);
		if (row->text || row->type->is_number)
			row->type->set(row, options, row->text ? row->text : digits);
	}
}

struct option_values option_values_text(const struct option_row *row)
{
	struct option_values values;
	const size_t size = sizeof values.text;
	if (row->type->values)
		snprintf(values.text, size, "%s", row->type->values);
	else if (strchr(row->argument, '|'))
		snprintf(values.text, size, "one of %s", row->argument);
	else if (row->type->is_duration)
		snprintf(values.text, size, "a time from %" PRId64 "s to %" PRId64 "h",
			row->min / MS_PER_S, row->max / MS_PER_H);
	else if (row->type->reserved)
		snprintf(values.text, size, "%" PRId64 " to %" PRId64 " except %" PRId64, row->min,
			row->max, row->type->reserved);
	else
		snprintf(values.text, size, "%" PRId64 " to %" PRId64, row->min, row->max);
	return values;
}
