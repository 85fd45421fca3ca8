/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read the command line into one struct; option_rows.h lists the options. A configuration file that
 * it names is read first, so the command line wins.
 */
#pragma once

#include "arena.h"
#include "interface_config.h"
#include "log_sink.h"

#include <stdint.h>

/* EX_USAGE of sysexits.h: the command line is wrong. */
#define STATUS_USAGE 64

/* In the order of the words of --controller. */
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
	/* Texts belong to argv or to `texts`. NULL: not given, and no default. */
	const char *identity_directory;
	const char *state_path;
	const char *api_url;
	const char *ca_path;
	const char *token_path;
	int64_t interval_ms;
	bool keep_interface;
	int max_removal_percent; /* 0: no guard */
	int max_peers;           /* this and the next three limit what a control plane sends */
	int max_allowed_ips;
	int max_total_allowed_ips;
	int max_state_mib;
	int max_nonces;
	int trace_mib;
	const char *actual_path;
	struct ip mesh_ip;
	const char *node_id;
	int64_t at_ns;
	int64_t last_ms; /* 0: not given */
	int64_t since_ns;
	const char *output_path;
	bool json;
	bool trace;
	enum log_level log_level;
	enum log_format log_format;
	const char *const *operands;
	size_t operand_count;
	struct arena texts; /* owns the texts of the configuration file */
	uint64_t given;     /* one bit for each row of option_rows.h */
};

enum command_bit {
	COMMAND_INIT = 1 << 0,
	COMMAND_JOIN = 1 << 1,
	COMMAND_REPLAY = 1 << 2,
	COMMAND_PLAN = 1 << 3,
	COMMAND_APPLY = 1 << 4,
	COMMAND_RUN = 1 << 5,
	COMMAND_SHOW = 1 << 6,
	COMMAND_DOWN = 1 << 7,
	COMMAND_TRACE = 1 << 8,
};

struct command {
	enum command_bit bit; /* for option_rows.h */
	const char *name;
	const char *usage;   /* after the name */
	const char *summary; /* one line */
	bool takes_operands;
	int (*run)(const struct options *options);
};

enum options_outcome {
	OPTIONS_READ,
	OPTIONS_HELP,       /* --help or --version was printed */
	OPTIONS_WRONG,      /* the error was printed */
	OPTIONS_UNREADABLE, /* the configuration file; the error was printed */
};

/* Read the options. `argv[0]` is the command's name; `*ret` is written for OPTIONS_READ only. */
enum options_outcome options_read(
	const struct command *command, int argc, char **argv, struct options *ret);
void options_clear(struct options *options);
/* Whether the option is set on the command line or in the configuration file. */
bool option_is_given(const struct options *options, const char *name);

/* Print the text of --version. */
void version_print(void);
