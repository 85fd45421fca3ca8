/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "daemon.h"
#include "diag.h"
#include "file_sandbox.h"
#include "identity_dir.h"
#include "interface_lock.h"
#include "privileges.h"
#include "report_error.h"
#include "secret_memory.h"
#include "session.h"
#include "trusted_owner.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Give the service user, whom the daemon becomes, the directories of locks and backend sockets. */
static int hand_over(const struct service_user *user, struct diag *diag)
{
	int error = privileges_make_directory(INTERFACE_LOCK_DIRECTORY, user, diag);
	return error ? error : privileges_make_directory(UAPI_SOCKET_DIRECTORY, user, diag);
}

/*
 * Fail early if the interface belongs to a program whose socket this user cannot use, such as one
 * that root has started. Create the directory of the sockets, so that the daemon can remove a dead
 * socket later.
 */
static int device_reach(struct session *session, struct diag *diag)
{
	const char *interface = session->options->config.interface_name;
	int error = session_open_controller(session, diag);
	if (!error && session->controller.choice == CONTROLLER_USERSPACE) {
		(void)privileges_make_directory(UAPI_SOCKET_DIRECTORY, NULL, NULL);
		error = uapi_socket_probe(&session->controller.userspace.uapi, interface, diag);
		/* The first cycle handles all other errors. */
		if (error != -EACCES) {
			error = 0;
			diag_clear(diag);
		}
	}
	if (error != -EACCES)
		return error;
	return diag_wrap(diag, error,
		"uid %u cannot reach the program that carries %s (as root, plexwg down "
		"--controller userspace ends it)",
		(unsigned)geteuid(), interface);
}

/* Restrict access to files. If that fails, log it and go on. */
static void files_sandbox(struct session *session)
{
	const char *directories[] = {session->options->identity_directory, INTERFACE_LOCK_DIRECTORY,
		UAPI_SOCKET_DIRECTORY};
	size_t count = sizeof directories / sizeof *directories;
	struct diag diag = {0};
	int error = file_sandbox_enter(directories, count, &diag);
	struct logger logger = log_sink_logger(&session->log_sink);
	if (error && file_sandbox_is_missing(error))
		log_line(&logger, LOG_LANDLOCK_UNAVAILABLE, "error", diag_text(&diag), NULL);
	else if (error)
		log_line(&logger, LOG_FILES_NOT_SANDBOXED, "error", diag_text(&diag), NULL);
	diag_clear(&diag);
}

static int run(struct session *session, const struct service_user *user, struct diag *diag)
{
	const struct options *options = session->options;
	bool keeps_bind = privileges_port_is_reserved(options->config.listen_port);
	int error = privileges_drop(user, keeps_bind, diag);
	if (!error)
		error = device_reach(session, diag);
	/* Before reading any secret: the fork copies all memory into the helper. */
	if (!error && session->controller.choice == CONTROLLER_USERSPACE)
		error = userspace_controller_start_helper(&session->controller.userspace, diag);
	if (!error)
		error = session_load_identity(session, diag);
	if (!error)
		error = session_open_router(session, diag);
	if (error)
		return error;
	files_sandbox(session);
	struct daemon_settings settings = {
		.controller = session->controller.controller,
		.config = options->config,
		.router = session->has_router ? &session->router : NULL,
		.route_policy = session_route_policy(session),
		.logger = log_sink_logger(&session->log_sink),
		.identity = &session->identity,
		.identity_directory = options->identity_directory,
		.state_path = options->state_path,
		.api_url = options->api_url,
		.ca_path = options->ca_path,
		.trace_bytes_max = (size_t)options->trace_mib << 20,
		.interval_ms = options->interval_ms,
		.keep_interface = options->keep_interface,
		.max_removal_percent = options->max_removal_percent,
		.filter_syscalls = true,
		.peers_max = (size_t)options->max_peers,
		.allowed_ips_max = (size_t)options->max_allowed_ips,
		.allowed_ips_total_max = (size_t)options->max_total_allowed_ips,
		.state_bytes_max = (size_t)options->max_state_mib << 20,
		.nonces_max = (size_t)options->max_nonces,
		.service =
			{
				.notify_socket = getenv("NOTIFY_SOCKET"),
				.watchdog_usec = getenv("WATCHDOG_USEC"),
				.watchdog_pid = getenv("WATCHDOG_PID"),
			},
	};
	return daemon_run(&settings, diag);
}

int command_run(const struct options *options)
{
	struct diag diag = {0};
	if (options->state_path && options->api_url) {
		report_error("run: --state and --api exclude each other");
		return STATUS_USAGE;
	}
	if (!options->state_path && !options->api_url) {
		report_error("run: needs either --state FILE or --api URL");
		return STATUS_USAGE;
	}
	if (options->state_path && strcmp(options->state_path, "-") == 0) {
		report_error("run: --state: needs a file to follow, not standard input");
		return STATUS_USAGE;
	}
	/* In secret memory, because it holds the private key while the daemon runs. */
	struct session *session = secret_alloc(sizeof *session);
	int error =
		session ? session_open(session, options, &diag) : diag_fail_errno(&diag, -ENOMEM);
	struct service_user user;
	bool becomes =
		session && !error && privileges_find_user(options->identity_directory, &user);
	if (becomes && options->controller != CONTROLLER_SIM)
		error = hand_over(&user, &diag);
	if (!error)
		error = session_lock(session, &diag);
	if (session && !error)
		error = run(session, becomes ? &user : NULL, &diag);
	if (error)
		report_error("run: %s", diag_text(&diag));
	if (session)
		session_close(session);
	secret_free(session, sizeof *session);
	diag_clear(&diag);
	return error ? STATUS_ERROR : 0;
}
