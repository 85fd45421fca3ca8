/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: what each command takes, read once into one struct. A configuration file that
 * it names is read first: the command line wins.
 */
#pragma once

#include "arena.h"
#include "interface_config.h"
#include "log_sink.h"

#include <stdint.h>

/* sysexits' EX_USAGE: the command line is wrong. */
#define STATUS_USAGE        64

#define INTERVAL_DEFAULT_MS INT64_C(60000)
#define INTERVAL_MIN_MS     INT64_C(1000)
#define INTERVAL_MAX_MS     INT64_C(86400000)

enum controller_choice {
	CONTROLLER_AUTO,
	CONTROLLER_KERNEL,
	CONTROLLER_USERSPACE,
	CONTROLLER_SIM,
};

struct options {
	struct interface_config config;
	enum controller_choice controller;
	bool no_routes;
	uint32_t route_table;
	const char *identity_directory; /* NULL: not given. Texts belong to argv or to `texts` */
	const char *state_path;
	const char *api_url;
	const char *ca_path;
	const char *token_path;
	const char *record_path;
	int64_t interval_ms;
	bool keep_interface;
	int max_removal_percent; /* 0: no guard */
	int max_peers;           /* of what others send; 0: the default */
	int max_allowed_ips;
	int max_total_allowed_ips;
	int max_state_mib;
	int max_nonces;
	const char *actual_path;
	const char *mesh_ip;
	const char *node_id;
	bool has_at;
	int64_t at_ns;
	bool json;
	bool trace;
	bool logs; /* --log-level was given */
	enum log_level log_level;
	enum log_format log_format;
	const char *const *operands;
	size_t operand_count;
	struct arena texts; /* of the configuration file */
};

struct command {
	const char *name;
	const char *usage;   /* what follows the name */
	const char *summary; /* one line */
	const char *options; /* the letters of the options that it takes: see options.c */
	bool takes_operands;
	int (*run)(const struct options *options);
};

enum options_outcome {
	OPTIONS_READ,
	OPTIONS_HELP, /* --help or --version was asked for and printed */
	/* Said on standard error: */
	OPTIONS_WRONG,
	OPTIONS_UNREADABLE, /* the configuration file */
};

/* `argv[0]` is the command's name. */
enum options_outcome options_read(
	const struct command *command, int argc, char **argv, struct options *ret);
void options_clear(struct options *options);

/* What --version prints. */
void version_print(void);
