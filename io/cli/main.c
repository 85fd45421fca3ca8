/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "diag.h"
#include "locked_memory.h"
#include "process_hardening.h"
#include "report_error.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command commands[] = {
	{COMMAND_INIT, "init", "--identity DIR --mesh-ip IP [--node-id ID]",
		"create the identity of a node that follows a state file, and print its public key",
		false, command_init},
	{COMMAND_JOIN, "join", "--api URL --token-file FILE --identity DIR",
		"register this node with a control plane", false, command_join},
	{COMMAND_REPLAY, "replay", "[--trace] FILE|DIR...", "run scenarios on a simulated device",
		true, command_replay},
	{COMMAND_PLAN, "plan", "--state FILE [--actual FILE [--at TIME]] [--json]",
		"print what would change (status 2 if anything would)", false, command_plan},
	{COMMAND_APPLY, "apply", "--state FILE [--json]",
		"bring the interface up and apply the state once", false, command_apply},
	{COMMAND_RUN, "run", "(--state FILE | --api URL)",
		"run the daemon, which keeps the interface equal to the state", false, command_run},
	{COMMAND_SHOW, "show", "[--json]", "print the device as it is, without secrets", false,
		command_show},
	{COMMAND_TRACE, "trace", "[--last TIME | --since TIME] [--output FILE]",
		"turn the trace of a daemon into an anonymized scenario", false, command_trace},
	{COMMAND_DOWN, "down", "", "remove the interface", false, command_down},
};
#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static void usage_print(void)
{
	puts("usage: plexwg COMMAND [OPTION]...\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].summary);
	puts("\nplexwg COMMAND --help lists a command's options. Exit status: 0 done, 1 any "
	     "error,\n"
	     "2 plan with changes (replay: an unusable file), 64 a wrong command line.");
}

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* Flush standard output, and return `status` unless that fails. */
static int output_finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	report_error("standard output: cannot be written");
	return STATUS_ERROR;
}

/*
 * Open closed standard descriptors, so that no later file or socket gets their numbers and receives
 * log lines. Reading from one finds end of file, and writing remains an error.
 */
static int standard_descriptors_open(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY | O_NOCTTY) != fd)
			return -errno;
	return 0;
}

int main(int argc, char **argv)
{
	int error = standard_descriptors_open();
	if (error) {
		report_error("/dev/null: %s", strerror(-error));
		return STATUS_ERROR;
	}
	/* Writing to a closed pipe or over the file size limit is an error, not a signal. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	report_error_start();
	if (sodium_init() < 0) {
		report_error("libsodium: initialisation failed");
		return STATUS_ERROR;
	}
	process_hardening_start();
	locked_memory_start();
	if (argc < 2) {
		report_error("no command (see plexwg --help)");
		return STATUS_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0) {
		usage_print();
		return output_finish(0);
	}
	if (strcmp(argv[1], "--version") == 0) {
		version_print();
		return output_finish(0);
	}
	const struct command *command = command_find(argv[1]);
	if (!command) {
		report_error("%s: no such command (see plexwg --help)",
			quote(argv[1], strlen(argv[1])).text);
		return STATUS_USAGE;
	}
	struct options options;
	switch (options_read(command, argc - 1, argv + 1, &options)) {
	case OPTIONS_HELP:
		return output_finish(0);
	case OPTIONS_WRONG:
		return STATUS_USAGE;
	case OPTIONS_UNREADABLE:
		return STATUS_ERROR;
	case OPTIONS_READ:
		break;
	}
	int status = command->run(&options);
	options_clear(&options);
	return output_finish(status);
}
